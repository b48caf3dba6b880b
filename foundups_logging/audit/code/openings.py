"""Calls that open files: by which mechanism, and which of their arguments is the path, the mode, the text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from foundups_logging.audit.code.scopes import Module, Scope, Used
from foundups_logging.audit.code.values import (
    GAP,
    NO_FRAMES,
    Class,
    Const,
    Content,
    External,
    Frames,
    Instance,
    Items,
    Made,
    Mapping,
    Method,
    Opened,
    Text,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = [
    "OPENERS",
    "OPENING_NAMES",
    "Opener",
    "Opening",
    "inner_handle",
    "opening_of",
    "openings_in",
    "opens_path",
    "path_argument",
]

Action = Literal["open", "write", "read", "handler", "copy", "truncate"]


@dataclass(frozen=True, slots=True)
class Opener:
    """A function that opens a file: where in its arguments the path and the mode are."""

    mechanism: str
    path: int = 0
    path_names: tuple[str, ...] = ("file", "filename", "path", "name")
    mode: int | None = 1
    default: str = "r"
    action: Action = "open"
    is_handle: bool = True  # what it gives is the file opened
    only_with: str = ""  # a keyword without which it has nothing to do with JSON Lines
    text: int | None = None  # the argument that is written


_WRITES_RECORDS = Opener("library", mode=None, default="w", action="write", is_handle=False)
_READS_RECORDS = Opener("library", mode=None, action="read", is_handle=False)
_HANDLER = Opener("logging", default="a", action="handler", is_handle=False)
_COPY = Opener("library", path_names=("src",), mode=None, action="copy", is_handle=False)
_PANDAS = Opener("pandas", path_names=("path_or_buf",), mode=None, action="read", is_handle=False, only_with="lines")
_POLARS = Opener("polars", path_names=("source",), mode=None, action="read", is_handle=False)

OPENERS: dict[str, Opener] = {
    "open": Opener("open"),
    "builtins.open": Opener("open"),
    "io.open": Opener("io.open"),
    "io.FileIO": Opener("io.open"),
    "codecs.open": Opener("codecs.open"),
    "os.open": Opener("os.open", default="O_RDONLY"),
    "os.fdopen": Opener("open", path_names=("fd",)),
    "gzip.open": Opener("gzip", default="rb"),
    "gzip.GzipFile": Opener("gzip", default="rb"),
    "bz2.open": Opener("bz2", default="rb"),
    "bz2.BZ2File": Opener("bz2", default="rb"),
    "lzma.open": Opener("lzma", default="rb"),
    "lzma.LZMAFile": Opener("lzma", default="rb"),
    "zstandard.open": Opener("zstandard", default="rb"),
    "compression.zstd.open": Opener("zstandard", default="rb"),
    "pyzstd.open": Opener("zstandard", default="rb"),
    "aiofiles.open": Opener("aiofiles"),
    "aiofile.async_open": Opener("library"),
    "anyio.open_file": Opener("anyio"),
    "trio.open_file": Opener("library"),
    "jsonlines.open": Opener("jsonlines"),
    "smart_open.open": Opener("library"),
    "fsspec.open": Opener("library"),
    "xopen.xopen": Opener("library"),
    "click.open_file": Opener("library"),
    "atomicwrites.atomic_write": Opener("library", default="w"),
    "tempfile.NamedTemporaryFile": Opener("tempfile", path=99, path_names=(), mode=0, default="w+b"),
    "tempfile.TemporaryFile": Opener("tempfile", path=99, path_names=(), mode=0, default="w+b"),
    "jsonlines.Reader": Opener("jsonlines", mode=None),
    "jsonlines.Writer": Opener("jsonlines", mode=None, default="w"),
    "logging.FileHandler": _HANDLER,
    "logging.handlers.RotatingFileHandler": _HANDLER,
    "logging.handlers.TimedRotatingFileHandler": _HANDLER,
    "logging.handlers.WatchedFileHandler": _HANDLER,
    "concurrent_log_handler.ConcurrentRotatingFileHandler": _HANDLER,
    "concurrent_log_handler.ConcurrentTimedRotatingFileHandler": _HANDLER,
    "pandas.read_json": _PANDAS,
    "polars.read_ndjson": _POLARS,
    "polars.scan_ndjson": _POLARS,
    "srsly.write_jsonl": _WRITES_RECORDS,
    "srsly.write_gzip_jsonl": _WRITES_RECORDS,
    "srsly.read_jsonl": _READS_RECORDS,
    "srsly.read_gzip_jsonl": _READS_RECORDS,
    "datasets.load_dataset": Opener(
        "library", path=1, path_names=("data_files",), mode=None, action="read", is_handle=False
    ),
    "portalocker.Lock": Opener("library", default="a"),
    "os.truncate": Opener("library", mode=None, default="w", action="truncate", is_handle=False),
    "shutil.copy": _COPY,
    "shutil.copy2": _COPY,
    "shutil.copyfile": _COPY,
    "loguru.logger.add": Opener(
        "loguru", path_names=("sink",), mode=None, default="a", action="handler", is_handle=False, only_with="serialize"
    ),
}

#: Methods of values of other libraries (data frames), whatever these are called.
_METHODS: dict[str, Opener] = {
    "to_json": Opener(
        "pandas", path_names=("path_or_buf",), mode=99, default="w", action="write", is_handle=False, only_with="lines"
    ),
    "write_ndjson": Opener("polars", path_names=("file",), mode=None, default="w", action="write", is_handle=False),
    "sink_ndjson": Opener("polars", path_names=("path",), mode=None, default="w", action="write", is_handle=False),
}
_PATH_METHODS: dict[str, tuple[str, Action, str]] = {
    "open": ("Path.open", "open", "r"),
    "write_text": ("write_text", "write", "w"),
    "write_bytes": ("write_text", "write", "w"),
    "read_text": ("read_text", "read", "r"),
    "read_bytes": ("read_text", "read", "r"),
}
OPENING_NAMES = {name.rpartition(".")[2] for name in OPENERS} | set(_METHODS) | set(_PATH_METHODS)
_MODE = re.compile(r"[rwaxbtU+]{1,4}")
_ARCHIVES = re.compile(
    r"zip|tar|\bweb|image|\bPIL\b|wave|sock|serial|shelve|dbm|urllib|opener|fitz|camera|rasterio", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A call that opens a file: `path`, `mode` and `text` (what is written by it) as they stand in it."""

    used: Used
    mechanism: str
    action: Action
    path: ast.expr | None
    mode: ast.expr | None
    default: str
    text: ast.expr | None = None
    function: str = ""  # the library's name of what is called
    within: Scope | None = None  # the `__init__` of a handler class, where its path stands

    @property
    def scope(self) -> Scope:
        """Where it stands."""
        return self.used.scope


