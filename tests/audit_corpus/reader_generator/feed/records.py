import json
import os


def iter_records(path):
    if not os.path.exists(path):
        return
    with open(path, encoding="utf-8") as f:  # READER open feed/posts.jsonl | feed/likes.jsonl [parses]
        for line in f:
            line = line.rstrip("\n")
            if line:
                yield json.loads(line)


def iter_lines(path):
    with open(path) as f:  # READER open feed/follows.jsonl [parses]
        yield from f
