"""One contract over all front doors: what goes in by any of them comes out the same."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from conftest import Rows

import foundups_logging
from foundups_logging import DomainTableHandler, DomainTableProcessor, TelemetryStore
from foundups_logging.domains import builtin_domains
from foundups_logging.encoding import from_json, to_json

#: Takes an event's domain, name and fields.
Door = Callable[[str, str, dict[str, Any]], None]


def stdlib_door(database: Path) -> Door:
    log = logging.getLogger("tests.doors")
    log.handlers[:] = [DomainTableHandler(database)]
    log.propagate = False
    log.setLevel(logging.INFO)
    return lambda _domain, event, fields: log.info(event, extra=foundups_logging.fields(**fields))


def structlog_door(database: Path) -> Door:
    log = structlog.wrap_logger(structlog.ReturnLogger(), processors=[DomainTableProcessor(database, terminal=True)])
    return lambda _domain, event, fields: log.info(event, **fields)


def wrapped_structlog_door(database: Path) -> Door:
    stdlib_door(database)
    log = structlog.wrap_logger(
        logging.getLogger("tests.doors"),
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return lambda _domain, event, fields: log.info(event, **fields)


def store_door(database: Path) -> Door:
    store = TelemetryStore(database)

    def record(domain: str, event: str, fields: dict[str, Any]) -> None:
        store.record(domain, event=event, **fields)

    return record


@pytest.fixture(
    params=[stdlib_door, structlog_door, wrapped_structlog_door, store_door], ids=lambda make: make.__name__
)
def door(request: pytest.FixtureRequest, database: Path) -> Iterator[Door]:
    yield request.param(database)
    logging.getLogger("tests.doors").handlers.clear()


@pytest.mark.parametrize("domain", builtin_domains(), ids=lambda domain: domain.name)
def test_samples_of_each_domain_come_back_whole(door: Door, domain: Any, rows: Rows) -> None:
    for sample in domain.samples:
        fields = {key: value for key, value in sample.items() if key != "event"}
        door(domain.name, sample["event"], fields)
        row = rows(domain.name)[-1]
        for key, value in fields.items():
            column = domain.aliases.get(key, key)
            assert (row[column] if column in row else row["metadata_json"][key]) == value, key


VALUES = [
    None,
    True,
    0,
    -(2**63),
    2**63,
    10**25,
    0.1,
    -0.0,
    1e300,
    math.inf,
    "",
    "hej ✊",
    "nul \0 inside",
    "lone \ud800 surrogate",
    [1, [2, {"three": None}]],
    {"$float": "nan"},
    {1: "one", (2, 3): "pair"},
    {"deep": {"er": [{}] * 3}},
    b"\x00\xff",
    Decimal("0.10"),
    datetime(2026, 1, 2, tzinfo=UTC),
    UUID(int=7),
    "x" * 1_000_000,
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
def test_a_field_without_a_column_comes_back_as_it_was(door: Door, value: Any, rows: Rows) -> None:
    for _ in range(3):  # the third by the compiled way
        door("chat_messages", "chat_message", {"username": "Ana", "extra": value})
    for row in rows("chat_messages"):
        assert repr(row["metadata_json"]["extra"]) == repr(from_json(to_json(value)))


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
@pytest.mark.parametrize(("domain", "column"), [("chat_messages", "message"), ("metrics_events", "value")])
def test_a_column_holds_what_it_can_and_metadata_the_rest(
    door: Door, domain: str, column: str, value: Any, rows: Rows
) -> None:
    others = {"metric_name": "m"} if domain == "metrics_events" else {}
    for _ in range(3):
        door(domain, "metric" if others else "chat_message", {**others, column: value})
    for row in rows(domain):
        kept = (row["metadata_json"] or {}).get(column)
        if repr(row[column]) != repr(value) and not (type(value) is int and row[column] == value):
            expected = from_json(to_json(value))
            assert repr(kept) == repr(expected) or row[column] == expected


def test_a_missing_required_field_is_no_loss(door: Door, rows: Rows, request: pytest.FixtureRequest) -> None:
    fields = {"permission": "write", "extra": [1]}
    if "store_door" in request.node.name:
        with pytest.raises(foundups_logging.WriteError, match="agent_id"):
            door("permission_events", "permission_granted", fields)
        return
    for _ in range(3):
        door("permission_events", "permission_granted", fields)
    letters = rows("dead_letters")
    assert [letter["domain"] for letter in letters] == ["permission_events"] * 3
    assert "'agent_id' is missing" in letters[0]["error"]
    assert letters[0]["original"]["event"] == "permission_granted"
    assert letters[0]["original"]["fields"] == fields
    assert foundups_logging.stats()["dead_lettered"] == 3
