"""Each example is run as a user runs it: as a program of its own."""

import json
import multiprocessing
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import foundups_logging
from foundups_logging.encoding import from_json

EXAMPLES = Path(__file__).parents[1] / "examples"
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "FOUNDUPS_DATABASE"},
    "PYTHONPATH": os.pathsep.join([str(Path(foundups_logging.__file__).parents[1]), str(EXAMPLES)]),
}


def python(*arguments, cwd):
    command = [sys.executable, "-W", "error", *map(str, arguments)]
    environment = {**ENVIRONMENT, "TMPDIR": str(cwd)}
    return subprocess.run(
        command, check=False, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", timeout=60
    )


def select(database, sql):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def replay(*lines, tmp_path, name="old.jsonl", folder="module_x"):
    """Replay one file of the given lines, and return what the program did and its database."""
    file = tmp_path / folder / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return python(EXAMPLES / "replay_jsonl.py", file, "-d", "new.db", cwd=tmp_path), tmp_path / "new.db"


def numbers(done):
    return {name: int(number) for number, name in re.findall(r"^ *(\d+) (.+)$", done.stdout, re.MULTILINE)}


def test_the_quickstart_makes_a_database_and_prints_what_is_in_it(tmp_path):
    done = python(EXAMPLES / "quickstart.py", "new.db", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    tables = {"permission_events": 200, "confidence_events": 200, "chat_messages": 200, "selenium_sessions": 200}
    for table, rows in (tables | {"log_events": 2}).items():
        assert f"\n{table}: {rows} rows\n" in f"\n{done.stdout}"
        assert select(tmp_path / "new.db", f"SELECT count(*) FROM {table}") == [(rows,)]
    assert "... 200 in all" in done.stdout
    assert len(done.stdout.splitlines()) < 60


def test_the_quickstart_shows_one_agents_events_of_two_modules_newest_first(tmp_path):
    done = python(EXAMPLES / "quickstart.py", "new.db", cwd=tmp_path)
    shown = re.findall(r"^    (\d{4}-\S+)  (permission|confidence) +(\w+)$", done.stdout, re.MULTILINE)
    stored = select(
        tmp_path / "new.db",
        "SELECT timestamp, 'permission', event_type FROM permission_events WHERE agent_id = 'gemma_dead_code_detection'"
        " UNION ALL SELECT timestamp, 'confidence', event_type FROM confidence_events"
        " WHERE agent_id = 'gemma_dead_code_detection' ORDER BY 1 DESC",
    )
    assert len(shown) == 6
    assert shown == stored[:6]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_the_quickstart_runs_however_its_processes_start(tmp_path, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    script = (
        "import multiprocessing, runpy, sys\n"
        f"multiprocessing.set_start_method({method!r})\n"
        "sys.argv = ['quickstart.py', 'new.db']\n"
        f"runpy.run_path({str(EXAMPLES / 'quickstart.py')!r}, run_name='__main__')\n"
    )
    done = python("-c", script, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "permission_events: 200 rows\n" in done.stdout


def test_the_command_that_the_quickstart_names_shows_its_events(tmp_path):
    done = python(EXAMPLES / "quickstart.py", cwd=tmp_path)
    command = re.search(r"^    (foundups-logging .*)$", done.stdout, re.MULTILINE)
    program, *arguments = shlex.split(command[1])
    shown = python("-m", program.replace("-", "_"), *arguments, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert re.search("permission_revoked|confidence_updated|chat_message|selenium_session", shown.stdout)


def test_the_quickstart_fails_when_an_event_is_missing(tmp_path):
    script = "import sys, quickstart; quickstart.EXPECTED['log_events'] += 1; sys.exit(quickstart.main())"
    done = python("-c", script, cwd=tmp_path)
    assert done.returncode == 1
    assert "log_events: 2 rows, BUT 3 WERE LOGGED" in done.stdout
    assert "Events are missing." in done.stderr


def test_the_quickstart_leaves_a_file_that_exists_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = python(EXAMPLES / "quickstart.py", "notes.txt", cwd=tmp_path)
    assert done.returncode == 2
    assert "notes.txt exists already" in done.stderr
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("example", ["quickstart.py", "replay_jsonl.py"])
def test_an_example_tells_its_use(example, tmp_path):
    done = python(EXAMPLES / example, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert f"python examples/{example}" in done.stdout


def test_replaying_heartbeats_fills_daemon_health(tmp_path):
    beat = {
        "timestamp": "2026-02-26T06:41:11+00:00",
        "status": "ok",
        "uptime_seconds": 0.5,
        "restarts": 0,
        "error": None,
    }
    done, database = replay(beat, tmp_path=tmp_path, folder="modules/radio/data")
    assert (done.returncode, done.stderr) == (0, "")
    ((*columns, metadata),) = select(
        database, "SELECT timestamp, daemon_name, status, uptime_seconds, metadata_json FROM daemon_health"
    )
    assert columns == ["2026-02-26T06:41:11.000000+00:00", "modules.radio", "ok", 0.5]
    assert from_json(metadata).items() >= {"timestamp": beat["timestamp"], "restarts": 0, "error": None}.items()


@pytest.mark.parametrize(
    ("line", "name", "event"),
    [
        ({"event": "search_request", "type": "x"}, "old.jsonl", "search_request"),
        ({"event": None, "event_type": "system_alert"}, "old.jsonl", "system_alert"),
        ({"event": 5, "type": "PREVENTIVE"}, "old.jsonl", "PREVENTIVE"),
        ({"event": "", "status": "ok"}, "noise_labels.jsonl", "noise_labels"),
        ({}, "holo-20251002-133052.jsonl", "holo"),
        ({"type": ["a"]}, "20251002.jsonl", "line"),
    ],
)
def test_a_replayed_object_is_named_by_what_it_says_or_its_file(line, name, event, tmp_path):
    done, database = replay(line, tmp_path=tmp_path, name=name)
    assert (done.returncode, done.stderr) == (0, "")
    assert select(database, "SELECT event, logger FROM log_events") == [(event, "module_x")]


REJECTED = [
    (b"2025-07-22 12:04:48,155 - INFO - Zen coding ignition\n", "Extra data"),
    (b"[1, 2]\n", "no JSON object: list"),
    (b'"text"\n', "no JSON object: str"),
    (b'{"a": 1}{"b": 2}\n', "Extra data"),
    (b'{"a": 1, "a": 2}\n', "a key occurs twice"),
    (b"[" * 100_000 + b"\n", "nested too deeply"),
    (b'{"a": ' + b"9" * 5000 + b"}\n", "Exceeds the limit"),
    (b'{"a": "\xff\n', "Invalid control character"),
    (b'{"a": "torn', "Unterminated string"),
]


@pytest.mark.parametrize(("line", "reason"), REJECTED, ids=[reason for _, reason in REJECTED])
def test_a_line_that_holds_no_object_is_stored_with_its_reason(line, reason, tmp_path):
    done, database = replay({"a": 1}, b"\n", b" \t\r\n", line, tmp_path=tmp_path)
    assert done.returncode == 0
    assert "1 rejected, stored as rejected_line (first: line 4: " in done.stderr
    assert numbers(done) == {
        "lines": 4, "objects": 1, "rejected lines": 1, "blank lines": 2, "rows stored": 2, "dead letters": 0,
    }  # fmt: skip
    ((metadata,),) = select(database, "SELECT metadata_json FROM log_events WHERE event = 'rejected_line'")
    stored = from_json(metadata)
    assert stored["line"].encode("utf-8", "surrogateescape") == line.rstrip(b"\n")
    assert stored["line_number"] == 4
    assert reason in stored["reason"]


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path):
    done, _ = replay(b'\xef\xbb\xbf{"a": 1}\r\n', b'{"a": 2}\r\n', tmp_path=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert numbers(done)["objects"] == 2


def test_an_object_that_its_domain_refuses_is_told_as_a_dead_letter(tmp_path):
    done, database = replay({"event": "permission_granted", "level": "root"}, tmp_path=tmp_path)
    assert done.returncode == 0
    assert (numbers(done)["rows stored"], numbers(done)["dead letters"]) == (0, 1)
    assert select(database, "SELECT domain FROM dead_letters") == [("permission_events",)]


def test_a_file_that_cannot_be_read_fails_the_replay_but_not_the_others(tmp_path):
    (tmp_path / "good.jsonl").write_text('{"a": 1}\n')
    done = python(EXAMPLES / "replay_jsonl.py", "missing.jsonl", "good.jsonl", "-d", "new.db", cwd=tmp_path)
    assert done.returncode == 1
    assert "missing.jsonl" in done.stderr
    assert numbers(done)["rows stored"] == 1


def test_a_database_that_cannot_be_used_ends_the_replay_at_once(tmp_path):
    (tmp_path / "good.jsonl").write_text('{"a": 1}\n')
    done = python(EXAMPLES / "replay_jsonl.py", "good.jsonl", "-d", tmp_path, cwd=tmp_path)
    assert done.returncode == 2
    assert "is a folder" in done.stderr


def test_numbers_that_do_not_add_up_fail_the_replay(tmp_path):
    (tmp_path / "good.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    script = (
        "import sys, foundups_logging, replay_jsonl\n"
        "true = foundups_logging.stats\n"
        "foundups_logging.stats = lambda: true() | {'stored': 1, 'dropped': 1}\n"
        "sys.argv[1:] = ['good.jsonl', '-d', 'new.db']\n"
        "sys.exit(replay_jsonl.main())\n"
    )
    done = python("-c", script, cwd=tmp_path)
    assert done.returncode == 1
    assert "doesn't add up: 1 events dropped, 0 queued" in done.stderr
