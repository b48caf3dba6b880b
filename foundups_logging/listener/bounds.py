"""The queue's bounds, in events and in bytes, and what becomes of an event when they are reached."""

from __future__ import annotations

import time

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.tables import LargeRow, Row
from foundups_logging.errors import SpoolError
from foundups_logging.listener.thread import ListenerThread
from foundups_logging.listener.writer import Writer
from foundups_logging.sinks.ticket import Ticket

__all__ = ["Bounds"]

_SMALL_ROW = 1 << 10  # bytes that a row without large texts is taken for


class Bounds:
    """Keeps the queue within `queue_size` and `queue_bytes`; `room` is how many rows may wait just now."""

    def __init__(self, writer: Writer, thread: ListenerThread) -> None:
        self._writer = writer
        self._thread = thread
        self.room = 1
        self.fit()

    def fit(self) -> None:
        """Set `room`: it is less while large rows wait."""
        settings = self._writer.settings
        left = settings.queue_bytes - self._writer.large_bytes
        self.room = max(1, min(settings.queue_size, left // _SMALL_ROW))

    def admit(self, row: Row) -> bool:
        """Whether the row is to be queued: else it has met its fate, as `when_full` says."""
        if not self._has_room() and not self._make_room(row):
            return False
        if type(row) is LargeRow:
            with self._writer.totals.lock:
                self._writer.large_bytes += row.weight
            self.fit()
        return True

    def _has_room(self) -> bool:
        self.fit()
        return len(self._writer.queue) < self.room

    def _make_room(self, row: Row) -> bool:
        how = self._writer.settings.when_full
        # Whoever writes can't wait for it.
        if how == "block" and not self._thread.is_current() and not self._writer.is_in_my_hands():
            deadline = monotonic() + self._writer.settings.block_timeout
            while monotonic() < deadline:
                if self._thread.is_asleep:
                    self._thread.wake()
                if self._has_room():
                    return True
                time.sleep(0.001)
        if how == "drop_oldest":
            self._drop_oldest()
            return True
        if how == "drop_newest":
            self._writer.totals.leave(dropped=1)
            complain(f"the queue for {self._writer.path} is full: the newest events are dropped, and counted")
            return False
        self._spool(row)
        return False

    def _drop_oldest(self) -> None:
        writer = self._writer
        complain(f"the queue for {writer.path} is full: the oldest events are dropped, and counted")
        while not self._has_room():
            with writer.totals.lock:
                try:
                    oldest = writer.queue.popleft()
                except IndexError:
                    return
                if type(oldest) is Ticket:  # a flush's: what it waits for is gone
                    oldest.confirm(is_stored=True)
                    continue
                if type(oldest) is LargeRow:
                    writer.large_bytes -= oldest.weight
                writer.totals.leave(dropped=1)

    def _spool(self, row: Row) -> None:
        """Spool a row that isn't in the queue; one that can't be is dropped."""
        writer = self._writer
        writer.totals.take_in_hand()
        fate = "dropped"
        try:
            writer.spool_rows([row], fsync=False)
            fate = "spooled"
        except SpoolError as error:
            complain(f"{error}; the queue is full too, so events are dropped, and counted")
        finally:
            writer.totals.put_down(fate)
