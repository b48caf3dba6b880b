"""The sink in the hands of one thread at a time, and the batch that is on its way into it."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import Row
from foundups_logging.errors import StorageError, WriteError
from foundups_logging.listener.totals import Totals
from foundups_logging.sinks.sqlite import SQLiteSink
from foundups_logging.sinks.ticket import Ticket

__all__ = ["Writer"]

_IO_TIMEOUT = 5.0  # seconds to wait for a batch that another thread is writing


class Writer:
    """Takes batches from a queue and writes them; a batch that fails stays pending and is tried again.

    `is_writing` is true from before a batch leaves the queue until it is committed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sink = SQLiteSink(path)
        self._abandoned: list[object] = []
        self.reset()

    def reset(self) -> None:
        """Begin with nothing written and nothing pending: at first, and in a forked child."""
        self.totals = Totals()
        self.pending: list[Row | Ticket] = []
        self.is_writing = False
        self._lock = threading.Lock()  # held while the sink is in use
        self._is_held_for_fork = False

    @contextlib.contextmanager
    def held(self, timeout: float = _IO_TIMEOUT) -> Iterator[bool]:
        """Hold the sink; yields False where another thread holds it longer than `timeout` seconds."""
        lock = self._lock  # a fork replaces it
        is_ours = lock.acquire(timeout=timeout)
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.release()

    def write_batch(self, queue: deque[Row | Ticket], size: int) -> int:
        """Write up to `size` of what waits, while held, and return how many; on failure it stays pending.

        Raises StorageError.
        """
        if not self.pending:
            self.is_writing = True
            self.pending = [queue.popleft() for _ in range(min(len(queue), size))]
        batch = self.pending
        stored, dead = self.sink.write(batch)
        self.totals.written(stored, dead)
        self.pending = []
        self.is_writing = False
        for ticket in [item for item in batch if type(item) is Ticket]:
            ticket.confirm()
        return len(batch)

    def declare(self, domains: Iterable[Domain]) -> None:
        """Add to the domains whose tables the database must have."""
        self.sink.declare(domains)

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

    def checkpoint(self) -> None:
        """Move the write-ahead log into the database. Raises StorageError."""
        with self.held() as is_ours:
            if is_ours:
                self.sink.checkpoint()

    def close(self, timeout: float) -> None:
        """Close the database, where that takes no longer than `timeout` seconds to begin."""
        with self.held(timeout) as is_ours:
            if is_ours:
                try:
                    self.sink.checkpoint()
                    self.sink.close()
                except StorageError as error:
                    complain(str(error))

    def before_fork(self) -> None:
        """Let no transaction and no connection cross the fork: a child could break the parent's file locks."""
        self._is_held_for_fork = self._lock.acquire(timeout=_IO_TIMEOUT)
        if self._is_held_for_fork:
            with contextlib.suppress(StorageError):
                self.sink.close()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._is_held_for_fork:
            self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew; a connection that crossed the fork after all is kept unused, since closing it does harm."""
        self._abandoned.append(self.sink.abandon())
        self.reset()
