"""Verification: every object is rebuilt from its row and compared with its line; rejected lines byte for byte.

The rows are also compared with those that the lines would become now, since
what metadata keeps as it was written doesn't show that a column was changed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from json.encoder import encode_basestring, encode_basestring_ascii
from pathlib import Path
from typing import Any, Final, NamedTuple

from foundups_logging.migrate import ledger
from foundups_logging.migrate.chunk import REFUSED
from foundups_logging.migrate.identity import has_content, moved_to
from foundups_logging.migrate.json_text import NotJSONError, same
from foundups_logging.migrate.ledger import Chunk, FileRecord, Rejected
from foundups_logging.migrate.lines import Piece, pieces_of
from foundups_logging.migrate.parsing import BlockLines, Run, Single, walk
from foundups_logging.migrate.rows import RowMaker, differences
from foundups_logging.migrate.shapes import Shapes
from foundups_logging.migrate.source import Block, Source, chained
from foundups_logging.migrate.store import MigrationStore
from foundups_logging.sinks.connections import database_errors, open_reader

__all__ = ["Difference", "Verified", "verify_file"]

#: Differences of a file that are told one by one; more are counted.
MAX_TOLD: Final = 1000
_ROWS: Final = 2000  # fetched at once
_MAX_SHOWN: Final = 80  # characters of a value

Row = tuple[Any, ...]


class Difference(NamedTuple):
    """A difference between a file and the database: the line's number, the key, column or "" for the whole line.

    `found` is what the database gives, `expected` what the file does, as JSON
    text or in words.
    """

    line: int
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        """Tell it in one line, without the file."""
        what = f" {self.key}" if self.key else ""
        return f"line {self.line}{what}: is {_short(self.found)}, should be {_short(self.expected)}"


@dataclass
class Verified:
    """What verifying a file found: what was read of it, and where it differs from the database.

    `sha256` is of the bytes that are imported, in hexadecimal, where it was asked
    for; `waiting_bytes` come after them and aren't. The first `differences` are told, `wrong` counts all.
    """

    path: Path
    name: str
    domain: str
    lines: int = 0
    blank: int = 0
    records: int = 0
    rejected: int = 0
    bytes: int = 0
    waiting_bytes: int = 0
    sha256: str = ""
    wrong: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether file and database agree."""
        return not self.wrong


def verify_file(
    store: MigrationStore,
    record: FileRecord,
    *,
    with_sha256: bool = False,
    progress: Callable[[int, Verified], object] | None = None,
) -> Verified:
    """Compare all that was imported of a file with the database.

    The file is read where its content is now, if rotation has moved it. `progress`
    is called with the position in its content, and the result so far. Raises
    MigrationError where it can't be read, StorageError where the database can't.
    """
    path = Path(record.path)
    if not has_content(store, record, path, quick=True):
        moved = moved_to(store, record)
        path = path if moved is None else Path(moved.path)
    result = Verified(path, record.name, record.domain)
    whole, running = hashlib.sha256(), b""
    connection = open_reader(store.path)
    try:
        with database_errors("verify", store.path), Source(path) as source:
            checker = _Checker(connection, record, result)
            for chunk in ledger.chunks(connection, record):
                digest = hashlib.sha256()
                checker.begin(chunk)
                blocks = source.blocks(record.encoding, takes_open_line=True, size=chunk.end_byte - chunk.first_byte)
                for block in blocks:
                    digest.update(block.raw)
                    if with_sha256:
                        whole.update(block.raw)
                    checker.check(block)
                checker.end()
                running = chained(running, digest.digest())
                if digest.digest() != chunk.hash:
                    what = f"bytes {chunk.first_byte}-{chunk.end_byte}"
                    checker.differ(chunk.first_line, "", f"{what} as they were imported", f"{what}, changed since")
                if progress is not None:
                    progress(chunk.end_byte, result)
            result.bytes = source.position
            result.waiting_bytes = sum(map(len, source.chunks(1 << 62)))
            if not result.wrong and (running, result.bytes) != (record.running_hash, record.position):
                checker.differ(result.lines, "", "another hash in the file's record", "that of its chunks")
    finally:
        connection.close()
    result.sha256 = whole.hexdigest() if with_sha256 else ""
    return result


