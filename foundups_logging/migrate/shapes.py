"""The fast way: a regular expression for each shape of line that a file has again and again.

Programs write the same keys in the same order with the same spaces. From a line
that went the careful way, a `Shape` is learned: an expression in which all that
stays is literal, and each value is a group of its kind. A line that matches is
that JSON and can't be bent: no key comes twice, no number has more digits than
its column gives back. Whatever doesn't match goes the careful way, which makes
the same row of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

import orjson

from foundups_logging.encoding import is_encodable
from foundups_logging.migrate.json_text import Member, Object, same
from foundups_logging.migrate.rows import Built, RowMaker

__all__ = ["Shape", "Shapes"]

_MAX_SHAPES: Final = 32
_MAX_SEEN: Final = 1000  # signatures that came once

_PLAIN: Final = r'[^"\\\x00-\x1f]*+'  # what is in a string without escapes
_ESCAPED: Final = rf'{_PLAIN}(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}){_PLAIN})*+'
_STRING: Final = '"<string>"'  # one of the two
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+"
_NESTED_LEVELS: Final = 5
_MAX_DIGITS: Final = 4000  # beyond, int() refuses
_MAX_DAYS: Final = 10_000


def _nested() -> str:
    """Brackets that balance; whether it is JSON, orjson says."""
    pattern = r"[\[{][^][{}]*+[\]}]"
    for _ in range(_NESTED_LEVELS - 1):
        pattern = rf"[\[{{](?:[^][{{}}]++|{pattern})*+[\]}}]"
    return pattern


class _Kind(NamedTuple):
    """A kind of value: the expression that is its group, and Python expressions, in which @ is the group's text.

    Under `condition`, `column` is what its column holds ("" where it fills none) and `rest` what metadata does
    ("" where it needs nothing). `text` gives the value's JSON text of #, the column's value.
    """

    pattern: str
    condition: str = ""
    column: str = ""
    rest: str = ""
    text: str = ""


_KINDS: Final = {
    "timestamp": _Kind(
        r'"([0-9]{4}-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}\+00:00)"',
        "(@[:10] in days or is_day(@[:10]))",
        "@",
        text="{quote}{#}{quote}",
    ),
    "other timestamp": _Kind(rf'("{_PLAIN}")', "(c@ := stamp(@[1:-1])) is not None and c@ != @[1:-1]", "c@", rest="@"),
    "number of a timestamp": _Kind(f"({_NUMBER})", "(c@ := stamp(number(@))) is not None", "c@", rest="@"),
    "text": _Kind('"(<string>)"', "", "@", text="{encode(#)}"),
    # Where the line has escapes.
    "escaped text": _Kind('"(<string>)"', "(backslash not in @ or (@ := unescaped(@)) is not None)", "@"),
    "real": _Kind(
        r"(-?(?:0|[1-9][0-9]*+)\.[0-9]++)",
        "(c@ := float(@) if len(@) < 17 and @[0] != minus else real(@)) is not None",
        "c@",
        text="{repr(#)}",
    ),
    "integer": _Kind("(0|-?[1-9][0-9]{0,17}+)", "", "int(@)", text="{#}"),
    "boolean": _Kind("(true|false)", "", "int(@ == true)", text="{true if # else false}"),
    "json": _Kind(f"({_nested()})", "loads(@) is not None", "@", text="{#}"),
    "integer in real": _Kind("(0|-?[1-9][0-9]{0,14}+)", "", "float(@)", rest="@"),
    "integer in text": _Kind("(0|-?[1-9][0-9]{0,17}+)", "", "@", rest="@"),
    "null": _Kind("(null)", rest="@"),
    "string": _Kind(f"({_STRING})", rest="@"),
    "scalar": _Kind(f"({_STRING}|{_NUMBER}|true|false|null)", rest="@"),
    "nested": _Kind(f"({_nested()})", "loads(@) is not None", rest="@"),
}


#: A value's kind, its column's index, and its key as it is written.
Slot = tuple[str, int | None, str]

# The kind of what a column gives back, by its type.
_EXACT: Final = {"TEXT": "text", "REAL": "real", "INTEGER": "integer", "BOOLEAN": "boolean", "JSON": "json"}


#: Takes a text, a position in it and a function that is given flat rows; returns the position after the lines taken.
Take = Callable[[str, int, Callable[[tuple[Any, ...]], object]], int]


class Shape:
    """Lines of one shape.

    `take` takes the lines that follow each other and are of this shape, each
    with its end; `take_escaped` does where strings may have escapes. `text(rows,
    encode)` makes the lines of flat rows again, with strings by `encode`; it
    raises TypeError or AttributeError where a row isn't of this shape. A slot is
    a value's kind, its column's index, and its key as it is written; `gaps` are
    the texts before, between and behind the values.

    `is_direct` tells that a row of which `text` gives a line is the one that the
    line becomes; else a column may hold what the line only implies.
    """

    def __init__(self, maker: RowMaker, gaps: Sequence[str], slots: Sequence[Slot], tags: str) -> None:
        self._columns = range(len(maker.names) - 1)
        self._slots = slots
        self.is_direct = all(not (_KINDS[kind].column and _KINDS[kind].rest) for kind, _, _ in slots)
        self._rest = [group for group, (kind, _, _) in enumerate(slots) if _KINDS[kind].rest]
        # What metadata says before each of its values.
        keys = {group: f"{',' if place else '{'}{slots[group][2]}:" for place, group in enumerate(self._rest)}
        between = "," if self._rest and tags else "" if self._rest else "{"
        end = f"{between}{tags}}}" if self._rest or tags else None
        before, after = dict(enumerate(gaps[:-1])), gaps[-1] + "\n"
        scope: dict[str, Any] = {
            **_SCOPE,
            **{f"n{index}": maker.constants.get(index, maker.null) for index in self._columns},
            **{f"k{group}": text for group, text in keys.items()},
            **{f"p{place}": gap for place, gap in before.items()},
            "after": after,
            "stamp": maker.stamp,
            "end": maker.null if end is None else end,
            "scanner": re.compile(self._pattern(_PLAIN, before, after)).scanner,  # type: ignore[attr-defined]
            "scanner_escaped": re.compile(self._pattern(_ESCAPED, before, after)).scanner,  # type: ignore[attr-defined]
            "match_rest": re.compile(self._pattern(_ESCAPED, keys, end or "")).fullmatch,
        }
        sources = (self._take_source(maker.number, ""), self._take_source(maker.number, "escaped"), self._text_source())
        exec("".join(sources), scope)  # noqa: S102 - words and numbers of this module only: the rest is in the scope
        self.take: Take = scope["take_"]
        self.take_escaped: Take = scope["take_escaped"]
        self.text: Callable[[Iterable[Sequence[Any]], Callable[[str], str]], str] = scope["text_of"]

    def _pattern(self, string: str, before: Mapping[int, str], after: str) -> str:
        """The expression of groups, each with the literal text before it, and of what comes after them."""
        kinds = {group: _KINDS[self._slots[group][0]].pattern.replace("<string>", string) for group in before}
        return "".join(re.escape(text) + kinds[group] for group, text in before.items()) + re.escape(after)

    def _take_source(self, number: int, kind_of_strings: str) -> str:
        told = [
            (_KINDS.get(f"{kind_of_strings} {kind}", _KINDS[kind]), index, f"g{group}")
            for group, (kind, index, _) in enumerate(self._slots)
        ]
        conditions = [kind.condition.replace("@", name) for kind, _, name in told if kind.condition]
        filled = {index: kind.column.replace("@", name) for kind, index, name in told if kind.column}
        values = [filled.get(index, f"n{index}") for index in self._columns]
        rest = "".join(f"{{k{group}}}{{g{group}}}" for group in self._rest)
        metadata = f"f'{rest}{{end}}'" if rest else "end"
        scanner = f"scanner_{kind_of_strings}" if kind_of_strings else "scanner"
        return (
            f"def take_{kind_of_strings}(text, position, append):\n"
            "    last = None\n"
            "    try:\n"
            f"        for found in iter({scanner}(text, position).match, None):\n"
            f"            {''.join(f'{name}, ' for _, _, name in told)} = found.groups()\n"
            f"            if not ({' and '.join(conditions) or 'True'}):\n"
            "                break\n"
            f"            append(({number}, {', '.join(values)}, {metadata}))\n"
            "            last = found\n"
            "    except ValueError:\n"  # no JSON within brackets
            "        pass\n"
            "    return last.end() if last else position\n"
        )

    def _text_source(self) -> str:
        pieces = [
            f"{{p{group}}}" + (f"{{g{group}}}" if _KINDS[kind].rest else _KINDS[kind].text.replace("#", f"v{index}"))
            for group, (kind, index, _) in enumerate(self._slots)
        ]
        groups = "".join(f"g{group}, " for group in self._rest)
        rest = f" for {groups} in (match_rest(metadata).groups(),)" if groups else ""
        kinds = {index: kind for kind, index, _ in self._slots if _KINDS[kind].column}
        # A row whose other columns aren't as they should be gives no text.
        conditions = ["metadata == end if end == end else metadata is None"] if not groups else []
        for index in self._columns:
            if index not in kinds:
                conditions.append(f"(v{index} == n{index} if n{index} == n{index} else v{index} is None)")
            elif kinds[index] == "boolean":
                conditions.append(f"v{index} in (0, 1)")
        condition = f" if {' and '.join(f'({one})' for one in conditions)}" if conditions else ""
        return (
            "def text_of(rows, encode):\n"
            f"    return ''.join([f'{''.join(pieces)}{{after}}'"
            f" for _, {', '.join(f'v{index}' for index in self._columns)}, metadata in rows{rest}{condition}])\n"
        )


class Shapes:
    """The shapes of one file's lines, learned as they come."""

    def __init__(self, maker: RowMaker) -> None:
        self._maker = maker
        self._shapes: list[Shape] = []
        self._seen: set[object] = set()
        self.last: Shape | None = None  # of the rows taken last

    def take(
        self, text: str, position: int, append: Callable[[tuple[Any, ...]], object], *, may_have_escapes: bool
    ) -> int:
        """Take the lines of one shape that begin at `position`, each with its end; return where they end."""
        first = [self.last] if self.last else []
        for shape in (*first, *self._shapes):
            take = shape.take_escaped if may_have_escapes else shape.take
            end = take(text, position, append)
            if end > position:
                self.last = shape
                return end
        return position

    def learn(self, line: str, found: Object, built: Built) -> None:
        """Learn from a line and what the careful way made of it: from the second line of a shape on."""
        if len(self._shapes) >= _MAX_SHAPES or built.has_line or not line.startswith("{"):
            return
        slots: list[Slot] = []
        gaps, position = [], 0
        for member, start in zip(found.members, found.starts, strict=True):
            kind = self._kind(member, built)
            if kind is None:
                return
            index = self._maker.column_of[member.key] if _KINDS[kind].column else None
            slots.append((kind, index, member.key_text))
            gaps.append(line[position:start])
            position = start + len(member.text)
        if not slots or line[found.end :].strip(" \t\r"):
            return
        gaps.append(line[position:])
        signature = (tuple(slots), tuple(gaps))
        if signature not in self._seen:
            if len(self._seen) < _MAX_SEEN:
                self._seen.add(signature)
            return
        shape = Shape(self._maker, gaps, slots, built.tags)
        made: list[tuple[Any, ...]] = []
        shape.take_escaped(f"{line}\n", 0, made.append)
        if made and all(map(_is_same, made[0], self._maker.flat(built.row))):
            self._shapes.insert(0, shape)

    def _kind(self, member: Member, built: Built) -> str | None:  # noqa: C901 - a list of cases
        """The kind of a member's value, None where it has no fast way."""
        maker, text = self._maker, member.text
        index = maker.column_of.get(member.key)
        is_nested, is_string = text[0] in "{[", text[0] == '"'
        if index is None:
            return "nested" if is_nested else "scalar"
        type_ = maker.types[index]
        used = built.used.get(index)
        if used is not member:
            # It must never fill the column: by what it is, or because another key goes before it.
            if text == "null":
                return "null"
            if is_nested and type_ != "JSON":
                return "nested"
            if is_string and type_ in {"REAL", "INTEGER", "BOOLEAN"}:
                return "string"
            if used is not None and maker.goes_before(index, used.key, member.key):
                return "nested" if is_nested else "scalar"
            return None
        if index in maker.constants:
            return None
        if type_ == "TIMESTAMP":
            if index in built.exact:
                return "timestamp"
            return "other timestamp" if is_string else "number of a timestamp"
        if index in built.exact:
            return _EXACT.get(type_) if type_ != "JSON" or is_nested else None
        return f"integer in {type_.lower()}" if text.lstrip("-").isdigit() and type_ in {"REAL", "TEXT"} else None


def _is_same(one: object, other: object) -> bool:
    return one is other or (type(one) is type(other) and one == other)


def _unescaped(text: str) -> str | None:
    """What the inside of a string with escapes says; None where a column can't hold it as it is."""
    value: str = json.loads(f'"{text}"')
    return value if is_encodable(value) else None


def _real(text: str) -> float | None:
    """The float of a number's text where that gives back all its digits, else None."""
    value = float(text)
    if not math.isfinite(value) or (value == 0 and text[0] == "-"):
        return None
    told = repr(value)
    return value if told == text or same(told, text) else None


def _number(text: str) -> float:
    return int(text) if text.lstrip("-").isdigit() and len(text) < _MAX_DIGITS else float(text)


_days: set[str] = set()


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    if len(_days) >= _MAX_DAYS:
        _days.clear()
    _days.add(text)
    return True


_SCOPE: Final = {
    "days": _days,
    "is_day": _is_day,
    "unescaped": _unescaped,
    "real": _real,
    "number": _number,
    "loads": orjson.loads,
    "quote": '"',
    "backslash": "\\",
    "minus": "-",
    "true": "true",
    "false": "false",
}
