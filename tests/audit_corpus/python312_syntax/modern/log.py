"""Needs Python 3.12 or later: type statements, type parameters, quotes within f-strings."""

import json

type Record = dict[str, object]
FOLDER = {"logs": "modern"}


def append[T: Record](record: T, kind: str = "events") -> T:
    with open(f"{FOLDER["logs"]}/{kind}.jsonl", "a") as f:  # WRITER append open modern/events.jsonl
        f.write(f"{json.dumps({"kind": kind} | record)}\n")
    return record


class Box[T]:
    def put(self, item: T) -> None:
        match item:
            case {"kind": str(kind), **rest}:
                with open("modern/box.jsonl", "a") as f:  # WRITER append open modern/box.jsonl
                    f.write(json.dumps({"kind": kind, **rest}) + "\n")
            case _:
                raise TypeError(item)
