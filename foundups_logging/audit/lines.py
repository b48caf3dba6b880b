"""One line of a JSON Lines file: its value, or why it has none.

orjson reads nearly all of them. What it refuses is read again by the standard
library, which takes more: NaN and Infinity, integers of any length, lone
surrogates. Such a line is a record, and an oddity of its file, since other
readers may refuse it too.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

__all__ = ["FUSED", "NOT_JSON", "NOT_UTF8", "NUL_BYTES", "TOO_DEEP", "TORN", "read_refused"]

TORN: Final = "torn"
FUSED: Final = "fused"
NOT_JSON: Final = "not JSON"
NOT_UTF8: Final = "not UTF-8"
NUL_BYTES: Final = "NUL bytes"
TOO_DEEP: Final = "nested too deep"

_CONSTANT: Final = "NaN or Infinity"
_LONG_INTEGER: Final = "integer of more than 64 bits"
_SURROGATE: Final = "lone surrogate"

_BLANKS: Final = " \t\r\n"
_BOM: Final = "\ufeff"
_OBJECT_START: Final = re.compile(r'\{\s*"')
_LINE_IN_LINE: Final = re.compile(r'\}\s*\{\s*"')
# What follows a value that is fused with the next; a program that writes "\\n" for "\n" leaves a backslash and an n.
_NEXT_LINE: Final = re.compile(r"(\s|\\n)*([\[{]|$)")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
# The longest of JSON's words and the escapes, less their last letter: what a cut may leave of them.
_WORD_LENGTH: Final = 8
# How many places of a line are tried for the start of another object in it.
_TRIES: Final = 20
# Longer integers, which Python refuses to read, are kept as text.
_MOST_DIGITS: Final = 4000
_SIGNED_64: Final = 1 << 63
_UNSIGNED_64: Final = 1 << 64


class _Reader:
    """Reads as the standard library does, and tells which oddities the text has."""

    def __init__(self) -> None:
        self.oddities: set[str] = set()
        self._decoder = json.JSONDecoder(parse_constant=self._constant, parse_int=self._integer)

    def read(self, text: str, start: int = 0) -> tuple[Any, int]:
        """The value that begins at `start`, and where it ends. Raises ValueError or RecursionError."""
        return self._decoder.raw_decode(text, start)

    def _constant(self, _: str) -> float:
        self.oddities.add(_CONSTANT)
        return float("nan")

    def _integer(self, digits: str) -> int | str:
        if len(digits) > _MOST_DIGITS:
            self.oddities.add(_LONG_INTEGER)
            return digits
        number = int(digits)
        if not -_SIGNED_64 <= number < _UNSIGNED_64:
            self.oddities.add(_LONG_INTEGER)
        return number


def read_refused(line: bytes) -> tuple[Any, set[str], str]:
    """Read a line, not blank, that orjson refused: its value, its oddities, and "" or why it has no value."""
    if b"\0" in line:
        return None, set(), NUL_BYTES
    try:
        text = line.decode().strip(_BLANKS)
    except UnicodeDecodeError:
        return None, set(), NOT_UTF8
    reader = _Reader()
    if text.startswith(_BOM):
        reader.oddities.add("byte order mark")
        text = text.lstrip(_BOM + _BLANKS)
    try:
        value, end = reader.read(text)
    except RecursionError:
        return None, set(), TOO_DEEP
    except ValueError as error:
        return None, set(), _why_refused(text, ends_early=_ends_early(text, error))
    if end < len(text):
        if not isinstance(value, (dict, list)):
            return None, set(), _why_refused(text, ends_early=False)
        return None, set(), FUSED if _NEXT_LINE.match(text, end) else NOT_JSON
    if _SURROGATE_ESCAPE.search(text):
        reader.oddities.add(_SURROGATE)
    return value, reader.oddities, ""


def _ends_early(text: str, error: ValueError) -> bool:
    """Whether a text that is no JSON is the beginning of some."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    left = len(text) - error.pos
    return left <= 0 or error.msg.startswith("Unterminated string") or (left <= _WORD_LENGTH and text[-1] not in "}]")


def _why_refused(text: str, *, ends_early: bool) -> str:
    if _LINE_IN_LINE.search(text):
        return FUSED
    if text[:1] in ("{", "["):
        return FUSED if _holds_another(text) else TORN if ends_early else NOT_JSON
    # The rest of a line whose beginning is elsewhere, such as `3, "b": 4}`.
    return TORN if text[-1:] == "}" and '":' in text and not _OBJECT_START.search(text) else NOT_JSON


def _holds_another(text: str) -> bool:
    """Whether a torn object is followed by the start of another, which isn't a value of the first."""
    for count, found in enumerate(_OBJECT_START.finditer(text, 1)):
        if count == _TRIES:
            return False
        before = text[max(0, found.start() - _TRIES) : found.start()].rstrip(_BLANKS)
        if before[-1:] not in (":", ",", "["):
            return True
    return False
