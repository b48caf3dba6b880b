import fcntl
import json
import os


class SharedLog:
    def __init__(self, path="proc/shared.jsonl"):
        self.path = path

    def append(self, record):
        with open(self.path, "a") as f:  # WRITER append open proc/shared.jsonl; locks=fcntl
            fcntl.flock(f.fileno(), fcntl.LOCK_EX)
            try:
                f.write(json.dumps(record) + "\n")
                f.flush()
                os.fsync(f.fileno())
            finally:
                fcntl.flock(f.fileno(), fcntl.LOCK_UN)

    def read(self):
        with open(self.path) as f:  # READER open proc/shared.jsonl [parses]
            fcntl.flock(f, fcntl.LOCK_SH)
            return [json.loads(line) for line in f]
