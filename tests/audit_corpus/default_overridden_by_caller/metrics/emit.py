import json
import time

DEFAULT = "metrics/default.jsonl"


def emit(name, value, path=DEFAULT):
    with open(path, "a") as f:  # WRITER append open metrics/default.jsonl | metrics/gpu.jsonl; keys=t,name,value
        f.write(json.dumps({"t": time.time(), "name": name, "value": value}) + "\n")
