"""Values: what went into the log comes out of the database, whole, from a column or from metadata."""

from __future__ import annotations

import logging
import math
import pathlib
import sqlite3
import struct
import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from odd_values import (
    NASTY,
    Colour,
    Number,
    Point,
    RaisesRepr,
    SafeText,
    TextColour,
    any_values,
    same,
    scalars,
    usual_objects,
)

import foundups_logging
from foundups_logging import DomainTableHandler, DomainTableProcessor, TelemetryStore, fields
from foundups_logging.encoding import from_json, to_json

COLUMNS = {"text": "TEXT", "whole": "INTEGER", "real": "REAL", "flag": "BOOLEAN", "data": "JSON"}
THINGS = {"things": {"events": ["thing"], "columns": COLUMNS}}
OURS = {"event", "logger", "level"}
NAN, INFINITY = math.nan, math.inf
# The value is in its column alone.
ALONE = object()
HEX = uuid.UUID(int=5)
LONG = "long ✊ " * 150_000


@pytest.fixture
def store(database):
    """Log things; tells the rows they became: the columns and, of metadata, what isn't ours."""
    handler = DomainTableHandler(database, THINGS)
    TelemetryStore(database, THINGS).close()
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    seen = [0]

    def log(*events):
        for event in events:
            record = logging.LogRecord("app", logging.INFO, "", 0, "thing", (), None)
            record.__dict__.update(event)
            handler.handle(record)
        assert foundups_logging.flush(10)
        rows = connection.execute("SELECT * FROM things WHERE id > ? ORDER BY id", seen).fetchall()
        assert len(rows) == len(events)
        seen[0] += len(events)
        found = []
        for row in rows:
            metadata = from_json(row["metadata_json"])
            assert metadata.keys() >= OURS
            found.append(({name: row[name] for name in COLUMNS}, {k: v for k, v in metadata.items() if k not in OURS}))
        return found

    yield log
    connection.close()
    handler.close()


# column, value -> what the column holds, what metadata holds beside it
CASES = [
    ("text", "a", "a", ALONE),
    ("text", "", "", ALONE),
    ("text", "hej ✊✋🖐 \u2028", "hej ✊✋🖐 \u2028", ALONE),
    ("text", "nul\0inside\0", "nul\0inside\0", ALONE),
    ("text", LONG, LONG, ALONE),
    ("text", "\ud800 alone", None, "\ud800 alone"),
    ("text", "\ud83d\ude00", None, "\ud83d\ude00"),
    ("text", 42, "42", 42),
    ("text", 2**70, str(2**70), 2**70),
    ("text", 10**5000, None, 10**5000),
    ("text", 1.5, "1.5", 1.5),
    ("text", -0.0, "-0.0", -0.0),
    ("text", NAN, None, NAN),
    ("text", True, "true", True),
    ("text", None, None, ALONE),
    ("text", b"hi\xff", None, b"hi\xff"),
    ("text", ["a"], None, ["a"]),
    ("text", {"a": 1}, None, {"a": 1}),
    ("text", {"$bytes": "aGk="}, None, {"$bytes": "aGk="}),
    ("text", Decimal("0.10"), "0.10", ALONE),
    ("text", HEX, str(HEX), ALONE),
    ("text", datetime(2025, 10, 21, 19, 6), "2025-10-21T19:06:00", ALONE),  # noqa: DTZ001
    ("text", datetime(2025, 10, 21, 19, 6, tzinfo=UTC), "2025-10-21T19:06:00+00:00", ALONE),
    ("text", date(2025, 10, 21), "2025-10-21", ALONE),
    ("text", pathlib.PurePosixPath("a/b"), "a/b", ALONE),
    ("text", Colour.RED, "red", ALONE),
    ("text", TextColour.RED, "red", ALONE),
    ("text", Number.ONE, "1", 1),
    ("text", SafeText("x"), "x", ALONE),
    ("text", np.str_("x"), "x", ALONE),
    ("text", np.float64(1.5), "1.5", 1.5),
    ("text", Point(1, "2"), None, {"x": 1, "_hidden": "2"}),
    ("whole", 5, 5, ALONE),
    ("whole", -(2**63), -(2**63), ALONE),
    ("whole", 2**63 - 1, 2**63 - 1, ALONE),
    ("whole", 2**63, None, 2**63),
    ("whole", -(2**63) - 1, None, -(2**63) - 1),
    ("whole", 5.0, 5, ALONE),
    ("whole", 5.5, None, 5.5),
    ("whole", -0.0, None, -0.0),
    ("whole", 1e300, None, 1e300),
    ("whole", INFINITY, None, INFINITY),
    ("whole", NAN, None, NAN),
    ("whole", True, None, True),
    ("whole", "5", None, "5"),
    ("whole", Decimal(5), None, "5"),
    ("whole", Number.ONE, 1, ALONE),
    ("whole", np.int64(5), 5, ALONE),
    ("whole", np.uint64(2**63), None, 2**63),
    ("real", 0.1, 0.1, ALONE),
    ("real", 5e-324, 5e-324, ALONE),
    ("real", -1.7976931348623157e308, -1.7976931348623157e308, ALONE),
    ("real", INFINITY, INFINITY, ALONE),
    ("real", -INFINITY, -INFINITY, ALONE),
    ("real", NAN, None, NAN),
    ("real", 0.0, 0.0, ALONE),
    ("real", -0.0, None, -0.0),
    ("real", 5, 5.0, ALONE),
    ("real", 2**53, 2.0**53, ALONE),
    ("real", 2**53 + 1, None, 2**53 + 1),
    ("real", True, None, True),
    ("real", "0.5", None, "0.5"),
    ("real", Decimal("0.1"), None, "0.1"),
    ("real", np.float32(0.1), float(np.float32(0.1)), ALONE),
    ("real", np.float64(NAN), None, NAN),
    ("flag", True, 1, ALONE),
    ("flag", False, 0, ALONE),
    ("flag", 1, 1, ALONE),
    ("flag", 0.0, 0, ALONE),
    ("flag", 2, None, 2),
    ("flag", "true", None, "true"),
    ("flag", -0.0, None, -0.0),
    ("flag", np.bool_(True), 1, ALONE),  # noqa: FBT003
    ("data", {"a": [1, None]}, '{"a":[1,null]}', ALONE),
    ("data", [], "[]", ALONE),
    ("data", "text", '"text"', ALONE),
    ("data", '{"a": 1}', '{"a": 1}', ALONE),  # JSON already
    ("data", "[1", '"[1"', ALONE),
    ("data", "[NaN]", '"[NaN]"', ALONE),
    ("data", 2**70, str(2**70), ALONE),
    ("data", [NAN], '[{"$float":"nan"}]', ALONE),
    ("data", b"hi", '{"$bytes":"aGk="}', ALONE),
    ("data", True, "true", ALONE),
    ("data", None, None, ALONE),
]


