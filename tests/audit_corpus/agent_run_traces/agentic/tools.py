"""An agent whose steps are kept: the tool calls of a run, and what was spent."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Awaitable, Callable

RUNS_DIR = os.environ.get("AGENT_RUNS", os.path.join("agentic", "runs"))
COST_FILE = "agentic/cost.jsonl"


@dataclass
class Run:
    goal: str
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    steps: int = 0

    @property
    def trace_file(self) -> str:
        return os.path.join(RUNS_DIR, self.run_id, "trace.jsonl")


class Agent:
    def __init__(self, tools: dict[str, Callable[..., Awaitable[Any]]]) -> None:
        self.tools = tools

    async def call(self, run: Run, tool: str, **arguments: Any) -> Any:
        run.steps += 1
        started = datetime.now()
        error = None
        result = None
        try:
            result = await self.tools[tool](**arguments)
        except Exception as e:
            error = repr(e)
        self._trace(run, {"step": run.steps, "tool": tool, "arguments": arguments, "error": error})
        self._cost(run, (datetime.now() - started).total_seconds())
        return result

    def _trace(self, run: Run, entry: dict[str, Any]) -> None:
        os.makedirs(os.path.dirname(run.trace_file), exist_ok=True)
        with open(run.trace_file, "a", encoding="utf-8") as f:  # WRITER append open agentic/runs/*/trace.jsonl; traits=own file
            f.write(json.dumps(entry, default=str) + "\n")

    def _cost(self, run: Run, seconds: float) -> None:
        with open(COST_FILE, "a", encoding="utf-8") as f:  # WRITER append open agentic/cost.jsonl; keys=run,seconds
            f.write(json.dumps({"run": run.run_id, "seconds": seconds}) + "\n")


def spent() -> float:
    with open(COST_FILE, encoding="utf-8") as f:  # READER open agentic/cost.jsonl [parses]
        return sum(json.loads(line)["seconds"] for line in f)


async def look(url: str) -> str:
    await asyncio.sleep(0)
    return url


if __name__ == "__main__":
    asyncio.run(Agent({"look": look}).call(Run("look around"), "look", url="https://example.org"))
