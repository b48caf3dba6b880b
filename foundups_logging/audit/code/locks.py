"""Locks that are held while a file is written: by `with`, by acquire, by a decorator, by a helper, by the callers."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from foundups_logging.audit.code.accesses import Found
from foundups_logging.audit.code.callers import Callers
from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.scopes import Scope, Used, last_name
from foundups_logging.audit.code.values import NO_FRAMES, External, Function, Instance, Made, Value

__all__ = ["Locks"]

_DEPTH = 3
_MOST_CALLERS = 12

#: What makes a lock, or takes one when it is called.
_LOCKS = {
    "threading.Lock": "threading.Lock",
    "threading.RLock": "threading.RLock",
    "threading.Condition": "threading.Lock",
    "threading.Semaphore": "threading.Lock",
    "threading.BoundedSemaphore": "threading.Lock",
    "_thread.allocate_lock": "threading.Lock",
    "asyncio.Lock": "asyncio.Lock",
    "asyncio.Semaphore": "asyncio.Lock",
    "anyio.Lock": "asyncio.Lock",
    "multiprocessing.Lock": "multiprocessing.Lock",
    "multiprocessing.RLock": "multiprocessing.Lock",
    "multiprocessing.Manager.Lock": "multiprocessing.Lock",
    "filelock.FileLock": "filelock",
    "filelock.SoftFileLock": "filelock",
    "filelock.UnixFileLock": "filelock",
    "filelock.WindowsFileLock": "filelock",
    "filelock.AsyncFileLock": "filelock",
    "fasteners.InterProcessLock": "filelock",
    "lockfile.LockFile": "filelock",
    "portalocker.Lock": "portalocker",
    "portalocker.RLock": "portalocker",
}
_CALLS = {"fcntl.flock": "fcntl", "fcntl.lockf": "fcntl", "msvcrt.locking": "msvcrt"}


class Locks:
    """Finds the locks around a place."""

    def __init__(self, evaluator: Evaluator, callers: Callers) -> None:
        self.evaluator = evaluator
        self.callers = callers
        self._known: dict[tuple[int, Scope], list[Value]] = {}
        self._held_at: dict[tuple[int, int], list[str]] = {}

    def around(self, found: Found) -> tuple[str, ...]:
        """The kinds of lock held while `found` writes."""
        places = [found.opening.used]
        places += [use.used for use in found.uses if use.how in {"write", "lines", "print", "dump", "record"}]
        locks: dict[str, None] = {}
        for used in places:
            locks.update(dict.fromkeys(self._held(used, _DEPTH)))
        if found.opening.function.startswith("portalocker."):
            locks["portalocker"] = None
        return tuple(sorted(locks))

    def _held(self, used: Used, depth: int) -> list[str]:
        key = (id(used.node), depth)
        if key not in self._held_at:
            self._held_at[key] = []
            self._held_at[key] = self._find(used, depth)
        return self._held_at[key]

    def _find(self, used: Used, depth: int) -> list[str]:
        found = list(self._here(used))
        if depth and used.scope.kind == "function":
            function = used.scope
            for decorator in function.decorators:
                found += self._by_decorator(decorator, function)
            found += self._by_callers(function, depth)
        return found

    def _here(self, used: Used) -> Iterator[str]:
        for stmt in used.context:
            if isinstance(stmt, (ast.With, ast.AsyncWith)):
                for item in stmt.items:
                    if item.context_expr is not used.node:
                        yield from self._of(self._values(item.context_expr, used.scope), depth=2)
                        yield from self._of_call(item.context_expr, used.scope, depth=2)
        yield from self._taken_in(used.scope)

    def _taken_in(self, scope: Scope, *, helpers: bool = True) -> Iterator[str]:
        """Locks that a function takes by calls: `fcntl.flock(f, LOCK_EX)`, `lock.acquire()`."""
        for used in scope.calls if scope.kind != "module" else ():
            last = last_name(used.call.func)
            if last == "acquire" and isinstance(used.call.func, ast.Attribute):
                yield from self._of(self._values(used.call.func.value, scope), depth=0)
            elif "lock" in last.lower():
                yield from self._taken_by(used, helpers=helpers)

    def _taken_by(self, used: Used, *, helpers: bool) -> Iterator[str]:
        values = self._values(used.call.func, used.scope)
        for name in (*(value.name for value in values if isinstance(value, External)), ast.unparse(used.call.func)):
            if name in _CALLS or name == "portalocker.lock":
                yield _CALLS.get(name, "portalocker")
                return
        for value in values if helpers else ():
            if isinstance(value, Function):
                yield from self._taken_in(value.scope, helpers=False)

    def _of(self, values: Iterable[Value], depth: int) -> Iterator[str]:
        """The locks that entering these values takes."""
        for value in values:
            if isinstance(value, Made):
                if value.name in _LOCKS:
                    yield _LOCKS[value.name]
            elif isinstance(value, Instance) and depth:
                for name in ("__enter__", "__aenter__", "acquire"):
                    for cls in self.evaluator.lineage(value.cls):
                        for binding in cls.bindings.get(name, ()):
                            if binding.defined is not None:
                                yield from self._in_function(binding.defined, depth - 1)

    def _in_function(self, function: Scope, depth: int) -> Iterator[str]:
        """The locks that a helper takes: a context manager, a decorator's wrapper, an `__enter__`."""
        yield from self._taken_in(function)
        for stmt in ast.walk(function.node):
            if isinstance(stmt, (ast.With, ast.AsyncWith)):
                for item in stmt.items:
                    yield from self._of(self._values(item.context_expr, function), depth)
                    yield from self._of_call(item.context_expr, function, depth)
        for child in function.children:
            if child.kind == "function":
                yield from self._in_function(child, depth)

    def _of_call(self, expr: ast.expr, scope: Scope, depth: int) -> Iterator[str]:
        """The locks that the helper called as `with helper():` takes."""
        if isinstance(expr, ast.Call) and depth:
            for value in self._values(expr.func, scope):
                if isinstance(value, Function):
                    yield from self._in_function(value.scope, depth - 1)

    def _by_decorator(self, decorator: ast.expr, function: Scope) -> Iterator[str]:
        outer = function.parent or function
        call = decorator if isinstance(decorator, ast.Call) else None
        for value in self._values(call.func if call else decorator, outer):
            if isinstance(value, Function):
                yield from self._in_function(value.scope, 2)
        for argument in call.args if call else ():
            yield from self._of(self._values(argument, outer), depth=0)

    def _by_callers(self, function: Scope, depth: int) -> list[str]:
        """The locks that all callers hold."""
        references = self.callers.references(function)
        if not references or len(references) > _MOST_CALLERS or any(reference.handed for reference in references):
            return []
        if function.owner is not None and function.name in {"__init__", "__new__"}:
            return []
        common: set[str] | None = None
        for reference in references:
            if reference.used.scope is function:
                continue
            held = set(self._held(reference.used, depth - 1))
            common = held if common is None else common & held
            if not common:
                return []
        return sorted(common or ())

    def _values(self, expr: ast.expr, scope: Scope) -> list[Value]:
        known = self._known.get((id(expr), scope))
        if known is not None:
            return known
        values = self._known[id(expr), scope] = []
        for resolution in self.evaluator.resolve(
            lambda frames: self.evaluator.values(expr, scope, frames), NO_FRAMES, most=6, longest=2
        ):
            values += resolution.result
        return values
