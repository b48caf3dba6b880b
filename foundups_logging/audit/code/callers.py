"""Who calls a function: the calls by its name that are calls of it, and those that hand it to a thread or pool."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from foundups_logging.audit.code.arguments import site_of
from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.scopes import Module, Scope, Used, last_name
from foundups_logging.audit.code.values import (
    NO_FRAMES,
    Class,
    Function,
    Made,
    Method,
    Partial,
    Site,
    Unknown,
    Value,
)

__all__ = ["Callers", "Reference"]

_MOST_SITES = 120
#: Names that many unrelated things have: a call of one on an unknown object tells nothing.
_COMMON = frozenset(
    """write append add get set put log save load open close read run start stop send update emit flush execute process
    handle call create delete remove insert record info debug error warning""".split()
)
#: What is handed a function, by its last name: at which position, and where the function's own arguments begin.
_HANDED = {
    "submit": (0, 1),
    "to_thread": (0, 1),
    "run_sync": (0, 1),
    "run_in_executor": (1, 2),
    "run_in_threadpool": (0, 1),
    "partial": (0, 1),
    "add_task": (0, 1),
    "call_soon": (0, 1),
    "call_soon_threadsafe": (0, 1),
    "call_later": (1, 2),
    "register": (0, 1),
}
_EACH = {"map": (0, 1), "imap": (0, 1), "imap_unordered": (0, 1), "starmap": (0, 1), "map_async": (0, 1)}
_WITH_ARGS = {"Thread", "Process", "Timer", "apply_async", "apply", "start_new_thread"}


@dataclass(frozen=True, slots=True)
class Reference:
    """A use of a function: its call, or (`handed`) the call that it is handed to."""

    used: Used
    site: Site | None
    handed: bool = False


class Callers:
    """Finds calls over the whole tree, each function's once. Tests count for tests only."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._known: dict[Scope, tuple[Reference, ...]] = {}

    def __call__(self, function: Scope) -> tuple[Site, ...]:
        """The calls of `function` with arguments that can be told."""
        return tuple(reference.site for reference in self.references(function) if reference.site is not None)

    def references(self, function: Scope) -> tuple[Reference, ...]:
        """The calls and hand-overs of `function`, or of the class that it constructs, in the order of the files."""
        known = self._known.get(function)
        if known is None:
            self._known[function] = ()  # while it is being found out
            found = list(self._find(function))[:_MOST_SITES]
            known = self._known[function] = tuple(found)
        return known

    def _find(self, function: Scope) -> Iterator[Reference]:
        constructed = _constructed(function)
        names = {function.name}
        if constructed is not None:
            classes = [constructed, *self._subclasses(constructed)]
            names = {cls.name for cls in classes} | {"__init__", "cls", "__new__"}
        modules = self.evaluator.modules
        words = {constructed.name} if constructed is not None else {function.name}
        if constructed is not None:
            words |= names - {"__init__", "cls", "__new__"}
        seen: set[str] = set()
        for word in sorted(words):
            for module in modules.with_word(word):
                if module.path in seen or (module.is_test and not function.module.is_test):
                    continue
                seen.add(module.path)
                yield from self._in_module(module, function, constructed, names)

    def _in_module(
        self, module: Module, function: Scope, constructed: Scope | None, names: set[str]
    ) -> Iterator[Reference]:
        names = names | _aliases(module, names)
        done: set[int] = set()
        for name in sorted(names):
            for used in module.calls.get(name, ()):
                if id(used.node) not in done and (site := self._site(used, function, constructed)) is not None:
                    done.add(id(used.node))
                    yield Reference(used, site)
            if constructed is None or name not in {"__init__", "cls", "__new__"}:
                for used in module.passed.get(name, ()):
                    reference = self._handed(used, name, function, constructed)
                    if reference is not None and id(used.node) not in done:
                        done.add(id(used.node))
                        yield reference

    def _values(self, expr: ast.expr, scope: Scope) -> tuple[Value, ...]:
        values, _ = self.evaluator.ask(lambda frames: self.evaluator.values(expr, scope, frames))
        return values

    def _site(self, used: Used, function: Scope, constructed: Scope | None) -> Site | None:
        call = used.call
        if used.scope is function and isinstance(call.func, ast.Name) and call.func.id == function.name:
            return None  # a recursive call gives what it was given
        for value in self._values(call.func, used.scope):
            receiver = self._receiver(value, function, constructed)
            if receiver is not False:
                site = site_of(call, used.scope, NO_FRAMES, receiver)
                return Site(site.node, site.scope, NO_FRAMES, receiver, site.args, site.keywords, context=used.context)
            if self._may_be(value, function, call):
                return Site(call, used.scope, NO_FRAMES, None, *_given(call), context=used.context)
        return None

    def _receiver(self, value: Value, function: Scope, constructed: Scope | None) -> Value | Literal[False] | None:
        """What a method is called on (None: nothing), False if `value` isn't the function at all."""
        if isinstance(value, Function) and value.scope is function:
            return value.receiver
        if isinstance(value, Class) and constructed is not None:
            return None if self.evaluator.constructor(value.scope) in {function, constructed} else False
        return False

    def _may_be(self, value: Value, function: Scope, call: ast.Call) -> bool:
        """Whether a method called on who knows what can only be this one."""
        if function.owner is None or not isinstance(call.func, ast.Attribute) or function.name in _COMMON:
            return False
        unknown = isinstance(value, Unknown) or (
            isinstance(value, Method) and isinstance(value.receiver, (Unknown, Made, Method))
        )
        return unknown and self.evaluator.modules.count_definitions(function.name) == 1

    def _handed(self, used: Used, name: str, function: Scope, constructed: Scope | None) -> Reference | None:
        call = used.call
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            if not isinstance(argument, (ast.Name, ast.Attribute)) or last_name(argument) != name:
                continue
            for value in self._values(argument, used.scope):
                inner = value.function if isinstance(value, Partial) else value
                receiver = self._receiver(inner, function, constructed)
                if receiver is not False:
                    return Reference(used, self._handed_site(used, argument, receiver), handed=True)
        return None

    def _handed_site(self, used: Used, argument: ast.expr, receiver: Value | Literal[False] | None) -> Site | None:
        call = used.call
        last = last_name(call.func)
        bound = receiver or None
        for table, each in ((_HANDED, False), (_EACH, True)):
            if last in table:
                at, start = table[last]
                if len(call.args) > at and call.args[at] is argument:
                    keywords = tuple((keyword.arg, keyword.value) for keyword in call.keywords)
                    return Site(
                        call, used.scope, NO_FRAMES, bound, tuple(call.args[start:]), keywords, each, None, used.context
                    )
        if last in _WITH_ARGS:
            return Site(call, used.scope, NO_FRAMES, bound, *_thread_arguments(call), context=used.context)
        return None

    def _subclasses(self, cls: Scope) -> list[Scope]:
        from foundups_logging.audit.code.attributes import subclasses  # noqa: PLC0415

        mine = self.evaluator.constructor(cls)
        return [other for other in subclasses(self.evaluator, cls) if self.evaluator.constructor(other) is mine]


