import json
import os
import string

TEMPLATE = "etl/{stage}/part-{number:05d}.jsonl"
ROOT = "etl"


def write_part(stage, number, rows):
    path = TEMPLATE.format(stage=stage, number=number)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:  # WRITER rewrite open etl/*/part-*.jsonl
        for row in rows:
            f.write(json.dumps(row) + "\n")


def write_rejects(stage, rows):
    with open("%s/rejects_%s.jsonl" % (ROOT, stage), "a") as f:  # WRITER append open etl/rejects_*.jsonl
        for row in rows:
            f.write("%s\n" % json.dumps(row))


def write_log(entry):
    name = "{}-{}".format("etl", "log")
    with open(os.path.join(ROOT, name + os.extsep + "jsonl"), "a") as f:  # WRITER append open etl/etl-log.jsonl
        f.write("{}\n".format(json.dumps(entry)))


def write_banner(stage):
    with open("etl/banner.txt", "w") as f:  # nothing
        f.write(string.capwords(stage) + "\n")
