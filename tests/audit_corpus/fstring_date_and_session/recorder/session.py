import json
import time
import uuid
from datetime import date, datetime


class SessionRecorder:
    """A file for each session, and one for each day over all of them."""

    def __init__(self, session_id=None):
        self.session_id = session_id or uuid.uuid4().hex
        self.path = f"sessions/session_{self.session_id}.jsonl"

    def record(self, step, **data):
        entry = {"step": step, "at": time.time(), **data}
        line = json.dumps(entry) + "\n"
        with open(self.path, "a") as f:  # WRITER append open sessions/session_*.jsonl; traits=own file; risk=low
            f.write(line)
        with open(f"sessions/daily/{date.today():%Y-%m-%d}.jsonl", "a") as f:  # WRITER append open sessions/daily/*.jsonl
            f.write(line)


def monthly(record):
    stamp = datetime.now().strftime("%Y_%m")
    with open("sessions/monthly_" + stamp + ".jsonl", "a") as f:  # WRITER append open sessions/monthly_*.jsonl
        f.write(json.dumps(record) + "\n")


def read_session(session_id):
    with open(f"sessions/session_{session_id}.jsonl") as f:  # READER open sessions/session_*.jsonl [parses]
        return [json.loads(line) for line in f.readlines()]
