"""Spool: the appending side, one process's segments."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import Row
from foundups_logging.errors import SpoolError
from foundups_logging.owned_lock import OwnedLock
from foundups_logging.sinks.ledger import LastWords
from foundups_logging.spool.lines import domain_line, end_line, head_line, row_line
from foundups_logging.spool.segment import name_of, open_new, segments
from foundups_logging.termination import go_on

__all__ = ["Spool"]

_SEGMENT_BYTES: Final = 16 << 20  # so that what is replayed can be removed bit by bit
_TURN_TIMEOUT: Final = 5.0  # seconds to wait for another thread's append


class Spool:
    """Appends rows to segments in `directory`, any thread at a time; all of a call's rows or none.

    `writer` names this process in the database and the segments; `domain_of`
    gives the domain of a row's table number, None for dead letters.
    """

    def __init__(self, directory: Path, writer: str, domain_of: Callable[[int], Domain | None]) -> None:
        self.directory = directory
        self.writer = writer
        self._domain_of = domain_of
        self._turn = OwnedLock()
        self._descriptor: int | None = None
        self._number = 0
        self._size = 0
        self._is_torn = False  # a failed append may have left something after `_size`
        self._told: set[int] = set()  # the tables whose domains the segment tells

    def append(self, rows: Iterable[Row], batch: int | None, *, limit: int, fsync: bool) -> None:
        """Append `rows`, after which they are safe from this process's death, with `fsync` from the machine's too.

        `batch` is the number of the batch that may have stored them, or None;
        `limit` the most bytes that all segments may take. Raises SpoolError,
        with nothing appended.
        """
        with self._exclusive():
            try:
                self._append(rows, batch, limit, fsync=fsync)
            except BaseException:
                with contextlib.suppress(OSError):  # else before the next append
                    self._cut()
                raise

    def end(self, last: LastWords) -> None:
        """Append what the writer tells at its end, if it has a segment open. Raises SpoolError."""
        with self._exclusive():
            self._cut()
            if self._descriptor is not None:
                self._write(end_line(last), fsync=True)

    def close(self) -> None:
        """Let go of the segment that is being written: what comes next goes to a new one. Raises SpoolError."""
        with self._exclusive():
            self._cut()
            self._close()

    def abandon(self) -> None:
        """In a forked child: close the parent's segment, which stays the parent's."""
        with contextlib.suppress(OSError):
            self._close()

    def is_mine(self) -> bool:
        """Whether the calling thread is in the midst of an append: a signal handler may ask."""
        return self._turn.is_mine()

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        if self._turn.is_mine():  # a signal handler or __del__ logs in the midst of this thread's own append
            raise self._error("it is being written to by the call that this one interrupts", "log elsewhere")
        try:
            if not self._turn.take(_TURN_TIMEOUT, sys._getframe(2)):  # noqa: SLF001 - that of the `with`
                raise self._error(f"another thread has been writing to it for {_TURN_TIMEOUT:g} s", "check the disk")
            yield
        except OSError as error:
            hint = "free space there, or give another spool_directory"
            raise self._error(error.strerror or str(error), hint) from error
        finally:
            if self._turn.give_back():
                go_on()

    def _append(self, rows: Iterable[Row], batch: int | None, limit: int, *, fsync: bool) -> None:
        told = set(self._told)
        lines = []
        for row in rows:
            if row[0] not in told:
                told.add(row[0])
                domain = self._domain_of(row[0])
                if domain is not None:
                    lines.append(domain_line(domain))
            lines.append(row_line(row, batch))
        data = b"".join(lines)
        used = sum(_size(segment.path) for segment in segments(self.directory))
        if used + len(data) > limit:
            raise self._error(
                f"{len(data)} bytes more than its {used} would pass its limit of {limit}",
                "mend the database, so that it is replayed, or raise spool_limit",
            )
        self._cut()
        if self._descriptor is not None and not os.fstat(self._descriptor).st_nlink:
            self._close()  # somebody has removed it
        if self._descriptor is None:
            self._open()
        self._write(data, fsync=fsync)
        self._told = told
        if self._size >= _SEGMENT_BYTES:
            self._close()

    def _open(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._number += 1
        self._descriptor = open_new(self._path(self._number))
        self._size = 0
        self._write(head_line(self.writer), fsync=False)
        if os.name == "posix":  # the name must outlast a crash too
            folder = os.open(self.directory, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _path(self, number: int) -> Path:
        return self.directory / name_of(self.writer, number)

    def _write(self, data: bytes, *, fsync: bool) -> None:
        assert self._descriptor is not None  # noqa: S101 - opened by the caller
        self._is_torn = True
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        if fsync:
            os.fsync(self._descriptor)
        self._size += len(data)
        self._is_torn = False

    def _cut(self) -> None:
        """Take back what a failed append has left: its rows go elsewhere, and must not be replayed beside."""
        if self._is_torn and self._descriptor is not None:
            os.ftruncate(self._descriptor, self._size)
            if not self._size:  # not even its first line was written
                self._close()
                self._path(self._number).unlink(missing_ok=True)  # where this goes on, thousands would gather
        self._is_torn = False

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        self._told = set()
        if descriptor is not None:
            os.close(descriptor)

    def _error(self, message: str, hint: str) -> SpoolError:
        return SpoolError(message, operation="write to spool", path=self.directory, hint=hint)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # replayed and removed meanwhile
        return 0
