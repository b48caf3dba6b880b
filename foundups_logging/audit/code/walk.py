"""One walk over a module's tree, which fills its scopes."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Literal

from foundups_logging.audit.code.scopes import Binding, Branch, How, Module, Scope, Used, last_name

__all__ = ["scan"]

_PUTTERS = {"append": 0, "add": 0, "appendleft": 0, "put": 0, "put_nowait": 0, "setdefault": 1, "insert": 1}
_SPREADERS = {"extend", "update"}


class _Walk:
    """The walk: `context` are the compound statements around, `branches` the ways gone."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def body(
        self, stmts: Sequence[ast.stmt], scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]
    ) -> None:
        for stmt in stmts:
            handler = _HANDLERS.get(type(stmt))
            if handler:
                handler(self, stmt, scope, context, branches)
            else:
                self.expressions(stmt, scope, context, branches)

    def define(self, stmt: ast.stmt, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]) -> None:
        assert isinstance(stmt, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))  # noqa: S101
        kind: Literal["class", "function"] = "class" if isinstance(stmt, ast.ClassDef) else "function"
        inner = Scope(kind, stmt.name, stmt, scope, self.module)
        scope.children.append(inner)
        scope.bindings[stmt.name].append(Binding("definition", scope, stmt.lineno, branches=branches, defined=inner))
        for decorator in stmt.decorator_list:
            self.expression(decorator, scope, context, branches)
        if not isinstance(stmt, ast.ClassDef):
            self.parameters(stmt.args, inner, scope)
        self.body(stmt.body, inner, (), ())

    def parameters(self, args: ast.arguments, inner: Scope, outer: Scope) -> None:
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
            if arg is not None:
                line = getattr(arg, "lineno", 0)
                inner.bindings[arg.arg].append(Binding("parameter", inner, line))
        for default in (*args.defaults, *args.kw_defaults):
            if default is not None:
                self.expression(default, outer, (), ())

    def assign(self, stmt: ast.stmt, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]) -> None:
        if isinstance(stmt, ast.Assign):
            for target in stmt.targets:
                self.bind(target, "value", stmt.value, scope, branches)
        elif isinstance(stmt, ast.AugAssign):
            self.bind(stmt.target, "add", stmt.value, scope, branches)
        elif isinstance(stmt, ast.AnnAssign) and stmt.value is not None:
            self.bind(stmt.target, "value", stmt.value, scope, branches)
        self.expressions(stmt, scope, context, branches)

    def bind(  # noqa: PLR0913
        self,
        target: ast.expr,
        how: How,
        expr: ast.expr,
        scope: Scope,
        branches: tuple[Branch, ...],
        indexes: tuple[int, ...] = (),
    ) -> None:
        line = target.lineno
        if isinstance(target, (ast.Tuple, ast.List)):
            for index, part in enumerate(target.elts):
                self.bind(part, how, expr, scope, branches, (*indexes, index))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, how, expr, scope, branches, indexes)
        elif isinstance(target, ast.Name):
            holder = scope
            if target.id in scope.outer:
                holder = self.module.top
            holder.bindings[target.id].append(
                Binding(how, scope, line, expr, indexes, branches if holder is scope else ())
            )
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            self.attribute(target.value.id, target.attr, scope, Binding(how, scope, line, expr, indexes, branches))
        elif isinstance(target, ast.Subscript):
            self.put(target.value, Binding("put", scope, line, expr, indexes, branches, target.slice), scope)

    def attribute(self, base: str, attr: str, scope: Scope, binding: Binding) -> None:
        owner = scope.enclosing_class
        if owner is not None and (base in {"self", "cls", owner.name} or scope.name == "__new__"):
            owner.attributes[attr].append(binding)
        else:
            # A setting of another module's or class's object: `config.PATH = …`
            scope.bindings[f"{base}.{attr}"].append(binding)

    def put(self, container: ast.expr, binding: Binding, scope: Scope) -> None:
        if isinstance(container, ast.Name):
            holder = self.module.top if container.id in scope.outer or container.id not in scope.bindings else scope
            holder.bindings[f"{container.id}[]"].append(binding)
        elif isinstance(container, ast.Attribute) and isinstance(container.value, ast.Name):
            owner = scope.enclosing_class
            if owner is not None and container.value.id in {"self", "cls", owner.name}:
                owner.attributes[f"{container.attr}[]"].append(binding)

    def returns(
        self, stmt: ast.stmt, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]
    ) -> None:
        assert isinstance(stmt, ast.Return)  # noqa: S101
        if stmt.value is not None:
            scope.returns.append(stmt.value)
        self.expressions(stmt, scope, context, branches)

    def imports(self, stmt: ast.stmt, scope: Scope, _context: object, branches: tuple[Branch, ...]) -> None:
        if isinstance(stmt, ast.Import):
            for alias in stmt.names:
                whole = alias.name if alias.asname else alias.name.split(".")[0]
                bound = alias.asname or whole
                scope.bindings[bound].append(
                    Binding("import", scope, stmt.lineno, branches=branches, target=(whole, 0, ""))
                )
        elif isinstance(stmt, ast.ImportFrom):
            for alias in stmt.names:
                if alias.name == "*":
                    scope.stars.append((stmt.module or "", stmt.level))
                    continue
                target = (stmt.module or "", stmt.level, alias.name)
                scope.bindings[alias.asname or alias.name].append(
                    Binding("import", scope, stmt.lineno, branches=branches, target=target)
                )

    def outer(self, stmt: ast.stmt, scope: Scope, _context: object, _branches: object) -> None:
        if isinstance(stmt, ast.Global):
            scope.outer.update(stmt.names)

    def loop(self, stmt: ast.stmt, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]) -> None:
        inside = (*context, stmt)
        if isinstance(stmt, (ast.For, ast.AsyncFor)):
            self.expression(stmt.iter, scope, context, branches)
            scope.loops.append((stmt, context))
            self.bind(stmt.target, "each", stmt.iter, scope, branches)
            self.body(stmt.body, scope, inside, branches)
            self.body(stmt.orelse, scope, context, branches)
        elif isinstance(stmt, ast.While):
            self.expression(stmt.test, scope, inside, branches)
            self.body(stmt.body, scope, inside, branches)
            self.body(stmt.orelse, scope, context, branches)

    def enter(self, stmt: ast.stmt, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]) -> None:
        assert isinstance(stmt, (ast.With, ast.AsyncWith))  # noqa: S101
        for item in stmt.items:
            # A handle opened in a statement's second item is opened within what the first one holds.
            self.expression(item.context_expr, scope, (*context, stmt), branches)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, "enter", item.context_expr, scope, branches)
        self.body(stmt.body, scope, (*context, stmt), branches)

    def choose(self, stmt: ast.stmt, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]) -> None:
        bodies: list[list[ast.stmt]] = []
        if isinstance(stmt, ast.If):
            self.expression(stmt.test, scope, context, branches)
            bodies = [stmt.body, stmt.orelse]
            if not scope.parent and _is_main_guard(stmt.test):
                self.module.is_program = True
        elif isinstance(stmt, ast.Try) or type(stmt).__name__ == "TryStar":
            bodies = [stmt.body + stmt.orelse, *(handler.body for handler in stmt.handlers)]  # type: ignore[attr-defined]
        elif isinstance(stmt, ast.Match):
            self.expression(stmt.subject, scope, context, branches)
            bodies = [case.body for case in stmt.cases]
        spans = [(body[0].lineno, body[-1].end_lineno or body[-1].lineno) for body in bodies if body]
        exclusive = not isinstance(stmt, ast.Try)
        for number, body in enumerate(filter(None, bodies)):
            others = tuple(span for at, span in enumerate(spans) if at != number) if exclusive else ()
            none = _none_on_branch(stmt.test, taken=body is stmt.body) if isinstance(stmt, ast.If) else ""
            way = Branch(*spans[number], others, none)
            # What `try` binds is bound, unless something is amiss.
            sure = not exclusive and number == 0
            self.body(body, scope, (*context, stmt), branches if sure else (*branches, way))
        if isinstance(stmt, ast.Try):
            self.body(stmt.finalbody, scope, (*context, stmt), branches)

    def expressions(
        self, stmt: ast.stmt, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]
    ) -> None:
        for child in ast.iter_child_nodes(stmt):
            if isinstance(child, ast.expr):
                self.expression(child, scope, context, branches)

    def expression(
        self, expr: ast.expr, scope: Scope, context: tuple[ast.stmt, ...], branches: tuple[Branch, ...]
    ) -> None:
        stack: list[ast.AST] = [expr]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Call):
                self.called(Used(node, scope, context), branches)
            elif isinstance(node, (ast.Compare, ast.Subscript)):
                scope.others.append(Used(node, scope, context))
            elif isinstance(node, ast.comprehension):
                self.bind(node.target, "each", node.iter, scope, branches)
            elif isinstance(node, ast.NamedExpr):
                self.bind(node.target, "value", node.value, scope, branches)
            elif isinstance(node, ast.Yield) and node.value is not None:
                scope.yields.append(node.value)
            elif isinstance(node, ast.YieldFrom):
                scope.yields.append(node)
            elif isinstance(node, ast.Lambda):
                inner = Scope("function", "<lambda>", node, scope, self.module)
                scope.children.append(inner)
                self.parameters(node.args, inner, scope)
                inner.returns.append(node.body)
                self.expression(node.body, inner, context, branches)
                continue
            stack.extend(ast.iter_child_nodes(node))

    def called(self, used: Used, branches: tuple[Branch, ...]) -> None:
        call = used.call
        used.scope.calls.append(used)
        name = last_name(call)
        if name:
            self.module.calls[name].append(used)
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            if isinstance(value, (ast.Name, ast.Attribute)):
                self.module.passed[last_name(value)].append(used)
        if isinstance(call.func, ast.Attribute):
            at = _PUTTERS.get(name)
            if at is not None and len(call.args) > at:
                key = call.args[0] if name == "setdefault" else None
                binding = Binding("put", used.scope, call.lineno, call.args[at], (), branches, key)
                self.put(call.func.value, binding, used.scope)
            elif name in _SPREADERS and call.args:
                binding = Binding("add", used.scope, call.lineno, call.args[0], (), branches)
                self.put(call.func.value, binding, used.scope)


