"""Which thread and process a caller is in, asked at every event of structlog's."""

from __future__ import annotations

import multiprocessing.util
import os
import threading
from multiprocessing.process import current_process

from foundups_logging.events import Where, where_of

__all__ = ["HERE", "current_where"]


class _Here:
    """The main thread and the process, looked up again where a fork has changed them."""

    __slots__ = ("__weakref__", "main_thread", "process")

    def __init__(self) -> None:
        self.look()

    def look(self) -> None:
        """Look them up."""
        self.main_thread = threading.main_thread().ident
        self.process = current_process()


HERE = _Here()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=HERE.look)
# multiprocessing gives its child a name only after the fork.
multiprocessing.util.register_after_fork(HERE, _Here.look)


def current_where() -> Where | None:
    """The caller's thread and process by name, where they are not the main ones."""
    return where_of(threading.current_thread().name, HERE.process.name)
