"""A module that is told once where to write."""

import json

_path = "telemetry_lib/default.jsonl"


def configure(path):
    global _path
    _path = path


def emit(**record):
    with open(_path, "a") as f:  # WRITER append open telemetry_lib/default.jsonl | telemetry_lib/app.jsonl
        f.write(json.dumps(record) + "\n")
