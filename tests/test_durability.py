"""When a logging call returns: at once, or when its event is committed, or else in the spool."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Rows, wait_until

import foundups_logging
from foundups_logging import DomainError, DomainTableHandler, TelemetryStore, WriteError, builtin_domains, load_domains
from foundups_logging.listener import listener_for

LATER = {"flush_interval": 3600.0}


def granted(agent_id: str) -> None:
    logging.getLogger("tests.durable").info("permission_granted", extra={"agent_id": agent_id})


def attach(database: Path, domains: object = None, **settings: object) -> DomainTableHandler:
    handler = DomainTableHandler(database, domains, **settings)  # type: ignore[arg-type]
    log = logging.getLogger("tests.durable")
    log.handlers[:] = [handler]
    log.propagate = False
    log.setLevel(logging.INFO)
    return handler


def agents(database: Path) -> list[str]:
    """Read past the package, without any flush."""
    connection = sqlite3.connect(database)
    try:
        return [agent for (agent,) in connection.execute("SELECT agent_id FROM permission_events ORDER BY id")]
    finally:
        connection.close()


@pytest.fixture
def locked(database: Path) -> Iterator[sqlite3.Connection]:
    """Another connection holds the database, whose tables are there."""
    TelemetryStore(database).close()
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield other
    other.close()


def test_an_event_of_a_commit_domain_is_in_the_database_when_its_call_returns(database: Path) -> None:
    attach(database, **LATER)
    for number in range(5):
        granted(f"agent-{number}")
        assert agents(database)[-1] == f"agent-{number}"


def test_permissions_and_confidence_are_committed_and_no_others_unless_asked() -> None:
    def committed(domains: tuple[foundups_logging.Domain, ...]) -> set[str]:
        return {domain.name for domain in domains if domain.durability == "commit"}

    assert committed(builtin_domains()) == {"permission_events", "confidence_events"}
    own = load_domains({"permission_events": {"durability": "async"}, "metrics_events": {"durability": "commit"}})
    assert committed(own) == {"confidence_events", "metrics_events"}
    with pytest.raises(DomainError, match=r"durability is 'sometimes'.*async or commit"):
        load_domains({"metrics_events": {"durability": "sometimes"}})


def test_a_domain_that_is_made_async_is_not_waited_for(database: Path, rows: Rows) -> None:
    handler = attach(database, {"permission_events": {"durability": "async"}}, **LATER)
    granted("gemma")
    assert handler.stats()["queued"] == 1
    assert len(rows("permission_events")) == 1


def test_callers_in_many_threads_share_a_transaction(database: Path) -> None:
    handler = attach(database)
    granted("first")
    writer = listener_for(database)._writer
    assert writer._lock.take(5, sys._getframe())  # as a transaction that takes its time
    threads = [threading.Thread(target=granted, args=(f"agent-{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(writer.commits) == 8)
    writer.release()
    for thread in threads:
        thread.join()
    assert len(agents(database)) == 9
    assert handler.stats()["commits"] == 2
    assert handler.stats()["batch_largest"] == 8


@pytest.mark.usefixtures("locked")
def test_a_call_waits_no_longer_than_its_time_and_then_the_event_is_in_the_spool(
    database: Path, locked: sqlite3.Connection
) -> None:
    handler = attach(database, commit_timeout=0.2)
    started = time.monotonic()
    granted("gemma")
    assert time.monotonic() - started < 10
    stats = handler.stats()
    assert (stats["emitted"], stats["spooled"]) == (1, 1)
    assert any("gemma" in path.read_text() for path in Path(f"{database}-spool").iterdir())
    locked.execute("ROLLBACK")
    wait_until(lambda: handler.stats()["stored"] == 1)
    assert agents(database) == ["gemma"]


@pytest.mark.usefixtures("locked")
def test_on_an_event_loop_a_call_waits_for_about_a_commit(database: Path, locked: sqlite3.Connection) -> None:
    handler = attach(database, commit_timeout=3600)

    async def log() -> None:
        granted("on the loop")

    asyncio.run(asyncio.wait_for(log(), 20))
    assert handler.stats()["spooled"] == 1
    locked.execute("ROLLBACK")
    wait_until(lambda: handler.stats()["stored"] == 1)


@pytest.mark.usefixtures("locked")
def test_a_record_that_is_not_committed_in_time_says_that_it_is_in_the_spool(
    database: Path, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundups_logging.store._TIMEOUT", 0.2)
    locked.execute("ROLLBACK")
    store = TelemetryStore(database)
    locked.execute("BEGIN EXCLUSIVE")
    with pytest.raises(WriteError, match=r"not committed within 0\.2 s.*spooled"):
        store.record("permission_events", event="permission_granted", agent_id="gemma")
    locked.execute("ROLLBACK")
    wait_until(lambda: foundups_logging.stats()["stored"] == 1)
    assert agents(database) == ["gemma"]


@pytest.mark.parametrize(("synchronous", "number"), [("NORMAL", 1), ("FULL", 2)])
def test_synchronous_is_sqlites_own(database: Path, synchronous: str, number: int) -> None:
    attach(database, synchronous=synchronous)
    granted("gemma")
    connection = listener_for(database)._writer.sink._connection
    assert connection is not None
    assert connection.execute("PRAGMA synchronous").fetchone() == (number,)


def test_without_a_write_ahead_log_events_are_stored_too(database: Path) -> None:
    attach(database, journal_mode="DELETE")
    granted("gemma")
    foundups_logging.flush()
    connection = sqlite3.connect(database)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()
    assert agents(database) == ["gemma"]


def test_the_account_adds_up_at_any_moment(database: Path) -> None:
    handler = attach(database, flush_interval=0.001, queue_size=200, when_full="drop_oldest")
    log = logging.getLogger("tests.durable")

    def work() -> None:
        for number in range(300):
            log.info("heartbeat", extra={"status": str(number)})
            if number % 10 == 0:
                granted(str(number))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    seen = [handler.stats()]
    while any(thread.is_alive() for thread in threads):
        seen.append(foundups_logging.stats())
    assert foundups_logging.flush()
    seen.append(handler.stats())
    for stats in seen:
        fates = ("stored", "spooled", "dead_lettered", "dropped", "queued")
        assert stats["emitted"] == sum(stats[fate] for fate in fates), stats
    assert [stats["emitted"] for stats in seen] == sorted(stats["emitted"] for stats in seen)
    assert seen[-1]["emitted"] == 4 * 330
    assert seen[-1]["queued"] == 0
