import json
import os

from .config import AUDIT_LOG, LOG_DIR, OUTBOX


def forward(message):
    with open(LOG_DIR / "forwarded.jsonl", "a") as f:  # WRITER append open relay_logs/forwarded.jsonl
        f.write(json.dumps(message) + "\n")


def audit(who, what):
    with open(AUDIT_LOG, "a") as f:  # WRITER append open relay_logs/audit.jsonl; keys=who,what
        f.write(json.dumps({"who": who, "what": what}) + "\n")


def queue(message):
    with open(OUTBOX, "a") as f:  # WRITER append open relay_logs/outbox.jsonl
        f.write(json.dumps(message) + "\n")


def spool(message):
    with open(os.path.join(os.environ["RELAY_SPOOL"], "spool.jsonl"), "a") as f:  # WRITER append open */spool.jsonl
        f.write(json.dumps(message) + "\n")
