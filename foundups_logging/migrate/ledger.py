"""The tables in which a migration is kept: what was imported from which bytes of which file into which rows.

They are written in the transactions that they tell of. A chunk is what one
transaction took from a file: its bytes' range and SHA-256, its lines, and the
rows, whose ids follow each other: the k-th object of the chunk is row
`first_row` + k.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from foundups_logging import timestamps
from foundups_logging.migrate.mapping import FileMapping

__all__ = [
    "ACTIVE",
    "DUPLICATE",
    "MIGRATION_TABLES",
    "ROLLING_BACK",
    "SUPERSEDED",
    "Chunk",
    "FileRecord",
    "Rejected",
    "add_chunk",
    "add_rejected",
    "begin_migration",
    "chunks",
    "files",
    "migrations",
    "next_row",
    "rejected_lines",
    "save",
]

#: The statements that make the tables; harmless where they are.
MIGRATION_TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS "migrations" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT UNIQUE NOT NULL,
    started TEXT NOT NULL,
    details TEXT
)""",
    """CREATE TABLE IF NOT EXISTS "migration_files" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    migration_id INTEGER NOT NULL,
    path TEXT NOT NULL,
    name TEXT NOT NULL,
    domain TEXT NOT NULL,
    mapping TEXT NOT NULL,
    encoding TEXT NOT NULL,
    state TEXT NOT NULL,
    duplicate_of INTEGER,
    device INTEGER,
    inode INTEGER,
    head_bytes INTEGER NOT NULL,
    head BLOB NOT NULL,
    tail BLOB NOT NULL,
    position INTEGER NOT NULL,
    running_hash BLOB NOT NULL,
    is_open INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    blank INTEGER NOT NULL,
    records INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    started TEXT NOT NULL,
    updated TEXT NOT NULL
)""",
    'CREATE INDEX IF NOT EXISTS "idx.migration_files.path" ON "migration_files" (path)',
    'CREATE INDEX IF NOT EXISTS "idx.migration_files.head" ON "migration_files" (head)',
    """CREATE TABLE IF NOT EXISTS "migration_chunks" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL,
    first_byte INTEGER NOT NULL,
    end_byte INTEGER NOT NULL,
    hash BLOB NOT NULL,
    continues_line INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    blank INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    records INTEGER NOT NULL,
    first_row INTEGER NOT NULL
)""",
    'CREATE INDEX IF NOT EXISTS "idx.migration_chunks.file_id" ON "migration_chunks" (file_id, first_byte)',
    """CREATE TABLE IF NOT EXISTS "rejected_lines" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id INTEGER NOT NULL,
    file TEXT NOT NULL,
    line INTEGER NOT NULL,
    byte_offset INTEGER NOT NULL,
    reason TEXT NOT NULL,
    content BLOB NOT NULL,
    imported TEXT NOT NULL
)""",
    'CREATE INDEX IF NOT EXISTS "idx.rejected_lines.file_id" ON "rejected_lines" (file_id, byte_offset)',
)

#: States of a file: its content is taken on; it is another file's content too; its path has another content now;
#: some of its rows are removed already.
ACTIVE: Final = "active"
DUPLICATE: Final = "duplicate"
SUPERSEDED: Final = "superseded"
ROLLING_BACK: Final = "rolling back"

_NOTHING: Final = hashlib.sha256(b"").digest()
_CHANGING: Final = (
    "path", "state", "device", "inode", "head_bytes", "head", "tail", "position", "running_hash", "is_open",
    "lines", "blank", "records", "rejected", "updated",
)  # fmt: skip
_FIXED: Final = ("migration_id", "name", "domain", "mapping", "encoding", "duplicate_of", "started")


@dataclass(frozen=True)
class FileRecord:
    """What the database knows of a file.

    `path` is where its content was last; `position` counts the bytes that are
    imported, and `running_hash` stands for them; `head` and `tail` are the SHA-256
    of their first `head_bytes` and of as many last ones. `is_open` tells that the
    last imported line had no end yet. `id` is 0 as long as it isn't written down.
    """

    migration_id: int
    path: str
    name: str
    mapping: str
    domain: str
    encoding: str
    id: int = 0
    state: str = ACTIVE
    duplicate_of: int | None = None
    device: int | None = None
    inode: int | None = None
    head_bytes: int = 0
    head: bytes = _NOTHING
    tail: bytes = _NOTHING
    position: int = 0
    running_hash: bytes = b""
    is_open: int = 0
    lines: int = 0
    blank: int = 0
    records: int = 0
    rejected: int = 0
    started: str = field(default_factory=timestamps.now)
    updated: str = ""

    def file_mapping(self) -> FileMapping:
        """How its objects become rows. Raises ConfigurationError."""
        return FileMapping.from_text(self.mapping)


