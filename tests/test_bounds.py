"""What is bounded: the queue in bytes, the write-ahead log while a reader holds it, a row that is too big."""

from __future__ import annotations

import logging
import sqlite3
import sys
from pathlib import Path

import pytest
from conftest import Rows, wait_until

import foundups_logging
from foundups_logging import ConfigurationError, DomainTableHandler
from foundups_logging.listener import listener_for

LOG = logging.getLogger("tests.bounds")


def attach(database: Path, **settings: object) -> DomainTableHandler:
    handler = DomainTableHandler(database, **settings)  # type: ignore[arg-type]
    LOG.handlers[:] = [handler]
    LOG.propagate = False
    LOG.setLevel(logging.INFO)
    return handler


def test_large_messages_fill_the_queue_by_their_bytes(database: Path, rows: Rows) -> None:
    handler = attach(database, queue_bytes=10 << 20, when_full="drop_newest", flush_interval=0)
    writer = listener_for(database)._writer
    assert writer._lock.take(5, sys._getframe())  # the listener can't write
    for number in range(8):
        LOG.info("chat_message", extra={"text": f"{number} " + "x" * (3 << 20)})
    stats = handler.stats()
    assert 2 <= stats["queued"] <= 4
    assert stats["queued"] + stats["dropped"] == 8
    LOG.info("heartbeat")
    assert handler.stats()["dropped"] == stats["dropped"] + 1  # nor is there room for a small one
    writer.release()
    assert len(rows("chat_messages")) == stats["queued"]
    LOG.info("heartbeat")
    assert len(rows("daemon_health")) == 1


def test_a_message_beyond_the_bound_is_stored_where_nothing_else_waits(database: Path, rows: Rows) -> None:
    attach(database, queue_bytes=1 << 20, when_full="drop_newest")
    LOG.info("chat_message", extra={"text": "x" * (50 << 20)})
    assert [len(row["message"]) for row in rows("chat_messages")] == [50 << 20]


def test_a_row_too_big_for_sqlite_is_told_in_dead_letters_and_its_batch_goes_on(database: Path, rows: Rows) -> None:
    attach(database)
    LOG.info("heartbeat", extra={"status": "before"})
    assert foundups_logging.flush()
    connection = listener_for(database)._writer.sink._connection
    assert connection is not None
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 << 20)  # by itself it is a gigabyte
    LOG.info("heartbeat", extra={"status": "x" * (3 << 20)})
    LOG.info("heartbeat", extra={"status": "after"})
    assert [row["status"] for row in rows("daemon_health")] == ["before", "after"]
    (dead,) = rows("dead_letters")
    assert "too big" in dead["error"]
    assert "characters of 3" in dead["error"]
    assert "xxxx" in dead["original"]["cut"]


def test_a_reader_that_holds_a_snapshot_is_told_and_the_log_is_cut_when_it_lets_go(database: Path) -> None:
    handler = attach(database, wal_limit=1 << 20)
    LOG.info("heartbeat")
    assert foundups_logging.flush()
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM daemon_health").fetchone()
    for _ in range(10):
        for _ in range(1_000):
            LOG.info("chat_message", extra={"text": "x" * 500})
        assert foundups_logging.flush()
    stats = handler.stats()
    assert stats["wal_pinned"]
    assert stats["wal_bytes"] > 4 << 20
    reader.execute("COMMIT")
    wait_until(lambda: handler.stats()["wal_bytes"] <= 1 << 20 and not handler.stats()["wal_pinned"])
    reader.close()


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ({"when_full": "panic"}, "give block or spool or drop_newest or drop_oldest"),
        ({"block_timeout": -1}, "give seconds, 0 to 3600"),
        ({"commit_timeout": "2"}, "give seconds, 0 to 3600"),
        ({"queue_bytes": 0}, "give a whole number of bytes, 1 or more"),
        ({"spool_fsync": 1}, "give True or False"),
        ({"spool_directory": ""}, "give the path of a folder"),
        ({"synchronous": "OFF"}, "give NORMAL or FULL"),
        ({"spool_limt": 5}, "spool_limt is no setting.*spool_limit"),
    ],
)
def test_a_setting_that_cannot_be_is_an_error_that_says_what_can(
    database: Path, setting: dict[str, object], allowed: str
) -> None:
    with pytest.raises(ConfigurationError, match=allowed):
        attach(database, **setting)
