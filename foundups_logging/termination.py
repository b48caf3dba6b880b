"""SIGTERM, whose default action ends the process at once: here, where that is asked for, it flushes first."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

from foundups_logging.errors import ConfigurationError

__all__ = ["flush_on_sigterm", "go_on"]


class _State:
    is_waiting = False  # a SIGTERM came while its thread was in the midst of writing


def flush_on_sigterm(finish: Callable[[], object], is_busy: Callable[[], bool]) -> None:
    """From here on a SIGTERM calls `finish` and then takes its default action.

    While `is_busy` it waits for `go_on`. A handler of the program's own is left
    alone. Raises ConfigurationError outside of the main thread, where Python
    lets no handler be set.
    """

    def flush_and_end(_number: int, _frame: FrameType | None) -> None:
        if is_busy():
            _State.is_waiting = True
            return
        finish()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    if threading.current_thread() is not threading.main_thread():
        raise ConfigurationError(
            "a signal's handler can only be set in the main thread",
            operation="configure flush_on_sigterm",
            hint="configure the handler there first, or call foundups_logging.flush() in a SIGTERM handler of yours",
        )
    signal.signal(signal.SIGTERM, flush_and_end)


def go_on() -> None:
    """Take up the SIGTERM that waits, if any: whoever was busy calls it when that is over."""
    if _State.is_waiting:
        _State.is_waiting = False
        os.kill(os.getpid(), signal.SIGTERM)
