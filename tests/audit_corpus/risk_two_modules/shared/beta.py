import json
from pathlib import Path


def beta(record):
    with Path("shared/events.jsonl").open("a") as f:  # WRITER append Path.open shared/events.jsonl; risk=high
        f.write(json.dumps(record) + "\n")
