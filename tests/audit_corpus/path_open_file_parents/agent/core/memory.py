import json
from pathlib import Path

REPO_ROOT = Path(__file__).resolve().parents[2]
STATE_DIR = REPO_ROOT / "state"


class EpisodicMemory:
    """Episodes are kept for ever, one a line."""

    def __init__(self):
        self.file = STATE_DIR / "memory" / "episodes.jsonl"
        self.file.parent.mkdir(parents=True, exist_ok=True)

    def remember(self, episode: dict) -> None:
        line = json.dumps(episode, sort_keys=True)
        with self.file.open("a", encoding="utf-8") as handle:  # WRITER append Path.open state/memory/episodes.jsonl
            handle.write(line)
            handle.write("\n")

    def recall(self, word: str, limit: int = 5) -> list[dict]:
        if not self.file.exists():
            return []
        found = []
        with self.file.open(encoding="utf-8") as handle:  # READER Path.open state/memory/episodes.jsonl [parses]
            for line in handle:
                episode = json.loads(line)
                if word.lower() in episode.get("summary", "").lower():
                    found.append(episode)
        return found[-limit:]

    def forget_all(self) -> None:
        self.file.unlink(missing_ok=True)  # nothing
