"""Ticket: an item of a batch whose sender waits for it."""

from __future__ import annotations

import threading

from foundups_logging.domains.tables import Row

__all__ = ["Ticket"]


class Ticket:
    """Travels through a queue until its batch is committed: with a row, or without one, for all before it.

    A sender that `wants_id` is told the row's id, or the error for which its
    table refused the row; otherwise a refused row becomes a dead letter.
    `is_stored` tells, once it is `is_done`, whether its batch is in the database
    (else it is in the spool).
    """

    __slots__ = ("_woken", "deadline", "error", "is_done", "is_stored", "row", "row_id", "wants_id")

    def __init__(self, row: Row | None = None, *, wants_id: bool = False, deadline: float = 0.0) -> None:
        # A lock's timeout counts real time, whatever a test has done to the clocks.
        self._woken = threading.Lock()
        self._woken.acquire()
        self.row = row
        self.wants_id = wants_id
        self.deadline = deadline  # on the monotonic clock: when its sender stops waiting
        self.row_id = 0
        self.error: Exception | None = None
        self.is_done = False
        self.is_stored = False

    def wait(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds to be woken: because it is done, or because its sender is to write."""
        return self._woken.acquire(timeout=max(0.0, timeout))

    def wake(self) -> None:
        """Let the sender go on."""
        try:  # noqa: SIM105 - suppress() would be dearer, and each commit comes by here
            self._woken.release()
        except RuntimeError:  # woken already
            pass

    def confirm(self, *, is_stored: bool) -> None:
        """Tell the sender what has become of the batch."""
        self.is_stored = is_stored
        self.is_done = True
        self.wake()
