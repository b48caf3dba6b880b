import json


def write_line(path, line):
    with open(path, "a") as f:  # WRITER append open out/a.jsonl | out/b.jsonl | out/c.jsonl | out/d.log
        f.write(line + "\n")


def write_record(target, record):
    write_line(target, json.dumps(record))
