"""What an expression can be: followed through names, attributes, calls and imports, within bounds.

A parameter has the value that the call gives it by which its function was entered
(`Frames`). If none is bound, the function is noted in `wanted`, and `resolve` binds its
calls one after the other: so arguments of one call stay together.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from foundups_logging.audit.code import attributes, calls, names, operators
from foundups_logging.audit.code.modules import Modules
from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.values import (
    NO_FRAMES,
    Class,
    Const,
    External,
    Frames,
    Function,
    Items,
    Lazy,
    Mapping,
    Site,
    Unknown,
    Value,
    text_of,
)

__all__ = ["Evaluator", "Resolution"]

MOST_VALUES = 32
_DEEPEST = 36
_MOST_STEPS = 1_500
_LONGEST_CHAIN = 6
_MOST_RESOLUTIONS = 120
_MANY = 8

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Resolution(Generic[T]):
    """What was found out with `frames`, which the calls `via` made (the outermost last)."""

    result: T
    frames: Frames
    via: tuple[Site, ...]


class Evaluator:
    """Evaluates the expressions of `modules`; `callers` finds the calls of a function."""

    def __init__(self, modules: Modules, callers: Callable[[Scope], Sequence[Site]] | None = None) -> None:
        self.modules = modules
        self.callers: Callable[[Scope], Sequence[Site]] = callers or (lambda _scope: ())
        self.kept: list[ast.AST] = []  # made up: what is known is known by an expression's identity
        self.subclasses: dict[Scope, list[Scope]] = {}  # those found out so far
        self._known: dict[tuple[int, Scope], tuple[Value, ...]] = {}
        self._free: dict[tuple[int, Scope], tuple[tuple[Value, ...], list[Scope]]] = {}
        self._now: dict[tuple[int, Scope, int], tuple[tuple[Value, ...], Frames]] = {}  # during one question
        self._active: set[tuple[int, Scope, int]] = set()
        self._wanted: list[Scope] = []
        self._uncertain = 0  # counts what makes a value depend on more than its expression
        self._cut = 0  # counts what was given up for want of depth, or for going round in circles
        self._steps = 0
        self._depth = 0

    def resolve(
        self,
        question: Callable[[Frames], T],
        start: Frames = NO_FRAMES,
        *,
        most: int = _MOST_RESOLUTIONS,
        longest: int = _LONGEST_CHAIN,
        keep: Callable[[Site], bool] | None = None,
    ) -> Iterator[Resolution[T]]:
        """The answers to `question` for every chain of calls that the answer depends on.

        Where a function has many calls, only those that `keep` takes are followed.
        """
        pending: list[tuple[Frames, tuple[Site, ...]]] = [(start, ())]
        count = 0
        while pending and count < most:
            frames, via = pending.pop(0)
            answer, wanted = self.ask(question, frames)
            function = next((scope for scope in wanted if scope not in frames.bound), None)
            if function is None:
                count += 1
                yield Resolution(answer, frames, via)
                continue
            sites = self.callers(function) if len(via) < longest else ()
            sites = [site for site in sites if all(site.node is not earlier.node for earlier in via)]
            if keep is not None and len(sites) > _MANY:
                sites = [site for site in sites if keep(site)]
            if not sites:
                pending.insert(0, (frames.bind(function, None), via))
                continue
            # Depth first keeps the order of the calls in the code.
            pending[:0] = [(frames.bind(function, site), (*via, site)) for site in sites]

    def ask(self, question: Callable[[Frames], T], frames: Frames = NO_FRAMES) -> tuple[T, list[Scope]]:
        """The answer with these frames, and the functions whose callers would have to be known."""
        outer, self._wanted = self._wanted, []
        steps, self._steps = self._steps, 0
        now, self._now = self._now, {}
        try:
            answer = question(frames)
            return answer, self._wanted
        finally:
            self._wanted = outer
            self._steps = steps
            self._now = now

    def values(self, expr: ast.expr, scope: Scope, frames: Frames = NO_FRAMES) -> tuple[Value, ...]:
        """What `expr` can be where it stands in `scope`."""
        key = (id(expr), scope)
        known = self._known.get(key)
        if known is not None:
            return known
        if not frames.bound and (free := self._free.get(key)) is not None:
            self._wanted += free[1]
            self._uncertain += 1
            return free[0]
        active = (id(expr), scope, id(frames))
        if (now := self._now.get(active)) is not None:
            self._uncertain += 1
            return now[0]
        self._steps += 1
        if active in self._active or self._depth > _DEEPEST or self._steps > _MOST_STEPS:
            self._uncertain += 1
            self._cut += 1
            return ()
        handler = _HANDLERS.get(type(expr))
        if handler is None:
            return (Unknown(type(expr).__name__.lower()),)
        self._active.add(active)
        self._depth += 1
        uncertain, cut, wanted = self._uncertain, self._cut, len(self._wanted)
        try:
            found = distinct(handler(self, expr, scope, frames))
        finally:
            self._depth -= 1
            self._active.discard(active)
        if self._uncertain == uncertain:
            self._known[key] = found
        else:
            # What goes round in circles is looked into once for a question, or it would be without end.
            self._now[active] = found, frames
            if self._cut == cut and not frames.bound:
                self._free[key] = found, self._wanted[wanted:]
        return found

    def parameter(self, function: Scope, frames: Frames) -> tuple[bool, Site | None]:
        """Whether it is known how `function` was entered, and the call; if not, it is noted as wanted."""
        self._uncertain += 1
        if function in frames.bound:
            return True, frames.bound[function]
        self._wanted.append(function)
        return False, None

    def force(self, element: Lazy | Value) -> tuple[Value, ...]:
        """An element's values."""
        return self.values(element.expr, element.scope, element.frames) if isinstance(element, Lazy) else (element,)

    def lazy(self, expr: ast.expr, scope: Scope, frames: Frames) -> Lazy:
        """`expr`, to be looked at later, with what is known of its callers now."""
        if frames.bound:
            self._uncertain += 1  # another frame would give another value
        return Lazy(expr, scope, frames)

    def each(self, value: Value) -> tuple[Value, ...]:
        """What iterating over `value` gives."""
        return operators.each(self, value)

    def constructor(self, cls: Scope) -> Scope:
        """The function that takes a class's arguments: `__init__` of it or a base, or the class if it is generated."""
        for ancestor in self.lineage(cls):
            for name in ("__init__", "__new__"):
                for binding in ancestor.bindings.get(name, ()):
                    if binding.defined is not None:
                        return binding.defined
        return cls

    def lineage(self, cls: Scope) -> list[Scope]:
        """A class and its bases in the tree, nearest first."""
        found = [cls]
        for ancestor in found:
            if isinstance(ancestor.node, ast.ClassDef) and len(found) < MOST_VALUES:
                for base in ancestor.node.bases:
                    found += [
                        value.scope
                        for value in self.values(base, ancestor.parent or ancestor)
                        if isinstance(value, Class) and value.scope not in found
                    ]
        return found

    def external_bases(self, cls: Scope) -> set[str]:
        """The dotted names of the library classes that a class is made from."""
        found: set[str] = set()
        for ancestor in self.lineage(cls):
            if isinstance(ancestor.node, ast.ClassDef):
                for base in ancestor.node.bases:
                    found |= {
                        value.name
                        for value in self.values(base, ancestor.parent or ancestor)
                        if isinstance(value, External)
                    }
        return found

    def texts(self, expr: ast.expr, scope: Scope, frames: Frames = NO_FRAMES) -> list[str]:
        """The texts that `expr` can be."""
        return [text.text for value in self.values(expr, scope, frames) if (text := text_of(value)) is not None]


