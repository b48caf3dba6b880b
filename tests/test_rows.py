"""Rows: what of an event stands in columns and what in metadata, by the long way and the short one."""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
from decimal import Decimal
from unittest.mock import patch

import numpy as np
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_values import PAIR, Colour, Number, RaisesBool, RaisesEq, SafeText, TextColour, same

import foundups_logging
from foundups_logging import DomainTableHandler, DomainTableProcessor, fields
from foundups_logging.domains.plan import MAX_CACHED

THINGS = {
    "things": {
        "events": ["thing_*"],
        "columns": {
            "text": "TEXT",
            "real": "REAL",
            "whole": "INTEGER",
            "flag": "BOOLEAN",
            "data": "JSON",
            "needed": "TEXT NOT NULL",
            "severity": "TEXT",
            "level": "INTEGER",
            "thread": "TEXT",
        },
        "aliases": {"txt": "text", "also": "text", "when": "timestamp", "process": "whole"},
        "defaults": {"needed": "logger", "severity": "level"},
    }
}
CONTEXT = {"logger": "tests.domain_tables", "level": "INFO"}


@pytest.fixture
def things(logger, database):
    logger.handlers[:] = [DomainTableHandler(database, THINGS)]
    return logger


def in_thread(name, call):
    thread = threading.Thread(target=call, name=name)
    thread.start()
    thread.join()


def test_fields_without_a_column_stand_in_metadata_typed_beside_logger_and_level(logger, rows):
    given = {"tries": 3, "ratio": 0.5, "ok": True, "nothing": None, "deep": {"a": [1, {"b": "c"}]}, "empty": ""}
    logger.info("permission_granted", extra={"agent_id": "gemma", **given})
    (row,) = rows("permission_events")
    assert same(row["metadata_json"], given | CONTEXT)


def test_the_events_name_stands_in_metadata_where_its_table_has_no_column_for_it(logger, rows):
    logger.info("metric_sampled", extra={"metric_name": "m"})
    logger.info("permission_granted", extra={"agent_id": "gemma"})
    assert rows("metrics_events")[0]["metadata_json"] == {"event": "metric_sampled", **CONTEXT}
    assert rows("permission_events")[0]["metadata_json"] == CONTEXT


def test_a_log_event_with_no_more_to_tell_has_no_metadata(logger, rows):
    logger.info("started")
    logger.info("started at last")
    assert [(row["event"], row["metadata_json"]) for row in rows("log_events")] == [
        ("started", None),
        ("started at last", None),
    ]


def test_thread_and_process_are_told_where_they_are_not_the_main_ones(logger, rows):
    def log():
        logger.info("started")
        logger.info("metric", extra={"metric_name": "m"})

    in_thread("worker-1", log)
    record = logging.LogRecord("x", logging.INFO, "", 0, "started", (), None)
    record.processName = "ForkPoolWorker-1"
    logger.handle(record)
    log()
    assert [row["metadata_json"] for row in rows("log_events")] == [
        {"thread": "worker-1"},
        {"process": "ForkPoolWorker-1"},
        None,
    ]
    assert [row["metadata_json"].get("thread") for row in rows("metrics_events")] == ["worker-1", None]


@pytest.mark.parametrize("value", ["mine", 5, None, [1], {"a": 1}, math.nan])
@pytest.mark.parametrize("key", ["logger", "level", "event", "thread"])
def test_a_users_field_keeps_its_name_and_ours_makes_way(logger, rows, key, value):
    for carried in (fields(metric_name="m", **{key: value}), {"metric_name": "m", key: value}):
        if key != "thread" or "metric_name" not in carried:  # logging itself refuses an extra thread
            in_thread("worker-1", lambda extra=carried: [logger.info("metric", extra=extra) for _ in range(3)])
    for row in rows("metrics_events"):
        ours = {**CONTEXT, "event": "metric", "thread": "worker-1"}
        assert same(row["metadata_json"].pop(key), value)
        assert row["metadata_json"].pop(f"log_{key}") == ours.pop(key)
        assert row["metadata_json"] == ours


def test_ours_makes_way_once_more_where_the_user_has_that_name_too(logger, rows):
    logger.info("metric", extra=fields(metric_name="m", level=1, log_level=2))
    assert rows("metrics_events")[0]["metadata_json"] == {
        "level": 1, "log_level": 2, "log_log_level": "INFO", "logger": CONTEXT["logger"], "event": "metric",
    }  # fmt: skip


