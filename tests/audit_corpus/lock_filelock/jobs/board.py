import json
from pathlib import Path

from filelock import FileLock

BOARD = Path("jobs/board.jsonl")
LOCK = FileLock("jobs/board.jsonl.lock", timeout=10)


def post(job):
    with LOCK:
        with BOARD.open("a") as f:  # WRITER append Path.open jobs/board.jsonl; locks=filelock
            f.write(json.dumps(job) + "\n")


def take():
    with FileLock(str(BOARD) + ".lock"):
        jobs = [json.loads(line) for line in BOARD.read_text().splitlines()]  # READER read_text jobs/board.jsonl [parses]
        first, rest = jobs[0], jobs[1:]
        BOARD.write_text("".join(json.dumps(job) + "\n" for job in rest))  # WRITER rewrite write_text jobs/board.jsonl; locks=filelock
    return first
