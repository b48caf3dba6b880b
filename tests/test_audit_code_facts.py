"""The facts that the code tells of a place, and what doesn't count for want of evidence."""

from __future__ import annotations

import textwrap

import pytest
from test_audit_code_paths import findings_of

LINE = 'f.write(json.dumps({"a": 1}) + "\\n")'


def own_file(access):
    return any(trait.startswith("own file:") for trait in access.traits)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("{date.today().isoformat()}", False),
        ("{datetime.now().strftime('%Y-%m-%d')}", False),
        ("{time.strftime('%Y-%m-%d')}", False),
        ("{datetime.now():%Y%m%d}", False),
        ("{datetime.now().strftime('%Y%m%d_%H%M%S')}", True),
        ("{int(time.time())}", True),
        ("{os.getpid()}", True),
        ("{uuid.uuid4()}", True),
        ("{session_id}", True),
        ("{date.today()}-{session_id}", True),
    ],
)
def test_a_file_of_one_day_is_shared_and_one_of_a_session_is_not(tmp_path, name, own):
    program = f"""
        import json, os, time, uuid
        from datetime import date, datetime
        def log(session_id):
            with open(f"logs/{name}.jsonl", "a") as f:
                {LINE}
    """
    (access,) = findings_of(tmp_path, {"a.py": program}).accesses
    assert own_file(access) is own


def test_all_programs_that_reach_a_place_are_told(tmp_path):
    files = {
        "tracker.py": f"""
            import json
            class Tracker:
                def log(self):
                    with open("data/t.jsonl", "a") as f:
                        {LINE}
            _one = None
            def get_tracker():
                global _one
                if _one is None:
                    _one = Tracker()
                return _one
        """,
        "base.py": """
            from tracker import Tracker
            class Base:
                def __init__(self):
                    self.tracker = Tracker()
                def step(self):
                    self.tracker.log()
        """,
        "one.py": "from base import Base\nclass One(Base): ...\nif __name__ == '__main__':\n    One().step()\n",
        "two.py": "from base import Base\nclass Two(Base): ...\nif __name__ == '__main__':\n    Two().step()\n",
        "three.py": "from tracker import get_tracker\nif __name__ == '__main__':\n    get_tracker().log()\n",
    }
    (access,) = findings_of(tmp_path, files).accesses
    programs = {trait for trait in access.traits if trait.startswith("program: ")}
    assert programs == {"program: one", "program: two", "program: three"}


def test_a_handler_class_of_ones_own_is_a_log_file_where_it_is_constructed(tmp_path):
    program = """
        import json
        from logging.handlers import RotatingFileHandler
        class Lines(RotatingFileHandler):
            def __init__(self, name):
                super().__init__(f"logs/{name}.log", maxBytes=10)
            def format(self, record):
                return json.dumps({"message": record.getMessage()})
        handler = Lines("events")
    """
    (access,) = findings_of(tmp_path, {"a.py": program}).accesses
    line = textwrap.dedent(program).split("\n").index('handler = Lines("events")') + 1
    assert (access.place.line, access.mechanism, access.path) == (line, "logging", "logs/events.log")


def test_a_tool_for_any_file_is_no_writer_because_some_file_is_json_lines(tmp_path):
    program = """
        def save(name, text):
            with open(f"data/{name}", "w") as f:
                f.write(text)
        def load(name):
            with open(f"data/{name}") as f:
                return f.read()
    """
    assert findings_of(tmp_path, {"a.py": program}, ["data/x.jsonl"]).accesses == []
