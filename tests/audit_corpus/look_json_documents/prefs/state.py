"""Documents, each written as a whole."""

import json
from pathlib import Path

STATE = Path("prefs/state.json")


def save(state):
    with STATE.open("w") as f:  # nothing
        json.dump(state, f)


def save_readable(state):
    with open("prefs/readable.json", "w") as f:  # nothing
        json.dump(state, f, indent=2, sort_keys=True)
        f.write("\n")


def save_text(state):
    STATE.write_text(json.dumps(state))  # nothing
    STATE.with_suffix(".bak").write_text(json.dumps(state, indent=4) + "\n")  # nothing


def save_one_each(records):
    for record in records:
        with open(f"prefs/records/{record['id']}.json", "w") as f:  # nothing
            f.write(json.dumps(record))


def save_list(records):
    with open("prefs/list.json", "w") as f:  # nothing
        json.dump([dict(r) for r in records], f, ensure_ascii=False)


def add_to_list(record):
    """Read, append to the list, write: still one document."""
    path = "prefs/list.json"
    try:
        with open(path) as f:  # nothing
            records = json.load(f)
    except FileNotFoundError:
        records = []
    records.append(record)
    with open(path, "w") as f:  # nothing
        json.dump(records, f, indent=2)


def load():
    return json.loads(STATE.read_text()) if STATE.exists() else {}  # nothing
