"""The SQLite sink: batches of rows into one database, each in one transaction."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import TableSpec, table_of
from foundups_logging.errors import SchemaError, StorageError, WriteError
from foundups_logging.sinks.batch import Batch, Mark
from foundups_logging.sinks.connections import DATABASE_FAULTS, database_errors, is_busy, open_writer, storage_error
from foundups_logging.sinks.inserts import ROWS_FAULTS, insert_items
from foundups_logging.sinks.ledger import Identity, enter
from foundups_logging.sinks.lock import FileLock
from foundups_logging.sinks.schema import prepare_schema

__all__ = ["SQLiteSink"]

Answer = TypeVar("Answer")

_PATIENCE = 0.5  # seconds a try waits for another's transaction: its caller tries again, or spools
_CLOSE_PATIENCE = 0.5  # seconds to wait for the lock to close under
_CHECKPOINT_BYTES = 4 << 20  # of WAL
_CHECK_EVERY = 100  # rows between looks at the WAL's size
_INSIST_EVERY = 5.0  # seconds between attempts to cut a WAL that a reader has let grow past its limit


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
        self.is_barred = False  # this process can't use the database, ever
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
        size = self.wal_bytes()
        if self._connection is not None and size:
            mode = "PASSIVE" if size <= self.wal_limit else "TRUNCATE"
            self.use(lambda connection: self._checkpoint(connection, mode))
        return not self.wal_pinned

    def use(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do `work` with the open, prepared connection, under the advisory lock. Raises StorageError."""
        is_locked = False
        if self.is_barred:
            raise StorageError(
                "this process was forked in the midst of its parent's transaction",
                operation="write to database",
                path=self.path,
                hint="log after the fork",
            )
        try:
            try:
                if self._connection is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)  # the lock's file lies there too
                is_locked = self._lock.acquire(_PATIENCE)
                if not is_locked:
                    raise WriteError(
                        f"another process has held {self.path}-lock for {_PATIENCE:g} s",
                        operation="write to database",
                        path=self.path,
                        hint="find what holds it and end it, if that goes on",
                    )
                return work(self._ready())
            except DATABASE_FAULTS as error:
                self._recover(is_busy=is_busy(error))
                raise
            finally:
                if is_locked:
                    self._lock.release()
        except DATABASE_FAULTS as error:
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
        """In a forked child: let go of the parent's lock file, and hand out its connection to be kept unused.

        Where there is one, this process can't use the database: SQLite takes the
        locks of the parent's connection for its own.
        """
        connection, self._connection = self._connection, None
        self.is_barred = self.is_barred or connection is not None
        self._prepared = False
        with contextlib.suppress(OSError):
            self._lock.close()
        return connection

    def _recover(self, *, is_busy: bool) -> None:
        """After a failure: leave no transaction open, and no connection whose state isn't known."""
        connection = self._connection
        if connection is None:
            return
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.rollback()
            if is_busy:
                return
        # The next try begins with a fresh look at the file.
        with contextlib.suppress(sqlite3.Error):
            self._disconnect()

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
        except ROWS_FAULTS:
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
            batch.stored, batch.dead = insert_items(connection, batch.items, self._unusable, one_by_one=one_by_one)
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


def _identity(path: str) -> tuple[int, int] | None:
    """Which file is at `path`, None for none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - in each transaction; a Path takes twice as long
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _is_schema_change(error: sqlite3.OperationalError) -> bool:
    return str(error).startswith("no such table") or "has no column named" in str(error)
