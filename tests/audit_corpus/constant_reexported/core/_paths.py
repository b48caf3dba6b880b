from pathlib import Path

__all__ = ["DECISIONS_FILE", "HEARTBEAT_FILE", "STATE_ROOT"]

STATE_ROOT = Path("state")
DECISIONS_FILE = STATE_ROOT / "decisions.jsonl"
HEARTBEAT_FILE = STATE_ROOT.joinpath("heartbeats.jsonl")
