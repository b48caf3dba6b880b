"""The file or folder is taken away, replaced, spoilt or out of reach: events wait in the spool, none is lost."""

from __future__ import annotations

import logging
import os
import random
import resource
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from callers import Caller, end_process, hurry
from disks import as_nobody, common_folder
from faults import Faults
from soak import evidence

_SETTINGS: dict[str, Any] = {"flush_interval": 0.02, "commit_timeout": 0.5, "block_timeout": 0.1, "close_timeout": 2.0}
needs_posix = pytest.mark.skipif(os.name != "posix", reason="permissions and open files are other things there")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere"


@pytest.fixture
def caller(database: Path, spool: Path) -> Caller:
    """A program that has logged already."""
    caller = Caller(database, spool_directory=spool, **_SETTINGS)
    caller.metrics(20)
    caller.permissions(2)
    assert caller.flush()
    return caller


def files(database: Path) -> list[Path]:
    return [path for path in database.parent.glob(f"{database.name}*") if path.is_file()]


def delete(database: Path) -> None:
    for path in files(database):
        path.unlink()


def move_away(database: Path) -> None:
    (database.parent / "old").mkdir()
    for path in files(database):
        path.rename(database.parent / "old" / path.name)


def replace(database: Path) -> None:
    other = database.with_name("other.db")
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
        connection.commit()
    other.replace(database)
    Path(f"{database}-wal").unlink(missing_ok=True)
    Path(f"{database}-shm").unlink(missing_ok=True)


def remove_folder(database: Path) -> None:
    shutil.rmtree(database.parent)


def remove_lock_file(database: Path) -> None:
    Path(f"{database}-lock").unlink()


@needs_posix
@pytest.mark.parametrize("change", [delete, move_away, replace, remove_folder, remove_lock_file])
def test_what_is_logged_after_the_file_was_taken_away_is_in_the_file_that_is_there_then(
    caller: Caller, database: Path, spool: Path, change: Callable[[Path], None]
) -> None:
    change(database)
    before = len(caller.logged)
    for _ in range(3):
        caller.metrics(20)
        caller.permission()
        assert caller.flush()
    caller.recover()
    caller.close()
    assert evidence.out_of_balance(caller.stats(), len(caller.logged)) == []
    assert caller.stats()["dropped"] == 0
    new = caller.logged[before:]
    rows = evidence.stored(database)
    assert evidence.missing(new, rows) == []
    assert evidence.stored_twice(rows) == []
    assert evidence.unsound(database) == []
    assert evidence.segments(spool) == []
    if change is move_away:
        assert evidence.missing(caller.logged[:before], evidence.stored(database.parent / "old" / database.name)) == []


def no_database(database: Path) -> None:
    database.write_bytes(b"these are notes, not a database\n" * 1_000)


def spoilt_page(database: Path) -> None:
    """Leave the first page, spoil the rest."""
    spoilt = bytearray(database.read_bytes())
    spoilt[4096:] = random.Random(3).randbytes(len(spoilt) - 4096)
    database.write_bytes(spoilt)


def spoilt_schema(database: Path) -> None:
    spoilt = bytearray(database.read_bytes())
    spoilt[100:4096] = random.Random(3).randbytes(3996)
    database.write_bytes(spoilt)


def cut_short(database: Path) -> None:
    """Leave the first two pages, which hold the schema but no table of a domain."""
    with database.open("r+b") as file:
        file.truncate(2 * 4096)


