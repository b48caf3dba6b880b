from __future__ import annotations

import json
from pathlib import Path
from typing import Iterable, Optional


class JsonlStore:
    """Records in a file that the caller chooses."""

    def __init__(self, path: str | Path = "records.jsonl", *, encoding: str = "utf-8") -> None:
        self._path = Path(path)
        self._encoding = encoding

    def add(self, record: dict) -> None:
        with self._path.open("a", encoding=self._encoding) as out:  # WRITER append Path.open records.jsonl | data/leads.jsonl | data/visits.jsonl
            out.write(json.dumps(record) + "\n")

    def extend(self, records: Iterable[dict]) -> None:
        for record in records:
            self.add(record)


class NamedStore:
    def __init__(self, base_dir: Optional[Path] = None, name: str = "named"):
        self.base_dir = base_dir or Path("named_data")
        self.file = self.base_dir / f"{name}.jsonl"

    def add(self, record: dict) -> None:
        with open(self.file, "a") as out:  # WRITER append open named_data/named.jsonl | named_data/people.jsonl
            print(json.dumps(record), file=out)