def test_a_field_that_says_what_ours_says_is_said_once(logger, rows):
    logger.info("metric", extra=fields(metric_name="m", level="INFO"))
    assert rows("metrics_events")[0]["metadata_json"] == {"event": "metric", **CONTEXT}


@pytest.mark.parametrize("make", [lambda: np.array([1, 2]), RaisesEq, RaisesBool], ids=["array", "==", "bool"])
@pytest.mark.parametrize("key", ["logger", "level", "event", "thread", "exception"])
def test_a_clash_with_a_value_that_cannot_be_compared_costs_nothing(logger, rows, key, make):
    logger.info("metric", extra=fields(metric_name="m", **{key: make()}))
    logger.info("permission_granted", extra=fields(agent_id="a", event_type="mine", **{key: make()}))
    assert rows("metrics_events")[0]["metadata_json"][key] is not None
    assert rows("permission_events")[0]["metadata_json"][key] is not None


@pytest.mark.parametrize(
    ("key", "value", "column"), [("level", "high", None), ("thread", 42, "42"), ("process", "x", None)]
)
def test_a_field_its_own_column_cannot_hold_is_not_written_over_by_ours(things, rows, key, value, column):
    in_thread("worker-1", lambda: things.info("thing_seen", extra=fields(**{key: value})))
    (row,) = rows("things")
    assert row.get(key) == column
    assert row["metadata_json"][key] == value
    if key in ("level", "thread"):
        assert row["metadata_json"][f"log_{key}"] == {"level": "INFO", "thread": "worker-1"}[key]


@pytest.mark.parametrize("key", ["exception", "stack_info"])
def test_a_field_called_as_the_exception_or_stack_leaves_both_whole(logger, rows, key):
    try:
        raise ValueError("wrong")
    except ValueError:
        extra = fields(agent_id="gemma", **{key: "mine"})
        logger.info("permission_granted", extra=extra, exc_info=True, stack_info=True)
    metadata = rows("permission_events")[0]["metadata_json"]
    assert metadata[key] == "mine"
    told = [metadata.get(name) for name in ("exception", "log_exception", "stack_info", "log_stack_info")]
    assert any(isinstance(value, dict) and value["message"] == "wrong" for value in told)
    assert any(isinstance(value, str) and "test_rows.py" in value for value in told)


def test_a_field_called_event_leaves_the_message_whole(logger, rows):
    logger.info("a sentence, not a name", extra=fields(domain="metrics_events", metric_name="m", event="mine"))
    metadata = rows("metrics_events")[0]["metadata_json"]
    assert (metadata["event"], metadata["log_event"]) == ("mine", "a sentence, not a name")


def test_in_log_events_the_columns_are_ours_and_metadata_keeps_the_users(logger, rows):
    logger.info("started", extra=fields(level="high", logger=5, event=["x"]))
    (row,) = rows("log_events")
    assert (row["event"], row["logger"], row["level"]) == ("started", CONTEXT["logger"], "INFO")
    assert row["metadata_json"] == {"level": "high", "logger": 5, "event": ["x"]}


def test_in_structlog_a_field_keeps_its_name_too(database, rows):
    structlog.configure(processors=[structlog.stdlib.add_log_level, DomainTableProcessor(database, terminal=True)])
    log = structlog.get_logger()
    given = {"extra": {"level": "high"}, "process": 5, "thread": "mine", "exception": {"a": 1}}
    in_thread("worker-1", lambda: log.info("metric", metric_name="m", **given))
    assert rows("metrics_events")[0]["metadata_json"] == {
        **given, "level": "INFO", "event": "metric", "log_thread": "worker-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        {"$bytes": "x"},
        {"$float": "nan", "b": 1},
        {"level": 1, "$x": 2},
        {"": 1},
        {"a b": 1, "\ud800": 2},
        {"a.b": 1},
        {PAIR: 1},
    ],
    ids=ascii,
)
def test_fields_of_any_name_are_kept(logger, rows, database, given):
    for _ in range(3):
        logger.info("started", extra=given)
        logger.info("metric", extra={"metric_name": "m", **given})
    assert [row["metadata_json"] for row in rows("log_events")] == [given] * 3
    for row in rows("metrics_events"):
        assert given.items() <= row["metadata_json"].items()
    connection = sqlite3.connect(database)
    (text,) = connection.execute("SELECT metadata_json FROM metrics_events").fetchone()
    connection.close()
    pairs = json.loads(text, object_pairs_hook=list)
    assert len({key for key, _ in pairs}) == len(pairs)


