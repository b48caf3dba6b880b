"""What became of this process's events, in numbers."""

from __future__ import annotations

import threading

__all__ = ["Totals"]


class Totals:
    """Counts of events by fate. What `emitted` means follows from them, so that it always adds up."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal handler may log while this thread counts
        self._counts = {"stored": 0, "dead_lettered": 0, "dropped": 0, "unknown_domain": 0, "redacted": 0}

    def add(self, what: str, number: int = 1) -> None:
        """Add to one count."""
        with self._lock:
            self._counts[what] += number

    def written(self, stored: int, dead_lettered: int) -> None:
        """Add what a batch has become."""
        with self._lock:
            self._counts["stored"] += stored
            self._counts["dead_lettered"] += dead_lettered

    def told(self, queued: int) -> dict[str, int]:
        """All counts, with `queued` and the sum of them, `emitted`."""
        with self._lock:
            counts = dict(self._counts)
        emitted = counts["stored"] + counts["dead_lettered"] + counts["dropped"] + queued
        return {"emitted": emitted, **counts, "queued": queued}
