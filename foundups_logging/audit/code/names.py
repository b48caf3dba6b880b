"""What a name stands for: found in the scopes around it, in imports, or in Python itself."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from foundups_logging.audit.code import arguments, operators
from foundups_logging.audit.code.scopes import Binding, Scope
from foundups_logging.audit.code.values import (
    ROOT,
    Class,
    Const,
    External,
    Frames,
    Function,
    Items,
    Mapping,
    ModuleValue,
    Text,
    Unknown,
    Value,
    concat,
    text_of,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["binding_values", "lookup", "member"]

_MOST_BINDINGS = 24


def lookup(evaluator: Evaluator, name: str, scope: Scope, frames: Frames, line: int) -> list[Value]:
    """What `name` can be on `line` of `scope`."""
    if name == "__file__":
        return [Text(f"{ROOT}/{scope.module.path}", path=False)]
    if name == "__name__":
        return [Text(scope.module.name)]
    at: Scope | None = scope
    while at is not None:
        if (at is scope or at.kind != "class") and name in at.bindings and name not in at.outer:
            return _bound(evaluator, name, at, frames, line if at is scope else 0)
        at = at.parent
    top = scope.module.top
    for dotted, level in reversed(top.stars):
        module = evaluator.modules.find(dotted, level, scope.module)
        if module is not None and module is not scope.module and (found := member(evaluator, module.top, name)):
            return found
    return [External(name)]


def member(evaluator: Evaluator, top: Scope, name: str) -> list[Value]:
    """What a module of the tree offers as `name`; empty if nothing."""
    if name in top.bindings:
        return _bound(evaluator, name, top, Frames(), 0)
    submodule = evaluator.modules.submodule(top.module, name)
    if submodule is not None:
        return [ModuleValue(submodule)]
    for dotted, level in reversed(top.stars):
        module = evaluator.modules.find(dotted, level, top.module)
        if module is not None and module.top is not top and name in module.top.bindings:
            return member(evaluator, module.top, name)
    return []


def _bound(evaluator: Evaluator, name: str, scope: Scope, frames: Frames, line: int) -> list[Value]:
    bindings = _reaching(scope.bindings[name], line)
    found: list[Value] = []
    for binding in bindings:
        if binding.branches and any(branch.only_if_none == name for branch in binding.branches):
            # `if path is None: path = …` counts where it can be None.
            if found and not any(_may_be_none(value) for value in found):
                continue
            found = [value for value in found if not _may_be_none(value) or isinstance(value, Unknown)]
        values = binding_values(evaluator, name, binding, frames)
        if binding.how == "add" and (longer := _longer(found, values)):
            found = [*found, *longer] if binding.branches else longer
        else:
            found += values
    return with_put(evaluator, found, scope.bindings.get(f"{name}[]", ()), frames)


def _longer(found: list[Value], added: list[Value]) -> list[Value]:
    """Texts with others added to them by `+=`."""
    olds = [value for value in found if isinstance(value, Text)]
    news = [text for value in added if (text := text_of(value)) is not None]
    return [concat(*pair) for pair in operators.combine([olds, news])] if olds and news else []


def with_put(evaluator: Evaluator, found: list[Value], puts: Sequence[Binding], frames: Frames) -> list[Value]:
    """The containers among `found`, with what is put into them elsewhere."""
    if not puts:
        return found
    entries: list[tuple[str | None, Value]] = []
    for put in puts[:_MOST_BINDINGS]:
        key = None
        if put.key is not None:
            keys = evaluator.texts(put.key, put.scope, frames)
            key = keys[0] if len(keys) == 1 else None
        entries += [(key, value) for value in binding_values(evaluator, "", put, frames)]
    mappings = [value for value in found if isinstance(value, Mapping)]
    others = [value for value in found if not isinstance(value, (Mapping, Items, Unknown))]
    if mappings or any(put.key is not None for put in puts):
        old = tuple(entry for mapping in mappings for entry in mapping.entries)
        return [*others, Mapping((*old, *entries))]
    elements = tuple(element for value in found if isinstance(value, Items) for element in value.elements)
    return [*others, Items((*elements, *(value for _, value in entries)), ordered=False)]


def _may_be_none(value: Value) -> bool:
    return (isinstance(value, Const) and not value.value) or isinstance(value, Unknown)


def _reaching(bindings: Sequence[Binding], line: int) -> list[Binding]:
    """Those that can hold on `line` (0: anywhere, from a scope within)."""
    if not line:
        return list(bindings)[:_MOST_BINDINGS]
    before = [binding for binding in bindings if binding.line <= line]
    before = [binding for binding in before if not any(branch.excludes(line) for branch in binding.branches)]
    if not before:
        return list(bindings)[:_MOST_BINDINGS]
    start = 0
    for at, binding in enumerate(before):
        sure = all(branch.holds(line) for branch in binding.branches)
        # On the line itself the old value is still read: `path = Path(path)`.
        if sure and binding.how not in {"add", "put"} and binding.line < line:
            start = at
    return before[start:][-_MOST_BINDINGS:]


def binding_values(evaluator: Evaluator, name: str, binding: Binding, frames: Frames) -> list[Value]:
    """What a binding gives its name."""
    if binding.how == "parameter":
        return arguments.parameter(evaluator, binding.scope, name, frames)
    if binding.how == "definition" and binding.defined is not None:
        return [Class(binding.defined) if binding.defined.kind == "class" else Function(binding.defined)]
    if binding.how == "import":
        return _imported(evaluator, binding)
    if binding.expr is None:
        return []
    found = list(evaluator.values(binding.expr, binding.scope, frames))
    if binding.how == "each":
        found = [item for value in found for item in evaluator.each(value)]
    elif binding.how == "enter":
        found = [item for value in found for item in _entered(evaluator, value, frames)]
    elif binding.how == "add":
        found = [item for value in found for item in (evaluator.each(value) if isinstance(value, Items) else (value,))]
    for index in binding.indexes:
        found = [item for value in found for item in operators.at_index(evaluator, value, index)]
    return found


def _entered(evaluator: Evaluator, value: Value, frames: Frames) -> list[Value]:
    """What `with value as …` gives."""
    from foundups_logging.audit.code.values import Instance  # noqa: PLC0415

    if isinstance(value, Instance):
        for ancestor in evaluator.lineage(value.cls):
            for name in ("__enter__", "__aenter__"):
                for binding in ancestor.bindings.get(name, ()):
                    if binding.defined is not None:
                        return list(arguments.returned(evaluator, Function(binding.defined, value), None, frames))
    return [value]


def _imported(evaluator: Evaluator, binding: Binding) -> list[Value]:
    dotted, level, name = binding.target
    importer = binding.scope.module
    if not name:
        module = evaluator.modules.find(dotted, level, importer)
        return [ModuleValue(module)] if module is not None else [External(dotted)]
    module = evaluator.modules.find(dotted, level, importer)
    if module is not None and module is not importer:
        found = member(evaluator, module.top, name)
        if found:
            return found
        return [Unknown(name)]
    inner = evaluator.modules.find(f"{dotted}.{name}".lstrip("."), level, importer)
    if inner is not None and inner is not importer:
        return [ModuleValue(inner)]
    return [External(f"{dotted}.{name}")] if not level else [Unknown(name)]


def annotation_class(evaluator: Evaluator, annotation: ast.expr | None, scope: Scope) -> Scope | None:
    """The class of the tree that an annotation names, also within Optional, a union or quotes."""
    if annotation is None:
        return None
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
            evaluator.kept.append(annotation)
        except SyntaxError:
            return None
    if isinstance(annotation, ast.BinOp):
        return annotation_class(evaluator, annotation.left, scope) or annotation_class(
            evaluator, annotation.right, scope
        )
    if isinstance(annotation, ast.Subscript):
        last = annotation.value.attr if isinstance(annotation.value, ast.Attribute) else ""
        last = annotation.value.id if isinstance(annotation.value, ast.Name) else last
        return annotation_class(evaluator, annotation.slice, scope) if last in {"Optional", "Annotated"} else None
    if isinstance(annotation, ast.Tuple):
        return annotation_class(evaluator, annotation.elts[0], scope) if annotation.elts else None
    if not isinstance(annotation, (ast.Name, ast.Attribute)):
        return None
    for value in evaluator.values(annotation, scope):
        if isinstance(value, Class):
            return value.scope
    return None