@pytest.mark.parametrize(
    ("given", "text", "metadata"),
    [
        ({"txt": "a"}, "a", {}),
        ({"text": "a", "txt": "b"}, "a", {"txt": "b"}),
        ({"txt": "b", "text": "a"}, "a", {"txt": "b"}),
        ({"txt": "a", "also": "b"}, "a", {"also": "b"}),
        ({"txt": 5}, "5", {"txt": 5}),
        ({"txt": [5], "also": "b"}, "b", {"txt": [5]}),
        ({"text": [5], "txt": "b"}, None, {"text": [5], "txt": "b"}),
    ],
)
def test_an_alias_fills_its_column_unless_that_has_a_field_of_its_own(things, rows, given, text, metadata):
    for _ in range(3):
        things.info("thing_seen", extra=given)
    for row in rows("things"):
        assert row["text"] == text
        assert row["metadata_json"] == {**metadata, "event": "thing_seen", **CONTEXT}


def test_an_exception_is_told_in_metadata_where_the_table_has_no_columns_for_it(logger, rows):
    try:
        raise ValueError("wrong")
    except ValueError:
        logger.exception("permission_denied", extra={"agent_id": "gemma"})
    told = rows("permission_events")[0]["metadata_json"]["exception"]
    assert (told["type"], told["message"]) == ("ValueError", "wrong")
    assert told["stack_trace"].endswith("ValueError: wrong")


@pytest.mark.parametrize("message", ["", "%s", "\ud800 lone", "nul\0inside", "x" * 1_000_000])
def test_a_message_is_kept_whole_whatever_it_holds(logger, rows, message):
    logger.info(message, *([""] if message == "%s" else []))
    (row,) = rows("log_events")
    expected = "" if message == "%s" else message
    assert expected in (row["event"], (row["metadata_json"] or {}).get("event"))


def test_a_record_made_by_hand_without_a_loggers_name_is_stored(logger, rows):
    logger.handlers[0].handle(logging.makeLogRecord({"msg": "started", "levelname": "INFO", "extra": 1}))
    assert foundups_logging.stats()["dropped"] == 0
    assert [(row["event"], row["metadata_json"]["extra"]) for row in rows("log_events")] == [("started", 1)]


# --- the short way: a function for events of a shape that came before

ATTRIBUTES = logging.makeLogRecord({}).__dict__
NAMES = [
    *"text real whole flag data needed severity level thread txt also when process event logger exception".split(),
    *"agent_id permission permission_level confidence success metric_name value unit url analysis message".split(),
    *"event_type status daemon_name uptime errors_detected error_type stack_trace timestamp granted_at".split(),
    *["$bytes", "a b", "", "\ud800", PAIR, "log_level", "id", "metadata_json", "domain"],
]
EVENTS = [
    *"thing_seen permission_granted metric error heartbeat chat_message confidence_updated other".split(),
    *["selenium_session", "a sentence, not a name"],
]
# Names that meet in one column, or meet ours.
KINDRED = [
    ("thing_seen", "text txt also".split()),
    ("thing_seen", "timestamp when real whole process flag".split()),
    ("thing_seen", "needed severity level logger thread log_level".split()),
    ("permission_granted", "agent_id event event_type permission permission_level confidence".split()),
]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["INFO", "x", "thing_seen", "\ud800", "2025-10-21T19:06:40.230459+00:00", "2025-10-21", "{}"]),
    st.sampled_from([0.0, -0.0, math.nan, math.inf, 2**63, -(2**63), 2**53 + 1, 1761073600.2304592, 1761073600230.0]),
    st.sampled_from([Decimal("1.5"), b"x", Colour.RED, TextColour.RED, Number.ONE, SafeText("x"), np.float64(0.5)]),
    st.sampled_from([np.int64(3), np.bool_(True), [1], {"a": 1}, {"$x": 1}, (1,), {1}, 10**30]),  # noqa: FBT003
)


@st.composite
def alike(draw, names):
    """Several events with the same fields in the same order, and other values each time."""
    event, known = draw(st.sampled_from([*((event, names) for event in EVENTS), *KINDRED]))
    keys = draw(st.lists(st.sampled_from([name for name in known if name in names]), unique=True, max_size=6))
    return event, [{key: draw(values) for key in keys} for _ in range(draw(st.integers(3, 5)))]