def openings_in(evaluator: Evaluator, module: Module) -> Iterator[Opening]:
    """The openings in a module, in no particular order."""
    names = {name for name in module.calls if name in OPENING_NAMES or name.endswith("Handler")}
    # What is imported under another name, or called by what was assigned (`opener = gzip.open`).
    for scope in module.top.descendants():
        for name, bindings in scope.bindings.items():
            for binding in bindings:
                said = binding.target[2] or (
                    ast.unparse(binding.expr).rpartition(".")[2]
                    if binding.expr is not None and isinstance(binding.expr, (ast.Attribute, ast.Name))
                    else ""
                )
                if said in OPENING_NAMES and name in module.calls:
                    names.add(name)
    names |= _handler_classes(evaluator, module)
    for name in sorted(names):
        for used in module.calls[name]:
            opening = opening_of(evaluator, used)
            if opening is not None:
                yield opening


def _handler_classes(evaluator: Evaluator, module: Module) -> set[str]:
    """The names under which a module constructs handler classes of the tree."""
    found: set[str] = set()
    if "Handler" not in module.text and "logging" not in module.text:
        return found
    for name, calls in module.calls.items():
        if name[:1].isupper() and name not in OPENING_NAMES:
            used = calls[0]
            for value in evaluator.values(used.call.func, used.scope):
                if isinstance(value, Class) and any(base in OPENERS for base in evaluator.external_bases(value.scope)):
                    found.add(name)
    return found


def opening_of(evaluator: Evaluator, used: Used) -> Opening | None:
    """What a call opens; None if it doesn't."""
    call = used.call
    functions, _ = evaluator.ask(lambda frames: evaluator.values(call.func, used.scope, frames))
    for function in functions:
        if isinstance(function, External) and function.name in OPENERS:
            if OPENERS[function.name].is_handle and inner_handle(evaluator, function.name, call, used.scope, NO_FRAMES):
                return None  # the file is open already
            opening = _by_function(OPENERS[function.name], used, function.name)
        elif isinstance(function, Class):
            bases = [base for base in sorted(evaluator.external_bases(function.scope)) if base in OPENERS]
            opening = _by_class(evaluator, function.scope, bases[0], used) if bases else None
        elif isinstance(function, Method):
            opening = _by_method(evaluator, function, used)
        elif isinstance(function, Unknown) and isinstance(call.func, ast.Attribute):
            opening = _by_method(evaluator, Method(function, call.func.attr), used)
        else:
            opening = None
        if opening is not None:
            return opening
    return None


def _by_function(opener: Opener, used: Used, name: str) -> Opening | None:
    call = used.call
    # Of a log's name it may still be told.
    if opener.only_with and opener.mechanism != "loguru" and not _is_on(call, opener.only_with):
        return None
    path = _argument(call, opener.path, opener.path_names)
    mode = _argument(call, opener.mode, ("mode", "flags"))
    if path is None and opener.mechanism != "tempfile":
        return None
    return Opening(used, opener.mechanism, opener.action, path, mode, opener.default, None, name)


