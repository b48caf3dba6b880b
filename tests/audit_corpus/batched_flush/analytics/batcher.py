"""Collects events and writes them a hundred at a time."""

import atexit
import json
import time


class Batcher:
    def __init__(self, path="analytics/batch.jsonl", size=100):
        self._path = path
        self._size = size
        self._pending = []
        atexit.register(self.flush)

    def track(self, user, action, **properties):
        event = {"user": user, "action": action, "properties": properties, "time": time.time()}
        self._pending.append(event)
        if len(self._pending) >= self._size:
            self.flush()

    def flush(self):
        if not self._pending:
            return
        batch, self._pending = self._pending, []
        with open(self._path, "a") as f:  # WRITER append open analytics/batch.jsonl; keys=user,action,properties,time
            for event in batch:
                f.write(json.dumps(event))
                f.write("\n")
