"""The program's part: logging as a config file says, and the reader of what that stores."""

from __future__ import annotations

import json
import logging.config
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_permissions.history import History
from foundups_logging import TelemetryStore

__all__ = ["configure"]

_OLD_KEYS = {"granted_at": "timestamp", "permission": "permission_level", "confidence_at_grant": "confidence"}


class JSONLinesHistory:
    """Reads the old files, whose keys differ from the fields."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def events(self, kind: str, agent_id: str) -> Sequence[Mapping[str, Any]]:
        """See History."""
        file = self._folder / f"{kind}.jsonl"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        found = [{_OLD_KEYS.get(key, key): value for key, value in json.loads(line).items()} for line in lines]
        return [event for event in found if event["agent_id"] == agent_id]


class DatabaseHistory:
    """Reads the tables."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def events(self, kind: str, agent_id: str) -> Sequence[Mapping[str, Any]]:
        """See History."""
        with TelemetryStore(self._database) as store:
            return store.query(f'SELECT * FROM "{kind}" WHERE agent_id = ? ORDER BY timestamp, id', (agent_id,))


def configure(config_file: Path, folder: Path) -> History:
    """Configure logging by a file in which FOLDER stands for `folder`; returns the reader that goes with it."""
    config = json.loads(config_file.read_text("utf-8").replace("FOLDER", folder.as_posix()))
    logging.config.dictConfig(config)
    return DatabaseHistory(folder / "foundups.db") if "database" in config["handlers"] else JSONLinesHistory(folder)
