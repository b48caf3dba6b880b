"""`foundups-logging import`: what it prints, and what it does with what it is given."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from migrations import STAMP, rejected_of, rows_of, verify, write

import foundups_logging
from foundups_logging.cli import PROGRAM, commands

pytestmark = pytest.mark.usefixtures("folder")


def run(*arguments, code=0, **options):
    result = CliRunner().invoke(commands, ["import", *arguments], prog_name=PROGRAM, **options)
    assert result.exit_code == code, result.output
    return result


def line(number, **more):
    return json.dumps({"timestamp": STAMP, "event": "e", "n": number, **more})


def numbers(database):
    return [json.loads(row["metadata_json"])["n"] for row in rows_of(database)]


def test_it_tells_what_became_of_each_file(folder, database):
    write(folder / "a.jsonl", line(0), "torn", "")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(line(1).encode()))
    (folder / "c.jsonl").write_bytes((folder / "a.jsonl").read_bytes())
    told = run("a.jsonl", "b.jsonl.gz", "c.jsonl", "--domain", "log_events", "--timezone", "UTC").stdout.splitlines()
    assert [row.split() for row in told[2:5]] == [
        ["a.jsonl", "imported", "3", "1", "1", "1", "0"],
        ["b.jsonl.gz", "imported", "1", "1", "0", "0", "0"],
        ["c.jsonl", "duplicate", "of", "a.jsonl", "0", "0", "0", "0", "0"],
    ]
    assert told[6].startswith("2 records in ")
    assert told[6].endswith("s. Timestamps without an offset: UTC.")
    assert told[7].startswith("1 rejected: foundups-logging query")
    assert numbers(database) == [0, 1]
    assert [content for _, _, content in rejected_of(database)] == [b"torn"]


def test_it_prints_json_and_a_second_run_imports_nothing(folder):
    write(folder / "a.jsonl", line(0))
    (first,) = json.loads(run("a.jsonl", "--domain", "log_events", "--json").stdout)
    (second,) = json.loads(run("a.jsonl", "--domain", "log_events", "--json").stdout)
    assert (first["state"], first["records"], second["records"]) == ("imported", 1, 0)
    assert first["path"] == str(folder / "a.jsonl")


def test_it_reads_standard_input(database):
    text = f"{line(0)}\n{line(1)}\njunk"
    told = run("-", "--domain", "log_events", input=text).stdout
    assert "(stdin, " in told
    assert numbers(database) == [0, 1]
    assert [content for _, _, content in rejected_of(database)] == [b"junk"]


def test_a_file_that_came_through_a_pipe_before_is_known(folder, database):
    write(folder / "a.jsonl", line(0), line(1))
    run("-", "--domain", "log_events", input=(folder / "a.jsonl").read_bytes())
    run("a.jsonl", "--domain", "log_events")
    assert numbers(database) == [0, 1]
    assert verify(database).is_clean


def test_constants_and_time_zone_are_used(folder, database):
    write(folder / "a.jsonl", '{"timestamp":"2025-10-21 12:00:00","status":"ok"}', '{"status":"ok"}')
    given = ["--set", "daemon_name=antifafm", "--set", "timestamp=2025-01-01T00:00:00Z", "--timezone", "+02:00"]
    run("a.jsonl", "--domain", "daemon_health", *given)
    assert [(row["timestamp"], row["daemon_name"]) for row in rows_of(database, "daemon_health")] == [
        ("2025-10-21T10:00:00.000000+00:00", "antifafm"),
        ("2025-01-01T00:00:00.000000+00:00", "antifafm"),
    ]
    assert verify(database).is_clean


def test_domains_of_a_file_and_of_the_database_are_known(folder, database):
    (folder / "d.toml").write_text('[deploys]\n[deploys.columns]\nhost = "TEXT NOT NULL"\n')
    write(folder / "a.jsonl", json.dumps({"timestamp": STAMP, "host": "w1"}))
    run("a.jsonl", "--domain", "deploys", "--domains", "d.toml")
    write(folder / "b.jsonl", json.dumps({"timestamp": STAMP, "host": "w2"}))
    run("b.jsonl", "--domain", "deploys")
    assert [row["host"] for row in rows_of(database, "deploys")] == ["w1", "w2"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a.jsonl", "--domain", "nothing"], "there is no domain 'nothing'"),
        (["a.jsonl", "--domain", "log_events", "--set", "x"], "has no ="),
        (["a.jsonl", "--domain", "log_events", "--set", "x=1"], "has no column 'x'"),
        (["a.jsonl", "--domain", "log_events", "--timezone", "Mars"], "no time zone 'Mars'"),
    ],
)
def test_wrong_options_are_told(arguments, told):
    assert told in run(*arguments, code=2).stderr


def test_a_file_that_fails_is_told_and_the_others_are_imported(folder, database):
    write(folder / "a.jsonl", line(0))
    told = run("missing.jsonl", "a.jsonl", "--domain", "log_events", code=1)
    assert "missing.jsonl: No such file" in told.stderr
    assert numbers(database) == [0]
    write(folder / "a.jsonl", line(5), line(6))
    assert "aren't there any more" in run("a.jsonl", "--domain", "log_events", code=1).stderr
    assert "rewritten" in run("a.jsonl", "--domain", "log_events", "--rewritten", "skip").stdout
    run("a.jsonl", "--domain", "log_events", "--rewritten", "import")
    assert numbers(database) == [0, 5, 6]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_on_a_terminal_a_bar_shows_and_ctrl_c_ends_it_cleanly(folder, database):
    with (folder / "a.jsonl").open("w") as stream:
        stream.writelines(f"{line(number, text='x' * 200)}\n" for number in range(400_000))
    import pty  # noqa: PLC0415 - not on Windows

    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "foundups_logging", "import", "a.jsonl", "--domain", "log_events"]
    folder_of_package = str(Path(foundups_logging.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": folder_of_package, "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=environment, start_new_session=True)
    os.close(end)
    shown = b""
    deadline = time.monotonic() + 60
    while b"a.jsonl (1 of 1)" not in shown and time.monotonic() < deadline:
        shown += os.read(terminal, 4096)
    process.send_signal(signal.SIGINT)
    while True:
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # its other end is closed
            break
    os.close(terminal)
    assert process.wait(60) == 130
    assert b"run it again to go on" in shown
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")  # the cursor is back
    run("a.jsonl", "--domain", "log_events")
    assert numbers(database) == list(range(400_000))
