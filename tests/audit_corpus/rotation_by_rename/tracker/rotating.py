import json
import os


class RotatingJsonl:
    """Renames the file when it has grown too large, and begins a new one."""

    def __init__(self, path="tracker/visits.jsonl", max_bytes=5 * 1024 * 1024, keep=3):
        self.path = path
        self.max_bytes = max_bytes
        self.keep = keep
        self._fh = None

    def _rotate(self):
        if self._fh:
            self._fh.close()
            self._fh = None
        for number in range(self.keep - 1, 0, -1):
            older = f"{self.path}.{number}"
            if os.path.exists(older):
                os.replace(older, f"{self.path}.{number + 1}")  # nothing
        os.rename(self.path, self.path + ".1")  # nothing

    def write(self, record):
        if os.path.exists(self.path) and os.path.getsize(self.path) > self.max_bytes:  # nothing
            self._rotate()
        if self._fh is None:
            self._fh = open(self.path, "a", encoding="utf-8")  # WRITER append open tracker/visits.jsonl
        self._fh.write(json.dumps(record) + "\n")
        self._fh.flush()
