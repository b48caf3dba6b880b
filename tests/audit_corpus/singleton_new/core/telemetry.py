import json
import threading
import time


class Telemetry:
    """There is only one."""

    _instance = None
    _guard = threading.Lock()

    def __new__(cls, path="telemetry/core.jsonl"):
        with cls._guard:
            if cls._instance is None:
                instance = super().__new__(cls)
                instance._path = path
                instance._write_lock = threading.RLock()
                cls._instance = instance
        return cls._instance

    def emit(self, name, **fields):
        record = {"time": time.time(), "name": name, **fields}
        with self._write_lock:
            with open(self._path, "a") as sink:  # WRITER append open telemetry/core.jsonl; locks=threading.RLock
                sink.write(json.dumps(record) + "\n")


def get_telemetry():
    return Telemetry()
