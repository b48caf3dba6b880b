import json
import time

import core
from core import DECISIONS_FILE


def decide(options):
    choice = max(options, key=lambda option: option["score"])
    with DECISIONS_FILE.open("a") as out:  # WRITER append Path.open state/decisions.jsonl; keys=at,choice
        out.write(json.dumps({"at": time.time(), "choice": choice["name"]}) + "\n")
    return choice


def beat():
    with open(core.HEARTBEATS, "a") as out:  # WRITER append open state/heartbeats.jsonl; keys=at
        out.write(json.dumps({"at": time.time()}) + "\n")


def beats():
    lines = core.HEARTBEATS.read_text().strip().split("\n")  # READER read_text state/heartbeats.jsonl [parses]
    return [json.loads(line)["at"] for line in lines if line]