def stored_alike(one, other):
    """Whether SQLite stores both rows the same: it knows a bool as 0 or 1."""
    as_stored = [[int(value) if type(value) is bool else value for value in row] for row in (one, other)]
    return same(*as_stored)


def both_ways(front_door):
    """Two front doors that hand their rows out; the second never takes the short way."""
    doors = [front_door("never-written.db", THINGS) for _ in range(2)]
    made = [[], []]
    for door, into in zip(doors, made, strict=True):
        door._put = into.append
    doors[1]._compiled = {}
    return doors, made


def emit(handler, name, given, thread="MainThread"):
    record = logging.LogRecord("modules.x", logging.INFO, "", 0, name, (), None)
    record.created, record.threadName = 1761073600.25, thread
    record.__dict__.update(given)
    handler.emit(record)


@given(alike([name for name in NAMES if name not in ATTRIBUTES]), st.sampled_from(["MainThread", "worker-1"]))
@settings(deadline=None, max_examples=250)
def test_a_record_becomes_the_same_row_by_the_short_way(events, thread):
    name, givens = events
    doors, made = both_ways(DomainTableHandler)
    for given_fields in givens:
        for door in doors:
            emit(door, name, given_fields, thread)
    assert len(made[0]) == len(made[1]) == len(givens)
    for one, other in zip(*made, strict=True):
        assert stored_alike(one, other)


@given(alike(NAMES))
@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow])
def test_an_event_dict_becomes_the_same_row_by_the_short_way(events):
    name, givens = events
    doors, made = both_ways(DomainTableProcessor)
    with patch("time.time", lambda: 1761073600.25), patch("time.time_ns", lambda: 1761073600_250_000_000):
        for given_fields in givens:
            for door in doors:
                door(None, "info", {"event": name, **given_fields})
    assert len(made[0]) == len(made[1]) == len(givens)
    for one, other in zip(*made, strict=True):
        assert stored_alike(one, other)


@pytest.mark.parametrize(
    ("name", "given_fields"),
    [
        ("permission_granted", {"agent_id": "a", "permission": "write", "confidence": 0.5, "tries": [1]}),
        ("metric", {"metric_name": "m", "value": 1.5}),
        ("thing_seen", {"flag": True, "whole": 3, "text": "é"}),
        ("other", {}),
    ],
)
def test_the_third_event_of_a_shape_takes_the_short_way(name, given_fields):
    handler = DomainTableHandler("never-written.db", THINGS)
    made = []
    handler._put = made.append
    for _ in range(2):
        emit(handler, name, given_fields, "worker-1")
    handler._build = None
    emit(handler, name, given_fields, "worker-1")
    assert stored_alike(made[2], made[0])


@pytest.mark.parametrize("made_up", ["event", "field", "thread", "text", "logger"])
def test_made_up_names_do_not_grow_the_caches_without_bound(made_up):
    handler = DomainTableHandler("never-written.db")
    made = []
    handler._put = made.append
    for number in range(10_000):
        name = {"event": f"event_{number}", "text": f"text number {number}"}.get(made_up, "other")
        key = f"field_{number}" if made_up == "field" else "field"
        for _ in range(3):
            record = logging.LogRecord("modules.x", logging.INFO, "", 0, name, (), None)
            record.__dict__[key] = number
            record.threadName = f"thread-{number}" if made_up == "thread" else "MainThread"
            record.name = f"logger_{number}" if made_up == "logger" else "modules.x"
            handler.emit(record)
    assert len(made) == 30_000
    assert [json.loads(row[-1])[key] for row in made[-3:]] == [9_999] * 3
    builder = handler._build.__self__
    assert len(builder._plans) <= MAX_CACHED
    assert len(builder._seen) <= MAX_CACHED
    assert len(builder.compiled) <= MAX_CACHED
    assert all(len(plan._tails) <= MAX_CACHED for plan in builder._plans.values())
    if made_up in ("text", "thread", "field"):
        assert len(builder._plans) == 1


def test_a_value_changed_after_the_call_is_stored_as_it_was(things, rows):
    steps = ["first"]
    things.info("thing_seen", extra={"data": steps, "steps": steps})
    steps.append("second")
    (row,) = rows("things")
    assert json.loads(row["data"]) == row["metadata_json"]["steps"] == ["first"]
    assert foundups_logging.stats()["stored"] == 1
