"""The SQLite sink: batches of rows into one database, each in one transaction."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from foundups_logging import timestamps
from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import DEAD_LETTERS, Row, TableSpec, table_numbered, table_of
from foundups_logging.encoding import escaped, to_json
from foundups_logging.errors import SchemaError, WriteError
from foundups_logging.sinks.batch import Batch, Mark
from foundups_logging.sinks.connections import database_errors, is_busy, open_writer, storage_error
from foundups_logging.sinks.ledger import Identity, enter
from foundups_logging.sinks.lock import FileLock
from foundups_logging.sinks.schema import prepare_schema
from foundups_logging.sinks.statements import insert_one, insert_rows
from foundups_logging.sinks.ticket import Ticket

__all__ = ["SQLiteSink"]

Answer = TypeVar("Answer")

_PATIENCE = 0.5  # seconds a try waits for another's transaction: its caller tries again, or spools
_CLOSE_PATIENCE = 5.0  # seconds to wait for the lock to close under
_CHECKPOINT_BYTES = 4 << 20  # of WAL
_CHECK_EVERY = 100  # rows between looks at the WAL's size
_INSIST_EVERY = 5.0  # seconds between attempts to cut a WAL that a reader has let grow past its limit
_ROWS_FAULTS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
_MAX_ORIGINAL = 1 << 20  # characters that are kept of a row which not even dead_letters can take whole


class SQLiteSink:
    """Writes rows to the tables of the database at `path`, which is made where missing.

    One thread at a time may use it; its owner sees to that. `synchronous`,
    `journal_mode` and `writer` take effect when the database is opened next.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.synchronous = "NORMAL"
        self.journal_mode = "WAL"
        self.wal_limit = 64 << 20
        self.writer: Identity | None = None  # who is told in writer_stats
        self.wal_pinned = False  # a reader kept the last checkpoint from finishing
        self._name = str(path)
        self._lock = FileLock(Path(f"{path}-lock"))
        self._wal = Path(f"{path}-wal")
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # which file the connection has open
        self._domains: dict[int, Domain] = {}
        self._prepared = False
        self._unusable: dict[TableSpec, SchemaError] = {}
        self._checkpoint_at = _CHECKPOINT_BYTES
        self._unchecked = 0  # rows written since the last look at the WAL's size
        self._insisted = -_INSIST_EVERY

    def declare(self, domains: Iterable[Domain]) -> None:
        """Add to the domains whose tables the database must have: of several of one name, all columns of all."""
        for domain in domains:
            if self._domains.setdefault(table_of(domain).number, domain) is domain:
                self._prepared = False

    def domain_of(self, number: int) -> Domain | None:
        """The declared domain whose table has that number; None for dead letters."""
        return self._domains.get(number)

    def prepare(self) -> None:
        """Open the database and make its tables. Raises StorageError."""
        self.use(lambda _: None)

    def write(
        self, batch: Batch, mark: Mark, *, fill: Callable[[Batch], None] | None = None, sync: bool = False
    ) -> None:
        """Store a batch and its mark in one transaction, and set the batch's counts.

        An empty batch is filled by `fill` when it can be written, so that what
        can't be stays where it is. A batch whose mark is there already is left
        alone. `sync` makes the disk have it, whatever `synchronous` is. Raises
        StorageError where nothing of it could be stored; to try again is safe.
        """
        self.use(lambda connection: self._write(connection, batch, mark, fill, sync=sync))

    def checkpoint(self) -> bool:
        """Move what the WAL holds into the database; False where a reader keeps some of it. Raises StorageError."""
        if self._connection is not None and self.wal_bytes():
            self.use(lambda connection: self._checkpoint(connection, "PASSIVE"))
        return not self.wal_pinned

    def use(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do `work` with the open, prepared connection, under the advisory lock. Raises StorageError."""
        is_locked = False
        try:
            try:
                if self._connection is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)  # the lock's file lies there too
                is_locked = self._lock.acquire(_PATIENCE)
                if not is_locked:
                    raise self._held_by_another()
                return work(self._ready())
            except (sqlite3.Error, OSError) as error:
                if not is_busy(error):  # whatever it was, the next try begins with a fresh look at the file
                    with contextlib.suppress(sqlite3.Error):
                        self._disconnect()
                raise
            finally:
                if is_locked:
                    self._lock.release()
        except (sqlite3.Error, OSError) as error:
            raise storage_error("write to database", self.path, error) from error

    @property
    def is_open(self) -> bool:
        """Whether it has a connection."""
        return self._connection is not None

    def wal_bytes(self) -> int:
        """The size of the write-ahead log's file."""
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0

    def close(self) -> None:
        """Close the connection and the lock file; both open again when needed. Raises StorageError."""
        if self._connection is None:
            return
        # The last connection to close makes a checkpoint. Without the lock, SQLite's own locks must do.
        with database_errors("close database", self.path):
            is_locked = self._lock.acquire(_CLOSE_PATIENCE)
            try:
                self._disconnect()
            finally:
                if is_locked:
                    self._lock.release()
                self._lock.close()

    def abandon(self) -> sqlite3.Connection | None:
        """In a forked child: let go of the parent's lock file, and hand out its connection to be kept unused."""
        connection, self._connection = self._connection, None
        self._prepared = False
        with contextlib.suppress(OSError):
            self._lock.close()
        return connection

    def _held_by_another(self) -> WriteError:
        return WriteError(
            f"another process has held {self.path}-lock for {_PATIENCE:g} s",
            operation="write to database",
            path=self.path,
            hint="find what holds it and end it, if that goes on",
        )

    def _ready(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connect()
        assert self._connection is not None  # noqa: S101 - just opened
        if not self._prepared:
            self._prepare(self._connection)
        return self._connection

    def _write(
        self,
        connection: sqlite3.Connection,
        batch: Batch,
        mark: Mark,
        fill: Callable[[Batch], None] | None,
        *,
        sync: bool,
    ) -> None:
        if fill is not None:
            fill(batch)
        if batch.is_doubtful and mark.is_made(connection):
            if sync:
                self._checkpoint(connection, "PASSIVE")  # which syncs too
            return
        if sync:
            connection.execute("PRAGMA synchronous = FULL")
        try:
            self._store(connection, batch, mark)
        finally:
            if sync and self._connection is not None:
                connection.execute(f"PRAGMA synchronous = {self.synchronous}")
        self._unchecked += len(batch.items)
        if self._unchecked >= _CHECK_EVERY:
            self._unchecked = 0
            self._checkpoint_if_large(connection)

    def _connect(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._connection, is_wal = open_writer(
            self.path, _PATIENCE, journal_mode=self.journal_mode, synchronous=self.synchronous
        )
        self._file = _identity(self._name)
        if self.journal_mode == "WAL" and not is_wal:
            complain(
                f"{self.path} can't use a write-ahead log, so writers and readers block each other; "
                "keep the database on a local disk"
            )

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._prepared = False
        if connection is not None:
            connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._unusable = prepare_schema(connection, tuple(self._domains.values()), self.path)
        for error in self._unusable.values():
            complain(f"{error}; until then its events go to dead_letters")
        if self.writer is not None:
            enter(connection, self.writer)
            connection.commit()
        self._prepared = True

    def _store(self, connection: sqlite3.Connection, batch: Batch, mark: Mark) -> None:
        try:
            self._in_transaction(connection, batch, mark, one_by_one=False)
        except (*_ROWS_FAULTS, OverflowError, UnicodeError):
            self._in_transaction(connection, batch, mark, one_by_one=True)
        except sqlite3.OperationalError as error:
            if not _is_schema_change(error):
                raise
            # A table or column went away under us.
            self._prepared = False
            self._prepare(connection)
            self._in_transaction(connection, batch, mark, one_by_one=False)

    def _checkpoint_if_large(self, connection: sqlite3.Connection) -> None:
        size = self.wal_bytes()
        if size < self._checkpoint_at:
            return
        if size > self.wal_limit and monotonic() - self._insisted > _INSIST_EVERY:
            self._insisted = monotonic()
            self._checkpoint(connection, "TRUNCATE")  # waits for readers, as long as for another's transaction
        else:
            self._checkpoint(connection, "PASSIVE")
        self._checkpoint_at = _CHECKPOINT_BYTES + (size if self.wal_pinned else 0)

    def _checkpoint(self, connection: sqlite3.Connection, mode: str) -> None:
        busy, frames, moved = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        self.wal_pinned = bool(busy) or moved < frames

    def _in_transaction(self, connection: sqlite3.Connection, batch: Batch, mark: Mark, *, one_by_one: bool) -> None:
        # The connection begins it, by its isolation_level, with the first INSERT. That and commit() give
        # Python's lock away once each, an execute() of the same statements three times.
        try:
            batch.stored, batch.dead = self._insert(connection, batch.items, one_by_one=one_by_one)
            mark.make(connection)
            batch.is_doubtful = True
            connection.commit()
            if self._file != _identity(self._name):
                self._disconnect()
                batch.is_doubtful = False  # the file that has it isn't the one that is here
                raise sqlite3.OperationalError("the database's file was replaced while it was written to")
        finally:
            if self._connection is not None and connection.in_transaction:
                connection.rollback()

    def _insert(
        self, connection: sqlite3.Connection, items: Sequence[Row | Ticket], *, one_by_one: bool
    ) -> tuple[int, int]:
        """Insert the rows of `items`; return how many are stored and how many became dead letters."""
        dead = none = 0
        groups: dict[int, list[Row]] = {}
        for item in items:
            if type(item) is Ticket:
                if item.row is None:
                    none += 1
                    continue
                if item.wants_id:
                    dead += self._insert_groups(connection, groups)
                    none += self._insert_ticket(connection, item.row, item)
                    continue
                row = item.row
            else:
                row = item  # type: ignore[assignment]
            if one_by_one:
                dead += self._insert_one(connection, row)
            else:
                try:
                    groups[row[0]].append(row)
                except KeyError:
                    groups[row[0]] = [row]
        dead += self._insert_groups(connection, groups)
        return len(items) - none - dead, dead

    def _insert_groups(self, connection: sqlite3.Connection, groups: dict[int, list[Row]]) -> int:
        """Insert the rows gathered so far, table by table, and return how many became dead letters."""
        for table, error in self._unusable.items():
            refused = groups.pop(table.number, ())
            groups.setdefault(DEAD_LETTERS.number, []).extend(_dead_letter(row, error) for row in refused)
        dead = len(groups.get(DEAD_LETTERS.number, ()))
        for number, rows in groups.items():
            insert_rows(connection, table_numbered(number), rows)
        groups.clear()
        return dead

    def _insert_one(self, connection: sqlite3.Connection, row: Row) -> bool:
        """Insert a row by itself, as a dead letter where its table refuses it; return whether it is one."""
        table = table_numbered(row[0])
        error: Exception | None = self._unusable.get(table)
        if error is None:
            try:
                insert_one(connection, table, row)
            except (*_ROWS_FAULTS, OverflowError, UnicodeError) as refusal:
                error = refusal
            else:
                return table is DEAD_LETTERS
        letter = _dead_letter(row, error)
        try:
            insert_one(connection, DEAD_LETTERS, letter)
        except (*_ROWS_FAULTS, OverflowError, UnicodeError):
            insert_one(connection, DEAD_LETTERS, _shortened(letter))
        return True

    def _insert_ticket(self, connection: sqlite3.Connection, row: Row, ticket: Ticket) -> bool:
        """Insert the row a sender waits for; its refusal is the sender's to hear. Return whether it was refused."""
        table = table_numbered(row[0])
        ticket.error = self._unusable.get(table)
        ticket.row_id = 0  # of an earlier try
        if ticket.error is None:
            try:
                ticket.row_id = insert_one(connection, table, row)
            except (*_ROWS_FAULTS, OverflowError, UnicodeError) as error:
                ticket.error = error
        return ticket.error is not None


def _identity(path: str) -> tuple[int, int] | None:
    """Which file is at `path`, None for none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - in each transaction; a Path takes twice as long
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _dead_letter(row: Row, error: Exception) -> Row:
    """The dead letter for a row that its table refused: all its values, by column."""
    table = table_numbered(row[0])
    values = [None if value != value else value for value in row[1:]]  # noqa: PLR0124 - NULL
    original = to_json(dict(zip(table.column_names, values, strict=True)))
    return DEAD_LETTERS.number, timestamps.now(), table.name, escaped(f"{type(error).__name__}: {error}"), original


def _shortened(letter: Row) -> Row:
    """A dead letter cut to what any database takes: more than a gigabyte of text is beyond SQLite."""
    number, timestamp, name, error, original = letter
    cut = f"{str(error)[:1000]}; its first {_MAX_ORIGINAL} characters of {len(original)} are kept"
    return number, timestamp, name, cut, to_json({"cut": original[:_MAX_ORIGINAL]})


def _is_schema_change(error: sqlite3.OperationalError) -> bool:
    return str(error).startswith("no such table") or "has no column named" in str(error)