def _constructed(function: Scope) -> Scope | None:
    if function.kind == "class":
        return function
    return function.owner if function.name in {"__init__", "__new__"} else None


def _given(call: ast.Call) -> tuple[tuple[ast.expr, ...], tuple[tuple[str | None, ast.expr], ...]]:
    return tuple(call.args), tuple((keyword.arg, keyword.value) for keyword in call.keywords)


def _thread_arguments(call: ast.Call) -> tuple[tuple[ast.expr, ...], tuple[tuple[str | None, ast.expr], ...]]:
    args: tuple[ast.expr, ...] = ()
    keywords: list[tuple[str | None, ast.expr]] = []
    sequences = [keyword.value for keyword in call.keywords if keyword.arg == "args"]
    sequences += [arg for arg in call.args[1:] if isinstance(arg, (ast.Tuple, ast.List))]
    for sequence in sequences[:1]:
        if isinstance(sequence, (ast.Tuple, ast.List)):
            args = tuple(sequence.elts)
    for keyword in call.keywords:
        if keyword.arg == "kwargs" and isinstance(keyword.value, ast.Dict):
            for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                if isinstance(key, ast.Constant):
                    keywords.append((str(key.value), value))
    return args, tuple(keywords)


def _aliases(module: Module, names: set[str]) -> set[str]:
    """The names under which a module imports those."""
    found = set()
    for scope in module.top.descendants():
        for bound, bindings in scope.bindings.items():
            for binding in bindings:
                assigned = binding.expr if isinstance(binding.expr, (ast.Name, ast.Attribute)) else None
                said = last_name(assigned) if assigned is not None else binding.target[2]
                if said in names:
                    found.add(bound)
    return found
