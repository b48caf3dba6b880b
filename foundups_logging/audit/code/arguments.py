"""What parameters are given, and what functions give back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from foundups_logging.audit.code import names, options
from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.values import (
    Class,
    Const,
    Content,
    Frames,
    Function,
    Instance,
    Items,
    Lazy,
    Mapping,
    Opened,
    Site,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["field_value", "parameter", "returned", "site_of"]


def site_of(call: ast.Call, scope: Scope, frames: Frames, receiver: Value | None = None) -> Site:
    """A call as it stands."""
    keywords = tuple((keyword.arg, keyword.value) for keyword in call.keywords)
    return Site(call, scope, frames, receiver, tuple(call.args), keywords)


def returned(evaluator: Evaluator, function: Function, site: Site | None, frames: Frames) -> list[Value]:
    """What calling `function` from `site` gives; a context manager's or generator's yields."""
    scope = function.scope
    inner = frames.bind(scope, site)
    if site is None and function.receiver is not None:
        inner = frames.bind(scope, _only_receiver(function))
    manager = scope.has_decorator("contextmanager", "asynccontextmanager")
    if scope.yields and not manager:
        return [Items(tuple(evaluator.lazy(expr, scope, inner) for expr in scope.yields) * 2, ordered=False)]
    found: list[Value] = []
    for expr in scope.yields if manager else scope.returns:
        found += evaluator.values(expr, scope, inner)
    return [through(value, scope, site) for value in found]


def through(value: Value, scope: Scope, site: Site | None) -> Value:
    """A file that the function `scope` has opened, marked with the call that it comes from."""
    if site is None:
        return value
    if isinstance(value, Opened) and value.used.scope is scope and value.by is None:
        return Opened(value.used, site.node)
    if isinstance(value, Content):
        opened = through(value.opened, scope, site)
        return Content(opened, value.kind) if isinstance(opened, Opened) else value
    return value


def _only_receiver(function: Function) -> Site:
    node = ast.Call(ast.Name(function.scope.name, ast.Load(), lineno=0, col_offset=0), [], [], lineno=0, col_offset=0)
    return Site(node, function.scope, receiver=function.receiver)


def parameter(evaluator: Evaluator, function: Scope, name: str, frames: Frames) -> list[Value]:
    """What the parameter `name` of `function` is."""
    node = function.node
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))  # noqa: S101
    positional = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
    cls = function.owner
    if cls is not None and positional[:1] == [name] and not function.has_decorator("staticmethod"):
        return [_receiver(evaluator, function, cls, frames)]
    is_bound, site = evaluator.parameter(function, frames)
    if is_bound and site is not None and site.node.lineno:
        skip = 1 if cls is not None and not function.has_decorator("staticmethod") else 0
        given = _given(evaluator, site, frames, name, positional[skip:], node.args)
        if given is not None:
            return given
        if site.each or _may_be_spread(evaluator, site, frames):
            return [Unknown(name)]
    default = _default(node.args, name)
    outer = function.parent or function
    if default is not None:
        found = list(options.default_values(evaluator, default, outer))
        if (is_bound and site is not None) or found != [Const(None)]:
            return found
    found = options.decorated_default(evaluator, function, name)
    if found:
        return found
    annotated = names.annotation_class(evaluator, _annotation(node.args, name), outer)
    if annotated is not None:
        return [Instance(annotated)]
    return [Const(None)] if default is not None else [Unknown(name)]


def _receiver(evaluator: Evaluator, function: Scope, cls: Scope, frames: Frames) -> Value:
    site = frames.bound.get(function)
    if site is not None and isinstance(site.receiver, (Instance, Class)):
        evaluator.parameter(function, frames)  # so that the value isn't taken for one that always holds
        return site.receiver
    is_class = function.has_decorator("classmethod") or function.name in {"__new__", "__init_subclass__"}
    return Class(cls) if is_class else Instance(cls)


def _given(  # noqa: PLR0913
    evaluator: Evaluator, site: Site, frames: Frames, name: str, positional: list[str], args: ast.arguments
) -> list[Value] | None:
    """What `site` gives for `name`; None if it doesn't."""
    # A call found by its name was seen apart from any callers: those that are followed now are its own.
    frames = site.frames if site.frames.bound else frames
    if site.earlier is not None:
        before = _given(evaluator, site.earlier, frames, name, positional, args)
        if before is not None and not any(key == name for key, _ in site.keywords):
            return before
        positional = positional[len(site.earlier.args) :]
    for key, value in site.keywords:
        if key is None and (spread := _spread(evaluator, Lazy(value, site.scope, frames), name)):
            return spread
    if _hidden_by_star(site, name, positional):
        return [Unknown(name)]
    expr = _expression(site, name, positional)
    if expr is None:
        return _rest(site, frames, name, positional, args)
    found = list(evaluator.values(expr, site.scope, frames))
    return [item for value in found for item in evaluator.each(value)] if site.each else found


