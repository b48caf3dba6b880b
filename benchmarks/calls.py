"""The event that every contestant logs, the ways to log it, and how much of it is stored."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Final

import structlog

__all__ = [
    "FIELDS",
    "FIELDS_WITH_METADATA",
    "Call",
    "extra_call",
    "fresh_extra_call",
    "fresh_keyword_call",
    "keyword_call",
    "lines_of",
    "rows_of",
    "seven_domains_call",
    "structlog_logger",
]

#: The typical event's fields: all have columns.
FIELDS: Final[dict[str, object]] = {
    "agent_id": "agent-7",
    "permission_level": "metrics_write",
    "granted_by": "0102",
    "confidence": 0.85,
    "justification": "87 of 100 detections confirmed",
}
FIELDS_WITH_METADATA: Final = FIELDS | {"successes": 87, "reviewed": True, "promoted_from": "read_only"}
_SEVEN_DOMAINS: Final[tuple[tuple[str, dict[str, object]], ...]] = (
    ("permission_granted", FIELDS),
    (
        "confidence_updated",
        {"agent_id": "agent-7", "confidence_before": 0.8, "confidence_after": 0.85, "validation": "tests_passed"},
    ),
    (
        "chat_message",
        {"session_id": "live-7", "video_id": "dQw4w9WgXcQ", "user_id": "UC_1", "username": "Ana", "text": "hello"},
    ),
    (
        "selenium_session",
        {
            "url": "https://studio.example.com/live",
            "screenshot_hash": "9f86d081",
            "screenshot_path": "shots/9f86d081.png",
        },
    ),
    ("heartbeat", {"daemon_name": "broadcaster", "status": "live", "errors_detected": 0, "uptime_seconds": 12.5}),
    ("error", {"error_type": "TimeoutError", "stack_trace": "TimeoutError: no answer in 30 s"}),
    ("metric", {"metric_name": "tokens_per_second", "value": 48.5, "unit": "1/s", "agent_id": "agent-7"}),
)

_numbers = count()  # two contestants in one process log to loggers of their own

#: Logs an event, given its number.
Call = Callable[[int], object]


def _stdlib_logger(handler: logging.Handler) -> logging.Logger:
    logger = logging.getLogger(f"bench.{type(handler).__name__}{next(_numbers)}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    return logger


def extra_call(handler: logging.Handler, fields: dict[str, object] = FIELDS) -> Call:
    """Stdlib logging's way."""
    logger = _stdlib_logger(handler)

    def call(_: int) -> None:
        logger.info("permission_granted", extra=fields.copy())

    return call


def seven_domains_call(handler: logging.Handler) -> Call:
    """An event of each of the seven domains in turn."""
    logger = _stdlib_logger(handler)

    def call(number: int) -> None:
        name, fields = _SEVEN_DOMAINS[number % 7]
        logger.info(name, extra=fields.copy())

    return call


def _fresh(number: int) -> dict[str, object]:
    """The typical event's fields, with two texts that never came before."""
    return FIELDS | {"agent_id": f"agent-{number}", "justification": f"{number} of 100,000 detections confirmed"}


def fresh_extra_call(handler: logging.Handler) -> Call:
    """Stdlib logging's way, with texts that never repeat."""
    logger = _stdlib_logger(handler)

    def call(number: int) -> None:
        logger.info("permission_granted", extra=_fresh(number))

    return call


def fresh_keyword_call(logger: Any) -> Call:
    """Structlog's way, with texts that never repeat."""

    def call(number: int) -> None:
        logger.info("permission_granted", **_fresh(number))

    return call


def keyword_call(logger: Any, fields: dict[str, object] = FIELDS) -> Call:
    """Structlog's way, and loguru's."""

    def call(_: int) -> None:
        logger.info("permission_granted", **fields)

    return call


def structlog_logger(*processors: Any, factory: Any = None) -> Any:
    """A bound logger; without a factory, of nothing."""
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=factory or structlog.ReturnLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return structlog.get_logger().bind()


def lines_of(file: Path) -> int:
    """How many lines a file has."""
    with file.open("rb") as lines:
        return sum(1 for _ in lines)


def rows_of(database: Path, table: str) -> int:
    """How many rows a table has."""
    connection = sqlite3.connect(database)
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        connection.close()
