import json
from pathlib import Path

import yaml

CONFIG_PATH = Path(__file__).parent.parent / "config" / "app.yaml"


def load_config():
    with open(CONFIG_PATH) as f:  # nothing
        return yaml.safe_load(f)


config = load_config()


def log_event(kind, **data):
    with open(config["logging"]["events_file"], "a") as f:  # WRITER append open logs/harvest_events.jsonl
        f.write(json.dumps({"kind": kind, **data}) + "\n")


def log_text(text):
    with open(config["logging"]["text_file"], "a") as f:  # nothing
        f.write(text + "\n")
