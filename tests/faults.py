"""Faults at chosen places: the Nth execute, commit, open, write, fsync … of the package fails, as it really would.

sqlite3.connect and functions of os are replaced; only calls that come from
foundups_logging count, and only those fail. Everything else is the real thing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["FILE_OPERATIONS", "MODES", "SQLITE_OPERATIONS", "Faults"]

SQLITE_OPERATIONS = ("connect", "execute", "executemany", "commit")
FILE_OPERATIONS = {
    "open": ("open",),
    "write": ("write", "pwrite"),
    "fsync": ("fsync", "fdatasync"),
    "truncate": ("truncate", "ftruncate"),
    "remove": ("unlink", "remove"),
    "rename": ("rename", "replace"),
}
MODES = ("once", "from then on", "done but reported failed", "half done", "short")
_SQLITE_ERRORS = (
    (sqlite3.SQLITE_IOERR, "disk I/O error"),
    (sqlite3.SQLITE_FULL, "database or disk is full"),
    (sqlite3.SQLITE_BUSY, "database is locked"),
)
_CANNOT_OPEN = (sqlite3.SQLITE_CANTOPEN, "unable to open database file")
_FILE_ERRORS = {
    "open": (errno.EMFILE, errno.EIO, errno.ENOSPC),
    "write": (errno.ENOSPC, errno.EIO),
    "fsync": (errno.EIO,),
    "truncate": (errno.EIO, errno.ENOSPC),
    "remove": (errno.EACCES, errno.EIO),
    "rename": (errno.EACCES, errno.ENOSPC),
}
_PASSED_THROUGH = ("pathlib", "contextlib", "faults", "tempfile", "shutil")


class Faults:
    """Counts the package's calls by operation, in `counts`, and makes those fail that are planned or refused.

    The modes of a plan: the Nth call fails before it does anything, "once" or
    "from then on"; "done but reported failed": it does all it should, then fails;
    for a write also "half done": it writes half, then fails, and "short": it
    writes half and says so, as the system may at any time.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.fired = 0
        self._plan: tuple[str, int, str] | None = None
        self._refused: frozenset[str] = frozenset()
        self._lock = threading.RLock()

    def plan(self, operation: str, number: int, mode: str) -> None:
        """Let the call with that number, counted from now on from 1, fail."""
        with self._lock:
            self.counts.clear()
            self.fired = 0
            self._plan = operation, number, mode

    def lift(self) -> None:
        """Let everything work again."""
        self._plan = None
        self._refused = frozenset()

    def refuse(self, *operations: str) -> None:
        """Let each of these fail until told otherwise; such calls are not counted."""
        self._refused = frozenset(operations)

    @contextlib.contextmanager
    def refusing(self, *operations: str) -> Iterator[None]:
        """Refuse these operations within the block."""
        self.refuse(*operations)
        try:
            yield
        finally:
            self.refuse()

    @contextlib.contextmanager
    def installed(self) -> Iterator[Faults]:
        """Stand between the package and sqlite3 and os within the block."""
        real: list[tuple[Any, str, Any]] = [(sqlite3, "connect", sqlite3.connect)]
        real += [(os, name, getattr(os, name)) for names in FILE_OPERATIONS.values() for name in names]
        sqlite3.connect = self._connector(sqlite3.connect)
        for operation, names in FILE_OPERATIONS.items():
            for name in names:
                setattr(os, name, self._stand_in(operation, getattr(os, name)))
        try:
            yield self
        finally:
            for module, name, function in real:
                setattr(module, name, function)

    def fate(self, operation: str) -> tuple[str | None, int]:
        """Count a call; its mode of failing, or None, and its number."""
        with self._lock:
            if operation in self._refused:
                return "refused", 2  # the third error of the list: a database that is locked
            self.counts[operation] += 1
            number = self.counts[operation]
            if self._plan is None or self._plan[0] != operation:
                return None, number
            _, first, mode = self._plan
            if number == first or (number > first and mode == "from then on"):
                self.fired += 1
                return mode, number
            return None, number

    def _connector(self, real: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
        def connect(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            if not _is_ours():
                return real(*args, **kwargs)
            mode, _ = self.fate("connect")
            if mode is not None:
                raise _sqlite_error(*_CANNOT_OPEN)

            class Connection(FaultyConnection):
                faults = self

            return real(*args, factory=Connection, **kwargs)

        return connect

    def _stand_in(self, operation: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if not _is_ours():
                return real(*args, **kwargs)
            mode, number = self.fate(operation)
            if mode is None:
                return real(*args, **kwargs)
            if mode == "short":
                return real(args[0], args[1][: (len(args[1]) + 1) // 2], *args[2:], **kwargs)
            if mode == "done but reported failed":
                done = real(*args, **kwargs)
                if operation == "open":
                    os.close(done)
            elif mode == "half done":
                real(args[0], args[1][: len(args[1]) // 2], *args[2:], **kwargs)
            kinds = _FILE_ERRORS[operation]
            code = kinds[number % len(kinds)]
            raise OSError(code, os.strerror(code), args[0] if isinstance(args[0], (str, os.PathLike)) else None)

        return call


class FaultyConnection(sqlite3.Connection):
    """A connection whose calls ask `faults` first."""

    faults: Faults

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """Execute, or fail."""
        return self._attempt("execute", lambda: super(FaultyConnection, self).execute(*args))

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        """Execute, or fail."""
        return self._attempt("executemany", lambda: super(FaultyConnection, self).executemany(*args))

    def commit(self) -> None:
        """Commit, or fail."""
        self._attempt("commit", super().commit)

    def _attempt(self, operation: str, real: Callable[[], Any]) -> Any:
        mode, number = self.faults.fate(operation)
        if mode is None:
            return real()
        if mode == "done but reported failed":
            real()
        code, message = _SQLITE_ERRORS[number % len(_SQLITE_ERRORS)]
        if code != sqlite3.SQLITE_BUSY and self.in_transaction:
            self.rollback()  # as SQLite itself does after these
        raise _sqlite_error(code, message)


def _sqlite_error(code: int, message: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    error.sqlite_errorname = next(
        name
        for name in ("SQLITE_IOERR", "SQLITE_FULL", "SQLITE_BUSY", "SQLITE_CANTOPEN")
        if getattr(sqlite3, name) == code
    )
    return error


def _is_ours() -> bool:
    """Whether the call comes from foundups_logging, itself or by way of pathlib and the like."""
    frame = sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_PASSED_THROUGH):
            return module.startswith("foundups_logging")
        frame = frame.f_back
    return False
