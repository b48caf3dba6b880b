"""Many processes on one file: a cold start all at once, none lost, none twice, nothing to be read on stderr."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import many_processes
import pytest


def many(database: Path, processes: int, events: int) -> subprocess.CompletedProcess[str]:
    """Run it as a process of its own, so that all it and its children print is seen."""
    script = many_processes.__file__
    options = ["--processes", str(processes), "--events", str(events), "--database", str(database)]
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", script, *options],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_sixteen_processes_lose_and_double_nothing_and_never_see_a_lock(tmp_path: Path) -> None:
    done = many(tmp_path / "data" / "many.db", 16, 1_000)
    assert done.stderr == ""
    assert "none lost, none twice" in done.stdout, done.stdout


@pytest.mark.parametrize("round_", range(3))
def test_sixteen_processes_that_start_cold_at_the_same_instant(tmp_path: Path, round_: int) -> None:
    done = many(tmp_path / "data" / "many.db", 16, 3)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
