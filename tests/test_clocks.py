"""Clocks that stand still, jump ahead and jump back: the listener works, timestamps are the clock's, ids the order."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import freezegun
import pytest
import structlog
from conftest import Rows

import foundups_logging
from foundups_logging import DomainTableProcessor

START = datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)
JUMPS = [timedelta(0), timedelta(days=400), timedelta(days=-4_000), timedelta(seconds=-1), timedelta(days=30_000)]


def text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


@pytest.mark.parametrize("tick", [False, True], ids=["frozen", "ticking"])
@pytest.mark.parametrize("table", ["daemon_health", "permission_events"])
def test_a_clock_that_jumps_keeps_the_order_of_ids_and_gives_the_timestamps(
    logger: logging.Logger, rows: Rows, tick: bool, table: str
) -> None:
    event = "heartbeat" if table == "daemon_health" else "permission_granted"
    with freezegun.freeze_time(START, tick=tick) as clock:
        for number, jump in enumerate(JUMPS):
            clock.move_to(START + jump)
            for _ in range(3):
                logger.info(event, extra={"status": "up", "agent_id": "a", "jump": number})
            assert foundups_logging.flush(10)
            logger.info(event, extra={"status": "up", "agent_id": "a", "jump": number})
            told = foundups_logging.stats()
            assert told["emitted"] == 4 * (number + 1)
            assert told.get("oldest_age", 0.0) < 60  # of real seconds, whatever the clock has done
        assert foundups_logging.flush(10)
    found = rows(table)
    assert [row["metadata_json"]["jump"] for row in found] == [number for number in range(len(JUMPS)) for _ in range(4)]
    for row in found:
        expected = START + JUMPS[row["metadata_json"]["jump"]]
        if tick:
            assert text(expected) <= row["timestamp"] < text(expected + timedelta(minutes=1))
        else:
            assert row["timestamp"] == text(expected)


def test_the_processor_takes_the_clock_as_it_jumps(database: object, rows: Rows) -> None:
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[DomainTableProcessor(database, terminal=True)])  # type: ignore[arg-type]
    with freezegun.freeze_time(START) as clock:
        for jump in JUMPS:
            clock.move_to(START + jump)
            log.info("heartbeat", status="up")
            log.info("permission_granted", agent_id="a")
    for table in ("daemon_health", "permission_events"):
        assert [row["timestamp"] for row in rows(table)] == [text(START + jump) for jump in JUMPS]


def test_a_handler_from_before_the_clock_stood_still_goes_on_after_it(logger: logging.Logger, rows: Rows) -> None:
    logger.info("heartbeat", extra={"status": "before"})
    with freezegun.freeze_time(START):
        logger.info("heartbeat", extra={"status": "frozen"})
    logger.info("heartbeat", extra={"status": "after"})
    before, frozen, after = rows("daemon_health")
    assert [row["status"] for row in (before, frozen, after)] == ["before", "frozen", "after"]
    assert frozen["timestamp"] == text(START) < before["timestamp"] <= after["timestamp"]
