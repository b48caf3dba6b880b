"""README's examples do what README says, in the order in which they stand there."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
# The code base that README audits.
_WRITER = """
import json
with open("agents.jsonl", "a") as f:
    f.write(json.dumps({"ts": 1}) + "\\n")
"""
_CODE = {"path/to/code/agents.py": _WRITER, "their/program.py": "print('done')"}
_CODE["logs/permissions.jsonl"] = '{"timestamp": 1.5, "event_type": "GRANT", "agent_id": "gemma"}'


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all Python blocks have run, each in a process of its own."""
    folder = tmp_path_factory.mktemp("readme")
    (domains,) = blocks("toml")
    (folder / "my_domains.toml").write_text(domains, "utf-8")
    for block in blocks("python"):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", block], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    for path, text in _CODE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return folder


def test_the_examples_store_what_they_log(folder: Path) -> None:
    connection = sqlite3.connect(folder / "data" / "foundups.db")
    found = connection.execute("SELECT domain, event_type, agent_id FROM events ORDER BY timestamp").fetchall()
    moves = connection.execute("SELECT player, points, board FROM game_moves").fetchall()
    columns = [row[1] for row in connection.execute("PRAGMA table_info(chat_messages)")]
    connection.close()
    assert found == [
        ("permission_events", "permission_granted", "gemma"),
        ("error_events", "agent_failed", None),
        ("confidence_events", "confidence_updated", "gemma"),
        ("metrics_events", "metric", None),
        ("game_moves", "move_made", None),
        ("log_events", "PIN [redacted] of [redacted]", None),
    ]
    assert moves == [("Ana", 1.0, '["x",null,"o"]')]
    assert "language" in columns


def test_the_commands_print_something_and_succeed(folder: Path) -> None:
    lines = "".join(blocks("console")).splitlines()
    commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    assert len(commands) == 9
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "foundups-logging"
        done = subprocess.run(
            [sys.executable, "-m", "foundups_logging", *arguments],
            cwd=folder,
            env={
                **os.environ,
                "FOUNDUPS_DATABASE": "",
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr or "--watch" in arguments  # where the output is the program's own
        assert done.stdout.strip()


def test_there_are_two_shell_commands_one_to_run_and_one_to_test() -> None:
    run, test = blocks("bash")
    assert run.strip().endswith('examples/quickstart.py"')
    assert "pytest" in test
