import json
import os
import shutil
import tempfile
from pathlib import Path

LEDGER = Path("store/ledger.jsonl")


def load():
    return [json.loads(line) for line in LEDGER.read_text().splitlines()]  # READER read_text store/ledger.jsonl [parses]


def compact(entries):
    temporary = LEDGER.with_suffix(".tmp")
    with open(temporary, "w") as f:  # WRITER rewrite os.replace store/ledger.jsonl
        for entry in entries:
            f.write(json.dumps(entry) + "\n")
        f.flush()
        os.fsync(f.fileno())
    os.replace(temporary, LEDGER)


def compact_pathlib(entries):
    temporary = LEDGER.parent / (LEDGER.name + ".new")
    with temporary.open("w") as f:  # WRITER rewrite os.replace store/ledger.jsonl
        f.write("".join(json.dumps(entry) + "\n" for entry in entries))
    temporary.replace(LEDGER)


def compact_named(entries):
    with tempfile.NamedTemporaryFile("w", dir=LEDGER.parent, delete=False) as f:  # WRITER rewrite os.replace store/ledger.jsonl
        for entry in entries:
            print(json.dumps(entry), file=f)
    shutil.move(f.name, LEDGER)


def save_index(index):
    temporary = "store/index.json.tmp"
    with open(temporary, "w") as f:  # nothing
        json.dump(index, f, indent=2)
    os.replace(temporary, "store/index.json")
