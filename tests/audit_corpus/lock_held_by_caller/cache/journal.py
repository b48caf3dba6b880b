import json
import threading


class Journal:
    def __init__(self):
        self._lock = threading.Lock()
        self._entries = []

    def add(self, entry):
        with self._lock:
            self._entries.append(entry)
            self._write(entry)

    def add_all(self, entries):
        with self._lock:
            for entry in entries:
                self._entries.append(entry)
                self._write(entry)

    def _write(self, entry):
        """Called with the lock held."""
        with open("cache/journal.jsonl", "a") as f:  # WRITER append open cache/journal.jsonl; locks=threading.Lock
            f.write(json.dumps(entry) + "\n")
