import json
from pathlib import Path

ERRORS = Path("admin/errors.jsonl")


def log(error):
    with ERRORS.open("a") as f:  # WRITER append Path.open admin/errors.jsonl; keys=error
        f.write(json.dumps({"error": str(error)}) + "\n")


def count():
    with ERRORS.open() as f:  # READER Path.open admin/errors.jsonl [line count]
        return sum(1 for _ in f)


def count_list():
    return len(ERRORS.read_text().splitlines())  # READER read_text admin/errors.jsonl [line count]


def count_readlines():
    with open("admin/errors.jsonl") as f:  # READER open admin/errors.jsonl [line count]
        return len(f.readlines())


def count_loop():
    total = 0
    with open("admin/errors.jsonl", "rb") as f:  # READER open admin/errors.jsonl [line count]
        for _ in f:
            total += 1
    return total


def count_words():
    with open("admin/README.txt") as f:  # nothing
        return sum(len(line.split()) for line in f)
