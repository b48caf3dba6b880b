"""Whoever has something to tell puts it into the queue; one thread writes."""

import json
import queue
import threading

_STOP = object()


class BackgroundWriter:
    def __init__(self, path="writer/background.jsonl"):
        self.path = path
        self._queue = queue.Queue(maxsize=10_000)
        self._thread = threading.Thread(target=self._run, daemon=True, name="jsonl-writer")
        self._thread.start()

    def put(self, record):
        self._queue.put(json.dumps(record))

    def close(self):
        self._queue.put(_STOP)
        self._thread.join()

    def _run(self):
        with open(self.path, "a", encoding="utf-8") as f:  # WRITER append open writer/background.jsonl
            while True:
                line = self._queue.get()
                if line is _STOP:
                    return
                f.write(line + "\n")
                if self._queue.empty():
                    f.flush()
