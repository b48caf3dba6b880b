"""Others at the same database, well-behaved or not: who holds a transaction, the lock file, a snapshot."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_HOLD = """
import fcntl, os, sqlite3, sys
database, how = sys.argv[1:]
if how == "lock file":
    file = os.open(database + "-lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
else:
    connection = sqlite3.connect(database, timeout=30, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
if how != "lock file":
    connection.execute("ROLLBACK")
"""
HOLDS = ("transaction", "lock file")


@contextmanager
def another_process_holds(database: Path, how: str) -> Iterator[None]:
    """Within the block, a process of its own holds an exclusive "transaction" or the "lock file"."""
    command = [sys.executable, "-c", _HOLD, str(database), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.stdin.write("\n")
            holder.stdin.close()
            holder.wait(30)


@contextmanager
def lock_file(database: Path) -> Iterator[None]:
    """Hold the database's lock file, as the package's own writers do around each transaction and checkpoint."""
    file = os.open(f"{database}-lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


@contextmanager
def guest(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that makes no checkpoint past the others' lock, not even when it is the last to close."""
    connection = sqlite3.connect(database, timeout=5, isolation_level=None)
    try:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        yield connection
    finally:
        with lock_file(database):
            connection.close()


@contextmanager
def disturbed(database: Path, how: str | None) -> Iterator[None]:
    """Within the block, this process holds a "transaction", the "lock file" or a "snapshot", where it gets it."""
    if how is None or not database.exists() or not database.stat().st_size:
        yield
    elif how == "lock file":
        with lock_file(database):
            yield
    else:
        with guest(database) as connection:
            with contextlib.suppress(sqlite3.OperationalError):  # others were faster
                connection.execute("BEGIN" if how == "snapshot" else "BEGIN IMMEDIATE")
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
            yield
            with contextlib.suppress(sqlite3.OperationalError):
                connection.execute("ROLLBACK")


def checkpoint(database: Path) -> None:
    """Make a full checkpoint, under the lock."""
    with lock_file(database), closing(sqlite3.connect(database, timeout=5, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def back_up(database: Path, to: Path, how: str) -> None:
    """Copy the running database by sqlite3's "backup" or by "VACUUM INTO"."""
    to.unlink(missing_ok=True)
    with guest(database) as connection:
        if how == "backup":
            with closing(sqlite3.connect(to)) as copy:
                connection.backup(copy, pages=500)
        else:
            connection.execute("VACUUM INTO ?", (str(to),))
