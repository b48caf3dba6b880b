"""What methods of texts, paths, containers, files and library objects give."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from foundups_logging.audit.code import encoders, library, openings, operators, options
from foundups_logging.audit.code.scopes import Scope, Used
from foundups_logging.audit.code.values import (
    GAP,
    Config,
    Const,
    Content,
    Frames,
    Instance,
    Items,
    Made,
    Mapping,
    Method,
    Namespace,
    Opened,
    Text,
    Unknown,
    Value,
    concat,
    join_paths,
    text_of,
    time_or_date,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = ["call"]

_BRACES = re.compile(r"\{\{|\}\}|\{(\w[\w.\[\]!]*)?(?:[!:][^{}]*)?\}")
_UNCHANGED = set(
    """strip lstrip rstrip encode decode expanduser as_posix lower upper title casefold __str__ hex as_uri
    isoformat readline expandtabs zfill copy __fspath__""".split()
)
_ABSOLUTE = {"resolve", "absolute", "readlink"}


def call(evaluator: Evaluator, method: Method, node: ast.Call, scope: Scope, frames: Frames) -> list[Value]:
    """What calling `method` as `node` does gives."""
    receiver, name = method.receiver, method.name
    if name in {"open", "fdopen", "open_file"} and openings.opens_path(evaluator, receiver, node, scope, frames):
        return [Opened(_used(node, scope))]
    if name in {"read_text", "read_bytes"} and not isinstance(receiver, (Opened, Content)):
        return [Content(Opened(_used(node, scope)), "all")]
    if isinstance(receiver, Opened):
        return _of_file(receiver, name)
    if isinstance(receiver, Content):
        return _of_content(receiver, name)
    if isinstance(receiver, Items):
        return [receiver] if name == "copy" else _taken_out(evaluator, receiver, name)
    handler = _BY_KIND.get(type(receiver))
    if handler is not None:
        return handler(evaluator, receiver, node, scope, frames, name)
    return _of_other(evaluator, receiver, node, scope, frames, name)


def _of_other(  # noqa: PLR0913
    evaluator: Evaluator, receiver: Value, node: ast.Call, scope: Scope, frames: Frames, name: str
) -> list[Value]:
    encoded = encoders.encoded_by_name(evaluator, name, node, scope, frames)
    if isinstance(receiver, Instance):
        for base in sorted(evaluator.external_bases(receiver.cls)):
            encoded = encoded or encoders.encoded_by_object(evaluator, base, name, node, scope, frames)
    if encoded:
        return encoded
    text = text_of(receiver)
    if text is None:
        return [Unknown(name)]
    return _of_text(evaluator, text, node, scope, frames, name)


def _taken_out(evaluator: Evaluator, items: Items, name: str) -> list[Value]:
    """What `pop`, `get` and the like take out of a list or a queue."""
    return list(evaluator.each(items)) if name in {"pop", "popleft", "get", "get_nowait"} else [Unknown(name)]


def _of_file(opened: Opened, name: str) -> list[Value]:
    if name in {"read", "read1", "readall", "getvalue"}:
        return [Content(opened, "all")]
    if name == "readlines":
        return [Content(opened, "lines")]
    if name in {"readline", "__next__"}:
        return [Content(opened, "line")]
    if name in {"__enter__", "__aenter__", "detach", "wrap"}:
        return [opened]
    if name == "iter":
        return [Content(opened, "records")]
    return [Unknown(name)]


def _of_content(content: Content, name: str) -> list[Value]:
    if name in {"splitlines", "split", "readlines"} and content.kind == "all":
        return [Content(content.opened, "lines")]
    if content.kind == "records":
        return [Unknown(name)]
    if name in {"split", "partition", "rpartition", "rsplit"} and content.kind == "line":
        return [Content(content.opened, "part")]
    return [content]


def _of_mapping(  # noqa: PLR0913
    evaluator: Evaluator, mapping: Mapping, node: ast.Call, scope: Scope, frames: Frames, name: str
) -> list[Value]:
    if name in {"get", "pop", "setdefault", "__getitem__"} and node.args:
        found: list[Value] = []
        for index in evaluator.values(node.args[0], scope, frames) or (Unknown(),):
            found += operators.item(evaluator, mapping, index, ast.unparse(node.args[0]))
        sure = found and not any(isinstance(value, Unknown) for value in found)
        if len(node.args) > 1 and (not sure or name == "setdefault"):
            found += evaluator.values(node.args[1], scope, frames)
        return found
    if name == "values":
        return [Items(tuple(value for _, value in mapping.entries), ordered=False)]
    if name == "items":
        pairs = tuple(
            Items((Text(key) if key is not None else Unknown("key"), value)) for key, value in mapping.entries
        )
        return [Items(pairs, ordered=False)]
    if name == "keys":
        return [Items(tuple(evaluator.each(mapping)))]
    return [mapping] if name == "copy" else [Unknown(name)]


def _of_made(  # noqa: PLR0913
    evaluator: Evaluator, made: Made, node: ast.Call, scope: Scope, frames: Frames, name: str
) -> list[Value]:
    if made.name in options.PARSERS and name.startswith("parse"):
        parsed = Namespace(made.used.scope.module)
        return [Items((parsed, Unknown("rest"))), parsed] if "known" in name else [parsed]
    if name in {"enter_context", "enter_async_context", "stream_writer", "stream_reader"} and node.args:
        return list(evaluator.values(node.args[0], scope, frames))
    encoded = encoders.encoded_by_object(evaluator, made.name, name, node, scope, frames)
    if encoded:
        return encoded
    if name in {"submit", "run_in_executor"}:
        return [Unknown(name)]
    return [Unknown(f"{made.name} {name}")]


def _of_config(  # noqa: PLR0913
    evaluator: Evaluator, config: Config, node: ast.Call, scope: Scope, frames: Frames, name: str
) -> list[Value]:
    if name not in {"get", "setdefault", "pop"} or not node.args:
        return [Unknown(name)]
    keys = evaluator.texts(node.args[0], scope, frames)
    inner = Config(config.path, (*config.keys, *keys[:1]))
    known = options.configured(evaluator, inner)
    if known is not None or len(node.args) < 2:  # noqa: PLR2004
        return [inner]
    return list(evaluator.values(node.args[1], scope, frames))


_BY_KIND: dict[type, Callable[..., list[Value]]] = {Mapping: _of_mapping, Made: _of_made, Config: _of_config}

Handler = Callable[["Evaluator", Text, ast.Call, Scope, Frames], Iterable[Value]]


def _of_text(  # noqa: PLR0913
    evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames, name: str
) -> list[Value]:
    if name in _UNCHANGED:
        return [_stripped(text) if name in {"strip", "rstrip"} else text]
    if name in _ABSOLUTE:
        return [library.absolute(text)]
    handler = _OF_TEXT.get(name)
    if handler is not None:
        return list(handler(evaluator, text, node, scope, frames))
    return [Unknown(" ".join((*text.why, name)))]


def _stripped(text: Text) -> Text:
    return Text(text.text.rstrip("\n"), text.why, text.path, text.records)


def _argument(evaluator: Evaluator, node: ast.Call, scope: Scope, frames: Frames, at: int = 0) -> list[Text]:
    return operators.texts(evaluator, node.args[at], scope, frames) if len(node.args) > at else [Text(GAP)]


def _joinpath(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    parts = [operators.texts(evaluator, arg, scope, frames) for arg in node.args]
    return [join_paths(*choice) for choice in operators.combine([[text], *parts])]


def _with_suffix(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    stem, suffix = posixpath.splitext(text.text)
    stem = text.text if text.text == GAP else stem if suffix else text.text
    return [
        Text(stem + new.text, (*text.why, *new.why), path=True) for new in _argument(evaluator, node, scope, frames)
    ]


def _with_name(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    from foundups_logging.audit.code.attributes import parent  # noqa: PLC0415

    found = _argument(evaluator, node, scope, frames)
    return [join_paths(Text(parent(text.text), text.why), new) for new in found]


def _with_stem(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    from foundups_logging.audit.code.attributes import parent  # noqa: PLC0415

    suffix = posixpath.splitext(text.text)[1]
    found = _argument(evaluator, node, scope, frames)
    return [join_paths(Text(parent(text.text), text.why), Text(new.text + suffix, new.why)) for new in found]


def _format(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    given = [operators.texts(evaluator, arg, scope, frames) for arg in node.args]
    named = {
        keyword.arg: operators.texts(evaluator, keyword.value, scope, frames)
        for keyword in node.keywords
        if keyword.arg
    }
    return operators.format_texts(text, _BRACES, given, named)


def _join(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    found: list[Value] = []
    for value in evaluator.values(node.args[0], scope, frames) if node.args else ():
        if isinstance(value, Items):
            parts = [
                [text_of(part) or Text(GAP) for part in evaluator.force(element)] or [Text(GAP)]
                for element in value.elements[:8]
            ]
            found += [
                concat(*[piece for part in choice for piece in (text, part)][1:]) if choice else Text("")
                for choice in operators.combine(parts)
            ]
        else:
            found.append(concat(Text(GAP), text, Text(GAP)))
    return found or [Text(GAP)]


def _replace(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    if len(node.args) < 2:  # noqa: PLR2004
        return [Unknown("replace")]  # of a path, or a date
    pairs = operators.combine([_argument(evaluator, node, scope, frames), _argument(evaluator, node, scope, frames, 1)])
    return [
        Text(
            text.text.replace(old.text, new.text) if old.text and old.text != GAP else text.text,
            text.why,
            text.path,
            text.records,
        )
        for old, new in pairs
    ]


def _glob(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    deep = isinstance(node.func, ast.Attribute) and node.func.attr == "rglob"
    return [
        Items((join_paths(text, Text("*/" if deep else ""), Text(pattern.text.replace("**", "*"))),), ordered=False)
        for pattern in _argument(evaluator, node, scope, frames)
    ]


def _iterdir(_evaluator: Evaluator, text: Text, _node: ast.Call, _scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Items((join_paths(text, Text(GAP, ("file name",))),), ordered=False)]


def _split(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    by = _argument(evaluator, node, scope, frames)[0].text if node.args else " "
    if not by or by == GAP or GAP in text.text:
        return [Unknown(" ".join(text.why))]
    return [Items(tuple(Text(part) for part in text.text.split(by)))]


def _removesuffix(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    return [Text(text.text.removesuffix(old.text), text.why) for old in _argument(evaluator, node, scope, frames)]


def _true(_evaluator: Evaluator, _text: Text, _node: ast.Call, _scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Const(True)]  # noqa: FBT003


def _strftime(evaluator: Evaluator, text: Text, node: ast.Call, scope: Scope, frames: Frames) -> Iterable[Value]:
    if "time" not in text.why:
        return [Unknown(" ".join(text.why) or "date")]
    return [Unknown(time_or_date(form.text)) for form in _argument(evaluator, node, scope, frames)]


def _date(_evaluator: Evaluator, _text: Text, _node: ast.Call, _scope: Scope, _frames: Frames) -> Iterable[Value]:
    return [Unknown("date")]


_OF_TEXT: dict[str, Handler] = {
    "strftime": _strftime,
    "date": _date,
    "joinpath": _joinpath,
    "__truediv__": _joinpath,
    "with_suffix": _with_suffix,
    "with_name": _with_name,
    "with_stem": _with_stem,
    "format": _format,
    "join": _join,
    "replace": _replace,
    "glob": _glob,
    "rglob": _glob,
    "iterdir": _iterdir,
    "split": _split,
    "removesuffix": _removesuffix,
    "exists": _true,
    "is_file": _true,
}


def _used(node: ast.Call, scope: Scope) -> Used:
    return next((used for used in scope.calls if used.node is node), Used(node, scope, ()))
