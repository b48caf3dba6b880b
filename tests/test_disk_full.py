"""A real disk that is full: events go to a spool elsewhere and come back; with no room at all, loss is counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from callers import Caller, end_process
from disks import small_disk
from soak import evidence

pytestmark = pytest.mark.long

_TEXT = "x" * 2_000
_SETTINGS: dict[str, Any] = {"flush_interval": 0.02, "commit_timeout": 0.5, "block_timeout": 0.1, "close_timeout": 2.0}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 16 << 20) as folder:
        yield folder


def fill(disk: Path, leave: int) -> Path:
    """A file that leaves so many bytes of the disk."""
    ballast = disk / "ballast"
    ballast.write_bytes(b"\0" * (shutil.disk_usage(disk).free - leave))
    return ballast


def test_events_that_find_the_disk_full_are_spooled_elsewhere_and_come_back(disk: Path, tmp_path: Path) -> None:
    database, spool = disk / "foundups.db", tmp_path / "elsewhere"
    caller = Caller(database, spool_directory=spool, **_SETTINGS)
    caller.metrics(10, note=_TEXT)
    caller.permissions(2)
    assert caller.flush()
    ballast = fill(disk, leave=300_000)
    for _ in range(10):
        caller.metrics(100, note=_TEXT)  # 2 MB in all
        caller.permission(note=_TEXT)
        caller.flush()
    stats = caller.stats()
    assert evidence.out_of_balance(stats, len(caller.logged)) == []
    assert stats["dropped"] == 0
    assert stats["spooled"] > 0
    assert evidence.missing(caller.acknowledged, evidence.stored(database), evidence.spooled(spool)) == []
    assert evidence.unsound(database) == []
    ballast.unlink()
    caller.recover()
    caller.close()
    assert evidence.all_is_in(database, caller.logged, spool=spool) == []


def test_a_new_process_brings_in_what_the_full_disk_left_in_the_spool(disk: Path, tmp_path: Path) -> None:
    database, spool = disk / "foundups.db", tmp_path / "elsewhere"
    ballast = fill(disk, leave=0)
    caller = Caller(database, spool_directory=spool, **_SETTINGS)
    caller.metrics(100)
    caller.permissions(2)
    caller.close()
    assert caller.stats()["dropped"] == 0
    assert sorted(evidence.spooled(spool)) == sorted(caller.logged)
    ballast.unlink()
    later = Caller(database, "later", spool_directory=spool, **_SETTINGS)
    later.recover()
    later.close()
    assert evidence.all_is_in(database, [*caller.logged, *later.logged], spool=spool) == []


def fill_up(database: Path) -> Caller:
    """A program that has logged more than the disk takes, with its spool on the same disk."""
    caller = Caller(database, batch_size=50, **_SETTINGS)
    caller.metrics(10)
    assert caller.flush()
    fill(database.parent, leave=200_000)
    for _ in range(5):
        caller.metrics(200, note=_TEXT)  # 2 MB in all
        caller.permission(note=_TEXT)
        caller.flush(2)
    caller.close()
    stats = caller.stats()
    assert evidence.out_of_balance(stats, len(caller.logged)) == []
    assert stats["queued"] > 0  # in memory, while there is any hope
    assert evidence.unsound(database) == []
    return caller


def test_with_no_room_for_the_spool_either_events_wait_in_memory_until_there_is(disk: Path) -> None:
    database = disk / "foundups.db"
    caller = fill_up(database)
    (disk / "ballast").unlink()
    caller.open()
    caller.recover()
    caller.close()
    assert caller.stats()["dropped"] == 0
    assert evidence.all_is_in(database, caller.logged) == []


def test_what_finds_no_room_until_the_programs_end_is_counted_and_told_once_and_never_raised(
    disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = disk / "foundups.db"
    caller = fill_up(database)
    stats = end_process()
    assert evidence.out_of_balance(stats, len(caller.logged)) == []
    assert stats["dropped"] > 0
    assert stats["queued"] == 0
    told = [line for line in capsys.readouterr().err.splitlines() if f"{stats['dropped']} events" in line]
    assert len(told) == 1, told
    (disk / "ballast").unlink()
    later = Caller(database, "later", **_SETTINGS)
    later.recover()
    later.close()
    assert evidence.all_is_in(database, [*caller.logged, *later.logged], dropped=stats["dropped"]) == []


def test_a_spool_at_its_limit_counts_what_it_cannot_take(disk: Path, tmp_path: Path) -> None:
    database, spool = disk / "foundups.db", tmp_path / "elsewhere"
    ballast = fill(disk, leave=0)
    caller = Caller(database, spool_directory=spool, spool_limit=100_000, batch_size=10, **_SETTINGS)
    caller.metrics(200, note=_TEXT)  # 400 kB
    caller.close()
    stats = end_process()
    assert evidence.out_of_balance(stats, len(caller.logged)) == []
    assert stats["dropped"] > 0
    assert stats["spooled"] > 0
    assert sum(file.stat().st_size for file in spool.iterdir()) <= 100_000
    ballast.unlink()
    later = Caller(database, "later", spool_directory=spool, **_SETTINGS)
    later.recover()
    later.close()
    assert evidence.all_is_in(database, [*caller.logged, *later.logged], spool=spool, dropped=stats["dropped"]) == []