class _Checker:
    """Compares the lines of one file with its rows and rejected lines, chunk by chunk."""

    def __init__(self, connection: sqlite3.Connection, record: FileRecord, result: Verified) -> None:
        self._connection = connection
        self._record = record
        self._result = result
        self._maker = RowMaker(record.file_mapping(), None)
        self._shapes = Shapes(self._maker)
        self._is_even = False  # the last block had lines of one shape only
        names = ", ".join(f'"{name}"' for name in self._maker.names)
        self._sql = f'SELECT {self._maker.number}, {names} FROM "{record.domain}" WHERE id BETWEEN ? AND ? ORDER BY id'
        self._ids = f'SELECT id FROM "{record.domain}" WHERE id BETWEEN ? AND ? ORDER BY id'

    def differ(self, line: int, key: str, found: str, expected: str) -> None:
        """Note a difference."""
        self._result.wrong += 1
        if len(self._result.differences) < MAX_TOLD:
            self._result.differences.append(Difference(line, key, found, expected))

    def begin(self, chunk: Chunk) -> None:
        """Begin with a chunk."""
        self._chunk = chunk
        self._next_id, self._end_id = chunk.first_row, chunk.first_row + chunk.records
        self._fetched: list[Row | None] = []
        self._used = 0  # of those
        rejected = ledger.rejected_lines(self._connection, self._record, chunk)
        self._rejected = {(entry.byte_offset, len(entry.content)): entry for entry in rejected}
        # What its table refused looks like any other line.
        self._singly = any(entry.reason.startswith(REFUSED) for entry in rejected)
        self._line = chunk.first_line
        self._continues = bool(chunk.continues_line)
        self._counts = {"lines": 0, "blank": 0, "records": 0, "rejected": 0}

    def check(self, block: Block) -> None:
        """Compare a block's lines."""
        lines = BlockLines(block, self._record.encoding, self._line)
        if self._is_even and self._gives_all(lines):
            return
        runs = 0
        for found in walk(lines, self._maker, self._shapes, singly=self._singly):
            runs += 1
            if isinstance(found, Run):
                self._check_run(found)
                self._line += len(found.rows)
                self._counts["lines"] += len(found.rows)
                continue
            self._check_single(lines, found)
            self._line += 1
            self._counts["lines"] += 1
        self._counts["lines"] -= self._continues
        self._continues = False
        self._is_even = runs == 1 and not self._singly

    def _gives_all(self, lines: BlockLines) -> bool:
        """Whether the next rows give the block's lines to the letter, by the shape of those before them."""
        shape, text = self._shapes.last, lines.text
        if shape is None or not shape.is_direct or text is None or self._singly or self._continues:
            return False
        number = text.count("\n")
        rows = self._next_rows(number)
        encode = encode_basestring_ascii if text.isascii() else encode_basestring
        try:
            if len(rows) == number and shape.text(rows, encode) == text:  # type: ignore[arg-type]
                self._line += number
                self._counts["lines"] += number
                self._counts["records"] += number
                return True
        except (TypeError, AttributeError):
            pass  # a row that isn't of the shape
        self._used -= number
        return False

    def _check_run(self, run: Run) -> None:
        """Compare lines of one shape at once, and one by one where they differ."""
        rows = self._next_rows(len(run.rows))
        self._counts["records"] += len(run.rows)
        encode = encode_basestring_ascii if run.text.isascii() else encode_basestring
        try:
            if rows == run.rows and run.shape.text(rows, encode) == run.text:  # type: ignore[arg-type]
                return
        except (TypeError, AttributeError):
            pass  # a row that isn't of the shape
        rows += [None] * (len(run.rows) - len(rows))
        for place, (line, row) in enumerate(zip(run.text.split("\n"), rows, strict=False)):
            self._check_row(self._line + place, line, pieces_of(line, self._maker)[0], row)

    def end(self) -> None:
        """End with the chunk."""
        for row in self._next_rows(self._chunk.records):
            if row is not None:
                self.differ(self._line - 1, "", f"a row more: {row[1:]}", "no such object")
        for entry in self._rejected.values():
            self.differ(entry.line, "", f"a rejected line of {len(entry.content)} bytes", "no such line")
        told = {"lines": self._chunk.lines, "blank": self._chunk.blank, "records": self._chunk.records}
        for name, number in {**told, "rejected": self._chunk.rejected}.items():
            if number != self._counts[name]:
                self.differ(self._chunk.first_line, "", f"{number} {name} from here", f"{self._counts[name]} {name}")
        for name, number in self._counts.items():
            setattr(self._result, name, getattr(self._result, name) + number)

    def _check_single(self, lines: BlockLines, single: Single) -> None:
        if not single.pieces:
            self._counts["blank"] += not (self._continues and not single.place)
        for piece in single.pieces:
            lost = lines.rejected(single, piece)
            entry = self._rejected.pop((lost.byte_offset, len(lost.content)), None)
            if piece.built is None or entry is not None:  # it may have been the table that rejected it
                self._counts["rejected"] += 1
                self._check_rejected(entry, lost)
                continue
            self._counts["records"] += 1
            self._check_row(self._line, single.line, piece, next(iter(self._next_rows(1)), None))

    def _check_rejected(self, entry: Rejected | None, lost: Rejected) -> None:
        if entry is None:
            self.differ(lost.line, "", "no rejected line", f"{lost.content[:60]!r}, rejected")
        elif (entry.line, entry.content) != (lost.line, lost.content):
            found = f"line {entry.line}, {entry.content[:60]!r}"
            self.differ(lost.line, "", found, f"line {lost.line}, {lost.content[:60]!r}")

    def _check_row(self, number: int, line: str, piece: Piece, row: Row | None) -> None:
        """Compare an object with its row: what that gives back, then its columns."""
        built, found = piece.built, piece.found
        if built is None or found is None:
            self.differ(number, "", "a row", f"none: {piece.reason}")
            return
        if row is None:
            self.differ(number, "", "no row", _short(line[piece.start : piece.end]))
            return
        stored = row[1:]
        try:
            wrong = differences([(member.key, member.text) for member in found.members], self._maker.rebuild(stored))
        except (NotJSONError, ValueError, TypeError):
            wrong = [("metadata_json", str(stored[-1]), str(built.row[-1]))]
        told = {key for key, _, _ in wrong}
        for key, mine, other in wrong:
            self.differ(number, key, mine or "missing", other or "missing")
        for name, mine, other in zip(self._maker.names, stored, built.row, strict=True):
            if mine != other and not told and not _is_same_metadata(name, mine, other):
                self.differ(number, f"column {name}", repr(mine), repr(other))

    def _next_rows(self, number: int) -> list[Row | None]:
        """The chunk's next rows, None for one that isn't there; fewer where it has no more."""
        while len(self._fetched) - self._used < number and self._next_id < self._end_id:
            self._fetched = self._fetched[self._used :] + self._fetch(
                self._next_id, min(_ROWS, self._end_id - self._next_id)
            )
            self._used = 0
            self._next_id += _ROWS
        rows = self._fetched[self._used : self._used + number]
        self._used += number  # beyond them, where there are fewer: so that as many can be given back
        return rows

    def _fetch(self, first: int, number: int) -> list[Row | None]:
        ids = (first, first + number - 1)
        rows: list[Row | None] = self._connection.execute(self._sql, ids).fetchall()
        if len(rows) == number:
            return rows
        there = dict(zip((id_ for (id_,) in self._connection.execute(self._ids, ids)), rows, strict=True))
        return [there.get(first + place) for place in range(number)]


def _is_same_metadata(name: str, one: object, other: object) -> bool:
    if name != "metadata_json" or type(one) is not str or type(other) is not str:
        return False
    try:
        return same(one, other)
    except ValueError:
        return False


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
