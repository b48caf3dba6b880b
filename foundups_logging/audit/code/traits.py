"""Facts about a place that its risk is told from: who reaches it, how, and what else it does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from foundups_logging.audit.code.accesses import Found
from foundups_logging.audit.code.callers import Callers, Reference
from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.scopes import Module, Scope, Used, last_name
from foundups_logging.audit.code.values import External, Instance, Made, Value

__all__ = ["Traits"]

_MOST_REACHED = 150
_DEEPEST = 8
_MOST_INSTANCES = 12

_THREADS = {"Thread", "Timer", "to_thread", "run_in_threadpool", "start_new_thread", "run_sync"}
_PROCESSES = {"Process"}
_POOLED = {"submit", "map", "imap", "imap_unordered", "starmap", "map_async", "apply_async", "apply", "run_in_executor"}
_ROUTES = re.compile(
    r"^(route|get|post|put|delete|patch|websocket|api_route|head|options|exception_handler|middleware|"
    r"websocket_route|view_config|api_view|add_api_route|expose)$"
)
_HANDLER_METHODS = re.compile(r"^(do_(GET|POST|PUT|DELETE|PATCH|HEAD)|get|post|put|delete|patch|handle|dispatch)$")
_HANDLER_BASES = re.compile(
    r"(RequestHandler|HTTPEndpoint|MethodView|APIView|\bView|Resource|WebSocketHandler|Middleware)$"
)
_SERVERS = {"uvicorn", "hypercorn", "granian", "gunicorn"}
_CONNECTS = {"sqlite3.connect", "aiosqlite.connect"}
_OF_TIME = re.compile(r"time|stamp|now|today|\bts\b", re.IGNORECASE)
_OWN_FILE = re.compile(
    r"\btime\b|\bpid\b|uuid|temp|random|session|\brun\b|run_?id|_id\b|\bid\b|timestamp|\bstamp|"
    r"\bts\b|thread id|trace|conversation|job|task_|getpid",
    re.IGNORECASE,
)


class Traits:
    """Finds the facts."""

    def __init__(self, evaluator: Evaluator, callers: Callers) -> None:
        self.evaluator = evaluator
        self.callers = callers
        self._reached: dict[Scope, dict[str, None]] = {}

    def of(self, found: Found) -> tuple[str, ...]:
        """The facts of one place, those of reading first."""
        scope = found.opening.scope
        traits: dict[str, None] = dict(found.kinds)
        if scope.module.is_test:
            traits["test"] = None
        function = _function(scope)
        if isinstance(function.node, ast.AsyncFunctionDef):
            traits["async"] = None
        # Several programs append to the file of one day.
        only_date = "date" in found.why
        own = next(
            (why for why in found.why if _OWN_FILE.search(why) and not (only_date and _OF_TIME.search(why))), None
        )
        if own is not None and "*" in found.path:
            traits[f"own file: {own}"] = None
        starts = [function, *{_function(use.used.scope): None for use in found.uses if use.how != "reader"}]
        if found.mode != "read":
            traits.update(dict.fromkeys(self._database(starts)))
            lines = sorted(
                {use.used.node.lineno for use in found.uses if use.how != "reader" and use.used.scope is not scope}
            )
            traits.update(dict.fromkeys(f"writes at: {line}" for line in lines))
            traits.update(dict.fromkeys(self._instances(starts)))
        for start in dict.fromkeys(starts):
            traits.update(self._reach(start))
        return tuple(traits)

    def _reach(self, start: Scope) -> dict[str, None]:
        """Threads, processes, servers and programs that come to `start`."""
        known = self._reached.get(start)
        if known is not None:
            return known
        found: dict[str, None] = {}
        seen = {start}
        pending = [(start, 0)]
        while pending and len(seen) < _MOST_REACHED:
            scope, depth = pending.pop(0)
            found.update(dict.fromkeys(self._entered(scope)))
            if scope.kind == "module":
                found.update(dict.fromkeys(self._programs(scope.module)))
                continue
            if depth >= _DEEPEST:
                continue
            for reference in self.callers.references(scope):
                if reference.handed:
                    found.update(dict.fromkeys(self._handed(reference)))
                caller = _function(reference.used.scope)
                if caller not in seen and not (caller.module.is_test and not start.module.is_test):
                    seen.add(caller)
                    pending.append((caller, depth + 1))
        self._reached[start] = found
        return found

    def _entered(self, scope: Scope) -> Iterator[str]:
        """What enters a function by itself: a server, by its decorator or its class; a thread, by `run`."""
        if scope.kind != "function":
            return
        where = f"{scope.module.path}:{getattr(scope.node, 'lineno', 1)} {scope.qualname}"
        for decorator in scope.decorators:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            is_route = isinstance(call, ast.Attribute) and isinstance(decorator, ast.Call) and _ROUTES.match(call.attr)
            if is_route and not ast.unparse(call).startswith(("mock", "pytest", "requests", "responses")):
                yield f"server: {where}"
                yield from self._workers(scope.module)
        cls = scope.owner
        if cls is not None:
            bases = self.evaluator.external_bases(cls)
            if _HANDLER_METHODS.match(scope.name) and any(_HANDLER_BASES.search(base) for base in bases):
                yield f"server: {where}"
                yield from self._workers(scope.module)
            if scope.name == "run" and any(base.endswith("Thread") for base in bases):
                yield f"thread: {where}"
            if scope.name == "run" and any(base.endswith(".Process") for base in bases):
                yield f"process: {where}"

    def _workers(self, module: Module) -> Iterator[str]:
        """Where a web server of the same part of the tree is started with several processes."""
        part = module.path.partition("/")[0]
        for other in self.evaluator.modules.with_word("workers"):
            if other.path.partition("/")[0] != part or other.is_test:
                continue
            for used in (used for scope in other.top.descendants() for used in scope.calls):
                if ast.unparse(used.call.func).partition(".")[0] in _SERVERS and _several(used.call):
                    yield f"process: {_where(used)}"

    def _handed(self, reference: Reference) -> Iterator[str]:
        call = reference.used.call
        last = last_name(call.func)
        where = _where(reference.used)
        if last in _THREADS:
            yield f"thread: {where}"
        elif last in _PROCESSES:
            yield f"process: {where}"
        elif last in _POOLED and isinstance(call.func, ast.Attribute):
            names = self._pool(call, reference.used.scope)
            if any("rocess" in name or "multiprocessing" in name or "joblib" in name for name in names):
                yield f"process: {where}"
            elif any("hread" in name for name in names) or last in {"submit", "run_in_executor"}:
                yield f"thread: {where}"
        elif last in {
            "add_route",
            "add_api_route",
            "add_url_rule",
            "add_get",
            "add_post",
            "path",
            "add_task",
        } or last in {"start_server", "HTTPServer", "ThreadingHTTPServer"}:
            yield f"server: {where}"

    def _pool(self, call: ast.Call, scope: Scope) -> list[str]:
        assert isinstance(call.func, ast.Attribute)  # noqa: S101
        subject = call.func.value
        if call.func.attr == "run_in_executor" and call.args:
            subject = call.args[0]
        values, _ = self.evaluator.ask(lambda frames: self.evaluator.values(subject, scope, frames))
        return [_name_of(value) for value in values] + [ast.unparse(subject)]

    def _programs(self, module: Module) -> Iterator[str]:
        """The programs that run a module's own code: itself, or those that import it."""
        if module.is_program or not module.name:
            yield f"program: {module.name or module.path}"
        elif module.path.endswith("__main__.py"):
            yield f"program: {module.name}"

    def _instances(self, starts: list[Scope]) -> Iterator[str]:
        """Where the class or function that holds the place is used from outside its module, or more than once."""
        found: dict[str, None] = {}
        for start in starts:
            cls = start.enclosing_class
            subject = self.evaluator.constructor(cls) if cls is not None else start
            if cls is not None and subject.enclosing_class is not cls and subject is not cls:
                subject = cls
            if subject.kind == "module":
                continue
            references = self.callers.references(subject)
            for reference in references:
                repeated = any(isinstance(stmt, (ast.For, ast.While)) for stmt in reference.used.context)
                other = reference.used.scope.module is not start.module
                if (other or repeated or len(references) > 1) and _function(reference.used.scope) is not start:
                    found[f"instances: {reference.used.scope.module.name}:{reference.used.node.lineno}"] = None
        yield from list(found)[:_MOST_INSTANCES]

    def _database(self, starts: list[Scope]) -> Iterator[str]:
        """Where the same function or class writes to SQLite too."""
        for start in starts:
            cls = start.enclosing_class
            scopes = list((cls or start).descendants()) if (cls or start).kind != "module" else [start]
            for scope in scopes:
                for used in scope.calls:
                    if last_name(used.call.func) in {"execute", "executemany", "executescript"} and _writes_sql(
                        used.call
                    ):
                        yield f"sqlite: {_where(used)}"
                        return
                    if ast.unparse(used.call.func) in _CONNECTS:
                        yield f"sqlite: {_where(used)}"
                        return


def _several(call: ast.Call) -> bool:
    """Whether a server is started with more than one worker, or as many as a setting says."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "workers"]
    return any(not isinstance(value, ast.Constant) or value.value not in {None, 1} for value in given)


def _writes_sql(call: ast.Call) -> bool:
    return last_name(call.func) in {"execute", "executemany", "executescript"} and any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.match(r"\s*(INSERT|UPDATE|REPLACE)\b", node.value, re.IGNORECASE)
        for node in ast.walk(call)
    )


def _name_of(value: Value) -> str:
    if isinstance(value, (External, Made)):
        return value.name
    return value.cls.name if isinstance(value, Instance) else ""


def _where(used: Used) -> str:
    return f"{used.scope.module.path}:{used.node.lineno}"


def _function(scope: Scope) -> Scope:
    """The function around a scope (or the module, for a class's own code)."""
    while scope.kind == "class" and scope.parent is not None:
        scope = scope.parent
    return scope
