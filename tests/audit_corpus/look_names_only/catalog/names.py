"""Knows files by name: data/users.jsonl, data/rooms.jsonl. Opens none of them.

To read one:

    with open("data/users.jsonl") as f:
        for line in f:
            user = json.loads(line)
"""

import os

USERS = "data/users.jsonl"
ROOMS = os.path.join("data", "rooms.jsonl")
SUFFIXES = {".jsonl", ".ndjson"}

# with open("data/old.jsonl", "a") as f:
#     f.write(json.dumps(old) + "\n")


def is_jsonl(name):
    """True of "events.jsonl", as in open("events.jsonl", "a")."""
    return os.path.splitext(name)[1] in SUFFIXES


def help_text():
    return f"Records go to {USERS}; look at them with: jq . {ROOMS}"


EXAMPLE = '''
with open("data/example.jsonl", "a") as f:
    f.write(json.dumps({"example": True}) + "\\n")
'''
