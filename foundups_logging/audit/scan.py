"""One file: whether it holds JSON Lines, and what they tell.

How what is unusual is told:

- a byte order mark, NaN and Infinity, integers beyond 64 bits, lone surrogates, and a last line without its line
  feed are no faults: they are counted in `oddities`;
- UTF-16 and UTF-32 are decoded, and named in `encoding`;
- of a key that an object has twice, the last value counts, as with every parser in use;
- carriage returns before line feeds are white space; U+2028 and its like are characters;
- lines that are torn, fused, no JSON, no object, not UTF-8, with NUL bytes, nested deeper than Python reads (about a
  thousand levels), or longer than `source.LONGEST_LINE`, are in `malformed`; so is a compressed stream's damage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from foundups_logging.audit.content import Content, printable
from foundups_logging.audit.file_names import Name, read_name
from foundups_logging.audit.lines import FUSED, NUL_BYTES, TOO_DEEP, TORN, read_refused
from foundups_logging.audit.model import JsonlFile, Malformed, Problem
from foundups_logging.audit.source import (
    LONGEST_LINE,
    DamagedError,
    HashedFile,
    Report,
    blocks,
    encoding_of,
    lines,
)

__all__ = ["scan", "sniff"]

_NOT_OBJECT: Final = "not an object"
_TOO_LONG: Final = f"longer than {LONGEST_LINE >> 20} MiB"
# A line with one of these faults was meant as a record.
_MEANT: Final = frozenset({TORN, FUSED, NUL_BYTES, TOO_DEEP, _TOO_LONG})
_MOST_MALFORMED: Final = 100
_LFS: Final = b"version https://git-lfs.github.com/spec/"
_BLANKS: Final = b" \t\r\n"
# Longer ones are told from JSON Lines by their lines alone.
_LONGEST_DOCUMENT: Final = 16 << 20
# orjson reads an integer that has more than 64 bits as a float: lines with that many digits in a row go the other way.
_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789", b"000000000")
_MANY_DIGITS: Final = b"0" * 19
_LONG_INTEGER: Final = re.compile(rb"[:,\[\s-]\d{19,}+(?![.eE])")
_NONE: Final = object()


def scan(root: Path, path: str, report: Report | None = None) -> JsonlFile | Problem | None:
    """Read one file of `root`: what its JSON Lines tell, or what is in the way, or None where it holds none.

    `report` is told each count of bytes read. A Problem is "lfs pointer", "json document" or "not json lines" for
    a file that only its name makes JSON Lines, or "unreadable".
    """
    name = read_name(path.rpartition("/")[2])
    try:
        if name.hint != "jsonl" and not sniff(root, path):
            return None
        with HashedFile(root / path, report) as file:
            return _scan(root, path, name, file)
    except OSError as error:
        return Problem("unreadable", path, error.strerror or str(error))
    except MemoryError:
        return Problem("unreadable", path, "one of its lines needs more memory than there is")


def sniff(root: Path, path: str) -> bool:
    """Whether the beginning of a file looks like JSON Lines: two lines or more, most of them objects or arrays.

    Raises OSError.
    """
    compression = read_name(path.rpartition("/")[2]).compression
    with HashedFile(root / path) as file:
        content = blocks(file, compression)
        try:
            head = next(content, b"")
            encoding, skipped = encoding_of(head)
            if encoding == "utf-8" and b"\n" not in head:
                # One long line: is there another after it?
                return head[skipped:].lstrip(_BLANKS)[:1] in (b"{", b"[") and _goes_on(content)
            found = [line for some in lines([head[skipped:]], encoding) for line in some if line and line.strip()]
        except DamagedError:
            return False
    whole = found[:-1] if len(found) > 2 and not head.endswith(b"\n") else found  # noqa: PLR2004 - two lines and a cut
    return len(whole) > 1 and sum(map(_is_container, whole)) * 2 > len(whole)


def _goes_on(content: Iterable[bytes]) -> bool:
    """Whether a line ends and something follows it."""
    ended = False
    for block in content:
        rest = block if ended else block.partition(b"\n")[2]
        ended = ended or b"\n" in block
        if rest.strip(_BLANKS):
            return True
    return False


def _is_container(line: bytes) -> bool:
    if line.lstrip(_BLANKS)[:1] not in (b"{", b"["):
        return False
    try:
        return isinstance(orjson.loads(line), (dict, list))
    except orjson.JSONDecodeError:
        value, _, _ = read_refused(line)
        return isinstance(value, (dict, list))


def _scan(root: Path, path: str, name: Name, file: HashedFile) -> JsonlFile | Problem | None:
    content = blocks(file, name.compression)
    tally = _Tally()
    encoding = "utf-8"
    try:
        head = next(content, b"")
        if head.startswith(_LFS):
            return (
                Problem("lfs pointer", path, "the file itself isn't here: git lfs pull")
                if name.hint == "jsonl"
                else None
            )
        encoding, skipped = encoding_of(head)
        if skipped:
            tally.oddities["byte order mark"] = 1
        for some in lines(tally.watched(head[skipped:], content), encoding):
            tally.take(some)
    except DamagedError as error:
        tally.fault(tally.lines + 1, f"damaged: {printable(str(error))}")
    tally.end(encoding)
    if tally.starts_badly and _is_document(root / path, name.compression):
        return Problem("json document", path, "one JSON document, no JSON Lines") if name.hint == "jsonl" else None
    if not tally.is_json_lines(named=name.hint == "jsonl"):
        if name.hint != "jsonl":
            return None
        if tally.is_one_array:
            return Problem("json document", path, "one JSON array, no JSON Lines")
        return Problem("not json lines", path, f"its lines are something else; the first: {tally.first_fault}")
    sha256 = file.finish()
    return _told(JsonlFile(path, file.size, sha256, name.compression, encoding), tally)


def _told(found: JsonlFile, tally: _Tally) -> JsonlFile:
    content = tally.content
    found.lines, found.records, found.blank = tally.lines, content.records, tally.blank
    found.malformed, found.malformed_count = tally.malformed, tally.malformed_count
    found.oddities = tally.oddities
    found.keys, found.shapes = content.keys(), content.shapes()
    found.timestamp_key, moments = content.moments()
    found.timestamp_key = printable(found.timestamp_key)
    found.timestamp_kind = moments.kind
    found.first, found.last = moments.bounds()
    found.event_types = content.event_types()
    return found


def _is_document(path: Path, compression: str) -> bool:
    """Whether a file, not too long, is one JSON value over several lines."""
    text = bytearray()
    with HashedFile(path) as file:
        try:
            for block in blocks(file, compression):
                text += block
                if len(text) > _LONGEST_DOCUMENT:
                    return False
        except DamagedError:
            return False
    if b"\n" not in text.strip(_BLANKS):
        return False
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return not read_refused(bytes(text))[2]
    return True


class _Tally:
    """The lines of a file, as they come."""

    def __init__(self) -> None:
        self.content = Content()
        self.lines = self.blank = self.arrays = self.meant = 0
        self.malformed: list[Malformed] = []
        self.malformed_count = 0
        self.oddities: dict[str, int] = {}
        self.begun = self.starts_badly = False  # whether the first line that isn't blank is no value by itself
        self._last_block = b""

    def watched(self, head: bytes, content: Iterable[bytes]) -> Iterator[bytes]:
        """The blocks, of which the last is remembered."""
        if head:
            self._last_block = head
            yield head
        for block in content:
            self._last_block = block
            yield block

    def end(self, encoding: str) -> None:
        """Look at how the last line ends."""
        if encoding == "utf-8" and self._last_block and not self._last_block.endswith(b"\n"):
            self.oddities["no line feed at the end"] = 1

    def take(self, some: list[bytes | None]) -> None:
        """Read some lines."""
        records = []
        number = self.lines
        has_digits = any(line is not None and _has_digits(line) for line in some)
        if not self.begun and (first := next((line for line in some if line and line.strip(_BLANKS)), None)):
            self.begun = True
            self.starts_badly = not _is_container(first)
        for line in some:
            number += 1
            try:
                value = orjson.loads(line)  # type: ignore[arg-type] # None is refused too
            except orjson.JSONDecodeError:
                value = self._refused(number, line, "refused by strict readers")
            else:
                if has_digits and line is not None and _has_digits(line) and _LONG_INTEGER.search(line):
                    value = self._refused(number, line)
            if type(value) is dict:
                records.append(value)
            elif value is not _NONE:
                self.arrays += type(value) is list
                self.fault(number, _NOT_OBJECT)
        self.lines = number
        self.content.add(records)

    def _refused(self, number: int, line: bytes | None, otherwise: str = "") -> Any:  # noqa: ANN401 - any JSON value
        if line is None:
            self.fault(number, _TOO_LONG)
            return _NONE
        if not line.strip(_BLANKS):
            self.blank += 1
            return _NONE
        value, oddities, reason = read_refused(line)
        if reason:
            self.fault(number, reason)
            return _NONE
        for oddity in oddities or filter(None, [otherwise]):
            self.oddities[oddity] = self.oddities.get(oddity, 0) + 1
        return value

    def fault(self, number: int, reason: str) -> None:
        """Count a malformed line."""
        self.malformed_count += 1
        self.meant += reason in _MEANT
        if len(self.malformed) < _MOST_MALFORMED:
            self.malformed.append(Malformed(number, reason))

    @property
    def first_fault(self) -> str:
        """Why the first malformed line is none."""
        return self.malformed[0].reason if self.malformed else ""

    @property
    def is_one_array(self) -> bool:
        """Whether all there is is one array on one line."""
        return self.arrays == 1 == self.lines - self.blank

    def is_json_lines(self, *, named: bool) -> bool:
        """Whether these lines are JSON Lines, for a file whose name says so or not."""
        filled = self.lines - self.blank
        values = self.content.records + self.arrays
        if not named:
            return filled > 1 and values * 2 > filled
        return not filled or (not self.is_one_array and (values + self.meant) * 2 >= filled)


def _has_digits(line: bytes) -> bool:
    return _MANY_DIGITS in line.translate(_DIGITS_TO_ZERO)
