import json

PATHS = {
    "alerts": "hub/alerts.jsonl",
    "metrics": "hub/metrics.jsonl",
    "config": "hub/config.json",
}
FILES = dict(chat="hub/chat.jsonl", presence="hub/presence.jsonl")


def alert(text):
    with open(PATHS["alerts"], "a") as f:  # WRITER append open hub/alerts.jsonl; keys=alert
        f.write(json.dumps({"alert": text}) + "\n")


def metric(name, value):
    with open(PATHS.get("metrics"), "a") as f:  # WRITER append open hub/metrics.jsonl; keys=name,value
        f.write(json.dumps({"name": name, "value": value}) + "\n")


def write(stream, record):
    with open(FILES[stream], "a") as f:  # WRITER append open hub/chat.jsonl | hub/presence.jsonl
        f.write(json.dumps(record) + "\n")


def config():
    with open(PATHS["config"]) as f:  # nothing
        return json.load(f)
