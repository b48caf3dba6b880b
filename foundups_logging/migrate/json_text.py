"""JSON as the text it is: objects split into their members without bending one.

A parser that makes Python's numbers and dicts of JSON loses what those can't
tell: a key that comes twice, digits beyond a float's, 1e400. Here an object is
its members, each a key and the text of its value, checked against RFC 8259 (and
NaN and Infinity, as Python writes them), at any depth. Texts are compared by
what they mean: `same` knows 1 from 1.0 and from true, and 1.50 is 1.5.
"""

from __future__ import annotations

import hashlib
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

__all__ = ["MAX_PLAIN_DEPTH", "Member", "NotJSONError", "Object", "same", "scan_object", "scan_value", "skip_space"]

#: Levels of arrays and objects that metadata holds as they are; SQLite's JSON functions end at 1,000.
MAX_PLAIN_DEPTH: Final = 100

_LONG: Final = 256  # characters of a canonical text from which its digest stands for it
_STRING: Final = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][-+]?[0-9]++)?+"
_SCALAR: Final = f"(?:{_STRING}|{_NUMBER}|true|false|null)"
_PLAIN_KEY: Final = r'"(?!\$)[^"\\\x00-\x1f]*+"'
_GAP: Final = r"[ \t\r\n]*+"
# Arrays and objects of scalars only, with keys that are surely plain: a step instead of many.
_FLAT: Final = re.compile(
    rf"\[{_GAP}(?:{_SCALAR}{_GAP}(?:,{_GAP}{_SCALAR}{_GAP})*+)?+\]"
    rf"|\{{{_GAP}(?:{_PLAIN_KEY}{_GAP}:{_GAP}{_SCALAR}{_GAP}"
    rf"(?:,{_GAP}{_PLAIN_KEY}{_GAP}:{_GAP}{_SCALAR}{_GAP})*+)?+\}}"
)
_SPACE: Final = re.compile(r"[ \t\r\n]*+")
_TOKEN: Final = re.compile(
    rf"[ \t\r\n]*+(?:({_STRING})|({_NUMBER})"
    r"|(true|false|null|NaN|-?Infinity)|([][{},:]))"
)


class NotJSONError(ValueError):
    """A text that is no JSON; `position` is where that shows, `is_cut` whether it merely ends too early."""

    def __init__(self, text: str, position: int) -> None:
        self.position = position
        self.is_cut = not text[position:].strip(" \t\r\n\0") or _may_go_on(text, position)
        super().__init__("it ends in its midst" if self.is_cut else f"no JSON from character {position + 1} on")


class Member(NamedTuple):
    """A member of an object: its key, that key as it is written, and its value as it is written.

    `is_plain` tells that metadata can hold the value as it is: it has no key
    that begins with "$", no NaN or Infinity, and isn't nested too deeply.
    """

    key: str
    key_text: str
    text: str
    is_plain: bool


class Object(NamedTuple):
    """An object in a text: its members in order, and where each value begins; it ends before `end`."""

    members: list[Member]
    starts: list[int]
    end: int


def skip_space(text: str, position: int) -> int:
    """The position of the first character from `position` on that is no white space."""
    found = _SPACE.match(text, position)
    return found.end() if found else position


def scan_object(text: str, start: int = 0) -> Object:
    """The object that begins at `start`, with "{". Raises NotJSONError."""
    members: list[Member] = []
    starts: list[int] = []
    position = skip_space(text, start + 1)
    if text[position : position + 1] == "}":
        return Object(members, starts, position + 1)
    while True:
        found = _TOKEN.match(text, position)
        key_text = found[1] if found else None
        if found is None or key_text is None:
            raise NotJSONError(text, skip_space(text, position))
        position = skip_space(text, found.end())
        if text[position : position + 1] != ":":
            raise NotJSONError(text, position)
        begin = skip_space(text, position + 1)
        end, is_plain = scan_value(text, begin)
        key = key_text[1:-1] if "\\" not in key_text else json.loads(key_text)
        members.append(Member(key, key_text, text[begin:end], is_plain))
        starts.append(begin)
        position = skip_space(text, end)
        mark = text[position : position + 1]
        if mark == "}":
            return Object(members, starts, position + 1)
        if mark != ",":
            raise NotJSONError(text, position)
        position += 1


