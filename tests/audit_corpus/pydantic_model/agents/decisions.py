from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from pydantic import BaseModel, Field


class Decision(BaseModel):
    agent: str
    action: str
    confidence: float = 0.0
    at: datetime = Field(default_factory=lambda: datetime.now(timezone.utc))


class DecisionLog:
    default_path = Path("agents/decisions.jsonl")

    def write(self, decision: Decision) -> None:
        with self.default_path.open("a") as f:  # WRITER append Path.open agents/decisions.jsonl; keys=agent,action,confidence,at
            f.write(decision.model_dump_json() + "\n")

    def read(self) -> list[Decision]:
        with self.default_path.open() as f:  # READER Path.open agents/decisions.jsonl [parses]
            return [Decision.model_validate_json(line) for line in f]

    def save_latest(self, decision: Decision) -> None:
        Path("agents/latest.json").write_text(decision.model_dump_json(indent=2))  # nothing
