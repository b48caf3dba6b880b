"""Saved by an editor that begins each file with a mark, and ends each line with two characters."""
import json

FILE = "win/notes.jsonl"


def note(text):
    with open(FILE, "a") as f:  # WRITER append open win/notes.jsonl; keys=note
        f.write(json.dumps({"note": text}) + "\n")
