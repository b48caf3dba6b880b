"""Saved in the middle of a thought."""

import json
import time


def before(record):
    with open("draft/before.jsonl", "a") as f:  # WRITER append open draft/before.jsonl
        f.write(json.dumps(record) + "\n")


def unfinished(record):
    started = time.time()
    record["took"] = (time.time() -
    if record["took"] > 1:
        print("slow"


def after(record):
    with open("draft/after.jsonl", "a") as f:  # WRITER append open draft/after.jsonl
        f.write(json.dumps(record) + "\n")


def read_after():
    with open("draft/after.jsonl") as f:  # READER open draft/after.jsonl [parses]
        return [json.loads(line) for line in f]
