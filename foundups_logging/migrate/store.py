"""The database of a migration: opened as the handlers open it, under the same lock, with the tables of ours."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from foundups_logging.clock import monotonic
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import TableSpec, table_of
from foundups_logging.errors import StorageError, WriteError
from foundups_logging.migrate.ledger import MIGRATION_TABLES
from foundups_logging.sinks.schema import lacks
from foundups_logging.sinks.sqlite import SQLiteSink

__all__ = ["MigrationStore"]

Answer = TypeVar("Answer")

_PATIENCE: Final = 60.0  # seconds that others' transactions are waited for
# Rows of many agents touch as many pages of an index; SQLite's usual 2 MB make each of them be written many times.
_CACHE_KIB: Final = 32 << 10
_CHECKPOINT_BYTES: Final = 16 << 20  # of WAL


class MigrationStore:
    """The database at `path`, made where missing, for importing, verifying and rolling back; a context manager.

    One thread at a time may use it. Programs may log into it meanwhile: they wait
    for one of its transactions at most.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sink = SQLiteSink(path)
        self._prepared: set[TableSpec] = set()
        self._is_made = False  # what migrations need
        self._background = ThreadPoolExecutor(1, "foundups-checkpoint")
        self._pending: Future[None] | None = None

    def prepare(self, domains: Iterable[Domain]) -> None:
        """Make the tables of `domains`, and those of migrations. Raises StorageError, SchemaError."""
        domains = tuple(domain for domain in domains if table_of(domain) not in self._prepared)
        if self._is_made and not domains:
            return
        self._sink.declare(domains)

        def make(connection: sqlite3.Connection) -> None:
            for domain in domains:
                lacks(connection, domain, self.path)  # raises SchemaError where the table can't serve
            for statement in MIGRATION_TABLES:
                connection.execute(statement)

        self.write(make)
        self._prepared.update(map(table_of, domains))
        self._is_made = True

    def write(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do `work` in a transaction of its own, wholly or not at all, and return what it returns.

        It is done anew where another's transaction was in the way. Raises
        StorageError, WriteError where that goes on for a minute, and whatever
        `work` raises.
        """

        def in_transaction(connection: sqlite3.Connection) -> Answer:
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                answer = work(connection)
                connection.commit()
            finally:
                if connection.in_transaction:
                    connection.rollback()
            return answer

        answer = self.read(in_transaction)
        if self._sink.wal_bytes() >= _CHECKPOINT_BYTES:
            # Beside the parsing of what comes next: SQLite gives Python's lock away for all of it.
            self._pending = self._background.submit(self._checkpoint)
        return answer

    def read(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Do `work`, which only reads and is quickly done. Raises StorageError, WriteError as `write` does."""
        self._wait()
        deadline = monotonic() + _PATIENCE
        while True:
            try:
                return self._sink.use(work)
            except WriteError:
                if monotonic() >= deadline:
                    raise
                time.sleep(0.01)

    def _checkpoint(self) -> None:
        with contextlib.suppress(WriteError):  # another's turn; the next transaction tries again
            self._sink.checkpoint()

    def _wait(self) -> None:
        """Wait for the checkpoint that is under way: the sink serves one thread at a time."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """Close the database. Raises StorageError."""
        try:
            self._wait()
        finally:
            self._background.shutdown()
            self._sink.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except StorageError:
            if error is None:
                raise
