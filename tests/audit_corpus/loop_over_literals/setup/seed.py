import json
from pathlib import Path

TABLES = ["users", "rooms"]


def seed(data):
    for table in TABLES:
        path = Path("seed") / f"{table}.jsonl"
        with path.open("w") as f:  # WRITER rewrite Path.open seed/users.jsonl | seed/rooms.jsonl
            for row in data[table]:
                f.write(json.dumps(row) + "\n")


def clear():
    for name in ("seed/users.jsonl", "seed/rooms.jsonl"):
        open(name, "w").close()  # WRITER truncate open seed/users.jsonl | seed/rooms.jsonl


def count_all():
    total = 0
    for path in (Path("seed/users.jsonl"), Path("seed/rooms.jsonl")):
        with path.open() as f:  # READER Path.open seed/users.jsonl | seed/rooms.jsonl [line count]
            total += sum(1 for _ in f)
    return total
