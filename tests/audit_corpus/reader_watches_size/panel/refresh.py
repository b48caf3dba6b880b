import json
import os
import time
from pathlib import Path


class LiveView:
    """Reads the file again when it has changed."""

    def __init__(self, path="panel/status.jsonl"):
        self.path = path
        self._seen = (0, 0.0)
        self.rows = []

    def refresh(self):
        info = os.stat(self.path)
        if (info.st_size, info.st_mtime) == self._seen:
            return False
        self._seen = (info.st_size, info.st_mtime)
        with open(self.path) as f:  # READER open panel/status.jsonl [parses, size or time]
            self.rows = [json.loads(line) for line in f]
        return True


def wait_for_growth(path=Path("panel/status.jsonl"), timeout=30):
    size = path.stat().st_size
    deadline = time.monotonic() + timeout
    while path.stat().st_size <= size:
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.1)
    with path.open() as f:  # READER Path.open panel/status.jsonl [parses, size or time]
        return [json.loads(line) for line in f]
