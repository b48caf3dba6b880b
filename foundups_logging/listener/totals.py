"""What became of this process's events, in numbers that add up."""

from __future__ import annotations

import threading
from collections.abc import Mapping

__all__ = ["COUNTS", "Totals", "batch_mean"]

#: What is counted: events by fate, then what else there is to tell.
COUNTS = (
    "stored",
    "spooled",
    "dead_lettered",
    "dropped",
    "replayed",
    "recovered",
    "unknown_domain",
    "redacted",
    "commits",
    "batch_largest",
    "listener_failures",
)


class Totals:
    """Counts of events by fate, and of those that have left memory.

    Each event leaves memory once: `left` counts it then, beside the fate it met.
    So left = stored + spooled + dead_lettered + dropped, and emitted = left +
    what is still queued. `spooled` is what the spool holds now of this process's
    events; when they are replayed they become stored or dead_lettered.
    """

    def __init__(self) -> None:
        # Held while an event goes from one place to the next, so that whoever asks sees it in exactly one;
        # an RLock, since a signal handler may log while this thread counts.
        self.lock = threading.RLock()
        self.left = 0
        self.in_hand = 0  # neither queued nor anywhere else: on its way into the spool
        self.last_error: str | None = None
        self._counts = dict.fromkeys(COUNTS, 0)

    def add(self, what: str) -> None:
        """Add one to a count."""
        with self.lock:
            self._counts[what] += 1

    def leave(self, **fates: int) -> None:
        """Count events that left memory, by their fate."""
        with self.lock:
            for fate, number in fates.items():
                self._counts[fate] += number
                self.left += number

    def committed(self, stored: int, dead_lettered: int, refused: int) -> None:
        """Count a transaction's events; the refused ones are dropped, which their senders are told."""
        with self.lock:
            self._counts = self.after_batch(stored, dead_lettered, refused)
            self.left += stored + dead_lettered + refused

    def replayed(self, stored: int, dead_lettered: int, *, is_own: bool) -> None:
        """Count events that came out of a spool into the database."""
        with self.lock:
            self._counts = self.after_replay(stored, dead_lettered, is_own=is_own)

    def after_batch(self, stored: int, dead_lettered: int, refused: int) -> dict[str, int]:
        """What the counts are when such a transaction is committed."""
        counts = self._counts.copy()
        counts["stored"] += stored
        counts["dead_lettered"] += dead_lettered
        counts["dropped"] += refused
        counts["commits"] += stored + dead_lettered > 0
        counts["batch_largest"] = max(counts["batch_largest"], stored + dead_lettered)
        return counts

    def after_replay(self, stored: int, dead_lettered: int, *, is_own: bool) -> dict[str, int]:
        """What the counts are when so much of a spool is in: this process's own, or another's."""
        counts = self._counts.copy()
        number = stored + dead_lettered
        if is_own:
            counts["spooled"] -= number
            counts["stored"] += stored
            counts["dead_lettered"] += dead_lettered
            counts["replayed"] += number
        else:
            counts["recovered"] += number
        return counts

    def take_in_hand(self) -> None:
        """Hold one event that is in no queue: on its way into the spool."""
        with self.lock:
            self.in_hand += 1

    def put_down(self, fate: str | None) -> None:
        """Let go of it: it has met that fate, or is being queued under this lock (None)."""
        with self.lock:
            self.in_hand -= 1
            if fate is not None:
                self.leave(**{fate: 1})

    def counts(self) -> dict[str, int]:
        """All counts as they are now."""
        with self.lock:
            return dict(self._counts)


def batch_mean(counts: Mapping[str, int]) -> float:
    """How many events a transaction held on average, what was replayed aside."""
    written = counts["stored"] + counts["dead_lettered"] - counts["replayed"]
    return round(written / counts["commits"], 1) if counts["commits"] else 0.0
