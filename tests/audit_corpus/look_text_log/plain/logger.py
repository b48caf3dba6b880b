import json
import time
from datetime import datetime


class Logger:
    def __init__(self, path="plain/app.log"):
        self.path = path
        self.file = open(path, "a")  # nothing

    def log(self, level, message):
        ts = datetime.now().isoformat()
        self.file.write(f"{ts} {level:<7} {message}\n")
        self.file.flush()

    def log_payload(self, payload):
        """A text line with JSON in it."""
        with open("plain/payloads.log", "a") as f:  # nothing
            f.write(f"{time.time()} payload={json.dumps(payload)}\n")

    def log_repr(self, thing):
        with open("plain/things.log", "a") as f:  # nothing
            f.write(repr(thing) + "\n")
            print(str(thing), file=f)

    def errors(self):
        with open(self.path) as f:  # nothing
            return [line for line in f if " ERROR " in line]

    def last(self):
        with open("plain/things.log") as f:  # nothing
            return f.readlines()[-1]
