"""A lock that knows whose it is, and that no exception at an odd moment leaves held.

A KeyboardInterrupt, or an exception raised into a thread from outside, may come
between a lock's acquire() and the `try` after it. So whoever takes this one does
it inside the `try`, and gives it back in the `finally` whether it was taken or not.
"""

from __future__ import annotations

import threading

__all__ = ["OwnedLock"]


class OwnedLock:
    """Not reentrant: `take` says no to the thread that has it."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def is_mine(self) -> bool:
        """Whether the calling thread has it."""
        return self._lock._is_owned()  # type: ignore[attr-defined,no-any-return]  # noqa: SLF001 - as threading's own

    def take(self, timeout: float) -> bool:
        """Take it within `timeout` seconds; False where another thread has it for longer.

        Not to be called where it `is_mine`.
        """
        return self._lock.acquire(timeout=timeout)

    def give_back(self) -> bool:
        """Give it back, where the calling thread has it; whether it had."""
        if not self._lock._is_owned():  # type: ignore[attr-defined]  # noqa: SLF001
            return False
        self._lock.release()
        return True
