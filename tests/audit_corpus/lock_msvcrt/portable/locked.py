"""A lock on either system."""

import json
import os

if os.name == "nt":
    import msvcrt

    def lock(f):
        f.seek(0)
        msvcrt.locking(f.fileno(), msvcrt.LK_LOCK, 1)

    def unlock(f):
        f.seek(0)
        msvcrt.locking(f.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock(f):
        fcntl.flock(f, fcntl.LOCK_EX)

    def unlock(f):
        fcntl.flock(f, fcntl.LOCK_UN)


def append(record):
    with open("portable/records.jsonl", "a") as f:  # WRITER append open portable/records.jsonl; locks=fcntl,msvcrt
        lock(f)
        try:
            f.write(json.dumps(record) + "\n")
        finally:
            unlock(f)
