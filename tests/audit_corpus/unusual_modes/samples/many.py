"""Modes as they are found in the wild."""

import json


def exclusive(rows):
    with open("samples/new.jsonl", "x") as f:  # WRITER rewrite open samples/new.jsonl
        for row in rows:
            f.write(json.dumps(row) + "\n")


def append_plus(row):
    with open("samples/plus.jsonl", "a+", encoding="utf-8") as f:  # WRITER append open samples/plus.jsonl
        f.write(json.dumps(row) + "\n")


def write_mode_in_a_constant(rows):
    mode = "wt"
    f = open("samples/constant.jsonl", mode)  # WRITER rewrite open samples/constant.jsonl
    try:
        for row in rows:
            print(json.dumps(row), file=f)
    finally:
        f.close()
