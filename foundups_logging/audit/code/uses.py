"""What is done with files once they are open: which call writes to, reads from or moves about in which of them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from foundups_logging.audit.code.encoders import DECODING_METHODS, decodes
from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.openings import OPENING_NAMES
from foundups_logging.audit.code.scopes import Module, Scope, Used, last_name
from foundups_logging.audit.code.values import (
    NO_FRAMES,
    Content,
    External,
    Frames,
    Made,
    Method,
    Opened,
)

__all__ = ["Use", "Uses", "collect"]

How = Literal["write", "lines", "print", "dump", "record", "truncate", "reader", "document", "given"]

_MOST_FILES = 40


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a file opened: something written, or (`reader`) a way of reading, called `kind`."""

    how: How
    used: Used
    text: ast.expr | None = None
    kind: str = ""
    frames: Frames = NO_FRAMES
    by: ast.Call | None = None  # the call through which the file was had

    def is_of(self, frames: Frames, opener: Scope) -> bool:
        """Whether it is a use of the file that `opener` opens when it is called as `frames` tell."""
        site = frames.bound.get(opener)
        return self.by is None or site is None or site.node is self.by


Uses = dict[int, list[Use]]  # by the identity of the call that opened the file


def collect(evaluator: Evaluator, modules: Iterable[Module]) -> Uses:
    """All uses of opened files in `modules`."""
    uses: Uses = defaultdict(list)
    for module in modules:
        for name, find in _CALLS.items():
            for used in module.calls.get(name, ()):
                for target, use in find(used):
                    _note(evaluator, uses, target, use)
        for name in sorted(_decoding_names(module)):
            for used in module.calls[name]:
                _decoded(evaluator, uses, name, used)
        for used in module.passed.get("write", ()):
            _handed_write(evaluator, uses, used)
        for used in (*module.passed.get("loads", ()), *module.passed.get("decode", ())):
            _mapped(evaluator, uses, used)
        for scope in module.top.descendants():
            _in_scope(evaluator, uses, scope)
    return uses


def _in_scope(evaluator: Evaluator, uses: Uses, scope: Scope) -> None:
    for used in scope.others:
        _looked_into(evaluator, uses, used)
    for loop, context in scope.loops:
        if all(isinstance(stmt, ast.AugAssign) for stmt in loop.body):
            _note(evaluator, uses, loop.iter, Use("reader", Used(loop.iter, scope, context), None, "line count"))


def _note(evaluator: Evaluator, uses: Uses, target: ast.expr, use: Use) -> None:
    """Notes `use` with each file that `target` can be (for a way of reading: that it can be the content of)."""

    def question(frames: Frames) -> list[Opened | Content]:
        return [
            value for value in evaluator.values(target, use.used.scope, frames) if isinstance(value, (Opened, Content))
        ]

    longest = 3
    if use.how == "reader" and use.kind != "parses":
        # Other ways of reading stand where the file is opened.
        if not _opens(use.used.scope):
            return
        longest = 0
    for resolution in evaluator.resolve(question, most=_MOST_FILES, longest=longest):
        for value in resolution.result:
            opened = value if isinstance(value, Opened) else value.opened
            found = replace(use, frames=resolution.frames, by=opened.by)
            if isinstance(value, Opened):
                if use.kind in {"parses", "text scan"}:
                    continue
                _add(uses, value.used, found)
            elif use.how == "reader" and _fits(use.kind, value.kind):
                whole = use.kind == "parses" and value.kind == "all" and not _by_lines(use)
                _add(uses, value.opened.used, replace(found, how="document") if whole else found)


def _opens(scope: Scope) -> bool:
    return any(last_name(used.call.func) in OPENING_NAMES for used in scope.calls)


def _by_lines(use: Use) -> bool:
    return use.used.call.func is not None and last_name(use.used.call.func) == "decode_lines"


def _fits(kind: str, content: str) -> bool:
    if kind in {"line count", "tail"}:
        return content in {"lines", "all"}
    return content not in {"character", "records"} and (kind != "parses" or content != "part")


