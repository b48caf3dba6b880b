"""Replay: what waits in a spool's segments into the database, exactly once."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Generator, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from foundups_logging.errors import SpoolError
from foundups_logging.sinks.batch import Batch
from foundups_logging.sinks.ledger import LastWords, advance, batch_of, position_of, settle
from foundups_logging.sinks.sqlite import SQLiteSink
from foundups_logging.spool.lines import SpooledEnd, SpooledRow, read
from foundups_logging.spool.segment import Segment, claim, segments

__all__ = ["Replay", "Replayed"]

_STEP: Final = 4_096  # rows a transaction, so that new events needn't wait long


class Replayed:
    """What a step brought into the database: rows by their fate, and whose they were."""

    def __init__(self, segment: Segment, stored: int, dead: int) -> None:
        self.writer = segment.writer
        self.stored = stored
        self.dead = dead


class Accountant(Protocol):
    """Keeps the totals of the process that replays."""

    def sign_replay(self, connection: sqlite3.Connection, replayed: Replayed) -> None:
        """Write down, in the replay's transaction, what the totals will be. Raises sqlite3.Error."""

    def count_replay(self, replayed: Replayed) -> None:
        """Count what was replayed: it is committed."""


class Replay:
    """Brings the segments of `directory` into `sink`, one after the other: those of `writer` first."""

    def __init__(self, directory: Path, writer: str, sink: SQLiteSink, accountant: Accountant) -> None:
        self._directory = directory
        self._writer = writer
        self._sink = sink
        self._accountant = accountant
        self._current: _Claimed | None = None
        self._doubts: list[_Claimed] = []

    def step(self) -> bool:
        """Bring in the next rows, in one transaction; False where nothing waits that isn't in use.

        Raises StorageError; to try again is safe.
        """
        with _spool_errors(self._directory):
            while self._doubts:
                self._doubts[-1].settle(self._sink, self._accountant)
                self._doubts.pop()
            while self._current is not None or self._claim_next():
                assert self._current is not None  # noqa: S101 - just claimed
                has_moved = self._current.step(self._sink, self._accountant)
                if self._current.is_finished:
                    self._current.remove()
                    self.abandon()
                if has_moved:
                    return True
        return False

    def waits(self, writer: str | None = None) -> bool:
        """Whether there is any segment, or one of `writer`: one that can be replayed, or that is in use."""
        with contextlib.suppress(OSError):
            return any(writer in (None, segment.writer) for segment in segments(self._directory))
        return False

    def close(self) -> None:
        """Let go of the segment in hand; whether its last rows are in is found out later."""
        if self._current is not None and self._current.is_in_doubt:
            self._doubts.append(self._current)
        self.abandon()

    def abandon(self) -> None:
        """Let go of the segment in hand, as a forked child must: it stays the parent's."""
        current, self._current = self._current, None
        if current is not None:
            current.close()

    def _claim_next(self) -> bool:
        found = segments(self._directory)
        for segment in sorted(found, key=lambda segment: segment.writer != self._writer):
            descriptor = claim(segment.path)
            if descriptor is not None:
                self._current = _Claimed(segment, descriptor)
                return True
        return False


class _Claimed:
    """A segment in hand: where its replay stands."""

    def __init__(self, segment: Segment, descriptor: int) -> None:
        self.segment = segment
        self.is_finished = False
        self._descriptor: int | None = descriptor
        self._rows: Iterator[SpooledRow | SpooledEnd] | None = None
        self._batch: Batch | None = None  # read, and not yet known to be in the database
        self._position = 0
        self._skipped = 0
        self._ends: list[LastWords] = []
        self._is_last = False
        self._stored_batch = 0

    def close(self) -> None:
        """Let go of the file."""
        if isinstance(self._rows, Generator):
            self._rows.close()
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the database may hold rows of it that haven't been counted."""
        return self._batch is not None and self._batch.is_doubtful

    def step(self, sink: SQLiteSink, accountant: Accountant) -> bool:
        """Bring in the next rows; False where there were none."""
        if self.is_finished:
            return False
        if self._rows is None:
            name, writer = self.segment.name, self.segment.writer
            self._position, self._stored_batch = sink.use(lambda c: (position_of(c, name), batch_of(c, writer)))
            self._rows = read(self.segment.path, self._position)
        if self._batch is None:
            self._batch = self._read(self._rows, sink)
        mark = _SegmentMark(self, self._batch, accountant)
        sink.write(self._batch, mark, sync=self._is_last)  # what was spooled safely isn't removed before it's as safe
        batch, self._batch = self._batch, None
        replayed = self.replayed(batch)
        accountant.count_replay(replayed)
        self.is_finished = self._is_last
        return replayed.stored + replayed.dead > 0

    def settle(self, sink: SQLiteSink, accountant: Accountant) -> None:
        """Count the rows that were in doubt when it was let go, if the database has them."""
        if self._batch is not None and sink.use(self.is_marked):
            accountant.count_replay(self.replayed(self._batch))

    def remove(self) -> None:
        """Remove the segment: all of it is in. Raises OSError."""
        if os.name == "nt":  # which removes no open file
            self.close()
        self.segment.path.unlink(missing_ok=True)

    def replayed(self, batch: Batch) -> Replayed:
        return Replayed(self.segment, batch.stored + self._skipped, batch.dead)

    def mark(self, connection: sqlite3.Connection, rows: int) -> None:
        segment = self.segment
        advance(connection, segment.name, segment.writer, self._position, rows, is_finished=self._is_last)
        for last in self._ends:
            settle(connection, last)

    def is_marked(self, connection: sqlite3.Connection) -> bool:
        return position_of(connection, self.segment.name) >= self._position

    def _read(self, rows: Iterator[SpooledRow | SpooledEnd], sink: SQLiteSink) -> Batch:
        found = list(islice(rows, _STEP))
        self._is_last = len(found) < _STEP
        if found:
            self._position = found[-1].end
        self._ends = [entry.last for entry in found if isinstance(entry, SpooledEnd)]
        spooled = [entry for entry in found if isinstance(entry, SpooledRow)]
        sink.declare({id(entry.domain): entry.domain for entry in spooled if entry.domain is not None}.values())
        new = [entry.row for entry in spooled if entry.batch is None or entry.batch > self._stored_batch]
        self._skipped = len(spooled) - len(new)
        return Batch(0, new)


class _SegmentMark:
    """The mark of a replay: how far the segment is in."""

    def __init__(self, claimed: _Claimed, batch: Batch, accountant: Accountant) -> None:
        self._claimed = claimed
        self._batch = batch
        self._accountant = accountant

    def is_made(self, connection: sqlite3.Connection) -> bool:
        """Whether the database has it."""
        return self._claimed.is_marked(connection)

    def make(self, connection: sqlite3.Connection) -> None:
        """Leave it, in the transaction."""
        replayed = self._claimed.replayed(self._batch)
        self._claimed.mark(connection, replayed.stored + replayed.dead)
        self._accountant.sign_replay(connection, replayed)


@contextlib.contextmanager
def _spool_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpoolError(
            error.strerror or str(error),
            operation="replay spool",
            path=directory,
            hint="check that the folder and its files may be read and written",
        ) from error
