"""Calls over several lines: the place is where the call begins."""

import json
import os


def append(record, folder="long"):
    handle = open(  # WRITER append open long/lines.jsonl
        os.path.join(
            folder,
            "lines.jsonl",
        ),
        mode="a",
        encoding="utf-8",
        newline="\n",
    )
    with handle:
        handle.write(
            json.dumps(
                record,
                ensure_ascii=False,
            )
            + "\n"
        )


def read():
    with (
        open(  # READER open long/lines.jsonl [parses]
            "long/lines.jsonl",
            encoding="utf-8",
        ) as lines,
        open("long/words.txt", "w") as words,  # nothing
    ):
        for line in lines:
            print(json.loads(line)["word"], file=words)