@pytest.mark.parametrize("spoil", [no_database, spoilt_page, spoilt_schema, cut_short])
def test_what_is_no_sound_database_is_left_alone_and_the_events_wait_until_it_is_mended(
    database: Path, spool: Path, spoil: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # what it says is tried elsewhere
    first = Caller(database, "first", **_SETTINGS)
    first.metrics(500)
    first.close()
    backup = database.with_name("backup.db")
    shutil.copy(database, backup)
    spoil(database)
    spoilt = database.read_bytes()
    caller = Caller(database, "second", spool_directory=spool, **_SETTINGS)
    caller.metrics(100)
    caller.permissions(2)
    assert not caller.flush()  # says that they are not in the database
    stats = caller.stats()
    assert evidence.out_of_balance(stats) == []
    assert stats["dropped"] == 0
    assert evidence.missing(caller.logged, evidence.spooled(spool)) == []
    assert database.read_bytes() == spoilt  # mending is the user's to do
    delete(database)
    shutil.copy(backup, database)
    caller.recover()
    caller.close()
    assert evidence.all_is_in(database, [*first.logged, *caller.logged], spool=spool) == []


def test_a_folder_that_cannot_be_made_spools_until_it_can(tmp_path: Path, spool: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    database = tmp_path / "file" / "foundups.db"
    caller = Caller(database, spool_directory=spool, **_SETTINGS)
    caller.metrics(100)
    caller.permissions(2)
    assert not caller.flush()
    assert sorted(evidence.spooled(spool)) == sorted(caller.logged)
    (tmp_path / "file").unlink()
    caller.recover()
    caller.close()
    assert evidence.all_is_in(database, caller.logged, spool=spool) == []


def log_while_closed_off(home: Path, what: str) -> list[str]:
    """Log while the folder or the file is read-only, then while it isn't; what is wrong with that."""
    database, spool = home / "data" / "foundups.db", home / "elsewhere"
    first = Caller(database, "first", **_SETTINGS)
    first.metrics(10)
    first.close()
    closed, mode = (database.parent, 0o500) if what == "folder" else (database, 0o400)
    closed.chmod(mode)
    caller = Caller(database, "second", spool_directory=spool, **_SETTINGS)
    caller.metrics(50)
    caller.permissions(2)
    found = ["flush said that they are in the database"] if caller.flush() else []
    found += evidence.missing(caller.logged, evidence.spooled(spool))
    found += evidence.out_of_balance(caller.stats())
    closed.chmod(mode | 0o700)
    caller.recover()
    caller.close()
    return found + evidence.all_is_in(database, [*first.logged, *caller.logged], spool=spool)


@needs_posix
@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_read_only_folder_or_file_spools_until_it_may_be_written(what: str) -> None:
    with common_folder() as home:
        assert as_nobody(log_while_closed_off, home, what) == []


def log_where_nothing_may_be_written(home: Path) -> list[str]:
    database = home / "data" / "foundups.db"
    database.parent.mkdir()
    database.parent.chmod(0o500)
    caller = Caller(database, **_SETTINGS)
    caller.metrics(50)
    caller.permissions(2)
    caller.flush(1)
    caller.close()
    stats = end_process()
    database.parent.chmod(0o700)
    found = evidence.out_of_balance(stats, len(caller.logged))
    return found if stats["dropped"] == len(caller.logged) else [*found, f"not all is counted as dropped: {stats}"]


@needs_posix
def test_where_nothing_may_be_written_all_is_counted_as_dropped_and_nothing_raised() -> None:
    with common_folder() as home:
        assert as_nobody(log_where_nothing_may_be_written, home) == []


def log_without_descriptors(home: Path) -> list[str]:
    database = home / "data" / "foundups.db"
    first = Caller(database, "first", **_SETTINGS)
    first.metrics(10)
    first.close()
    caller = Caller(database, "second", **_SETTINGS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.open(os.devnull, os.O_RDONLY)  # the lowest that is free
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    caller.metrics(50)
    caller.permissions(2)
    caller.flush(1)
    found = evidence.out_of_balance(caller.stats())
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    caller.recover()
    caller.close()
    dropped = caller.stats()["dropped"]
    return found + evidence.all_is_in(database, [*first.logged, *caller.logged], dropped=dropped)


@needs_posix
def test_a_program_out_of_file_descriptors_goes_on_and_counts() -> None:
    with common_folder() as home:
        assert as_nobody(log_without_descriptors, home) == []


def test_a_spool_that_cannot_be_written_leaves_no_empty_files_behind(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with Faults().installed() as faults:
        faults.refuse("connect", "write")
        caller = Caller(database, commit_timeout=0.02)
        for _ in range(10):
            caller.permission()
        assert caller.stats()["queued"] == 10
        assert list(evidence.spool_folder(database).iterdir()) == []
        faults.lift()
        caller.recover()
    caller.close()
    assert evidence.all_is_in(database, caller.logged) == []