def distinct(values: Iterable[Value]) -> tuple[Value, ...]:
    """The different ones, not too many; what isn't known only if nothing else is."""
    found = list(dict.fromkeys(values))
    known = [value for value in found if not isinstance(value, Unknown)]
    if known and not all(isinstance(value, Const) and value.value is None for value in known):
        return tuple(known[:MOST_VALUES])
    return tuple(found[:MOST_VALUES])


def _constant(_evaluator: Evaluator, expr: ast.expr, _scope: Scope, _frames: Frames) -> tuple[Value, ...]:
    assert isinstance(expr, ast.Constant)  # noqa: S101
    return (operators.constant(expr.value),)


def _name(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, ast.Name)  # noqa: S101
    return names.lookup(evaluator, expr.id, scope, frames, expr.lineno)


def _attribute(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, ast.Attribute)  # noqa: S101
    found: list[Value] = []
    for value in evaluator.values(expr.value, scope, frames):
        found += attributes.attribute(evaluator, value, expr.attr, scope, frames)
    return found


def _call(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, ast.Call)  # noqa: S101
    found: list[Value] = []
    for function in evaluator.values(expr.func, scope, frames):
        found += calls.call(evaluator, function, expr, scope, frames)
    return found


def _either(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, ast.IfExp)  # noqa: S101
    none = operators.none_if(evaluator, expr.test, scope, frames)
    found: list[Value] = []
    if none is not True:
        found += evaluator.values(expr.body, scope, frames)
    if none is not False:
        found += evaluator.values(expr.orelse, scope, frames)
    return found


