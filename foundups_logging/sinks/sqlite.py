"""The SQLite sink: batches of rows into one database, each in one transaction."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from foundups_logging import timestamps
from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import DEAD_LETTERS, Row, TableSpec, table_numbered
from foundups_logging.encoding import escaped, to_json
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
        self._domains: list[Domain] = []
        self._prepared = False
        self._unusable: dict[TableSpec, SchemaError] = {}

    def declare(self, domains: Iterable[Domain]) -> None:
        """Add to the domains whose tables the database must have: of several of one name, all columns of all."""
        for domain in domains:
            if domain not in self._domains:
                self._domains.append(domain)
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
            if self._connection is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)  # the lock's file lies there too
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
        self._unusable = prepare_schema(connection, tuple(self._domains), self.path)
        for error in self._unusable.values():
            complain(f"{error}; until then its events go to dead_letters")
        self._prepared = True

    def _in_transaction(
        self, connection: sqlite3.Connection, items: Sequence[Row | Ticket], *, one_by_one: bool
    ) -> tuple[int, int]:
        # The connection begins it, by its isolation_level, with the first INSERT. That and commit() give
        # Python's lock away once each, an execute() of the same statements three times.
        try:
            counts = self._insert(connection, items, one_by_one=one_by_one)
            connection.commit()
        finally:
            if connection.in_transaction:
                connection.rollback()
        return counts

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
                else:
                    dead += self._insert_groups(connection, groups)
                    none += self._insert_ticket(connection, item.row, item)
            elif one_by_one:
                dead += self._insert_one(connection, item)  # type: ignore[arg-type]
            else:
                try:
                    groups[item[0]].append(item)  # type: ignore[index,arg-type]
                except KeyError:
                    groups[item[0]] = [item]  # type: ignore[index,list-item]
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
        insert_one(connection, DEAD_LETTERS, _dead_letter(row, error))
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

    def _wal_size(self) -> int:
        try:
            return self._wal.stat().st_size
        except OSError:
            return 0


def _dead_letter(row: Row, error: Exception) -> Row:
    """The dead letter for a row that its table refused: all its values, by column."""
    table = table_numbered(row[0])
    values = [None if value != value else value for value in row[1:]]  # noqa: PLR0124 - NULL
    original = to_json(dict(zip(table.column_names, values, strict=True)))
    return DEAD_LETTERS.number, timestamps.now(), table.name, escaped(f"{type(error).__name__}: {error}"), original


def _is_schema_change(error: sqlite3.OperationalError) -> bool:
    return str(error).startswith("no such table") or "has no column named" in str(error)
