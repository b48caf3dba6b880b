"""The advisory lock of a database, taken around each transaction and each checkpoint.

SQLite's own waiting is unfair between processes, and releases before 3.51.3 can
lose pages where a commit meets another connection's checkpoint. One lock file
beside the database (`<database>-lock`) mends both among all that take it.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

from foundups_logging.clock import monotonic

__all__ = ["FileLock", "try_lock"]

_JITTER = random.Random()  # noqa: S311 - no secret; of our own, since programs seed the shared one

if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int, byte: int = 0) -> None:
        """Lock an open file, by that byte of it; raises OSError where another has it locked."""
        os.lseek(descriptor, byte, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def try_lock(descriptor: int, byte: int = 0) -> None:  # noqa: ARG001 - Windows locks bytes, others files
        """Lock an open file; raises OSError where another has it locked."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class FileLock:
    """A lock between processes on the file at `path`, which is created 0600 where missing."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._descriptor: int | None = None
        self._file = (0, 0)  # which one the descriptor has open

    def acquire(self, timeout: float) -> bool:
        """Take the lock within `timeout` seconds; False where another holds it longer. Raises OSError."""
        deadline = monotonic() + timeout
        while True:
            if self._descriptor is None:
                self._open()
            assert self._descriptor is not None  # noqa: S101 - just opened
            try:
                try_lock(self._descriptor)
            except (BlockingIOError, PermissionError):
                if monotonic() >= deadline:
                    return False
                # With jitter, so that waiting processes don't ask in step.
                time.sleep(_JITTER.uniform(0.0005, 0.0015))
            else:
                if self._is_the_file():
                    return True
                self.close()  # removed under us: others lock the one that is there now

    def _open(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        found = os.fstat(self._descriptor)
        self._file = found.st_dev, found.st_ino

    def _is_the_file(self) -> bool:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - in each transaction; a Path takes twice as long
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == self._file

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            _unlock(self._descriptor)

    def close(self) -> None:
        """Close the file; in a forked child this leaves the parent's hold as it is."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
