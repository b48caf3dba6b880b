"""Back-off: when to try again after a failure, and for how long it has gone on."""

from __future__ import annotations

import random
from typing import Final

from foundups_logging.clock import monotonic

__all__ = ["BackOff"]

_JITTER = random.Random()  # noqa: S311 - no secret; of our own, since programs seed the shared one
_PAUSES: Final = (0.05, 2.0)  # seconds: the first and the longest pause after a failure


class BackOff:
    """Doubles the pause with each failure in a row, with jitter, so that processes don't try in step."""

    def __init__(self) -> None:
        self.since: float | None = None  # on the monotonic clock: the first failure in a row
        self._pause = 0.0
        self._try_at = 0.0

    def fail(self) -> None:
        """Note a failure."""
        now = monotonic()
        if self.since is None:
            self.since = now
        self._pause = min(max(self._pause * 2, _PAUSES[0]), _PAUSES[1])
        self._try_at = now + self._pause * _JITTER.uniform(0.5, 1.0)

    def succeed(self) -> None:
        """Note a success."""
        self.since = None
        self._pause = 0.0

    def left(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self._try_at - monotonic())
