import json

from shared.paths import EVENTS


def alpha(record):
    with open(EVENTS, "a") as f:  # WRITER append open shared/events.jsonl; risk=high
        f.write(json.dumps(record) + "\n")
