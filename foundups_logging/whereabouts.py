"""Which thread and process a caller is in, asked at every event of structlog's."""

from __future__ import annotations

import multiprocessing.util
import os
import threading
from multiprocessing.process import current_process

from foundups_logging.events import Where, where_of

__all__ = ["HERE", "current_where"]


class _Here:
    """The main thread of this process where that is the main one; looked up again after a fork."""

    __slots__ = ("__weakref__", "main_thread")

    def __init__(self) -> None:
        self.look()

    def look(self) -> None:
        """Look it up."""
        #: Its ident, or None in a process that is not the main one.
        self.main_thread = threading.main_thread().ident if current_process().name == "MainProcess" else None


HERE = _Here()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=HERE.look)
# multiprocessing gives its child a name only after the fork.
multiprocessing.util.register_after_fork(HERE, _Here.look)


def current_where() -> Where | None:
    """The caller's thread and process by name, where they are not the main ones."""
    return where_of(threading.current_thread().name, current_process().name)
