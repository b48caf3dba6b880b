"""What the trading bot did, one line for each thing."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime, timezone

EVENTS_FILE = "logs/events.jsonl"
MAX_MESSAGE = 500


def now():
    return datetime.now(timezone.utc).isoformat()


def log_event(kind, agent_id, **details):
    """Append one event; a full disk must not stop the bot."""
    record = {"ts": now(), "event": kind, "agent_id": agent_id, "details": details}
    try:
        os.makedirs(os.path.dirname(EVENTS_FILE), exist_ok=True)
        with open(EVENTS_FILE, "a", encoding="utf-8") as f:  # WRITER append open logs/events.jsonl; keys=ts,event,agent_id,details
            f.write(json.dumps(record, ensure_ascii=False) + "\n")
    except OSError as error:
        print(f"could not log {kind}: {error}")


def last_events(count=20):
    if not os.path.exists(EVENTS_FILE):  # nothing
        return []
    events = []
    with open(EVENTS_FILE, encoding="utf-8") as f:  # READER open logs/events.jsonl [parses]
        for line in f:
            line = line.strip()
            if not line:
                continue
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return sorted(events, key=lambda e: e["ts"])[-count:]


if __name__ == "__main__":
    log_event("started", "bot-1", pid=os.getpid())
    time.sleep(1)
    for event in last_events():
        print(event["ts"], event["event"][:MAX_MESSAGE])
