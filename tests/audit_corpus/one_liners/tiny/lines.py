import json
from pathlib import Path

say = lambda **record: open("tiny/said.jsonl", "a").write(json.dumps(record) + "\n")  # WRITER append open tiny/said.jsonl
heard = lambda: [json.loads(line) for line in open("tiny/said.jsonl")]  # READER open tiny/said.jsonl [parses]


def shout(record):
    Path("tiny/shouted.jsonl").open("a").write(json.dumps(record) + "\n")  # WRITER append Path.open tiny/shouted.jsonl


def whisper(records):
    with open(path := "tiny/whispered.jsonl", "w") as f:  # WRITER rewrite open tiny/whispered.jsonl
        [print(json.dumps(r), file=f) for r in records]
    return path


def sing(songs):
    print(*map(json.dumps, songs), sep="\n", file=open("tiny/sung.jsonl", "a"))  # WRITER append open tiny/sung.jsonl
