import json
from pathlib import Path
from typing import Any, Iterator


def append_jsonl(path: str | Path, record: dict[str, Any]) -> None:
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as f:  # WRITER append open data/clicks.jsonl | data/views.jsonl | data/mail.log
        f.write(json.dumps(record, ensure_ascii=False) + "\n")


def read_jsonl(path: str | Path) -> Iterator[dict[str, Any]]:
    with open(path, encoding="utf-8") as f:  # READER open data/clicks.jsonl | data/mail.log [parses]
        for line in f:
            if line.strip():
                yield json.loads(line)