@pytest.mark.parametrize(
    ("column", "value", "stored", "beside"), CASES, ids=[f"{case[0]}-{type(case[1]).__name__}" for case in CASES]
)
def test_a_column_holds_what_it_can_without_loss_and_metadata_the_rest(store, column, value, stored, beside):
    # Three times, because the third of its kind takes a shorter way.
    for columns, metadata in store(*[{column: value}] * 3):
        assert same(columns, dict.fromkeys(COLUMNS) | {column: stored})
        assert same(metadata, {} if beside is ALONE else {column: beside})


@pytest.mark.parametrize(
    "value",
    [
        *[True, 0, -(2**63), 2**64, 10**5000, 0.1, 5e-324, -0.0, NAN, -INFINITY, "", "nul\0", "\ud800", LONG, None],
        *[b"\x00\xff", [[], {}], {"a": {"b": [NAN]}}, {"$items": [1]}, {"a": 1, "$float": "nan"}],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_without_a_column_comes_back_as_it_was(store, value):
    for _, metadata in store(*[{"field": value}] * 3):
        assert same(metadata, {"field": value})


def told_by(column, value, stored):
    """Whether what a column holds tells `value`, as far as JSON could tell it."""
    said = from_json(to_json(value))
    if said is None:
        return stored is None
    if column == "data":
        return same(from_json(stored), said) or (type(value) is str and stored == value)
    if column == "text":
        return type(said) is str and type(stored) is str and stored == said
    if type(said) is float and (said != said or struct.pack(">d", said) == struct.pack(">d", -0.0)):  # noqa: PLR0124
        return False
    is_number = type(said) in (int, float) or (column == "flag" and type(said) is bool)
    kinds = (float,) if column == "real" else (int,)
    return is_number and type(stored) in kinds and stored == said


def must_hold(column, value):
    """Whether this value, of the column's own type, may not be anywhere but in the column."""
    if column == "text":
        return type(value) is str and value.encode(errors="replace").decode() == value
    if column == "real":
        return (
            type(value) is float and not math.isnan(value) and math.copysign(1, value or 1) == math.copysign(1, value)
        )
    if column == "data":
        return True
    return type(value) is (bool if column == "flag" else int) and -(2**63) <= value < 2**63


things = st.fixed_dictionaries({}, optional=dict.fromkeys([*COLUMNS, "field", "other"], any_values | scalars))


@given(st.lists(things, min_size=1, max_size=8))
@example([{"text": 2**70, "real": 2**53 + 1, "whole": -0.0, "flag": 1.0, "data": "{}", "field": {"$bytes": "!"}}])
@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
def test_column_and_metadata_together_tell_any_value(store, events):
    for event, (columns, metadata) in zip(events, store(*events), strict=True):
        for key, value in event.items():
            if key in COLUMNS and key not in metadata:
                assert told_by(key, value, columns[key])
            else:
                assert same(metadata[key], from_json(to_json(value)))
                assert key not in COLUMNS or not must_hold(key, value)
        assert all(columns[name] is None for name in COLUMNS if name not in event)
        assert metadata.keys() <= event.keys()


@given(st.lists(st.tuples(st.floats(), usual_objects), min_size=1, max_size=8))
@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
def test_a_float_is_kept_to_the_bit_whatever_stands_beside_it(store, pairs):
    for (number, _), (columns, metadata) in zip(
        pairs, store(*({"real": number, "field": [number, beside]} for number, beside in pairs)), strict=True
    ):
        assert same(metadata["field"][0], number)
        assert same(metadata["real"] if "real" in metadata else columns["real"], number)


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("key", [*COLUMNS, "field", "level", "timestamp"])
def test_an_event_is_kept_whatever_its_objects_do(logger, rows, database, key, nasty):
    logger.handlers[:] = [DomainTableHandler(database, THINGS)]
    for _ in range(3):
        logger.info("thing", extra={key: NASTY[nasty](), "beside": 1})
    assert foundups_logging.stats()["dropped"] == 0
    found = rows("things")
    assert [row["metadata_json"]["beside"] for row in found] == [1, 1, 1]
    for row in found:
        assert row["metadata_json"].get(key) not in (None, "") or row[key] not in (None, "")


@pytest.mark.parametrize("nasty", [*NASTY, "number of 5000 digits"])
@pytest.mark.parametrize("key", ["event", "level", "logger", "timestamp", "exc_info", "stack_info", "domain", "field"])
def test_a_structlog_event_is_kept_whatever_its_objects_do(database, rows, key, nasty):
    processor = DomainTableProcessor(database)
    for _ in range(3):
        value = NASTY[nasty]() if nasty in NASTY else 10**5000
        processor(None, "info", {"event": "started", "beside": 1, key: value})
    assert foundups_logging.stats()["dropped"] == 0
    found = rows("log_events") or rows("error_events")  # an exception makes it an error
    assert [row["metadata_json"]["beside"] for row in found] == [1, 1, 1]


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["list", "dict"])
def test_a_value_of_depth_1000_is_kept(store, wrap):
    value = "the end"
    for _ in range(1_000):
        value = wrap(value)
    for columns, metadata in store({"field": value, "data": value, "text": value}):
        assert "the end" in columns["data"]
        assert "the end" in to_json(metadata["field"])
        assert same(metadata["text"], metadata["field"])


def test_a_cycle_is_told_where_it_recurs(store):
    cycle = {"name": "x"}
    cycle["self"] = [cycle]
    ((columns, metadata),) = store({"field": cycle, "data": cycle})
    assert metadata["field"] == from_json(columns["data"]) == {"name": "x", "self": [{"$cycle": "dict"}]}


TIMES = [
    ("2025-10-21T19:06:40.230459+00:00", "2025-10-21T19:06:40.230459+00:00"),
    ("2025-10-21T21:06:40+02:00", "2025-10-21T19:06:40.000000+00:00"),
    (1761073600, "2025-10-21T19:06:40.000000+00:00"),
    (1761073600.25, "2025-10-21T19:06:40.250000+00:00"),
    (1761073600250, "2025-10-21T19:06:40.250000+00:00"),
    (1761073600250.0, "2025-10-21T19:06:40.250000+00:00"),
    (1761073600.2304592, "2025-10-21T19:06:40.230459+00:00"),
    (datetime(2025, 10, 21, 21, 6, tzinfo=timezone(timedelta(hours=2))), "2025-10-21T19:06:00.000000+00:00"),
    *((value, None) for value in ("yesterday", "", NAN, INFINITY, 1e300, 10**400, True, None, b"2025", [1])),
]


@pytest.mark.parametrize("front_door", ["handler", "fields", "processor", "store"])
@pytest.mark.parametrize(("value", "text"), TIMES, ids=[repr(value)[:20] for value, _ in TIMES])
def test_an_events_own_time_is_its_timestamp_and_what_is_none_is_kept(  # noqa: PLR0913 - fixtures and cases
    database, logger, rows, front_door, value, text
):
    before = datetime.now(UTC).isoformat(timespec="microseconds")
    given_fields = {"metric_name": "m", "timestamp": value}
    log = {
        "handler": lambda: logger.info("metric", extra=given_fields),
        "fields": lambda: logger.info("metric", extra=fields(**given_fields)),
        "processor": lambda: processor(None, "info", {"event": "metric", **given_fields}),
        "store": lambda: store.record("metrics_events", **given_fields),
    }[front_door]
    processor = DomainTableProcessor(database)
    with TelemetryStore(database) as store:
        for _ in range(3):
            log()
    found = rows("metrics_events")
    assert len(found) == 3
    for row in found:
        assert row["timestamp"] == text or (text is None and before <= row["timestamp"] < "9")
        if "timestamp" in (row["metadata_json"] or {}):
            assert same(row["metadata_json"]["timestamp"], from_json(to_json(value)))
        else:
            assert value in (row["timestamp"], datetime.fromisoformat(row["timestamp"]).timestamp())


def test_an_object_without_a_text_is_named(store):
    ((_, metadata),) = store({"field": RaisesRepr(), "text": RaisesRepr()})
    assert metadata["field"] == "<RaisesRepr whose text raised RuntimeError>"