def _add(uses: Uses, used: Used, use: Use) -> None:
    known = uses[id(used.node)]
    if all(
        other.used.node is not use.used.node
        or other.kind != use.kind
        or other.frames is not use.frames
        or other.by is not use.by
        for other in known
    ):
        known.append(use)


Found = Iterator[tuple[ast.expr, Use]]


def _method(how: How, kind: str = "") -> Callable[[Used], Found]:
    def find(used: Used) -> Found:
        call = used.call
        if isinstance(call.func, ast.Attribute):
            yield call.func.value, Use(how, used, call.args[0] if call.args else None, kind)

    return find


def _write(used: Used) -> Found:
    """`f.write(…)`, `os.write(fd, …)`."""
    call = used.call
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "os.write" and len(call.args) > 1:
        yield call.args[0], Use("write", used, call.args[1])
    elif isinstance(call.func, ast.Attribute) and call.args:
        yield call.func.value, Use("write", used, call.args[0])
    elif isinstance(call.func, ast.Attribute):
        yield call.func.value, Use("given", used)


def _print(used: Used) -> Found:
    for keyword in used.call.keywords:
        if keyword.arg == "file":
            yield keyword.value, Use("print", used)


def _dump(used: Used) -> Found:
    """`json.dump(x, f)`."""
    call = used.call
    file = call.args[1] if len(call.args) > 1 else None
    for keyword in call.keywords:
        file = keyword.value if keyword.arg in {"fp", "stream", "file"} else file
    if (
        file is not None
        and call.args
        and not ast.unparse(call.func).startswith(("pickle", "yaml", "marshal", "joblib", "toml"))
    ):
        yield file, Use("dump", used, call.args[0])


def _factory(used: Used) -> Found:
    """Structlog's logger factories, which print what the processors rendered."""
    call = used.call
    given = [keyword.value for keyword in call.keywords if keyword.arg == "file"] or call.args[:1]
    for value in given:
        yield value, Use("record", used, None, "structlog")


def _seek(used: Used) -> Found:
    call = used.call
    if not isinstance(call.func, ast.Attribute):
        return
    whence = ast.unparse(call.args[1]) if len(call.args) > 1 else "0"
    at = ast.unparse(call.args[0]) if call.args else "0"
    if at == "0" and whence in {"0", "os.SEEK_SET"}:
        return
    kind = "tail" if whence in {"2", "os.SEEK_END", "io.SEEK_END"} else "byte offset"
    yield call.func.value, Use("reader", used, None, kind)


def _first(kind: str) -> Callable[[Used], Found]:
    def find(used: Used) -> Found:
        for argument in used.call.args[:1]:
            yield argument, Use("reader", used, None, kind)

    return find


def _sum(used: Used) -> Found:
    for argument in used.call.args[:1]:
        if isinstance(argument, (ast.GeneratorExp, ast.ListComp)) and isinstance(argument.elt, ast.Constant):
            yield argument.generators[0].iter, Use("reader", used, None, "line count")


def _len(used: Used) -> Found:
    for argument in used.call.args[:1]:
        inner = argument
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "list" and inner.args:
            inner = inner.args[0]
        if isinstance(inner, ast.ListComp) and not any(
            isinstance(node, ast.Call) and last_name(node.func) == "loads" for node in ast.walk(inner.elt)
        ):
            inner = inner.generators[0].iter
        yield inner, Use("reader", used, None, "line count")


def _deque(used: Used) -> Found:
    call = used.call
    if call.args and (len(call.args) > 1 or any(keyword.arg == "maxlen" for keyword in call.keywords)):
        yield call.args[0], Use("reader", used, None, "tail")


def _pattern(used: Used) -> Found:
    call = used.call
    if isinstance(call.func, ast.Attribute):
        for argument in call.args[:2]:
            yield argument, Use("reader", used, None, "text scan")


def _count(used: Used) -> Found:
    call = used.call
    if isinstance(call.func, ast.Attribute) and call.args:
        newline = isinstance(call.args[0], ast.Constant) and call.args[0].value in {"\n", b"\n"}
        yield call.func.value, Use("reader", used, None, "line count" if newline else "text scan")


