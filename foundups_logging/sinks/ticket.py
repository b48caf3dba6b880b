"""Ticket: an item of a batch whose sender waits for it."""

from __future__ import annotations

import threading

from foundups_logging.domains.tables import Row

__all__ = ["Ticket"]


class Ticket:
    """Travels through the queue until its batch is committed: with a row, for its id; without, for all before it.

    After `wait()` either `row_id` or `error` is set, for a ticket with a row.
    """

    __slots__ = ("_done", "error", "row", "row_id")

    def __init__(self, row: Row | None = None) -> None:
        # A lock's timeout counts real time, whatever a test has done to the clocks.
        self._done = threading.Lock()
        self._done.acquire()
        self.row = row
        self.row_id = 0
        self.error: Exception | None = None

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds until the batch is committed; False where it isn't."""
        return self._done.acquire(timeout=max(0.0, timeout))

    def confirm(self) -> None:
        """Let the sender go on."""
        self._done.release()
