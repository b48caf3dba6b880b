"""A program that logs, in this process: it keeps its own count of what it logged and what it may hold for safe."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from soak import evidence

import foundups_logging
from foundups_logging import DomainTableHandler
from foundups_logging.listener import registry

__all__ = ["Caller", "end_process", "hurry"]

# What the package waits for between tries, shortened so that hundreds of faults take no hours.
_WAITS = {
    "foundups_logging.listener.back_off._PAUSES": (0.001, 0.01),
    "foundups_logging.listener.delivery._RETRY_FOR": 0.02,
    "foundups_logging.listener.group_commit._GRACE": 0.3,
    "foundups_logging.listener.listener._GRACE": 0.3,
}


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the package's pauses."""
    for name, value in _WAITS.items():
        monkeypatch.setattr(name, value)


class Caller:
    """Logs metrics (an async domain) and permissions (a commit domain), each with an id of its own.

    `acknowledged` are the ids that must survive anything: of permissions whose
    call returned, and of whatever was logged before a flush that returned True.
    """

    def __init__(self, database: Path, name: str = "", **settings: Any) -> None:
        self.database = database
        self.logged: list[str] = []
        self.acknowledged: set[str] = set()
        self._name = name
        self._settings = settings
        self._lock = threading.Lock()
        self._log = logging.Logger("tests.caller")  # noqa: LOG001 - of no use to anybody else
        self.open()

    def open(self) -> None:
        """Begin, or go on after a close, with a new handler."""
        self._log.handlers[:] = [DomainTableHandler(self.database, **self._settings)]

    def metrics(self, number: int = 1, **more: Any) -> None:
        """Log so many events of an async domain."""
        for _ in range(number):
            self._log.info("metric", extra={"metric_name": self._new_id("a"), "value": 1.0, **more})

    def permission(self, **more: Any) -> None:
        """Log an event of a commit domain; it is acknowledged when the call returns."""
        key = self._new_id("c")
        self._log.info("permission_granted", extra={"agent_id": key, **more})
        self.acknowledged.add(key)

    def permissions(self, number: int) -> None:
        """Log so many events of a commit domain from as many threads at once."""
        threads = [threading.Thread(target=self.permission) for _ in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def flush(self, timeout: float = 5.0) -> bool:
        """Flush; what was logged before is acknowledged where that says True."""
        before = self.logged[:]
        done = foundups_logging.flush(timeout)
        if done:
            self.acknowledged.update(before)
        return done

    def close(self) -> None:
        """Close the handler, the database's last."""
        self._log.handlers[0].close()

    def stats(self) -> dict[str, Any]:
        """What the package says became of this process's events."""
        return foundups_logging.stats()

    def recover(self, timeout: float = 10.0) -> None:
        """Now that the database can be written: log one more, and wait until the spool is empty."""
        self.metrics()
        folder = Path(self._settings.get("spool_directory") or evidence.spool_folder(self.database))

        def is_in() -> bool:
            return self.flush(1) and not self.stats()["spooled"] and not evidence.segments(folder)

        def state() -> str:
            return f"all spooled events are in the database; {evidence.segments(folder)}, {self.stats()}"

        evidence.until(is_in, state, timeout)

    def _new_id(self, kind: str) -> str:
        with self._lock:
            key = f"{self._name}{kind}{len(self.logged)}"
            self.logged.append(key)
        return key


def end_process() -> dict[str, Any]:
    """Let the package do what it does at a process's end, and forget its listeners; return its last account."""
    for listener in list(registry._listeners.values()):
        listener.finish()
    stats = foundups_logging.stats()
    registry._listeners.clear()
    return stats
