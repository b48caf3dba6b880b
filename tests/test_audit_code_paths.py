"""Which path a place writes or reads: followed through small programs as people write them."""

from __future__ import annotations

import textwrap

import pytest

from foundups_logging.audit.code import find_accesses

APPENDS = 'f.write(json.dumps({"a": 1}) + "\\n")'


def findings_of(root, files, jsonl_files=()):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    python_files = [name for name in files if name.endswith(".py")]
    return find_accesses(root, python_files, list(jsonl_files))


def paths_of(root, files, jsonl_files=()):
    return [access.path for access in findings_of(root, files, jsonl_files).accesses]


PATHS = {
    "a star import": (
        {
            "app/settings.py": 'FILE = "data/star.jsonl"',
            "app/__init__.py": "",
            "app/log.py": f"import json\nfrom app.settings import *\nwith open(FILE, 'a') as f:\n    {APPENDS}\n",
        },
        ["data/star.jsonl"],
    ),
    "__file__ of a module in a package": (
        {
            "pkg/deep/log.py": f"""
                import json, os
                HERE = os.path.dirname(os.path.abspath(__file__))
                with open(os.path.join(HERE, "..", "out.jsonl"), "a") as f:
                    {APPENDS}
            """
        },
        ["pkg/out.jsonl"],
    ),
    "the home folder": (
        {"a.py": f"import json\nfrom pathlib import Path\nf = (Path.home() / '.x' / 'a.jsonl').open('a')\n{APPENDS}\n"},
        ["~/.x/a.jsonl"],
    ),
    "a parameter that is never given is its default": (
        {"a.py": f"import json\ndef log(path='a.jsonl'):\n    with open(path, 'a') as f:\n        {APPENDS}\n"},
        ["a.jsonl"],
    ),
    "a default for None": (
        {
            "a.py": f"""
                import json
                DEFAULT = "logs/default.jsonl"
                class Log:
                    def __init__(self, path=None):
                        if path is None:
                            path = DEFAULT
                        self.path = path
                    def write(self):
                        with open(self.path, "a") as f:
                            {APPENDS}
                Log()
                Log("logs/other.jsonl")
            """
        },
        ["logs/default.jsonl", "logs/other.jsonl"],
    ),
    "the arguments of one call stay together": (
        {
            "a.py": f"""
                import json, os
                def log(folder, name):
                    with open(os.path.join(folder, name), "a") as f:
                        {APPENDS}
                log("one", "a.jsonl")
                log("two", "b.jsonl")
            """
        },
        ["one/a.jsonl", "two/b.jsonl"],
    ),
    "what was bound before is gone": (
        {
            "a.py": f"""
                import json
                path = "first.jsonl"
                path = "second.jsonl"
                with open(path, "a") as f:
                    {APPENDS}
            """
        },
        ["second.jsonl"],
    ),
    "a method called on an object of a known class": (
        {
            "store.py": f"""
                import json
                class Store:
                    def __init__(self, path):
                        self.path = path
                    def append(self):
                        with open(self.path, "a") as f:
                            {APPENDS}
            """,
            "main.py": "from store import Store\nstore = Store('kept/store.jsonl')\nstore.append()\n",
        },
        ["kept/store.jsonl"],
    ),
    "nothing is known": (
        {"a.py": f"import json\ndef log(path):\n    with open(path, 'a') as f:\n        {APPENDS}\n"},
        [""],
    ),
}


@pytest.mark.parametrize("name", PATHS)
def test_the_path_is_told(tmp_path, name):
    files, expected = PATHS[name]
    assert paths_of(tmp_path, files) == expected


def test_calls_in_tests_say_nothing_of_the_program(tmp_path):
    writer = f"import json\ndef log(path):\n    with open(path, 'a') as f:\n        {APPENDS}\n"
    files = {
        "log.py": writer,
        "main.py": "from log import log\nlog('real.jsonl')\n",
        "tests/test_log.py": "from log import log\nlog('only-in-a-test.jsonl')\n",
    }
    assert paths_of(tmp_path, files) == ["real.jsonl"]


