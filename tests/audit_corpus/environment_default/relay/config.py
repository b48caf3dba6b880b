import os
from pathlib import Path

LOG_DIR = Path(os.environ.get("RELAY_LOG_DIR", "relay_logs"))
AUDIT_LOG = os.getenv("RELAY_AUDIT", "relay_logs/audit.jsonl")
OUTBOX = os.environ.get("RELAY_OUTBOX") or "relay_logs/outbox.jsonl"
