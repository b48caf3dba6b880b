"""What an agent may do: a ladder that it climbs by confidence and falls from without."""

from __future__ import annotations

import logging

from agent_permissions.confidence import ConfidenceTracker
from agent_permissions.history import History

__all__ = ["LADDER", "PermissionManager"]

#: Each rung and the confidence that it needs.
LADDER = {"read_only": 0.0, "metrics_write": 0.75, "edit_access_tests": 0.85, "edit_access_src": 0.95}
_RUNGS = list(LADDER)

_log = logging.getLogger("agent_permissions.permissions")


class PermissionManager:
    """Logs each grant and downgrade; an agent's level is what the last one says."""

    def __init__(self, history: History, tracker: ConfidenceTracker) -> None:
        self._history = history
        self._tracker = tracker

    def level(self, agent_id: str) -> str:
        """The agent's rung of LADDER."""
        events = self._history.events("permission_events", agent_id)
        return str(events[-1]["permission_level"]) if events else _RUNGS[0]

    def may(self, agent_id: str, level: str) -> bool:
        """Whether the agent stands on that rung or above. Raises ValueError for no rung."""
        return _RUNGS.index(self.level(agent_id)) >= _RUNGS.index(level)

    def grant(self, agent_id: str, level: str, *, granted_by: str, justification: str) -> None:
        """Lift an agent one rung. Raises ValueError for another rung, PermissionError where confidence is short."""
        if _RUNGS.index(level) != _RUNGS.index(self.level(agent_id)) + 1:
            raise ValueError(f"{level} is not the rung above {self.level(agent_id)}")
        confidence = self._tracker.confidence(agent_id)
        if confidence < LADDER[level]:
            raise PermissionError(f"{level} needs a confidence of {LADDER[level]}, not {confidence:.2f}")
        self._say("permission_granted", agent_id, level, granted_by, confidence, justification)

    def review(self, agent_id: str) -> str:
        """Take an agent down to the rung that its confidence still bears; returns its rung."""
        level = self.level(agent_id)
        confidence = self._tracker.confidence(agent_id)
        if confidence >= LADDER[level]:
            return level
        level = [rung for rung, needed in LADDER.items() if needed <= confidence][-1]
        self._say("permission_downgrade", agent_id, level, "review", confidence, "confidence fell")
        return level

    def _say(  # noqa: PLR0913 - the columns of an event
        self, event: str, agent_id: str, level: str, granted_by: str, confidence: float, justification: str
    ) -> None:
        _log.info(
            event,
            extra={
                "agent_id": agent_id,
                "permission_level": level,
                "granted_by": granted_by,
                "confidence": confidence,
                "justification": justification,
            },
        )
