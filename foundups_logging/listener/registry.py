"""One listener a database and process; flush over all; exit and fork."""

from __future__ import annotations

import atexit
import multiprocessing.util
import os
import sys
import threading
from pathlib import Path
from typing import Any

from foundups_logging.clock import monotonic
from foundups_logging.listener.listener import Listener
from foundups_logging.listener.totals import COUNTS, batch_mean
from foundups_logging.termination import flush_on_sigterm, go_on

__all__ = ["flush", "listener_for", "stats", "watch_sigterm"]

_OF_THE_LARGEST = frozenset({"batch_largest", "oldest_age", "wal_pinned"})  # what isn't summed up

_listeners: dict[str, Listener] = {}
_lock = threading.RLock()


def listener_for(path: Path) -> Listener:
    """This process's listener for the database at `path`, whichever way the path is written."""
    real = os.path.realpath(path)
    key = os.path.normcase(real)
    with _lock:
        if key not in _listeners:
            if not _listeners:
                _hook_exit()
            _listeners[key] = Listener(Path(real))
            if multiprocessing.util.is_exiting():
                _listeners[key].finish()  # its hooks have been called already
        return _listeners[key]


def flush(timeout: float = 5.0) -> bool:
    """Wait until all events logged before this call are committed, in every database.

    Returns False where `timeout` seconds, for all together, don't suffice; the
    events then stay queued.
    """
    deadline = monotonic() + timeout
    done = [listener.flush(max(0.0, deadline - monotonic())) for listener in list(_listeners.values())]
    return all(done)


def stats() -> dict[str, Any]:
    """What became of this process's events so far, over all databases; the keys are told in README.

    At any moment emitted = stored + spooled + dead_lettered + dropped + queued.
    """
    totals: dict[str, Any] = {"emitted": 0, **dict.fromkeys(COUNTS, 0), "queued": 0, "batch_mean": 0.0}
    totals |= {"oldest_age": 0.0, "last_error": None, "wal_bytes": 0, "wal_pinned": False}
    for listener in list(_listeners.values()):
        for name, value in listener.stats().items():
            if name in _OF_THE_LARGEST:
                totals[name] = max(totals[name], value)
            elif name == "last_error":
                totals[name] = value or totals[name]
            elif name != "batch_mean":
                totals[name] += value
    totals["batch_mean"] = batch_mean(totals)
    return totals


def watch_sigterm() -> None:
    """From here on a SIGTERM flushes all databases before it takes its default action. Raises ConfigurationError."""
    flush_on_sigterm(_finish, _is_busy)


def _is_busy() -> bool:
    return _State.is_finishing or any(listener.is_in_my_hands() for listener in list(_listeners.values()))


class _State:
    is_finishing = False


def _finish() -> None:
    if _State.is_finishing:
        return
    _State.is_finishing = True
    try:
        for listener in list(_listeners.values()):
            listener.finish()
    finally:
        _State.is_finishing = False
        go_on()


def _hook_exit() -> None:
    atexit.register(_finish)
    _hook_multiprocessing()
    # A child forgets its parent's finalizers, then runs these.
    multiprocessing.util.register_after_fork(_finish, _hook_multiprocessing)


def _hook_multiprocessing(_: object = None) -> None:
    # Its children end with os._exit, which runs none of atexit's hooks but does run its own finalizers.
    multiprocessing.util.Finalize(None, _finish, exitpriority=-100)


def _before_fork() -> None:
    _lock.acquire()
    for listener in _listeners.values():
        listener.before_fork(sys._getframe(1))  # noqa: SLF001


def _after_fork_in_parent() -> None:
    for listener in _listeners.values():
        listener.after_fork_in_parent()
    _lock.release()


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603 - the parent's may be held by a thread that isn't here
    _lock = threading.RLock()
    _State.is_finishing = False
    for listener in _listeners.values():
        listener.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
