"""An agent climbs and falls; then one query tells both tables: python examples/agent_permissions/demo.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from agent_permissions.confidence import ConfidenceTracker
from agent_permissions.permissions import LADDER, PermissionManager
from agent_permissions.storage import configure
from foundups_logging import TelemetryStore

QUERY = """
    SELECT timestamp, event_type, confidence, permission_level AS what FROM permission_events WHERE agent_id = :agent
    UNION ALL
    SELECT timestamp, event_type, confidence_after, validation FROM confidence_events WHERE agent_id = :agent
    ORDER BY timestamp
"""


def main(folder: Path) -> None:
    """Log to a database in `folder` and print what it holds."""
    history = configure(Path(__file__).with_name("config_database.json"), folder)
    tracker = ConfidenceTracker(history)
    manager = PermissionManager(history, tracker)
    agent = "gemma_dead_code_detection"
    for level in list(LADDER)[1:]:
        tracker.record(agent, success=True, validation="tests_passed")
        manager.grant(agent, level, granted_by="0102", justification="tests passed")
    for _ in range(2):
        tracker.record(agent, success=False, validation="tests_failed")
    manager.review(agent)
    with TelemetryStore(folder / "foundups.db") as store:
        for row in store.query(QUERY, {"agent": agent}):
            print(f"{row['timestamp']}  {row['event_type']:<20}  {row['confidence']:.2f}  {row['what']}")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and its folder
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