def _expression(site: Site, name: str, positional: list[str]) -> ast.expr | None:
    """What stands for `name` in a call."""
    for key, value in site.keywords:
        if key == name:
            return value
    at = positional.index(name) if name in positional else len(site.args)
    return site.args[at] if at < len(site.args) else None


def _hidden_by_star(site: Site, name: str, positional: list[str]) -> bool:
    """Whether `name` comes out of a `*rest`."""
    starred = next((at for at, arg in enumerate(site.args) if isinstance(arg, ast.Starred)), None)
    given = any(key == name for key, _ in site.keywords)
    return starred is not None and not given and name in positional and positional.index(name) >= starred


def _rest(site: Site, frames: Frames, name: str, positional: list[str], args: ast.arguments) -> list[Value] | None:
    """What `*args` and `**kwargs` take up; None for any other name."""
    if args.vararg is not None and args.vararg.arg == name:
        return [Items(tuple(Lazy(arg, site.scope, frames) for arg in site.args[len(positional) :]))]
    if args.kwarg is not None and args.kwarg.arg == name:
        return [Mapping(tuple((key, Lazy(value, site.scope, frames)) for key, value in site.keywords))]
    return None


def _may_be_spread(evaluator: Evaluator, site: Site, frames: Frames) -> bool:
    """Whether a call gives `**options` of which it isn't known what they hold."""
    frames = site.frames if site.frames.bound else frames
    for key, value in site.keywords:
        if key is None and not all(isinstance(v, Mapping) for v in evaluator.values(value, site.scope, frames)):
            return True
    return False


def _spread(evaluator: Evaluator, spread: Lazy, name: str) -> list[Value]:
    found: list[Value] = []
    for mapping in evaluator.force(spread):
        if isinstance(mapping, Mapping):
            for key, entry in mapping.entries:
                found += evaluator.force(entry) if key == name else ()
    return found


def _all_arguments(args: ast.arguments) -> Iterator[tuple[ast.arg, ast.expr | None]]:
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults))
    yield from zip(positional, [*defaults, *args.defaults], strict=True)
    yield from zip(args.kwonlyargs, args.kw_defaults, strict=True)


def _default(args: ast.arguments, name: str) -> ast.expr | None:
    return next((default for arg, default in _all_arguments(args) if arg.arg == name), None)


def _annotation(args: ast.arguments, name: str) -> ast.expr | None:
    return next((arg.annotation for arg, _ in _all_arguments(args) if arg.arg == name), None)


def field_value(evaluator: Evaluator, cls: Scope, name: str, site: Site | None, frames: Frames) -> list[Value] | None:
    """What the constructor that a dataclass or model generates is given for a field; None if nothing."""
    if site is None:
        _, site = evaluator.parameter(cls, frames)
    if site is None:
        return None
    fields = [field for ancestor in reversed(evaluator.lineage(cls)) for field in field_names(ancestor)]
    empty = ast.arguments([], [], None, [], [], None, [])
    return _given(evaluator, site, frames, name, fields, empty)


def field_names(cls: Scope) -> list[str]:
    """The annotated names of a class, in order."""
    assert isinstance(cls.node, ast.ClassDef)  # noqa: S101
    return [
        stmt.target.id
        for stmt in cls.node.body
        if isinstance(stmt, ast.AnnAssign) and isinstance(stmt.target, ast.Name)
    ]
