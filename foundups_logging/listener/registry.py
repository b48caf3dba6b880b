"""One listener a database and process; flush over all; exit and fork."""

from __future__ import annotations

import atexit
import multiprocessing.util
import os
import threading
from pathlib import Path

from foundups_logging.clock import monotonic
from foundups_logging.listener.listener import Listener
from foundups_logging.listener.totals import Totals

__all__ = ["flush", "listener_for", "stats"]

_CLOSE_TIMEOUT = 5.0  # seconds the program's end may wait for the database

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
        return _listeners[key]


def flush(timeout: float = 5.0) -> bool:
    """Wait until all events logged before this call are committed, in every database.

    Returns False where `timeout` seconds, for all together, don't suffice; the
    events then stay queued.
    """
    deadline = monotonic() + timeout
    done = [listener.flush(max(0.0, deadline - monotonic())) for listener in list(_listeners.values())]
    return all(done)


def stats() -> dict[str, int]:
    """What became of this process's events so far, over all databases.

    Keys: emitted, stored, dead_lettered, dropped, queued, unknown_domain (events
    that asked for a domain that there isn't; they are stored too), and redacted
    (secrets that were replaced).
    """
    totals = Totals().told(queued=0)
    for listener in list(_listeners.values()):
        for name, number in listener.stats().items():
            totals[name] += number
    return totals


def _finish() -> None:
    deadline = monotonic() + _CLOSE_TIMEOUT
    for listener in list(_listeners.values()):
        listener.finish(max(0.0, deadline - monotonic()))


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
        listener.before_fork()


def _after_fork_in_parent() -> None:
    for listener in _listeners.values():
        listener.after_fork_in_parent()
    _lock.release()


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603 - the parent's may be held by a thread that isn't here
    _lock = threading.RLock()
    for listener in _listeners.values():
        listener.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
