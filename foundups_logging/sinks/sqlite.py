"""The SQLite sink: batches of rows into one database, each in one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from foundups_logging import timestamps
from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.rows import Row
from foundups_logging.domains.tables import DEAD_LETTERS, TableSpec
from foundups_logging.encoding import to_json
from foundups_logging.errors import SchemaError, WriteError
from foundups_logging.sinks.connections import database_errors, open_writer
from foundups_logging.sinks.lock import FileLock
from foundups_logging.sinks.schema import prepare_schema
from foundups_logging.sinks.statements import insert_one, insert_rows
from foundups_logging.sinks.ticket import Ticket

__all__ = ["SQLiteSink"]

_BUSY_TIMEOUT = 5.0  # seconds to wait for another's transaction
_CHECKPOINT_BYTES = 4 << 20  # of WAL
_ROWS_FAULTS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)


class SQLiteSink:
    """Writes rows to the tables of the database at `path`, which is made where missing.

    One thread at a time may use it; its owner sees to that.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = FileLock(Path(f"{path}-lock"))
        self._wal = Path(f"{path}-wal")
        self._connection: sqlite3.Connection | None = None
        self._domains: dict[str, Domain] = {}
        self._prepared = False
        self._unusable: dict[TableSpec, SchemaError] = {}

    def declare(self, domains: Iterable[Domain]) -> None:
        """Add to the domains whose tables the database must have; the last of a name counts."""
        for domain in domains:
            if self._domains.get(domain.name) != domain:
                self._domains[domain.name] = domain
                self._prepared = False

    def prepare(self) -> None:
        """Open the database and make its tables. Raises StorageError."""
        with self._writing():
            pass

    def write(self, items: Sequence[Row | Ticket]) -> tuple[int, int]:
        """Store a batch in one transaction; return how many rows were stored and how many dead-lettered.

        Raises StorageError where nothing of it could be stored; to try again is safe.
        """
        with self._writing() as connection:
            try:
                counts = self._in_transaction(connection, items, one_by_one=False)
            except (*_ROWS_FAULTS, OverflowError, UnicodeError):
                counts = self._in_transaction(connection, items, one_by_one=True)
            except sqlite3.OperationalError as error:
                if not _is_schema_change(error):
                    raise
                # A table or column went away under us.
                self._prepared = False
                self._prepare(connection)
                counts = self._in_transaction(connection, items, one_by_one=False)
            if self._wal_size() > _CHECKPOINT_BYTES:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return counts

    def checkpoint(self) -> None:
        """Move what the WAL holds into the database. Raises StorageError."""
        if self._connection is not None and self._wal_size():
            with self._writing() as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close the connection and the lock file; both open again when needed. Raises StorageError."""
        connection, self._connection = self._connection, None
        self._prepared = False
        if connection is None:
            return
        # The last connection to close makes a checkpoint. Without the lock, SQLite's own locks must do.
        with database_errors("close database", self.path):
            is_locked = self._lock.acquire(_BUSY_TIMEOUT)
            try:
                connection.close()
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

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the advisory lock around the use of the open, prepared connection."""
        with database_errors("write to database", self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self._lock.acquire(_BUSY_TIMEOUT):
                raise WriteError(
                    f"another process held {self.path}-lock for {_BUSY_TIMEOUT:g} s",
                    operation="write to database",
                    path=self.path,
                    hint="find what holds it and end it",
                )
            try:
                if self._connection is None:
                    self._connection, is_wal = open_writer(self.path, _BUSY_TIMEOUT)
                    if not is_wal:
                        complain(
                            f"{self.path} can't use a write-ahead log, so writers and readers block each other; "
                            "keep the database on a local disk"
                        )
                if not self._prepared:
                    self._prepare(self._connection)
                yield self._connection
            finally:
                self._lock.release()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._unusable = prepare_schema(connection, tuple(self._domains.values()), self.path)
        for error in self._unusable.values():
            complain(f"{error}; until then its events go to dead_letters")
        self._prepared = True

    def _in_transaction(
        self, connection: sqlite3.Connection, items: Sequence[Row | Ticket], *, one_by_one: bool
    ) -> tuple[int, int]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            dead = self._insert(connection, items, one_by_one=one_by_one)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        return sum(not isinstance(item, Ticket) or item.row is not None for item in items) - dead, dead

    def _insert(self, connection: sqlite3.Connection, items: Sequence[Row | Ticket], *, one_by_one: bool) -> int:
        """Insert the rows of `items` and return how many became dead letters."""
        dead = 0
        groups: dict[TableSpec, list[Sequence[Any]]] = {}
        for item in items:
            if isinstance(item, Ticket):
                if item.row is not None:
                    _insert_groups(connection, groups)
                    dead += self._insert_ticket(connection, item)
                continue
            table, values = item
            if table in self._unusable:
                dead += 1
                table, values = _dead_letter(table, values, self._unusable[table])
            elif table is DEAD_LETTERS:
                dead += 1
            if one_by_one:
                try:
                    insert_one(connection, table, values)
                except (*_ROWS_FAULTS, OverflowError, UnicodeError) as error:
                    dead += table is not DEAD_LETTERS
                    insert_one(connection, *_dead_letter(table, values, error))
                continue
            group = groups.get(table)
            if group is None:
                groups[table] = [values]
            else:
                group.append(values)
        _insert_groups(connection, groups)
        return dead

    def _insert_ticket(self, connection: sqlite3.Connection, ticket: Ticket) -> int:
        """Insert the row a sender waits for; its failure is the sender's to hear, and no dead letter."""
        assert ticket.row is not None  # noqa: S101 - the caller has looked
        table, values = ticket.row
        ticket.error = self._unusable.get(table)
        if ticket.error is None:
            try:
                ticket.row_id = insert_one(connection, table, values)
            except (*_ROWS_FAULTS, OverflowError, UnicodeError) as error:
                ticket.error = error
        return ticket.error is not None

    def _wal_size(self) -> int:
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0


def _insert_groups(connection: sqlite3.Connection, groups: dict[TableSpec, list[Sequence[Any]]]) -> None:
    for table, rows in groups.items():
        insert_rows(connection, table, rows)
    groups.clear()


def _dead_letter(table: TableSpec, values: Sequence[Any], error: Exception) -> tuple[TableSpec, list[Any]]:
    """The dead letter for a row that its table refused: all its values, by column."""
    original = to_json(dict(zip(table.column_names, values, strict=True)))
    reason = str(error).encode("utf-8", "backslashreplace").decode()
    return DEAD_LETTERS, [timestamps.now(), table.name, f"{type(error).__name__}: {reason}", original]


def _is_schema_change(error: sqlite3.OperationalError) -> bool:
    return str(error).startswith("no such table") or "has no column named" in str(error)