class Chunk(NamedTuple):
    """What one transaction took from a file; `first_row` is the id of its first row."""

    first_byte: int
    end_byte: int
    hash: bytes
    continues_line: int
    first_line: int
    lines: int
    blank: int
    rejected: int
    records: int
    first_row: int = 0


class Rejected(NamedTuple):
    """A line, or a part of one, that became no row: its number, where in the content it begins, why, and its bytes."""

    line: int
    byte_offset: int
    reason: str
    content: bytes


def begin_migration(connection: sqlite3.Connection, name: str, details: str | None = None) -> int:
    """The id of the migration of that name, which is made where missing. Raises sqlite3.Error."""
    sql = "INSERT INTO migrations (name, started, details) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING"
    connection.execute(sql, (name, timestamps.now(), details))
    (number,) = connection.execute("SELECT id FROM migrations WHERE name = ?", (name,)).fetchone()
    return int(number)


def migrations(connection: sqlite3.Connection) -> list[tuple[int, str, str, str | None]]:
    """The migrations of the database: id, name, when it began, details. Raises sqlite3.Error."""
    return connection.execute("SELECT id, name, started, details FROM migrations ORDER BY id").fetchall()


def files(connection: sqlite3.Connection, where: str = "", params: Iterable[object] = ()) -> list[FileRecord]:
    """The files of the database, the first imported first. Raises sqlite3.Error."""
    names = ("id", *_FIXED, *_CHANGING)
    cursor = connection.execute(f"SELECT {', '.join(names)} FROM migration_files {where} ORDER BY id", tuple(params))
    return [FileRecord(**dict(zip(names, row, strict=True))) for row in cursor]


def save(connection: sqlite3.Connection, record: FileRecord) -> FileRecord:
    """Write a file's record down, and return it with its id. Raises sqlite3.Error."""
    record = replace(record, updated=timestamps.now())
    if record.id:
        sql = f"UPDATE migration_files SET {', '.join(f'{name} = ?' for name in _CHANGING)} WHERE id = ?"
        connection.execute(sql, (*_values(record, _CHANGING), record.id))
        return record
    names = (*_FIXED, *_CHANGING)
    sql = f"INSERT INTO migration_files ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    number = connection.execute(sql, _values(record, names)).lastrowid
    return replace(record, id=int(number or 0))


def add_chunk(connection: sqlite3.Connection, file_id: int, chunk: Chunk) -> None:
    """Write a chunk down. Raises sqlite3.Error."""
    names = ", ".join(Chunk._fields)
    sql = f"INSERT INTO migration_chunks (file_id, {names}) VALUES (?{', ?' * len(chunk)})"
    connection.execute(sql, (file_id, *chunk))


def chunks(connection: sqlite3.Connection, record: FileRecord) -> list[Chunk]:
    """The chunks of a file in order; before its own, those of the file that it was a copy of. Raises sqlite3.Error."""
    sql = f"SELECT {', '.join(Chunk._fields)} FROM migration_chunks WHERE file_id = ? ORDER BY first_byte"
    own = [Chunk(*row) for row in connection.execute(sql, (record.id,))]
    if record.duplicate_of is None:
        return own
    first = own[0].first_byte if own else record.position
    shared = [Chunk(*row) for row in connection.execute(sql, (record.duplicate_of,))]
    return [chunk for chunk in shared if chunk.end_byte <= first] + own


def add_rejected(connection: sqlite3.Connection, record: FileRecord, rejected: Iterable[Rejected]) -> None:
    """Write rejected lines down. Raises sqlite3.Error."""
    sql = (
        "INSERT INTO rejected_lines (file_id, file, line, byte_offset, reason, content, imported) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)"
    )
    now = timestamps.now()
    connection.executemany(sql, ((record.id, record.name, *one, now) for one in rejected))


def rejected_lines(connection: sqlite3.Connection, record: FileRecord, chunk: Chunk) -> list[Rejected]:
    """The rejected lines of a chunk, in order. Raises sqlite3.Error."""
    ids = (record.id, record.duplicate_of or record.id)
    sql = (
        f"SELECT {', '.join(Rejected._fields)} FROM rejected_lines "
        "WHERE file_id IN (?, ?) AND byte_offset >= ? AND byte_offset < ? ORDER BY byte_offset, id"
    )
    return [Rejected(*row) for row in connection.execute(sql, (*ids, chunk.first_byte, chunk.end_byte))]


def next_row(connection: sqlite3.Connection, table: str) -> int:
    """The id that the next row of a table gets, in a transaction that writes. Raises sqlite3.Error."""
    (largest,) = connection.execute(f'SELECT max(id) FROM "{table}"').fetchone()
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)).fetchone()
    used = None
    if "AUTOINCREMENT" in str(sql).upper():
        used = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return max(int(largest or 0), int(used[0]) if used else 0) + 1


def _values(record: FileRecord, names: Iterable[str]) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names)