def _sent(used: Used) -> Found:
    call = used.call
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        for node in _within(argument):
            yield node, Use("reader", used, None, "copy")


def _within(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, (ast.Tuple, ast.List)):
        for part in node.elts:
            yield from _within(part)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _within(value)
    else:
        yield node


_SENDERS = """copyfileobj sendall sendfile post put upload upload_file upload_fileobj put_object send_file FileResponse
    StreamingResponse upload_from_file upload_blob Response""".split()

_CALLS: dict[str, Callable[[Used], Found]] = {
    "write": _write,
    "writelines": _method("lines"),
    "write_all": _method("lines"),
    "print": _print,
    "dump": _dump,
    "WriteLoggerFactory": _factory,
    "PrintLoggerFactory": _factory,
    "BytesLoggerFactory": _factory,
    "truncate": _method("truncate"),
    "ftruncate": _first("truncate"),
    "seek": _seek,
    "tell": _method("reader", "byte offset"),
    "sum": _sum,
    "len": _len,
    "deque": _deque,
    "search": _pattern,
    "match": _pattern,
    "findall": _pattern,
    "finditer": _pattern,
    "fullmatch": _pattern,
    "count": _count,
    "find": _method("reader", "text scan"),
    "rfind": _method("reader", "text scan"),
    **dict.fromkeys(_SENDERS, _sent),
}


def _decoding_names(module: Module) -> set[str]:
    """The last names under which a module may call something that decodes JSON."""
    found = {name for name in module.calls if decodes([], [], name) or name in DECODING_METHODS}
    for scope in module.top.descendants():
        for bound, bindings in scope.bindings.items():
            said = {last_name(binding.expr) if binding.expr is not None else binding.target[2] for binding in bindings}
            if bound in module.calls and said & {"loads", "decode"}:
                found.add(bound)
    return found


def _decoded(evaluator: Evaluator, uses: Uses, name: str, used: Used) -> None:
    """`json.loads(line)` and the like."""
    call = used.call
    if not call.args or name in _CALLS:
        return
    functions, _ = evaluator.ask(lambda frames: evaluator.values(call.func, used.scope, frames))
    names = [value.name for value in functions if isinstance(value, External)]
    made = [
        value.receiver.name for value in functions if isinstance(value, Method) and isinstance(value.receiver, Made)
    ]
    ours = any(not isinstance(value, (External, Method)) for value in functions) and not name.endswith("json")
    if not ours and decodes(names, made, name):
        _note(evaluator, uses, call.args[0], Use("reader", used, None, "parses"))


def _handed_write(evaluator: Evaluator, uses: Uses, used: Used) -> None:
    """`await asyncio.to_thread(f.write, line)`."""
    call = used.call
    for at, argument in enumerate(call.args[:-1]):
        if isinstance(argument, ast.Attribute) and argument.attr == "write":
            _note(evaluator, uses, argument.value, Use("write", used, call.args[at + 1]))


def _mapped(evaluator: Evaluator, uses: Uses, used: Used) -> None:
    """`map(json.loads, f)`."""
    call = used.call
    if last_name(call.func) == "map" and len(call.args) > 1:
        for value in evaluator.values(call.args[1], used.scope):
            opened = value if isinstance(value, Opened) else value.opened if isinstance(value, Content) else None
            if opened is not None:
                _add(uses, opened.used, Use("reader", used, None, "parses"))


def _looked_into(evaluator: Evaluator, uses: Uses, used: Used) -> None:
    """`"text" in line`, `lines[-10:]`."""
    node = used.node
    if isinstance(node, ast.Compare) and any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
        for comparator in node.comparators:
            _note(evaluator, uses, comparator, Use("reader", used, None, "text scan"))
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        lower = node.slice.lower
        if isinstance(lower, ast.UnaryOp) and isinstance(lower.op, ast.USub):
            _note(evaluator, uses, node.value, Use("reader", used, None, "tail"))
    elif isinstance(node, ast.Subscript) and ast.unparse(node.slice) == "-1":
        _note(evaluator, uses, node.value, Use("reader", used, None, "tail"))
