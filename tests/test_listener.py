"""One listener a database and process: configuration again and again, flush, shutdown, a full queue, frozen time."""

from __future__ import annotations

import gc
import logging
import logging.config
import os
import sqlite3
import sys
import threading
import time
from pathlib import Path
from typing import Any

import freezegun
import pytest
import structlog
from conftest import Rows

import foundups_logging
from foundups_logging import DomainTableHandler, DomainTableProcessor, complaints
from foundups_logging.listener import Listener, listener_for


def listener_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("foundups-logging")]


def configure(name: str, database: Path | str, *, disable_existing: bool = False) -> logging.Logger:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": disable_existing,
            "handlers": {"db": {"class": "foundups_logging.handlers.DomainTableHandler", "database": str(database)}},
            "loggers": {name: {"handlers": ["db"], "level": "INFO", "propagate": False}},
        }
    )
    return logging.getLogger(name)


def test_many_handlers_and_processors_of_one_database_share_one_thread(
    database: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.parent.mkdir()
    monkeypatch.chdir(database.parent)
    (database.parent / "link").symlink_to(database.parent)
    names = [str(database), "foundups.db", f"sqlite:///{database}", str(database.parent / "link" / "foundups.db")]
    for number, name in enumerate(names):
        configure(f"tests.module{number}", name).info("heartbeat", extra={"status": str(number)})
    structlog.wrap_logger(structlog.ReturnLogger(), processors=[DomainTableProcessor(database)]).info("heartbeat")
    assert len(rows("daemon_health")) == 5
    assert len(listener_threads()) == 1


def test_a_second_dict_config_loses_nothing(database: Path, rows: Rows) -> None:
    for round_ in range(5):
        log = configure("tests.again", database, disable_existing=True)
        log.disabled = False
        for _ in range(100):
            log.info("heartbeat", extra={"status": "up", "round": round_})
    found = rows("daemon_health")
    assert [row["metadata_json"]["round"] for row in found] == sorted(list(range(5)) * 100)


def test_dict_config_while_other_threads_log_loses_nothing(database: Path, rows: Rows) -> None:
    log = configure("tests.busy", database)
    (handler,) = log.handlers
    listener_for(database).configure(queue_size=2_000)  # a short queue, so that each close is soon done
    stop = threading.Event()
    counts = [0, 0]

    def work(number: int) -> None:
        while not stop.is_set():
            handler.handle(
                log.makeRecord(log.name, logging.INFO, "f", 1, "heartbeat", (), None, extra={"status": "up"})
            )
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        configure("tests.busy", database)  # closes the handler the threads go on using
    stop.set()
    for thread in threads:
        thread.join()
    assert len(rows("daemon_health")) == sum(counts)
    assert foundups_logging.stats()["stored"] == sum(counts)


def test_logging_after_shutdown_brings_the_listener_back(database: Path, rows: Rows) -> None:
    log = configure("tests.shutdown", database)
    log.info("heartbeat", extra={"status": "before"})
    (handler,) = log.handlers
    logging.shutdown([lambda: handler])  # type: ignore[list-item]
    assert listener_threads() == []
    log.info("heartbeat", extra={"status": "after"})
    assert [row["status"] for row in rows("daemon_health")] == ["before", "after"]
    assert len(listener_threads()) == 1


def test_close_twice_and_flush_after_close_do_no_harm(database: Path) -> None:
    handler = DomainTableHandler(database)
    handler.handle(logging.makeLogRecord({"msg": "heartbeat", "levelname": "INFO"}))
    handler.close()
    handler.close()
    handler.flush()
    assert foundups_logging.flush()


def test_flush_returns_when_all_that_was_logged_is_committed(logger: logging.Logger, database: Path) -> None:
    for number in range(3_000):
        logger.info("heartbeat", extra={"status": "up", "n": number})
    assert foundups_logging.flush(timeout=10)
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM daemon_health").fetchone() == (3_000,)
    for handler in logger.handlers:
        logger.info("heartbeat", extra={"status": "last"})
        handler.flush()
    assert connection.execute("SELECT count(*) FROM daemon_health WHERE status = 'last'").fetchone()[0] >= 1
    connection.close()


def test_an_event_is_there_after_the_flush_interval_without_any_flush(logger: logging.Logger, database: Path) -> None:
    logger.info("heartbeat", extra={"status": "up"})
    listener = listener_for(database)
    deadline = time.monotonic() + 10
    while listener.stats()["stored"] < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    stats = listener.stats()
    assert (stats["emitted"], stats["stored"], stats["queued"], stats["commits"]) == (1, 1, 0, 1)


def test_flush_with_nothing_logged_is_at_once_true() -> None:
    assert foundups_logging.flush(timeout=0)


def test_flush_of_a_locked_database_says_false_and_later_all_is_stored(
    database: Path, monkeypatch: pytest.MonkeyPatch, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("foundups_logging.sinks.sqlite._PATIENCE", 0.05)
    log = configure("tests.locked", database)
    log.info("heartbeat", extra={"status": "first"})
    assert foundups_logging.flush()
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    log.info("heartbeat", extra={"status": "second"})
    assert not foundups_logging.flush(timeout=0.5)
    assert foundups_logging.stats()["queued"] == 1
    other.execute("ROLLBACK")
    other.close()
    assert [row["status"] for row in rows("daemon_health")] == ["first", "second"]
    assert "database is locked" in foundups_logging.stats()["last_error"]
    assert capsys.readouterr().err == ""  # it was but for a moment


def test_a_database_that_cannot_be_opened_holds_nothing_up_and_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    log = configure("tests.unopenable", tmp_path / "file" / "foundups.db")
    for _ in range(3):
        log.info("heartbeat")
    assert not foundups_logging.flush(timeout=0.3)
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert str(tmp_path / "file" / "foundups.db") in told
    assert foundups_logging.stats()["queued"] == 3


def test_a_file_that_is_no_database_is_left_alone_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are notes, not a database\n" * 100)
    configure("tests.notes", path).info("heartbeat")
    assert not foundups_logging.flush(timeout=0.3)
    assert path.read_text() == "these are notes, not a database\n" * 100
    assert "is not a database" in capsys.readouterr().err


def full_queue(database: Path, when_full: str, **settings: float) -> Listener:
    """A listener whose queue of 10 is full, until its writer is released."""
    listener = listener_for(database)
    listener.configure(queue_size=10, when_full=when_full, batch_size=1, **settings)
    assert listener._writer._lock.take(5, sys._getframe(1))  # so the listener can't write, while the test runs
    log = logging.getLogger("tests.full")
    log.handlers[:] = [DomainTableHandler(database)]
    log.propagate = False
    log.setLevel(logging.INFO)
    while len(listener._queue) < 10:
        log.info("heartbeat")
    return listener


def log_more(number: int) -> None:
    for index in range(number):
        logging.getLogger("tests.full").info("heartbeat", extra={"status": f"more {index}"})


def adds_up(stats: dict[str, Any]) -> bool:
    return stats["emitted"] == sum(stats[k] for k in ("stored", "spooled", "dead_lettered", "dropped", "queued"))


def test_drop_newest_counts_what_it_drops_and_says_so_once(
    database: Path, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    listener = full_queue(database, "drop_newest")
    log_more(5)
    stats = listener.stats()
    assert (stats["dropped"], stats["queued"], stats["emitted"]) == (5, 10, 15)
    assert capsys.readouterr().err.count("queue for") == 1
    listener._writer.release()
    assert [row["status"] for row in rows("daemon_health")] == ["heartbeat"] * 10


def test_drop_oldest_keeps_the_newest_events(database: Path, rows: Rows, capsys: pytest.CaptureFixture[str]) -> None:
    listener = full_queue(database, "drop_oldest")
    log_more(5)
    stats = listener.stats()
    assert (stats["dropped"], stats["queued"], stats["emitted"]) == (5, 10, 15)
    assert capsys.readouterr().err.count("queue for") == 1
    listener._writer.release()
    found = [row["status"] for row in rows("daemon_health")]
    assert found == ["heartbeat"] * 5 + [f"more {index}" for index in range(5)]


def test_block_waits_for_room_and_loses_nothing_when_there_is_some(database: Path, rows: Rows) -> None:
    listener = full_queue(database, "block", block_timeout=60)
    thread = threading.Thread(target=log_more, args=(1,))
    thread.start()
    listener._writer.release()
    thread.join()
    assert len(rows("daemon_health")) == 11
    assert (listener.stats()["dropped"], listener.stats()["replayed"]) == (0, 0)


@pytest.mark.parametrize(("when_full", "seconds"), [("block", 0.05), ("spool", 60)])
def test_a_full_queue_spools_what_comes_and_later_all_is_stored(
    database: Path, rows: Rows, when_full: str, seconds: float
) -> None:
    listener = full_queue(database, when_full, block_timeout=seconds)
    log_more(3)
    stats = listener.stats()
    assert (stats["spooled"], stats["queued"], stats["dropped"]) == (3, 10, 0)
    assert adds_up(stats)
    listener._writer.release()
    assert sorted(row["status"] for row in rows("daemon_health")) == ["heartbeat"] * 10 + ["more 0", "more 1", "more 2"]
    stats = listener.stats()
    assert (stats["stored"], stats["spooled"], stats["replayed"]) == (13, 0, 3)


def test_the_last_explicit_setting_counts(database: Path) -> None:
    DomainTableHandler(database, batch_size=7, flush_interval=0.5)
    DomainTableHandler(database, batch_size=9)
    DomainTableHandler(database)
    settings = listener_for(database).settings
    assert (settings.batch_size, settings.flush_interval) == (9, 0.5)


@pytest.mark.parametrize("tick", [False, True])
def test_under_frozen_time_events_are_stored_with_the_frozen_timestamps(database: Path, rows: Rows, tick: bool) -> None:
    with freezegun.freeze_time("2020-02-02T02:02:02Z", tick=tick):
        log = configure("tests.frozen", database)
        for _ in range(4):
            log.info("heartbeat", extra={"status": "handler"})
        chain = [DomainTableProcessor(database, terminal=True)]
        structlog.wrap_logger(structlog.ReturnLogger(), processors=chain).info("heartbeat", status="processor")
        assert foundups_logging.flush(timeout=10)
        log.info("heartbeat", extra={"status": "late"})
        listener = listener_for(database)
        waited = threading.Event()
        for _ in range(1_000):
            if listener.stats()["queued"] == 0:
                break
            waited.wait(0.01)
        assert listener.stats()["queued"] == 0  # by its own flush interval, though time stands still
    found = rows("daemon_health")
    assert len(found) == 6
    assert {row["timestamp"][:19] for row in found} == {"2020-02-02T02:02:02"}
    if not tick:
        assert {row["timestamp"] for row in found} == {"2020-02-02T02:02:02.000000+00:00"}


def test_the_write_ahead_log_stays_bounded_and_is_moved_in_when_idle(database: Path, logger: logging.Logger) -> None:
    for _ in range(40):
        for _ in range(1_000):
            logger.info("chat_message", extra=foundups_logging.fields(message="x" * 500))
        assert foundups_logging.flush(10)
    assert Path(f"{database}-wal").stat().st_size < 16 << 20  # of more than 20 MB written


def test_a_handler_that_is_let_go_does_not_keep_the_database_open(database: Path) -> None:
    handler = DomainTableHandler(database)
    handler.handle(logging.makeLogRecord({"msg": "heartbeat", "levelname": "INFO"}))
    listener = listener_for(database)
    handler.close()
    del handler
    gc.collect()
    assert listener._writer.sink._connection is None
    assert not os.path.exists(f"{database}-wal")  # noqa: PTH110 - closed by the last connection


def test_a_failure_of_the_listener_itself_does_not_stop_it(
    logger: logging.Logger,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rows: Rows,
) -> None:
    monkeypatch.setattr("foundups_logging.listener.back_off._PAUSES", (0.01, 0.02))
    sink = listener_for(database)._writer.sink
    real, calls = sink.write, []

    def fails_once(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a bug")
        real(*args, **kwargs)

    monkeypatch.setattr(sink, "write", fails_once)
    logger.info("heartbeat")
    assert len(rows("daemon_health")) == 1
    assert "RuntimeError: a bug" in capsys.readouterr().err
    assert foundups_logging.stats()["listener_failures"] == 1


def test_complaints_are_silent_where_logging_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    complaints.complain("something")
    assert capsys.readouterr().err == ""
