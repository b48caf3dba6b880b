"""Somebody else holds the database: calls return in time, the events wait in the spool and come in afterwards."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from callers import Caller
from soak import evidence, guests, locks

from foundups_logging.listener.writer import Writer


@pytest.mark.parametrize("how", guests.HOLDS)
def test_a_database_held_for_long_loses_nothing_and_holds_nobody_up(database: Path, how: str) -> None:
    database.parent.mkdir()
    problems, told = locks.hold(database, how, 8.0, lambda _: None)
    assert not problems, "\n".join(problems)
    assert told["spooled meanwhile"] > 0


@pytest.mark.parametrize("how", guests.HOLDS)
def test_a_program_that_starts_while_the_database_is_held_spools_and_a_later_one_stores(
    database: Path, how: str
) -> None:
    settings = {"commit_timeout": 0.2, "close_timeout": 0.5, "flush_interval": 0.01}
    first = Caller(database, "first", **settings)
    first.metrics()
    assert first.flush()
    first.close()
    second = Caller(database, "second", **settings)
    with guests.another_process_holds(database, how):
        second.metrics(50)
        second.permissions(3)
        second.close()
        assert second.stats()["queued"] == 0
        assert sorted(evidence.spooled(evidence.spool_folder(database))) == sorted(second.logged)
    third = Caller(database, "third", **settings)
    third.recover()
    third.close()
    assert evidence.all_is_in(database, [*first.logged, *second.logged, *third.logged]) == []


@pytest.mark.parametrize("how", guests.HOLDS)
def test_a_program_that_ends_while_the_database_is_held_waits_its_turn_and_says_nothing(
    database: Path, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("foundups_logging.sinks.sqlite._PATIENCE", 0.05)
    caller = Caller(database, close_timeout=60.0)
    caller.metrics()
    assert caller.flush()
    tries = threading.Semaphore(0)
    sign_off = Writer.sign_off

    def counted(writer: Writer) -> None:
        tries.release()
        sign_off(writer)

    monkeypatch.setattr(Writer, "sign_off", counted)
    ending = threading.Thread(target=caller.close)
    with guests.another_process_holds(database, how):
        ending.start()
        assert all(tries.acquire(timeout=20) for _ in range(4))
    ending.join(30)
    assert capsys.readouterr().err == ""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(ended), sum(stored) FROM writer_stats").fetchone() == (1, 1)
    assert evidence.spooled(evidence.spool_folder(database)) == []


def test_a_reader_that_keeps_a_snapshot_holds_up_no_writer(database: Path) -> None:
    caller = Caller(database, commit_timeout=5.0)
    caller.metrics()
    assert caller.flush()
    with closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM metrics_events").fetchall()
        caller.metrics(1_000)
        caller.permissions(5)
        assert caller.flush()
        assert evidence.spooled(evidence.spool_folder(database)) == []
        assert reader.execute("SELECT count(*) FROM metrics_events").fetchone() == (1,)
        reader.execute("COMMIT")
    caller.close()
    assert evidence.all_is_in(database, caller.logged) == []
