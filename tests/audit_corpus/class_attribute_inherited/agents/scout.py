import json
import os

from .base import BaseAgent


class Scout(BaseAgent):
    """Logs to a file of its own; the folder is the one it inherits."""

    name = "scout"
    log_name = "scout.jsonl"

    def act(self, observation):
        return "look" if observation else "wait"

    def replay(self):
        with open(os.path.join(self.log_dir, "scout.jsonl")) as f:  # READER open agent_logs/scout.jsonl [parses]
            return [json.loads(line)["action"] for line in f]


class Worker(BaseAgent):
    name = "worker"

    def act(self, observation):
        return "work"
