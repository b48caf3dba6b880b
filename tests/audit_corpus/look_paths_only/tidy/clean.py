import os
import shutil
from pathlib import Path

EVENTS = Path("tidy/events.jsonl")


def prepare():
    EVENTS.parent.mkdir(parents=True, exist_ok=True)  # nothing
    return EVENTS.exists()


def remove():
    EVENTS.unlink(missing_ok=True)  # nothing
    for old in EVENTS.parent.glob("*.jsonl.*"):
        os.remove(old)  # nothing
    if os.path.isfile("tidy/other.jsonl"):
        os.unlink("tidy/other.jsonl")  # nothing


def put_away():
    shutil.move("tidy/events.jsonl", "tidy/archive/")  # nothing
    os.chmod("tidy/archive/events.jsonl", 0o600)  # nothing


def names():
    return [path.stem for path in Path("tidy").iterdir() if path.suffix == ".jsonl"]
