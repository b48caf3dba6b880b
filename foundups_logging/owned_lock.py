"""A lock that knows whose it is, and finds out when nobody is left to give it back.

A KeyboardInterrupt, or an exception raised into a thread from outside, may come
right after a lock is taken, or right before it is given back in a `finally`. So
this one remembers the frame in which it was taken: where that is no longer
running, the next who asks in that thread gives it back.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType

__all__ = ["OwnedLock"]


class OwnedLock:
    """Not reentrant: where it `is_mine` it must not be taken again."""

    __slots__ = ("_frame", "_lock")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._frame: FrameType | None = None

    def is_mine(self) -> bool:
        """Whether the calling thread has it: whoever asks then interrupts the one who took it."""
        if not self._lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001 - as threading's own classes do
            return False
        frame: FrameType | None = sys._getframe()  # noqa: SLF001
        while frame is not None:
            if frame is self._frame:
                return True
            frame = frame.f_back
        self.give_back()
        return False

    def take(self, timeout: float, frame: FrameType) -> bool:
        """Take it within `timeout` seconds, for as long as `frame` runs; False where another thread has it."""
        if not self._lock.acquire(timeout=timeout):
            return False
        self._frame = frame
        return True

    def give_back(self) -> bool:
        """Give it back, where the calling thread has it; whether it had."""
        if not self._lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001
            return False
        self._frame = None
        self._lock.release()
        return True
