import json
import os


class BaseAgent:
    name = "base"
    log_dir = "agent_logs"
    log_name = "actions.jsonl"

    def act(self, observation):
        raise NotImplementedError

    def step(self, observation):
        action = self.act(observation)
        self.log({"agent": self.name, "observation": observation, "action": action})
        return action

    def log(self, record):
        path = os.path.join(self.log_dir, self.log_name)
        with open(path, "a") as f:  # WRITER append open agent_logs/actions.jsonl | agent_logs/scout.jsonl
            f.write(json.dumps(record) + "\n")
