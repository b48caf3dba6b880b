import json
import os
import tomllib


class Exchange:
    def __init__(self):
        with open("settings.json") as f:  # nothing
            self.settings = json.load(f)
        with open(os.path.join(os.path.dirname(__file__), "settings.toml"), "rb") as f:  # nothing
            self.output = tomllib.load(f)["output"]

    def order(self, order):
        path = self.settings["paths"]["orders"]
        with open(path, "a") as f:  # WRITER append open var/orders.jsonl
            f.write(json.dumps(order) + "\n")

    def fill(self, fill):
        with open(self.output["fills"], "a") as f:  # WRITER append open var/fills.ndjson
            f.write(json.dumps(fill) + "\n")

    def save(self, state):
        with open(self.settings["paths"]["state"], "w") as f:  # nothing
            json.dump(state, f)
