"""`foundups-logging` as a program: on a real terminal, in a pipe, interrupted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import foundups_logging
from foundups_logging import TelemetryStore

COUNT = "WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t LIMIT {}) SELECT n FROM t"
# Says so on stderr when the query begins.
TELLING = """
import sys
from foundups_logging import cli, reading
execute = reading._execute
def telling(*arguments):
    print("begun", file=sys.stderr, flush=True)
    return execute(*arguments)
reading._execute = telling
cli.main()
"""


@pytest.fixture
def environment(database, monkeypatch):
    with TelemetryStore(database) as store:
        message = "no \x1b[31manswer [red]in 30 s, " + "and so on " * 20
        store.record("error_events", event="error", error_type="TimeoutError", module="net", message=message)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    names = {"FOUNDUPS_DATABASE": str(database), "PYTHONPATH": str(Path(foundups_logging.__file__).parents[1])}
    return {**os.environ, **names, "TERM": "xterm", "COLUMNS": "80", "LINES": "24", "PYTHONWARNINGS": "error"}


@pytest.fixture
def start(environment):
    """Start `python -m foundups_logging`, or `python` with `before`."""
    processes = []

    def start_one(*arguments, before=("-m", "foundups_logging"), **options):
        command = [sys.executable, *before, *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", **options}
        process = subprocess.Popen(command, env=environment, **pipes)
        processes.append(process)
        return process

    yield start_one
    for process in processes:
        with process:
            process.kill()


def finish(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def on_terminal(start, *arguments):
    """What the command writes to a terminal 80 characters wide."""
    ours, theirs = os.openpty()
    try:
        process = start(*arguments, stdout=theirs, stderr=theirs)
    finally:
        os.close(theirs)
    written = b""
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        try:
            while chunk := terminal.read(65536):
                written += chunk
        except OSError:  # Linux's way to say that nobody writes any more
            pass
    assert process.wait(60) == 0, written
    return written.decode().replace("\r\n", "\n")


def test_the_module_runs_as_the_program(start):
    code, out, err = finish(start("--help"))
    assert (code, err) == (0, "")
    assert out.startswith("Usage: foundups-logging [OPTIONS] COMMAND")
    code, out, _ = finish(start("--version"))
    assert code == 0
    assert out.startswith("foundups-logging ")


def test_a_command_prints_utf8_in_a_pipe_whatever_the_locale(start, environment):
    environment.update(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii")
    for flag in ((), ("--json",), ("--csv",)):
        code, out, err = finish(start("query", "SELECT 'hej ' || char(9994) AS greeting", *flag))
        assert (code, err) == (0, "")
        assert "hej ✊" in out


def test_a_failure_is_one_line_on_stderr(start):
    code, out, err = finish(start("query", "SELECT nope"))
    assert (code, out) == (1, "")
    assert err.startswith("Error: query ")
    assert err.count("\n") == 1
    code, out, err = finish(start("timeline", "--since", "soon"))
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_output_that_nobody_reads_to_its_end_is_no_error(start):
    process = start("query", COUNT.format(200_000))
    assert process.stdout.readline() == "n\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("arguments", [["query", "SELECT 1"], ["timeline", "--json"], ["--help"]])
def test_a_full_disk_is_told_in_one_line(start, arguments):
    with Path("/dev/full").open("w") as full:
        process = start(*arguments, stdout=full)
    code, _, err = finish(process)
    assert (code, err) == (1, "Error: write the output: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_even_a_query_without_end(start):
    """Shells tell this end, by the signal, as exit code 130."""
    endless = COUNT.format(-1).replace("SELECT n FROM", "SELECT count(*) FROM")
    process = start("query", endless, before=("-c", TELLING))
    assert process.stderr.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    assert finish(process) == (-signal.SIGINT, "", "")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo terminals")
class TestOnATerminal:
    def test_a_table_is_folded_to_its_width(self, start):
        text = on_terminal(start, "query", "SELECT id, error_type, message FROM error_events")
        lines = text.splitlines()
        assert lines[0].startswith("\x1b[1mid")  # a bold head
        assert max(len(line) for line in lines[1:]) <= 80
        assert r"no \x1b[31manswer [red]in 30 s" in lines[2]
        assert "\x1b" not in "".join(lines[1:])
        assert text.count("and so") + text.count("and\n") >= 1
        assert len(lines) > 5

    def test_rows_with_too_many_columns_become_records(self, start):
        columns = [f"'{number}' || '{'x' * 20}' AS column_{number}" for number in range(9)]
        text = on_terminal(start, "query", f"SELECT {', '.join(columns)}")
        lines = text.replace("\x1b[0m", "").splitlines()
        assert [line.split()[-1] for line in lines] == [f"{number}{'x' * 20}" for number in range(9)]
        assert "column_8" in lines[8]

    def test_the_timeline_is_a_table(self, start):
        lines = on_terminal(start, "timeline").splitlines()
        assert "timestamp" in lines[0]
        assert "error_events" in lines[2]

    def test_csv_and_json_carry_no_control_characters(self, start):
        for flag in ("--csv", "--json"):
            text = on_terminal(start, "query", "SELECT char(27, 0x9b, 127) || '[31mx' AS a", flag)
            assert text.replace("\n", "").isprintable()

    def test_each_domain_is_a_record(self, start):
        lines = on_terminal(start, "domains").splitlines()
        assert "permission_events" in lines[0]
        assert max(len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) for line in lines) <= 80
