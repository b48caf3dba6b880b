import json
import threading
from threading import Lock

_lock = Lock()


def module_lock(record):
    with _lock, open("hooks/module.jsonl", "a") as f:  # WRITER append open hooks/module.jsonl; locks=threading.Lock
        f.write(json.dumps(record) + "\n")


def acquired(record):
    _lock.acquire()
    try:
        with open("hooks/acquired.jsonl", "a") as f:  # WRITER append open hooks/acquired.jsonl; locks=threading.Lock
            f.write(json.dumps(record) + "\n")
    finally:
        _lock.release()


class Hooks:
    class_lock = threading.RLock()

    def __init__(self):
        self._mutex = threading.Lock()
        self._count = 0

    def of_class(self, record):
        with self.class_lock:
            line = json.dumps(record) + "\n"
            with open("hooks/class.jsonl", "a") as f:  # WRITER append open hooks/class.jsonl; locks=threading.RLock
                f.write(line)

    def of_self(self, record):
        with self._mutex:
            self._count += 1
            with open("hooks/self.jsonl", "a") as f:  # WRITER append open hooks/self.jsonl; locks=threading.Lock
                f.write(json.dumps({**record, "n": self._count}) + "\n")

    def unguarded(self, record):
        with self._mutex:
            self._count += 1
            number = self._count
        with open("hooks/unguarded.jsonl", "a") as f:  # WRITER append open hooks/unguarded.jsonl; locks=none
            f.write(json.dumps({**record, "n": number}) + "\n")
