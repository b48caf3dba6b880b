"""How far an agent is trusted: the share of its successes in 30 days, recent ones counting more."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime

from agent_permissions.history import History

__all__ = ["DECAY", "START", "WINDOW", "ConfidenceTracker"]

WINDOW = 30.0  # days
DECAY = 0.05  # a day
START = 0.5  # of an agent that nothing is known of

_log = logging.getLogger("agent_permissions.confidence")


class ConfidenceTracker:
    """Logs each outcome and computes confidence from those logged."""

    def __init__(self, history: History) -> None:
        self._history = history

    def confidence(self, agent_id: str) -> float:
        """Between 0 and 1; START where the window holds no outcome."""
        return _share(self._outcomes(agent_id))

    def record(self, agent_id: str, *, success: bool, validation: str) -> float:
        """Log an outcome; returns the confidence after it. Raises ValueError for an agent without a name."""
        if not agent_id:
            raise ValueError("an agent has a name")
        outcomes = self._outcomes(agent_id)
        before = _share(outcomes)
        after = _share([*outcomes, (0.0, success)])
        _log.info(
            "confidence_updated",
            extra={
                "agent_id": agent_id,
                "confidence_before": before,
                "confidence_after": after,
                "success": success,
                "validation": validation,
            },
        )
        return after

    def _outcomes(self, agent_id: str) -> list[tuple[float, bool]]:
        """Age in days and success of each outcome in the window."""
        now = datetime.now(UTC)
        found = []
        for event in self._history.events("confidence_events", agent_id):
            age = (now - datetime.fromisoformat(event["timestamp"])).total_seconds() / 86_400
            if age <= WINDOW:
                found.append((age, bool(event["success"])))
        return found


def _share(outcomes: list[tuple[float, bool]]) -> float:
    if not outcomes:
        return START
    weights = [(math.exp(-DECAY * age), success) for age, success in outcomes]
    return sum(weight for weight, success in weights if success) / sum(weight for weight, _ in weights)
