"""Processes killed in the middle of writing, and hours of work in short."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from soak import hours, kills

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        "forkserver" not in multiprocessing.get_all_start_methods(), reason="this system has no SIGKILL"
    ),
]


def quiet(_: str) -> None:
    """Show no progress."""


@pytest.mark.timeout(180)
def test_fifty_kills_lose_nothing_that_was_acknowledged_and_store_nothing_twice(tmp_path: Path) -> None:
    tally, problems = kills.run(50, seed=3, folder=tmp_path, progress=quiet)
    print(dict(tally))  # noqa: T201 - shown with -s, or where it fails
    assert not problems, "\n".join(problems)
    assert tally["kills"] == 50
    assert tally["acknowledged"] > 500


@pytest.mark.timeout(180)
def test_processes_readers_checkpoints_backups_and_kills_get_along(tmp_path: Path) -> None:
    tally, problems = hours.run(10.0, seed=3, folder=tmp_path, progress=quiet)
    print(dict(tally))  # noqa: T201 - shown with -s, or where it fails
    assert not problems, "\n".join(problems)
    assert tally["rows"] > 1_000
    assert min(tally[name] for name in ("reads", "checkpoints", "backups", "kills", "snapshots pinned")) > 0
