import json
import sys
from pathlib import Path

DEBUG = "--debug" in sys.argv


def log(record, kind):
    if kind == "error":
        path = "mode/errors.jsonl"
    elif kind == "audit":
        path = Path("mode") / "audit.jsonl"
    else:
        path = "mode/other.jsonl"
    with open(path, "a") as f:  # WRITER append open mode/errors.jsonl | mode/audit.jsonl | mode/other.jsonl
        f.write(json.dumps(record) + "\n")


def trace(record):
    target = "mode/debug.jsonl" if DEBUG else "mode/trace.jsonl"
    with open(target, "a") as f:  # WRITER append open mode/debug.jsonl | mode/trace.jsonl
        f.write(json.dumps(record) + "\n")


def result(record):
    name = sys.argv[1] if len(sys.argv) > 1 else "mode/result.jsonl"
    with open(name, "a") as f:  # WRITER append open mode/result.jsonl
        f.write(json.dumps(record) + "\n")
