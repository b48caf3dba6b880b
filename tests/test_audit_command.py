"""`foundups-logging audit` as a user runs it: what it prints and writes, and its exit codes."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from foundups_logging.cli import PROGRAM, commands

APPENDS = """
import json, sys
def note(path, agent):
    with open(path, "a") as f:
        f.write(json.dumps({"ts": 1, "agent_id": agent, "permission_level": "read"}) + "\\n")
if __name__ == "__main__":
    note("memory/permissions.jsonl", "gemma")
    print("the program's own words")
    sys.exit(3)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "memory").mkdir(parents=True)
    (root / "one.py").write_text(APPENDS)
    (root / "two.py").write_text(APPENDS)
    return root


def run(tmp_path: Path, *arguments: str | Path) -> Result:
    options = ["--cache", str(tmp_path / "cache")]
    return CliRunner().invoke(commands, ["audit", *map(str, arguments), *options], prog_name=PROGRAM)


def start(tmp_path: Path, folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "foundups_logging", "audit", "--cache", tmp_path / "cache", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=100)


def test_the_summary_names_totals_domains_the_riskiest_lines_and_what_to_do_next(tree: Path, tmp_path: Path) -> None:
    done = run(tmp_path, tree)
    assert done.exit_code == 0, done.output
    assert "2 Python files: 2 writers (2 at high risk), 0 readers" in done.stdout
    assert "permissions" in done.stdout
    assert "permission_events" in done.stdout
    assert "2 modules write it" in done.stdout
    assert "one.py:4" in done.stdout
    assert f"audit {tree} -o report.json" in done.stdout


def test_json_is_the_report_and_nothing_else(tree: Path, tmp_path: Path) -> None:
    done = run(tmp_path, tree, "--json")
    assert [writer["file"] for writer in json.loads(done.stdout)["writers"]] == ["one.py", "two.py"]
    assert done.stderr == ""


def test_a_report_is_written_for_its_owner_only_and_replaces_an_old_one(tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    done = run(tmp_path, tree, "-o", path)
    assert done.exit_code == 0
    assert str(path) in done.stdout
    assert json.loads(path.read_text())["root"] == str(tree)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cache", "report.json", "tree"]


def test_fail_on_high_tells_only_what_the_baseline_does_not_have(tree: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.json"
    (tree / "two.py").unlink()
    assert run(tmp_path, tree, "-o", old, "--fail-on", "high").exit_code == 0
    (tree / "two.py").write_text(APPENDS)
    done = run(tmp_path, tree, "--fail-on", "high", "--baseline", old)
    assert done.exit_code == 1
    assert "two.py:4 writes memory/permissions.jsonl: 2 modules write it" in done.stderr
    run(tmp_path, tree, "-o", old)
    (tree / "one.py").write_text("\n\n" + APPENDS)  # its lines move, it stays the same
    assert run(tmp_path, tree, "--fail-on", "high", "--baseline", old).exit_code == 0
    assert run(tmp_path, tree, "--fail-on", "high").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["no/such/folder"], "no/such/folder: No such file or directory"),
        (["--baseline", "x.json"], "--baseline is for --fail-on"),
        (["--watch"], "--watch needs a program to run"),
        (["--watch", "--json", "--", "true"], "--json would mix with the program's output; give -o FILE"),
        (["--fail-on", "high", "--baseline", "no.json"], "read report no.json"),
    ],
)
def test_what_is_given_wrongly_is_told_in_one_line_with_exit_code_2(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(commands, ["audit", *arguments], prog_name=PROGRAM)
    assert done.exit_code == 2, done.output
    assert told in done.stderr


def test_a_baseline_that_is_no_report_is_refused(tree: Path, tmp_path: Path) -> None:
    for text in ("{", "[]", '{"writers": [], "format": 99}'):
        (tmp_path / "old.json").write_text(text)
        done = run(tmp_path, tree, "--fail-on", "high", "--baseline", tmp_path / "old.json")
        assert done.exit_code == 2
        assert "old.json" in done.stderr


def test_watch_runs_the_program_leaves_its_output_and_exit_code_alone_and_tells_what_was_seen(
    tree: Path, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    done = start(tmp_path, tree, "-o", path, "--watch", "--", sys.executable, "one.py")
    assert done.returncode == 3, done.stderr
    assert done.stdout == "the program's own words\n"
    assert "JSON Lines file" in done.stderr
    report: dict[str, Any] = json.loads(path.read_text())
    assert {writer["file"]: writer["seen"] for writer in report["writers"]} == {
        "one.py": "seen",
        "two.py": "static only",
    }


def test_the_other_commands_do_without_the_packages_of_the_audit(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "for name in ('platformdirs', 'tree_sitter', 'zstandard'): sys.modules[name] = None\n"
        "from foundups_logging.cli import main\n"
        "sys.argv = ['foundups-logging', *sys.argv[1:]]\n"
        "main()\n"
    )
    for arguments, code, told in (
        (["domains"], 0, ""),
        (["audit", "."], 2, "pip install 'foundups-logging[migrate]'"),
    ):
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code, done.stderr
        assert told in done.stderr
