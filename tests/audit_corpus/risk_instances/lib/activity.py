import json


class ActivityLog:
    def __init__(self, path="lib/activity.jsonl"):
        self._handle = open(path, "a")  # WRITER append open lib/activity.jsonl; risk=medium

    def add(self, **fields):
        self._handle.write(json.dumps(fields) + "\n")
        self._handle.flush()
