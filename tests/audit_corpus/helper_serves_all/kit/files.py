"""One function writes whatever it is given; only some of it is JSON Lines."""

from pathlib import Path


def write_file(path, content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:  # WRITER rewrite open kit/rows.jsonl
        f.write(content)


def read_file(path):
    with open(path, encoding="utf-8") as f:  # READER open kit/rows.jsonl [parses]
        return f.read()
