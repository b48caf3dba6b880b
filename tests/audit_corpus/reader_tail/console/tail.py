"""What was last in the activity file."""

import json
import os
import time
from collections import deque

ACTIVITY = "console/activity.jsonl"


def last(n=10):
    with open(ACTIVITY, encoding="utf-8") as f:  # READER open console/activity.jsonl [parses, tail]
        return [json.loads(line) for line in deque(f, maxlen=n)]


def last_quick(n=10, block=4096):
    """Reads backwards from the end, block by block."""
    with open(ACTIVITY, "rb") as f:  # READER open console/activity.jsonl [tail]
        f.seek(0, os.SEEK_END)
        position = f.tell()
        data = b""
        while position > 0 and data.count(b"\n") <= n:
            step = min(block, position)
            position -= step
            f.seek(position)
            data = f.read(step) + data
    return [json.loads(line) for line in data.splitlines()[-n:]]


def last_slow(n=10):
    with open(ACTIVITY) as f:  # READER open console/activity.jsonl [tail]
        lines = f.readlines()[-n:]
    for line in lines:
        print(line.rstrip())


def follow():
    with open(ACTIVITY) as f:  # READER open console/activity.jsonl [tail]
        f.seek(0, 2)
        while True:
            line = f.readline()
            if not line:
                time.sleep(0.5)
                continue
            yield json.loads(line)