def _is_main_guard(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and any(
        isinstance(part, ast.Name) and part.id == "__name__" for part in (test.left, *test.comparators)
    )


def _none_on_branch(test: ast.expr, *, taken: bool) -> str:
    """The name that is None or false on the branch taken (or not) after `test`: of `x is None`, `not x`, `x`."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _none_on_branch(test.operand, taken=not taken)
    if isinstance(test, (ast.Name, ast.Attribute)):
        return "" if taken else ast.unparse(test)
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.left, (ast.Name, ast.Attribute)):
        other = test.comparators[0]
        is_none = isinstance(other, ast.Constant) and other.value is None
        if is_none and isinstance(test.ops[0], (ast.Is, ast.Eq)) == taken:
            return ast.unparse(test.left)
    return ""


_HANDLERS = {
    ast.FunctionDef: _Walk.define,
    ast.AsyncFunctionDef: _Walk.define,
    ast.ClassDef: _Walk.define,
    ast.Assign: _Walk.assign,
    ast.AugAssign: _Walk.assign,
    ast.AnnAssign: _Walk.assign,
    ast.Return: _Walk.returns,
    ast.Import: _Walk.imports,
    ast.ImportFrom: _Walk.imports,
    ast.Global: _Walk.outer,
    ast.Nonlocal: _Walk.outer,
    ast.For: _Walk.loop,
    ast.AsyncFor: _Walk.loop,
    ast.While: _Walk.loop,
    ast.With: _Walk.enter,
    ast.AsyncWith: _Walk.enter,
    ast.If: _Walk.choose,
    ast.Try: _Walk.choose,
    ast.TryStar: _Walk.choose,
    ast.Match: _Walk.choose,
}


def scan(path: str, name: str, tree: ast.Module, text: str, *, is_test: bool) -> Module:
    """The module of `tree`, with all its scopes."""
    module = Module(path, name, is_test, text)
    module.top = Scope("module", "", tree, None, module)
    _Walk(module).body(tree.body, module.top, (), ())
    return module
