"""What an expression can be, as far as reading the code tells: texts with gaps, objects, functions, files opened.

A text is kept as it would be written, with `*` for what only the running program knows; `why`
names what was left out ("time", "pid", the name of a parameter). Two marks stand for values put into JSON.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field

from foundups_logging.audit.code.scopes import Module, Scope, Used

__all__ = [
    "DOCUMENT",
    "GAP",
    "NO_FRAMES",
    "RECORD",
    "ROOT",
    "Class",
    "Config",
    "Const",
    "Content",
    "External",
    "Frames",
    "Function",
    "Instance",
    "Items",
    "Lazy",
    "Made",
    "Mapping",
    "Method",
    "ModuleValue",
    "Namespace",
    "Opened",
    "Partial",
    "Site",
    "Text",
    "Unknown",
    "Value",
    "concat",
    "join_paths",
    "normal_path",
    "text_of",
    "time_or_date",
]

GAP = "*"
RECORD = "\ue000"  # a value encoded as JSON, on one line
DOCUMENT = "\ue001"  # a value encoded as JSON over several lines
ROOT = "/\ue002"  # the root of the audited tree, as an absolute path

_LONGEST = 600
_TIME_OF_DAY = re.compile(r"%[-#]?[HIMSfsXcTpR]")


class Frames:
    """For functions entered, the call that entered each (None: called by someone unknown)."""

    __slots__ = ("bound",)

    def __init__(self, bound: MappingType[Scope, Site | None] | None = None) -> None:
        self.bound = bound or {}

    def bind(self, function: Scope, site: Site | None) -> Frames:
        """These frames, and `function` as `site` calls it."""
        return Frames({**self.bound, function: site})


NO_FRAMES = Frames()


@dataclass(frozen=True, slots=True)
class Lazy:
    """An expression not looked at yet."""

    expr: ast.expr
    scope: Scope
    frames: Frames = field(compare=False, default=NO_FRAMES)


@dataclass(frozen=True, slots=True)
class Text:
    """Text, bytes, or (`path`) a path; `records` are the values put into JSON in it."""

    text: str
    why: tuple[str, ...] = ()
    path: bool = False
    records: tuple[Lazy, ...] = field(compare=False, default=())


@dataclass(frozen=True, slots=True)
class Const:
    """None, a number, a boolean."""

    value: object


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that can't be told, for the reason `why`."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class External:
    """A name of a library or of Python itself, dotted: `os.path.join`, `open`."""

    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """What calling the library's `name` gave."""

    name: str
    used: Lazy = field(compare=True)


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the tree."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the tree; `site` constructed it, if that is known."""

    cls: Scope
    site: Site | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the tree, bound to `receiver` if it is a method of that."""

    scope: Scope
    receiver: Value | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """The attribute `name` of a value that isn't of the tree."""

    receiver: Value
    name: str


@dataclass(frozen=True, slots=True)
class Partial:
    """`function`, with some of its arguments given by `site`."""

    function: Value
    site: Site


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the tree."""

    module: Module


@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple, set or iterable of these; in their order if `ordered`."""

    elements: tuple[Lazy | Value, ...]
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict: keys (None where one isn't known) and values."""

    entries: tuple[tuple[str | None, Lazy | Value], ...]


@dataclass(frozen=True, slots=True)
class Namespace:
    """What argparse has parsed, by the options that `module` adds."""

    module: Module


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file of the tree holds, at `keys`."""

    path: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A file opened by the call `used`, and handed on by the call `by` of the function that this is in."""

    used: Used
    by: ast.Call | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What was read from a file opened: `kind` is "all", "lines", "line" or "records"."""

    opened: Opened
    kind: str


Value = (
    Text
    | Const
    | Unknown
    | External
    | Made
    | Class
    | Instance
    | Function
    | Method
    | Partial
    | ModuleValue
    | Items
    | Mapping
    | Namespace
    | Config
    | Opened
    | Content
)


@dataclass(frozen=True, slots=True)
class Site:
    """A call of a function of the tree: with which arguments, and from where."""

    node: ast.Call
    scope: Scope
    frames: Frames = field(compare=False, default=NO_FRAMES)
    receiver: Value | None = field(compare=False, default=None)
    args: tuple[ast.expr, ...] = field(compare=False, default=())
    keywords: tuple[tuple[str | None, ast.expr], ...] = field(compare=False, default=())
    each: bool = False  # the arguments are iterables of arguments: pool.map(f, paths)
    earlier: Site | None = field(compare=False, default=None)  # of a partial: its own arguments come first
    context: tuple[ast.stmt, ...] = field(compare=False, default=())


def text_of(value: Value) -> Text | None:
    """`value` as text that may hold gaps; None for what is no text (a list, a function, None)."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Const):
        return None if value.value is None or value.value is ... else Text(str(value.value))
    if isinstance(value, Unknown):
        return Text(GAP, (value.why,) if value.why else ())
    if isinstance(value, (Made, External)):
        return Text(GAP, (value.name,))
    if isinstance(value, Method):
        receiver = text_of(value.receiver)
        return Text(GAP, (*(receiver.why if receiver else ()), value.name))
    if isinstance(value, (Content, Namespace, Config)):
        return Text(GAP)
    return None


def concat(*texts: Text) -> Text:
    """The texts after one another."""
    text = re.sub(r"\*{2,}", GAP, "".join(part.text for part in texts))[:_LONGEST]
    return Text(
        text,
        tuple(dict.fromkeys(why for part in texts for why in part.why)),
        any(part.path for part in texts),
        tuple(record for part in texts for record in part.records),
    )


def join_paths(*texts: Text) -> Text:
    """The texts as folders within one another, as os.path.join does."""
    return Text(
        posixpath.join(*(part.text.replace("\\", "/") for part in texts))[:_LONGEST],
        tuple(dict.fromkeys(why for part in texts for why in part.why)),
        path=True,
    )


def normal_path(text: str, root: str) -> str:
    """A path for the report: relative to the root where it can be, `*` for what isn't known."""
    text = text.replace("\\", "/").removeprefix("file://")
    if text.startswith(root + "/"):
        text = ROOT + text[len(root) :]
    text = posixpath.normpath(text) if text else ""
    text = re.sub(r"\*+", GAP, text)
    text = re.sub(r"(\*/)+\*(?=/)", GAP, text)
    if text == ROOT:
        return "."
    if text.startswith(ROOT + "/"):
        return text[len(ROOT) + 1 :]
    return "" if text in {GAP, ".", "*/*"} else text


def time_or_date(form: str) -> str:
    """What a format of strftime leaves of a time: the "time" of day, or the "date" alone."""
    return "time" if _TIME_OF_DAY.search(form) or GAP in form else "date"