def _by_class(evaluator: Evaluator, cls: Scope, base: str, used: Used) -> Opening | None:
    """A handler class of the tree: its path is what its own `__init__`, if it has one, hands on."""
    constructor = evaluator.constructor(cls)
    if constructor.kind != "function":
        return _by_function(OPENERS[base], used, base)
    for inner in constructor.calls:
        if ast.unparse(inner.call.func).endswith("__init__"):
            at = 0 if ast.unparse(inner.call.func).startswith("super(") else 1
            opener = OPENERS[base]
            path = _argument(inner.call, at, opener.path_names)
            mode = _argument(inner.call, at + 1, ("mode",)) if base.endswith("FileHandler") else None
            if path is not None:
                return Opening(
                    used, opener.mechanism, opener.action, path, mode, opener.default, None, base, constructor
                )
    return None


def _by_method(evaluator: Evaluator, method: Method, used: Used) -> Opening | None:
    call = used.call
    opener = _METHODS.get(method.name)
    if opener is not None:
        if opener.only_with and not _is_on(call, opener.only_with):
            return None
        return _by_function(opener, used, method.name)
    known = _PATH_METHODS.get(method.name)
    if known is None or not isinstance(call.func, ast.Attribute):
        return None
    mechanism, action, default = known
    receiver = call.func.value
    if action == "open":
        frames = Frames()
        if not opens_path(evaluator, method.receiver, call, used.scope, frames):
            return None
        mechanism = "anyio" if _is_anyio(evaluator, receiver, used.scope) else mechanism
        return Opening(used, mechanism, action, receiver, _argument(call, 0, ("mode",)), default, None, "Path.open")
    if isinstance(method.receiver, (Opened, Content, Instance)):
        return None
    text = _argument(call, 0, ("data", "text", "content")) if action == "write" else None
    return Opening(used, mechanism, action, receiver, None, default, text, f"Path.{method.name}")


def _is_anyio(evaluator: Evaluator, receiver: ast.expr, scope: Scope) -> bool:
    if isinstance(receiver, ast.BinOp):
        return _is_anyio(evaluator, receiver.left, scope)
    if isinstance(receiver, ast.Call):
        return any(
            isinstance(value, External) and value.name == "anyio.Path"
            for value in evaluator.values(receiver.func, scope)
        )
    if isinstance(receiver, ast.Name):
        bindings = scope.bindings.get(receiver.id, []) or scope.module.top.bindings.get(receiver.id, [])
        return any(
            binding.expr is not None
            and isinstance(binding.expr, ast.Call)
            and _is_anyio(evaluator, binding.expr, binding.scope)
            for binding in bindings
        )
    return False


def _is_on(call: ast.Call, keyword: str) -> bool:
    return any(
        given.arg == keyword and not (isinstance(given.value, ast.Constant) and not given.value.value)
        for given in call.keywords
    )


def _argument(call: ast.Call, position: int | None, names: tuple[str, ...]) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in names:
            return keyword.value
    if position is not None and position < len(call.args) and not isinstance(call.args[position], ast.Starred):
        return call.args[position]
    return None


def path_argument(evaluator: Evaluator, used: Used) -> ast.expr | None:
    """The expression for the path that a call opens."""
    opening = opening_of(evaluator, used)
    return opening.path if opening is not None else None


def opens_path(evaluator: Evaluator, receiver: Value, call: ast.Call, scope: Scope, frames: Frames) -> bool:
    """Whether `receiver.open(…)` opens a path, and not a member of an archive, a browser or the like."""
    if isinstance(receiver, (Opened, Content, Instance, Mapping, Items, Const)):
        return False
    if isinstance(receiver, Text):
        return True
    if isinstance(receiver, Made) and not receiver.name.startswith(("pathlib", "anyio")):
        return False
    mode = _argument(call, 0, ("mode",))
    if mode is None:
        base = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        return not call.args and not _ARCHIVES.search(base)
    return any(_MODE.fullmatch(text) for text in evaluator.texts(mode, scope, frames)) or (
        isinstance(receiver, Unknown) and "path" in receiver.why.lower() and GAP in evaluator.texts(mode, scope, frames)
    )


def inner_handle(evaluator: Evaluator, name: str, node: ast.Call, scope: Scope, frames: Frames) -> list[Value]:
    """The file opened before that `os.fdopen`, `gzip.GzipFile(fileobj=…)` and the like are given; empty if none."""
    given = node.args[0] if node.args else None
    for keyword in node.keywords:
        if keyword.arg in {"fileobj", "fd"}:
            given = keyword.value
    takes_file = name in {"os.fdopen", "jsonlines.Reader", "jsonlines.Writer", "gzip.GzipFile"}
    # A path is not looked into: that a descriptor is given instead is told by what it is called.
    if given is None or not (takes_file or (isinstance(given, ast.Name) and "fd" in given.id.lower())):
        return []
    return [value for value in evaluator.values(given, scope, frames) if isinstance(value, Opened)]
