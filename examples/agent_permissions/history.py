"""What the module asks of whatever keeps its events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

__all__ = ["History"]


class History(Protocol):
    """Reads logged events back."""

    def events(self, kind: str, agent_id: str) -> Sequence[Mapping[str, Any]]:
        """An agent's events, oldest first; `kind` is permission_events or confidence_events.

        Each has `timestamp` (ISO 8601 with offset), `event_type` and the fields of the logging call.
        """