def _items(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, (ast.List, ast.Tuple, ast.Set))  # noqa: S101
    return [Items(tuple(evaluator.lazy(part, scope, frames) for part in expr.elts[:MOST_VALUES]))]


def _comprehension(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, (ast.ListComp, ast.SetComp, ast.GeneratorExp))  # noqa: S101
    element = evaluator.lazy(expr.elt, scope, frames)
    return [Items((element, element), ordered=False)]


def _mapping(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, ast.Dict)  # noqa: S101
    entries: list[tuple[str | None, Lazy | Value]] = []
    for key, value in zip(expr.keys, expr.values, strict=True):
        if key is None:
            for spread in evaluator.values(value, scope, frames):
                entries += spread.entries if isinstance(spread, Mapping) else ()
            continue
        keys = evaluator.texts(key, scope, frames)
        entries.append((keys[0] if len(keys) == 1 else None, evaluator.lazy(value, scope, frames)))
    return [Mapping(tuple(entries[: 2 * MOST_VALUES]))]


def _mapping_comprehension(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, ast.DictComp)  # noqa: S101
    return [Mapping(((None, evaluator.lazy(expr.value, scope, frames)),))]


def _through(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, (ast.Await, ast.NamedExpr, ast.Starred))  # noqa: S101
    return evaluator.values(expr.value, scope, frames)


def _yield_from(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> Iterable[Value]:
    assert isinstance(expr, ast.YieldFrom)  # noqa: S101
    return [item for value in evaluator.values(expr.value, scope, frames) for item in evaluator.each(value)]


def _lambda(_evaluator: Evaluator, expr: ast.expr, scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Function(child) for child in scope.children if child.node is expr]


def _compare(_evaluator: Evaluator, _expr: ast.expr, _scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Unknown("comparison")]


_HANDLERS: dict[type[ast.expr], Callable[[Evaluator, ast.expr, Scope, Frames], Iterable[Value]]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.IfExp: _either,
    ast.BoolOp: operators.bool_op,
    ast.BinOp: operators.bin_op,
    ast.JoinedStr: operators.joined,
    ast.FormattedValue: operators.formatted,
    ast.Subscript: operators.subscript,
    ast.List: _items,
    ast.Tuple: _items,
    ast.Set: _items,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Dict: _mapping,
    ast.DictComp: _mapping_comprehension,
    ast.Await: _through,
    ast.NamedExpr: _through,
    ast.Starred: _through,
    ast.Lambda: _lambda,
    ast.Compare: _compare,
    ast.YieldFrom: _yield_from,
}
