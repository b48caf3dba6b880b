import json
from contextlib import ExitStack


class Streams:
    """A stream for each kind of record, opened when first needed."""

    KINDS = ("orders", "fills", "quotes")

    def __init__(self):
        self._files = {}

    def emit(self, kind, record):
        if kind not in self.KINDS:
            raise ValueError(kind)
        if kind not in self._files:
            self._files[kind] = open("sim/" + kind + ".jsonl", "a")  # WRITER append open sim/*.jsonl
        self._files[kind].write(json.dumps(record) + "\n")

    def close(self):
        for handle in self._files.values():
            handle.close()


def split(records):
    """All outputs open at once, closed together."""
    with ExitStack() as stack:
        outputs = {
            "good": stack.enter_context(open("sim/good.jsonl", "w")),  # WRITER rewrite open sim/good.jsonl
            "bad": stack.enter_context(open("sim/bad.jsonl", "w")),  # WRITER rewrite open sim/bad.jsonl
        }
        rejected = stack.enter_context(open("sim/rejected.txt", "w"))  # nothing
        for record in records:
            outputs["good" if record.get("ok") else "bad"].write(json.dumps(record) + "\n")
            if not record.get("ok"):
                rejected.write(f"{record['id']}\n")
