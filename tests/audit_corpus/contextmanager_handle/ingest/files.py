import contextlib
import json
import os


@contextlib.contextmanager
def appending(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle = open(path, "a", encoding="utf-8")  # WRITER append open ingest/accepted.jsonl | ingest/rejected.jsonl
    try:
        yield handle
    finally:
        handle.flush()
        handle.close()


def ingest(rows):
    with appending("ingest/accepted.jsonl") as out:
        for row in rows:
            out.write(json.dumps(row) + "\n")


def reject(row, why):
    with appending("ingest/rejected.jsonl") as out:
        json.dump({"row": row, "why": why}, out)
        out.write("\n")


def note(text):
    with appending("ingest/notes.txt") as out:  # nothing
        out.write(text.rstrip() + "\n")
