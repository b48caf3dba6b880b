"""Connections to a database file, for writing and for reading."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from foundups_logging.errors import ConfigurationError, StorageError, WriteError
from foundups_logging.sinks.filesystem import network_filesystem

__all__ = [
    "DATABASE_FAULTS",
    "READ_PRAGMAS",
    "check_journal_mode",
    "database_errors",
    "is_busy",
    "open_reader",
    "open_writer",
    "storage_error",
]

_NOT_A_DATABASE_HINT = "give the path of a SQLite database, or of a file that doesn't exist yet"
#: The PRAGMAs that a reader's SQL may use.
READ_PRAGMAS = frozenset({"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"})
#: What a database's use may raise; sqlite3 decodes messages that quote a corrupt page.
DATABASE_FAULTS = (sqlite3.Error, OSError, UnicodeError)
_READ_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)


@contextlib.contextmanager
def database_errors(operation: str, path: Path) -> Iterator[None]:
    """Turn sqlite3's and the system's errors into StorageError, with what to do about them."""
    try:
        yield
    except DATABASE_FAULTS as error:
        raise storage_error(operation, path, error) from error


def storage_error(operation: str, path: Path, error: Exception) -> StorageError:
    """What sqlite3's or the system's error means, with what to do about it."""
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    kind = WriteError if is_busy(error) else StorageError
    return kind(message, operation=operation, path=path, hint=_hint(error))


def is_busy(error: Exception) -> bool:
    """Whether another connection's lock was in the way, and nothing else."""
    return _primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _primary_code(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _hint(error: Exception) -> str:
    primary = _primary_code(error)
    if is_busy(error):
        return "another connection holds the database; end its transaction"
    if primary == sqlite3.SQLITE_NOTADB:
        return _NOT_A_DATABASE_HINT
    if primary == sqlite3.SQLITE_FULL:
        return "free space on the disk"
    if primary in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM) or isinstance(error, OSError):
        return "check that the folder exists and that file and folder may be written"
    if primary == sqlite3.SQLITE_CORRUPT or isinstance(error, UnicodeError):
        return "restore a backup, or `foundups-logging set-aside` it and let sqlite3 .recover it"
    return ""


def check_journal_mode(path: Path, journal_mode: str) -> None:
    """Raise ConfigurationError where the database at `path` would have a write-ahead log on a network file system."""
    kind = network_filesystem(path) if journal_mode == "WAL" else None
    if kind is not None:
        raise ConfigurationError(
            f"it is on a network file system ({kind}), where SQLite's write-ahead log can ruin it",
            operation="use database",
            path=path,
            hint='keep it on a local disk, or give journal_mode="DELETE", which is slower and safe there',
        )


def open_writer(
    path: Path, busy_timeout: float, *, journal_mode: str = "WAL", synchronous: str = "NORMAL"
) -> tuple[sqlite3.Connection, bool]:
    """Open the database at `path` for writing; it is created where missing, in a folder that is there.

    Returns the connection, which begins a transaction (IMMEDIATE) with the first
    INSERT, and whether the database is in WAL mode. `busy_timeout` is in
    seconds, `journal_mode` "WAL" or "DELETE" (a database that others have open
    in WAL mode stays in it), `synchronous` "NORMAL" or "FULL". Raises
    sqlite3.Error, OSError, and StorageError for WAL on a network file system.
    """
    if journal_mode == "WAL":
        _refuse_network(path)
    if not path.exists():
        # SQLite gives its -wal and -shm files the mode of the database's.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600))
    elif not os.access(path, os.W_OK):
        # SQLite would open it all the same, and make -wal and -shm that can't be written even when it can.
        raise PermissionError(errno.EACCES, "it may not be written", str(path))
    connection = sqlite3.connect(
        path, timeout=busy_timeout, isolation_level="IMMEDIATE", check_same_thread=False, cached_statements=256
    )
    try:
        mode = "wal"
        if journal_mode == "DELETE":
            mode = _leave_wal(connection)
            if mode == "wal":
                _refuse_network(path)
        if mode == "wal":
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        # The first commit after a checkpoint cuts the WAL to its own size, which tells when the next is due.
        for pragma in (
            f"synchronous = {synchronous}",
            "wal_autocheckpoint = 0",
            "journal_size_limit = 0",
            "mmap_size = 0",
            "foreign_keys = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection, mode == "wal"


def _refuse_network(path: Path) -> None:
    try:
        check_journal_mode(path, "WAL")
    except ConfigurationError as error:
        raise StorageError(error.message, operation="open database", path=path, hint=error.hint) from error


def _leave_wal(connection: sqlite3.Connection) -> str:
    """Set DELETE journalling and return the mode that the database has then: "wal" where others have it open so.

    In locking_mode EXCLUSIVE, SQLite can read a WAL without the shared memory
    that a network file system lacks.
    """
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if not is_busy(error):
            raise
        mode = "wal"
    connection.execute("PRAGMA locking_mode = NORMAL")
    if mode != "wal":
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()  # gives the lock back
    return str(mode)


def open_reader(path: Path, busy_timeout: float = 5.0, pragmas: frozenset[str] = READ_PRAGMAS) -> sqlite3.Connection:
    """Open the database at `path` for reading only: enforced by SQLite's open mode and an authorizer.

    `pragmas` are those that its SQL may use. Raises StorageError where there is no database at `path`.
    """
    if not path.is_file():
        raise StorageError(
            "there is no such file", operation="open database", path=path, hint="give the path of a database"
        )
    with database_errors("open database", path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=busy_timeout, isolation_level=None
        )
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except BaseException:
            connection.close()
            raise

    def authorize(
        action: int, first: str | None, _second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        if action in _READ_ACTIONS or (action == sqlite3.SQLITE_PRAGMA and (first or "").lower() in pragmas):
            # load_extension() is off in Python's sqlite3 unless switched on, and is no reading.
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)
    return connection
