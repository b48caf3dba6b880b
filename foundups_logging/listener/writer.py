"""The sink and the spool in the hands of one thread at a time, and the batch that is on its way into them."""

from __future__ import annotations

import contextlib
import sys
from collections import deque
from collections.abc import Iterator
from itertools import repeat, starmap
from pathlib import Path
from types import FrameType

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.tables import LargeRow, Row
from foundups_logging.errors import StorageError, WriteError
from foundups_logging.listener.accounts import Accounts, BatchMark
from foundups_logging.listener.settings import Settings
from foundups_logging.owned_lock import OwnedLock
from foundups_logging.sinks.batch import Batch
from foundups_logging.sinks.ledger import LastWords
from foundups_logging.sinks.sqlite import SQLiteSink
from foundups_logging.sinks.ticket import Ticket
from foundups_logging.spool.replay import Replay
from foundups_logging.spool.spool import Spool
from foundups_logging.termination import go_on

__all__ = ["Waiting", "Writer"]

#: What waits in a queue.
Waiting = deque[Row | Ticket]

_IO_TIMEOUT = 5.0  # seconds to wait for a transaction of another thread
_GRACE = 1.5  # seconds more for one that is to end by a deadline


class Writer:
    """Takes batches from queues and writes them to the database, or else to the spool.

    A batch that fails stays `batch` and is tried again, until it is spooled.
    While `must_replay`, the spool may hold a batch that the database has too;
    until that is settled nothing but the spool's replay may be written.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.settings = settings
        self.sink = SQLiteSink(path)
        self.reset()

    def reset(self) -> None:
        """Begin with nothing written and nothing pending: at first, and in a forked child."""
        self.accounts = Accounts(self.queued)
        self.totals = self.accounts.totals
        self.sink.writer = self.accounts.identity
        self.batch: Batch | None = None
        self.must_replay = False
        self.has_spooled = False  # and not seen it replayed: by this process, or another
        self.queue: Waiting = deque()
        self.commits: Waiting = deque()  # the tickets of commit calls
        self.may_hold_tickets = False  # the queue: beside rows
        self.large_bytes = 0  # of the large rows in the queue
        self._lock = OwnedLock()
        self._is_held_for_fork = False
        self._make_spool()

    def configure(self, settings: Settings) -> None:
        """Change the settings; how the database is opened changes when it is opened next."""
        has_moved = settings.spool_directory != self.settings.spool_directory
        self.settings = settings
        self.sink.synchronous = settings.synchronous
        self.sink.journal_mode = settings.journal_mode
        self.sink.wal_limit = settings.wal_limit
        if has_moved:
            with self.held():
                self.replay.close()
                self.spool.close()
                self._make_spool()

    def _make_spool(self) -> None:
        directory = Path(self.settings.spool_directory or f"{self.path}-spool")
        writer = self.accounts.identity.writer
        self.spool = Spool(directory, writer, self.sink.domain_of)
        self.replay = Replay(directory, writer, self.sink, self.accounts)

    def hold(self, timeout: float = _IO_TIMEOUT) -> bool:
        """Take the sink; False where another thread has it for longer than `timeout` seconds.

        Inside a `try` whose `finally` calls `release`, and not where it is this
        thread's already (`is_in_my_hands`).
        """
        return self._lock.take(timeout, sys._getframe(1))  # noqa: SLF001

    def release(self) -> None:
        """Give the sink back, where the calling thread has it."""
        if self._lock.give_back():
            if self.commits:
                self.pass_on()
            go_on()

    @contextlib.contextmanager
    def held(self, timeout: float = _IO_TIMEOUT) -> Iterator[bool]:
        """Hold the sink; yields False where another thread has it for longer, or this one does."""
        if self._lock.is_mine():
            yield False
            return
        try:
            yield self._lock.take(timeout, sys._getframe(2))  # noqa: SLF001 - that of the `with`
        finally:
            self.release()

    def is_in_my_hands(self) -> bool:
        """Whether the calling thread is in the midst of writing: a signal handler may ask."""
        return self._lock.is_mine() or self.spool.is_mine()

    def pass_on(self) -> None:
        """Let the first that waits to commit try its turn: whoever held the sink can't have seen it."""
        with contextlib.suppress(IndexError):
            first = self.commits[0]
            if type(first) is Ticket:
                first.wake()

    # --- while held

    def write_from(self, queue: Waiting) -> int:
        """Store up to a batch of what waits, and return how many; on failure it stays `batch`. Raises StorageError."""
        batch = self.batch
        if batch is None:
            batch = self.batch = Batch(self.accounts.number + 1)
        try:
            self.sink.write(
                batch, BatchMark(self.accounts, batch), fill=None if batch.items else lambda _: self._fill(queue)
            )
        finally:
            if not batch.items:  # the database couldn't be had, so nothing was taken
                self.batch = None
        with self.totals.lock:
            self.accounts.number = batch.number
            self.totals.committed(batch.stored, batch.dead, batch.refused)
            self.batch = None
        self._confirm(batch, is_stored=True)
        return len(batch.items)

    def spool_from(self, queue: Waiting) -> int:
        """Spool the batch that failed, or else up to a batch of what waits; return how many. Raises SpoolError."""
        batch = self.batch
        if batch is None:
            batch = self.batch = Batch(self.accounts.number + 1)
            self._fill(queue)
        rows = batch.rows()
        if rows:
            self.spool_rows(rows, batch.number if batch.is_doubtful else None)
        with self.totals.lock:
            self.accounts.number = batch.number
            self.must_replay = self.must_replay or batch.is_doubtful
            self.totals.leave(spooled=len(rows))
            self.batch = None
        self._confirm(batch, is_stored=False)
        return len(batch.items)

    def drop_from(self, queue: Waiting) -> int:
        """Give up the batch that failed and all that waits; return how many events that is."""
        if self.batch is None:
            self.batch = Batch(self.accounts.number + 1)
        while queue:
            self._fill(queue)
        batch = self.batch
        number = len(batch.rows())
        with self.totals.lock:
            self.totals.leave(dropped=number)
            self.batch = None
        self._confirm(batch, is_stored=False)
        return number

    def replay_some(self) -> bool:
        """Bring some of the spool into the database; False where nothing can be had there. Raises StorageError."""
        if self.has_spooled:
            self.spool.close()  # what is spooled from here on goes to a segment of its own
        has_moved = self.replay.step()
        if self.has_spooled and not self.replay.waits(self.accounts.identity.writer):
            self.has_spooled = self.must_replay = False
        return has_moved

    # --- at any time

    def spool_rows(self, rows: list[Row], batch: int | None = None, *, fsync: bool = True) -> None:
        """Append rows to the spool; all or none. Raises SpoolError."""
        settings = self.settings
        self.spool.append(rows, batch, limit=settings.spool_limit, fsync=fsync and settings.spool_fsync)
        self.has_spooled = True

    def prepare(self) -> None:
        """Open the database and make its tables now. Raises StorageError."""
        with self.held() as is_ours:
            if not is_ours:
                raise WriteError(
                    f"a batch took longer than {_IO_TIMEOUT:g} s",
                    operation="prepare database",
                    path=self.path,
                    hint="find what holds the database and end it",
                )
            self.sink.prepare()

    def checkpoint(self) -> bool:
        """Move the write-ahead log into the database; False where a reader keeps some of it. Raises StorageError."""
        with self.held() as is_ours:
            return not is_ours or self.sink.checkpoint()

    def sign_off(self) -> None:
        """Write the totals down, by themselves; so the database is seen to take something. Raises StorageError."""
        last = Batch(0)  # which hides no batch that may be there
        self.sink.write(last, BatchMark(self.accounts, last))

    def _sign_off_by(self, deadline: float) -> None:
        while True:
            try:
                self.sign_off()
            except WriteError:  # others have the database: where many end at once, each has its turn
                if monotonic() >= deadline:
                    raise
            else:
                return

    def close(self, deadline: float) -> None:
        """Write the last totals down and close the database.

        Other processes' transactions are waited for until `deadline`, on the
        monotonic clock; then the totals go to the spool.
        """
        with self.held(max(0.0, deadline - monotonic()) + _GRACE) as is_ours:
            if not is_ours:
                return
            self.accounts.has_ended = True
            last_words: LastWords | None = None
            try:
                self.replay.close()
                if self.totals.left or self.sink.is_open:
                    self._sign_off_by(deadline)
                self.sink.checkpoint()
            except StorageError as error:
                complain(str(error))
                last_words = self.accounts.last_words()
            try:
                self.sink.close()
            except StorageError as error:
                complain(str(error))
            try:
                if last_words is not None:
                    self.spool.end(last_words)
                self.spool.close()
            except StorageError as error:
                complain(str(error))

    def before_fork(self, frame: FrameType) -> None:
        """Hold the sink while `frame` forks, and let no connection cross: a child could break its file locks."""
        # A fork in a signal handler or a callback of SQLite's may interrupt this thread's own transaction.
        self._is_held_for_fork = not self._lock.is_mine() and self._lock.take(_IO_TIMEOUT, frame)
        if self._is_held_for_fork:
            with contextlib.suppress(StorageError):
                self.sink.close()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._is_held_for_fork:
            self.release()

    def after_fork_in_child(self) -> None:
        """Begin anew; a connection that crossed the fork after all is kept unused, since closing it does harm."""
        self.replay.abandon()
        self.spool.abandon()
        connection = self.sink.abandon()
        if connection is not None:
            import ctypes  # noqa: PLC0415 - hardly ever needed, and not small

            # One reference for ever: not even the interpreter's end may close it.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
        self.reset()

    def queued(self) -> int:
        """How many events wait in memory. Exact while the totals' lock is held."""
        taken = 0 if self.batch is None else len(self.batch.rows())
        waiting = len(self.queue)
        if self.may_hold_tickets:  # those of flushes are no events
            waiting = sum(type(item) is not Ticket or item.row is not None for item in list(self.queue))
        return taken + waiting + len(self.commits) + self.totals.in_hand

    def _fill(self, queue: Waiting) -> None:
        """Move up to a batch of what waits into `batch`: in one step, which no signal or exception comes between."""
        batch = self.batch
        assert batch is not None  # noqa: S101 - made by the caller
        start = len(batch.items)
        number = min(len(queue), self.settings.batch_size)
        with self.totals.lock:
            try:  # noqa: SIM105 - suppress() would be dearer, and each commit comes by here
                batch.items.extend(starmap(queue.popleft, repeat((), number)))
            except IndexError:  # a full queue's caller has taken some away meanwhile
                pass
            if not queue:
                self.may_hold_tickets = False
            if self.large_bytes:
                self.large_bytes -= sum(item.weight for item in batch.items[start:] if type(item) is LargeRow)

    def _confirm(self, batch: Batch, *, is_stored: bool) -> None:
        for ticket in [item for item in batch.items if type(item) is Ticket]:
            ticket.confirm(is_stored=is_stored)
