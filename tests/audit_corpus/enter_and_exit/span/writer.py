import json
from pathlib import Path


class SpanWriter:
    def __init__(self, path: Path):
        self.path = path

    def __enter__(self):
        self._file = self.path.open("a")  # WRITER append Path.open span/requests.jsonl
        return self

    def __exit__(self, *error):
        self._file.close()

    def write(self, span: dict) -> None:
        self._file.write(json.dumps(span, separators=(",", ":")) + "\n")


def serve(requests):
    with SpanWriter(Path("span/requests.jsonl")) as spans:
        for request in requests:
            spans.write({"request": request.path, "status": request.handle()})
