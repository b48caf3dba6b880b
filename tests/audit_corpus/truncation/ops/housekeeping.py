import json
import os
from pathlib import Path

EVENTS = "ops/events.jsonl"
QUEUE = Path("ops/queue.jsonl")


def record(event):
    with open(EVENTS, "a") as f:  # WRITER append open ops/events.jsonl
        f.write(json.dumps(event) + "\n")


def clear():
    open(EVENTS, "w").close()  # WRITER truncate open ops/events.jsonl


def clear_queue():
    with QUEUE.open("w"):  # WRITER truncate Path.open ops/queue.jsonl
        pass


def clear_queue_too():
    QUEUE.write_text("")  # WRITER truncate write_text ops/queue.jsonl


def cut(size):
    os.truncate(EVENTS, size)  # WRITER truncate * ops/events.jsonl


def empty_in_place():
    with open(EVENTS, "r+") as f:  # WRITER truncate open ops/events.jsonl
        f.seek(0)
        f.truncate()


def forget_lock():
    open("ops/lock", "w").close()  # nothing
    Path("ops/state.json").write_text("{}")  # nothing
