import json


class JsonlMixin:
    """Those who mix it in say where."""

    jsonl_path: str

    def append_jsonl(self, **record):
        with open(self.jsonl_path, "a") as f:  # WRITER append open parts/engine.jsonl | parts/wheel.jsonl
            f.write(json.dumps(record) + "\n")