def scan_value(text: str, start: int) -> tuple[int, bool]:  # noqa: C901, PLR0912 - a grammar's cases
    """Where the value that begins at `start` ends, and whether it is plain (see Member). Raises NotJSONError."""
    is_plain = True
    position = start
    closers: list[str] = []
    match = _TOKEN.match
    state = "value"  # or "value or end", "key", "key or end", "colon", "after"
    while True:
        found = match(text, position)
        if found is None:
            raise NotJSONError(text, skip_space(text, position))
        kind, position = found.lastindex, found.end()
        mark = found[4]
        if state == "after":
            if mark == ",":
                state = "key" if closers[-1] == "}" else "value"
                continue
            if mark != closers[-1]:
                raise NotJSONError(text, found.start(4) if mark else skip_space(text, found.start()))
            closers.pop()
        elif state == "colon":
            if mark != ":":
                raise NotJSONError(text, skip_space(text, found.start()))
            state = "value"
            continue
        elif kind == 1 and state.startswith("key"):
            key = found[1]
            is_plain = is_plain and key[1:2] != "$" and not ("\\" in key and json.loads(key)[:1] == "$")
            state = "colon"
            continue
        elif mark is not None and state.endswith("end") and mark == closers[-1]:
            closers.pop()
        elif state.startswith("key"):
            raise NotJSONError(text, skip_space(text, found.start()))
        elif mark is not None:
            if mark not in "{[":
                raise NotJSONError(text, found.start(4))
            is_plain = is_plain and len(closers) < MAX_PLAIN_DEPTH
            flat = _FLAT.match(text, found.start(4))
            if flat is None:
                closers.append("}" if mark == "{" else "]")
                state = "key or end" if mark == "{" else "value or end"
                continue
            position = flat.end()
        elif found[3] is not None and found[3][-1] in "Ny":
            is_plain = False
        if not closers:
            return position, is_plain
        state = "after"


def same(one: str, other: str) -> bool:
    """Whether two texts of values mean the same value: numbers to the last digit, objects in any order of keys."""
    return one == other or _canonical(one) == _canonical(other)


def _canonical(text: str) -> str:  # noqa: C901 - a grammar's cases
    """One text for all texts of the same value. A long one is told by its digest, so that depth costs nothing."""
    pending: list[tuple[str, list[str], list[str]]] = []  # of each open container: its bracket, keys and values
    position = 0
    while True:
        found = _TOKEN.match(text, position)
        if found is None:
            raise NotJSONError(text, skip_space(text, position))
        position, mark = found.end(), found[4]
        if mark in ("{", "["):
            pending.append((mark, [], []))
            continue
        if mark in (",", ":"):
            continue
        if mark is not None:
            bracket, keys, values = pending.pop()
            if bracket == "{":
                # A key that comes twice keeps its values in order: sorting is stable.
                pairs = sorted(zip(keys, values, strict=True), key=lambda pair: pair[0])
                value = "{" + ",".join(f"{key}:{member}" for key, member in pairs) + "}"
            else:
                value = "[" + ",".join(values) + "]"
            if len(value) > _LONG:
                value = mark + hashlib.sha256(value.encode()).hexdigest()
        elif found[1] is not None:
            value = json.dumps(json.loads(found[1])) if "\\" in found[1] or not found[1].isascii() else found[1]
            bracket, keys, values = pending[-1] if pending else ("", [], [])
            if bracket == "{" and len(keys) == len(values):
                keys.append(value)
                continue
        else:
            value = found[3] or _number(found[2])
        if not pending:
            return value
        pending[-1][2].append(value)


def _number(text: str) -> str:
    """A number's text without what doesn't count; 1 and 1.0 stay two, as do 0.0 and -0.0."""
    if text == "-0" or text.lstrip("-").isdigit():
        return "0" if text == "-0" else text
    try:
        sign, digits, exponent = Decimal(text).as_tuple()
    except InvalidOperation:  # an exponent beyond all that can be told
        return text
    significant = "".join(map(str, digits)).lstrip("0")
    stripped = significant.rstrip("0")
    power = int(exponent) + len(significant) - len(stripped) if stripped else 0
    return f"{'-' if sign else ''}{stripped or '0'}e{power}"


def _may_go_on(text: str, position: int) -> bool:
    """Whether the text from `position` to its end is a string, number or word that was cut."""
    rest = text[position:].rstrip("\r\n")
    if rest[:1] == '"':
        return re.fullmatch(_STRING[:-1] + r"(?:\\(?:u[0-9a-fA-F]{0,3})?)?", rest) is not None
    if rest[:1].isdigit() or rest[:1] == "-":
        return re.fullmatch(r"-?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]*)?)?|-I[nfity]*", rest) is not None
    return bool(rest) and any(word.startswith(rest) for word in ("true", "false", "null", "NaN", "Infinity"))
