"""Goes on where it stopped: the place in the file is kept beside it."""

import json
from pathlib import Path

SOURCE = Path("indexer/changes.jsonl")
CHECKPOINT = Path("indexer/changes.offset")


class Follower:
    def __init__(self):
        self.offset = int(CHECKPOINT.read_text()) if CHECKPOINT.exists() else 0  # nothing

    def poll(self):
        new = []
        with SOURCE.open("rb") as f:  # READER Path.open indexer/changes.jsonl [parses, byte offset]
            f.seek(self.offset)
            for line in f:
                if not line.endswith(b"\n"):
                    break
                new.append(json.loads(line))
                self.offset += len(line)
        CHECKPOINT.write_text(str(self.offset))  # nothing
        return new


def build_index():
    index = {}
    with open(SOURCE, "rb") as f:  # READER open indexer/changes.jsonl [parses, byte offset]
        while True:
            start = f.tell()
            line = f.readline()
            if not line:
                break
            index[json.loads(line)["id"]] = start
    return index


def fetch(index, identifier):
    with open(SOURCE, "rb") as f:  # READER open indexer/changes.jsonl [parses, byte offset]
        f.seek(index[identifier])
        return json.loads(f.readline())
