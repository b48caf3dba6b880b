"""DomainTableProcessor: what structlog's calls become."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from conftest import Rows

import foundups_logging
from foundups_logging import DomainTableProcessor

Log = Callable[..., Any]


@pytest.fixture
def seen() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def log(database: Path, seen: list[dict[str, Any]]) -> Any:
    """A logger whose chain stores each event and then hands it to `seen`."""

    def last(_logger: object, _name: str, event_dict: dict[str, Any]) -> str:
        seen.append(dict(event_dict))
        return ""

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, DomainTableProcessor(database=database), last],
        logger_factory=structlog.ReturnLoggerFactory(),
    )
    return structlog.get_logger()


def test_an_event_is_stored_and_handed_on_unchanged(log: Any, rows: Rows, seen: list[dict[str, Any]]) -> None:
    for _ in range(4):
        log.info("permission_granted", agent_id="gemma", confidence=0.5, extra=[1])
    assert seen == [{"event": "permission_granted", "agent_id": "gemma", "confidence": 0.5, "extra": [1]}] * 4
    found = rows("permission_events")
    assert [(row["agent_id"], row["confidence"]) for row in found] == [("gemma", 0.5)] * 4
    assert [row["metadata_json"] for row in found] == [{"extra": [1], "level": "INFO"}] * 4


def test_terminal_ends_the_chain(database: Path, rows: Rows) -> None:
    def unreachable(*_: object) -> str:
        raise AssertionError

    log = structlog.wrap_logger(
        structlog.ReturnLogger(), processors=[DomainTableProcessor(database, terminal=True), unreachable]
    )
    assert log.info("heartbeat", status="up") is None
    assert [row["status"] for row in rows("daemon_health")] == ["up"]


def test_bound_and_context_variables_are_fields(log: Any, rows: Rows) -> None:
    with structlog.contextvars.bound_contextvars(session_id="s-1"):
        log.bind(username="Ana").info("chat_message", text="hej")
    (row,) = rows("chat_messages")
    assert (row["session_id"], row["username"], row["message"]) == ("s-1", "Ana", "hej")


def test_async_methods_store_too(log: Any, rows: Rows) -> None:
    async def talk() -> None:
        structlog.contextvars.bind_contextvars(session_id="s-2")
        await log.ainfo("chat_message", text="one")
        await asyncio.gather(*(log.awarning("chat_message", text=f"more {n}") for n in range(5)))

    asyncio.run(talk())
    found = rows("chat_messages")
    assert {row["message"] for row in found} == {"one", *(f"more {n}" for n in range(5))}
    assert {row["session_id"] for row in found} == {"s-2"}


def test_cached_loggers_work(database: Path, rows: Rows) -> None:
    structlog.configure(
        processors=[DomainTableProcessor(database, terminal=True)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    log = structlog.get_logger()
    log.debug("heartbeat", status="unseen")
    log.info("heartbeat", status="one")
    log.info("heartbeat", status="two")
    assert [row["status"] for row in rows("daemon_health")] == ["one", "two"]


@pytest.mark.parametrize(
    ("timestamp", "stored", "kept"),
    [
        ("2026-01-02T03:04:05.000006Z", "2026-01-02T03:04:05.000006+00:00", False),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000000+00:00", True),
        (1767323045.25, "2026-01-02T03:04:05.250000+00:00", False),
        (datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "2026-01-02T03:04:05.000006+00:00", False),
    ],
)
def test_a_timestamp_of_the_chain_is_the_rows(log: Any, rows: Rows, timestamp: object, stored: str, kept: bool) -> None:
    for _ in range(3):
        log.info("heartbeat", status="up", timestamp=timestamp)
    for row in rows("daemon_health"):
        assert row["timestamp"] == stored
        assert ("timestamp" in row["metadata_json"]) is kept


def test_a_timestamp_that_is_none_is_kept_and_the_present_taken(log: Any, rows: Rows) -> None:
    before = foundups_logging.timestamps.now()
    for _ in range(3):
        log.info("heartbeat", status="up", timestamp="yesterday")
    for row in rows("daemon_health"):
        assert row["timestamp"] >= before
        assert row["metadata_json"]["timestamp"] == "yesterday"


@pytest.mark.parametrize(
    ("method", "fields", "level"),
    [
        ("info", {}, "INFO"),
        ("warn", {}, "WARNING"),
        ("msg", {}, "INFO"),
        ("info", {"level": "debug"}, "DEBUG"),
        ("info", {"level": "Warn"}, "WARNING"),
        ("info", {"level": 30}, "WARNING"),
        ("info", {"level": "notice"}, "NOTICE"),
        ("info", {"level": ["odd"]}, "['ODD']"),
    ],
)
def test_the_level_is_the_chains_or_the_methods(
    log: Any, rows: Rows, method: str, fields: dict[str, Any], level: str
) -> None:
    for _ in range(3):
        getattr(log, method)("some_event", **fields)
    assert [row["level"] for row in rows("log_events")] == [level] * 3


def test_the_logger_is_the_chains_or_the_loggers_name(database: Path, rows: Rows) -> None:
    structlog.configure(
        processors=[DomainTableProcessor(database, terminal=True)], logger_factory=structlog.stdlib.LoggerFactory()
    )
    structlog.get_logger("modules.chat").info("some_event")
    structlog.get_logger("modules.chat").info("some_event", logger="chosen")
    assert [row["logger"] for row in rows("log_events")] == ["modules.chat", "chosen"]


def test_exceptions_in_each_of_structlogs_forms_reach_error_events(database: Path, rows: Rows) -> None:
    for formatter in (None, structlog.processors.format_exc_info, structlog.processors.dict_tracebacks):
        chain = [*filter(None, [formatter]), DomainTableProcessor(database, terminal=True)]
        log = structlog.wrap_logger(structlog.ReturnLogger(), processors=chain)
        try:
            raise LookupError("no such agent")
        except LookupError as error:
            log.exception("lookup_failed", agent_id="a")
            log.info("lookup_failed", exc_info=error)
    found = rows("error_events")
    assert [(row["error_type"], row["message"]) for row in found] == [("LookupError", "no such agent")] * 6
    assert all("LookupError" in row["stack_trace"] for row in found)
    assert [row["metadata_json"]["event"] for row in found] == ["lookup_failed"] * 6


def test_a_stack_is_kept(database: Path, rows: Rows) -> None:
    chain = [structlog.processors.StackInfoRenderer(), DomainTableProcessor(database, terminal=True)]
    structlog.wrap_logger(structlog.ReturnLogger(), processors=chain).info("heartbeat", stack_info=True)
    (row,) = rows("daemon_health")
    assert "test_a_stack_is_kept" in row["metadata_json"]["stack_info"]


def test_a_thread_that_is_not_the_main_one_is_named(log: Any, rows: Rows) -> None:
    thread = threading.Thread(target=lambda: [log.info("heartbeat", status="up") for _ in range(4)], name="poller")
    thread.start()
    thread.join()
    assert [row["metadata_json"]["thread"] for row in rows("daemon_health")] == ["poller"] * 4


def test_an_event_that_is_no_text_is_stored_as_its_text(log: Any, rows: Rows) -> None:
    log.info(42, agent_id="a")
    log.info(None)  # structlog makes no event of it at all
    assert [row["event"] for row in rows("log_events")] == ["42", ""]


def test_the_settings_are_the_handlers(database: Path) -> None:
    with pytest.raises(foundups_logging.ConfigurationError, match="when_full"):
        DomainTableProcessor(database, when_full="explode")


def test_a_failure_in_the_processor_never_reaches_the_program(
    log: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Hostile:
        @property
        def name(self) -> str:
            raise RuntimeError("broken on purpose")

    processor = structlog.get_config()["processors"][1]
    assert processor(Hostile(), "info", {"event": "heartbeat"}) == {"event": "heartbeat"}
    assert "broken on purpose" in capsys.readouterr().err
    assert foundups_logging.stats()["dropped"] == 1
