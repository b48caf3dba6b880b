import json
import os
import os.path as osp
from pathlib import Path as P

BASE = P("where")
MAIN = BASE / "main.jsonl"


def write(path, record):
    with open(path, "a") as f:  # WRITER append open where/main.jsonl | where/side.jsonl | where/main.ndjson | where/deep/er/file.jsonl | /var/log/where/system.jsonl
        f.write(json.dumps(record) + "\n")


def everywhere(record):
    write(str(MAIN), record)
    write(os.fspath(MAIN.with_name("side.jsonl")), record)
    write(MAIN.with_suffix(".ndjson").resolve(), record)
    write(osp.join(str(BASE), "deep", "er", "file.jsonl"), record)
    write(P("/var/log") / "where" / "system.jsonl", record)


def at_home(record):
    with open(os.path.expanduser("~/.where/home.jsonl"), "a") as f:  # WRITER append open ~/.where/home.jsonl
        f.write(json.dumps(record) + "\n")
    with (P.home() / ".where" / "history.jsonl").open("a") as f:  # WRITER append Path.open ~/.where/history.jsonl
        f.write(json.dumps(record) + "\n")


def beside_this_file(record):
    here = osp.dirname(osp.realpath(__file__))
    with open(osp.join(here, "..", "data", "beside.jsonl"), "a") as f:  # WRITER append open data/beside.jsonl
        f.write(json.dumps(record) + "\n")
    with open(P(__file__).with_name("near.jsonl"), "a") as f:  # WRITER append open where/near.jsonl
        f.write(json.dumps(record) + "\n")
