import io
import json
from pathlib import Path


class Exporter:
    def __init__(self):
        self.lines = []
        self.buffer = io.StringIO()  # nothing

    def add(self, row):
        self.lines.append(json.dumps(row))

    def add_raw(self, row):
        self.buffer.write(json.dumps(row) + "\n")

    def flush(self):
        text = "\n".join(self.lines)
        with open("report/rows.jsonl", "w") as f:  # WRITER rewrite open report/rows.jsonl
            f.write(text)
            f.write("\n")
        self.lines.clear()

    def flush_raw(self):
        Path("report/raw.jsonl").write_text(self.buffer.getvalue())  # WRITER rewrite write_text report/raw.jsonl

    def upload(self, client):
        data = io.BytesIO("\n".join(self.lines).encode())  # nothing
        client.put("rows.jsonl", data)