def test_the_callers_are_told_the_outermost_last(tmp_path):
    files = {
        "log.py": f"""
            import json
            def write(path):
                with open(path, "a") as f:
                    {APPENDS}
            def event(name):
                write(f"logs/{{name}}.jsonl")
        """,
        "main.py": "import log\ndef start():\n    log.event('started')\n",
    }
    (access,) = findings_of(tmp_path, files).accesses
    assert access.path == "logs/started.jsonl"
    assert [(call.file, call.line, call.function) for call in access.via] == [
        ("log.py", 7, "event"),
        ("main.py", 3, "start"),
    ]
    assert (access.place.file, access.place.line, access.place.function) == ("log.py", 4, "write")


def test_a_pattern_matches_the_files_found(tmp_path):
    files = {
        "a.py": f"import json\ndef log(day):\n    with open(f'logs/{{day}}.jsonl', 'a') as f:\n        {APPENDS}\n"
    }
    found = ["logs/2024-01-01.jsonl", "logs/deeper/2024-01-01.jsonl", "other.jsonl"]
    (access,) = findings_of(tmp_path, files, found).accesses
    assert access.path == "logs/*.jsonl"
    assert access.matches == ("logs/2024-01-01.jsonl",)


def test_a_name_found_elsewhere_is_the_file_of_a_program_that_runs_there(tmp_path):
    files = {"tools/a.py": f"import json\nwith open('out/a.jsonl', 'a') as f:\n    {APPENDS}\n"}
    (access,) = findings_of(tmp_path, files, ["tools/out/a.jsonl", "b.jsonl"]).accesses
    assert access.matches == ("tools/out/a.jsonl",)


def test_a_file_known_by_its_content_needs_no_name(tmp_path):
    files = {"a.py": "def copy(lines):\n    with open('data/events', 'a') as f:\n        f.writelines(lines)\n"}
    assert paths_of(tmp_path, files) == []
    assert paths_of(tmp_path, files, ["data/events"]) == ["data/events"]


def test_a_descriptor_of_mkstemp_is_written_under_the_name_that_it_gets(tmp_path):
    files = {
        "a.py": """
            import json, os, tempfile
            def save(rows):
                fd, name = tempfile.mkstemp(dir="state")
                with os.fdopen(fd, "w") as f:
                    for row in rows:
                        f.write(json.dumps(row) + "\\n")
                os.replace(name, "state/rows.jsonl")
        """
    }
    (access,) = findings_of(tmp_path, files).accesses
    assert (access.mode, access.mechanism, access.path) == ("rewrite", "os.replace", "state/rows.jsonl")


def test_code_without_end_ends(tmp_path):
    """Functions that call each other and a text that doubles with each line."""
    doubling = "\n".join(f"x{n + 1} = x{n} + x{n} if c else x{n} * 2" for n in range(200))
    circle = "\n".join(f"def f{n}(p):\n    return f{(n + 1) % 40}(p) + f{(n * 7) % 40}(p + '{n}')" for n in range(40))
    files = {
        "a.py": f"import json\nx0 = 'a'\n{doubling}\n{circle}\n"
        f"with open(f0(x200) + '.jsonl', 'a') as f:\n    {APPENDS}\n"
    }
    (access,) = findings_of(tmp_path, files, []).accesses
    assert access.path.endswith(".jsonl") or not access.path


def test_the_same_tree_gives_the_same_findings(tmp_path):
    files, _ = PATHS["a default for None"]
    first = findings_of(tmp_path, files).accesses
    assert findings_of(tmp_path, files).accesses == first


def test_progress_is_told_up_to_the_end(tmp_path):
    (tmp_path / "a.py").write_text("open('a.jsonl')\n", encoding="utf-8")
    told = []
    find_accesses(tmp_path, ["a.py"], [], progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (1, 1)
