import json
from pathlib import Path


class Workspace:
    def __init__(self, root="workspace_data"):
        self.root = Path(root)

    @property
    def journal_path(self) -> Path:
        return self.root / "journal.jsonl"

    def path_for(self, kind: str) -> Path:
        return self.root / "by-kind" / f"{kind}.jsonl"

    def _notes(self):
        if not self.root.exists():
            self.root.mkdir(parents=True)
        return self.root / "notes.log"

    def journal(self, entry: dict) -> None:
        with self.journal_path.open("a") as f:  # WRITER append Path.open workspace_data/journal.jsonl
            f.write(json.dumps(entry) + "\n")

    def tally(self, count: int) -> None:
        with open(self.path_for("tally"), "a") as f:  # WRITER append open workspace_data/by-kind/tally.jsonl; keys=count
            f.write(json.dumps({"count": count}) + "\n")

    def note(self, text: str) -> None:
        with open(self._notes(), "a") as f:  # WRITER append open workspace_data/notes.log; keys=note
            f.write(json.dumps({"note": text}) + "\n")

    def entries(self):
        with open(self.journal_path) as f:  # READER open workspace_data/journal.jsonl [parses]
            yield from map(json.loads, f)
