"""A monotonic clock that a test's frozen time does not stop: for waiting, never for timestamps.

freezegun replaces `time.monotonic` wherever it finds it. The listener must go on
working under it, so it reads the system's clock by a name that isn't replaced.
"""

from __future__ import annotations

import time

__all__ = ["monotonic"]

if hasattr(time, "clock_gettime"):

    def monotonic() -> float:
        """Seconds of a clock that never goes back."""
        return time.clock_gettime(time.CLOCK_MONOTONIC)

else:  # Windows

    class _Kept:
        clock = staticmethod(time.monotonic)

    def monotonic() -> float:
        """Seconds of a clock that never goes back."""
        return _Kept.clock()
