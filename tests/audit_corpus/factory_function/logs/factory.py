import json
import os

_loggers = {}


class EventWriter:
    def __init__(self, filename):
        self.filename = filename

    def __call__(self, **event):
        line = json.dumps(event)
        with open(self.filename, "a") as f:  # WRITER append open logs/auth.jsonl | logs/billing.jsonl
            f.write(line + "\n")


def get_event_writer(name):
    """The one writer of that name."""
    if name not in _loggers:
        _loggers[name] = EventWriter(os.path.join("logs", name + ".jsonl"))
    return _loggers[name]
