import json

from .util import exclusive

PATH = "mutex/notes.jsonl"


def note(text):
    with exclusive(PATH):
        with open(PATH, "a") as f:  # WRITER append open mutex/notes.jsonl; keys=text; locks=fcntl
            f.write(json.dumps({"text": text}) + "\n")
