import json
import time


class Tracker:
    """Constructed by each of the programs, which run side by side."""

    def __init__(self, path="common/tracked.jsonl"):
        self.path = path

    def track(self, event):
        with open(self.path, "a") as f:  # WRITER append open common/tracked.jsonl; keys=event,at; risk=high
            f.write(json.dumps({"event": event, "at": time.time()}) + "\n")
