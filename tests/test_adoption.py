"""Databases that hold tables already: adopted where they can serve, told clearly where they can't."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest
from conftest import Rows

import foundups_logging
from foundups_logging import DomainTableHandler, SchemaError, TelemetryStore

# As a reference store of selenium sessions has it: no metadata_json, a column and a default of its own.
OLD_SELENIUM = """CREATE TABLE selenium_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    timestamp DATETIME DEFAULT CURRENT_TIMESTAMP,
    url TEXT,
    screenshot_hash TEXT,
    screenshot_path TEXT,
    annotated_path TEXT,
    analysis_json TEXT,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)"""
OLD_CHAT = """CREATE TABLE chat_messages (
    id INTEGER PRIMARY KEY,
    timestamp TEXT NOT NULL,
    author_name TEXT NOT NULL,
    message TEXT
)"""


def make(database: Path, *statements: str) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(database)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def log_to(database: Path, **settings: object) -> logging.Logger:
    log = logging.getLogger("tests.adoption")
    log.handlers[:] = [DomainTableHandler(database, **settings)]  # type: ignore[arg-type]
    log.propagate = False
    log.setLevel(logging.INFO)
    return log


def test_missing_columns_are_added_and_the_tables_own_stay(database: Path, rows: Rows) -> None:
    make(database, OLD_SELENIUM, "INSERT INTO selenium_sessions (url) VALUES ('old')")
    log_to(database).info("selenium_session", extra={"url": "new", "analysis": {"buttons": 3}, "extra": 1})
    old, new = rows("selenium_sessions")
    assert (old["url"], old["metadata_json"]) == ("old", None)
    assert (new["url"], new["analysis_json"], new["metadata_json"]["extra"]) == ("new", {"buttons": 3}, 1)
    assert new["created_at"]
    with TelemetryStore(database) as store:
        assert [event["summary"] for event in store.events()] == ["new", "old"]


def test_a_not_null_column_that_nothing_fills_is_told_and_its_events_become_dead_letters(
    database: Path, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    make(database, OLD_CHAT)
    log = log_to(database)
    for number in range(3):
        log.info("chat_message", extra={"text": f"hej {number}"})
    log.info("heartbeat", extra={"status": "up"})
    letters = rows("dead_letters")
    assert [letter["original"]["message"] for letter in letters] == ["hej 0", "hej 1", "hej 2"]
    assert len(rows("daemon_health")) == 1  # other domains go on
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    for word in ("chat_messages", "'author_name'", "NOT NULL", "declare 'author_name' as a column of the domain"):
        assert word in told
        assert word in letters[0]["error"]
    stats = foundups_logging.stats()
    assert (stats["stored"], stats["dead_lettered"]) == (1, 3)
    with TelemetryStore(database) as store, pytest.raises(SchemaError, match="author_name"):
        store.record("chat_messages", text="hej")


def test_the_way_out_that_the_error_names_works(database: Path, rows: Rows) -> None:
    make(database, OLD_CHAT)
    log = log_to(database, domains={"chat_messages": {"columns": {"author_name": "TEXT NOT NULL"}}})
    log.info("chat_message", extra={"text": "hej", "author_name": "Ana"})
    (row,) = rows("chat_messages")
    assert (row["author_name"], row["message"]) == ("Ana", "hej")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE TABLE metrics_events (id TEXT PRIMARY KEY, timestamp TEXT)", "no column id INTEGER PRIMARY KEY"),
        ("CREATE TABLE metrics_events (timestamp TEXT, value REAL)", "no column id INTEGER PRIMARY KEY"),
        ("CREATE TABLE metrics_events (id INTEGER PRIMARY KEY, timestamp TEXT, unit INTEGER)", "'unit' is INTEGER"),
        ("CREATE TABLE metrics_events (id INTEGER PRIMARY KEY, timestamp TEXT, value TEXT)", "'value' is TEXT"),
        ("CREATE VIEW metrics_events AS SELECT 1 AS id", "there is a view of that name"),
    ],
)
def test_a_table_that_cannot_serve_is_told_with_a_way_out(
    database: Path, statement: str, reason: str, capsys: pytest.CaptureFixture[str], rows: Rows
) -> None:
    make(database, statement)
    log_to(database).info("metric", extra={"metric_name": "m", "value": 1.5})
    (letter,) = rows("dead_letters")
    assert reason in letter["error"]
    assert reason in capsys.readouterr().err
    assert letter["original"]["value"] == 1.5


def test_a_table_with_other_case_and_types_that_lose_nothing_is_adopted(database: Path, rows: Rows) -> None:
    make(database, "CREATE TABLE Metrics_Events (ID INTEGER PRIMARY KEY, Timestamp DATETIME, VALUE DOUBLE, Unit)")
    log_to(database).info("metric", extra={"metric_name": "m", "value": 0.1, "unit": "s", "agent_id": "a"})
    (row,) = rows("metrics_events")
    assert (row["VALUE"], row["Unit"], row["metric_name"]) == (0.1, "s", "m")
    with TelemetryStore(database) as store:
        (event,) = store.events(agent_id="a")
        assert (event["domain"], event["summary"]) == ("metrics_events", "m 0.1 s")


def test_an_events_table_of_the_users_own_is_left_alone(
    database: Path, rows: Rows, capsys: pytest.CaptureFixture[str]
) -> None:
    make(database, "CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT)", "INSERT INTO events VALUES (1, 'mine')")
    log_to(database).info("heartbeat", extra={"status": "up"})
    assert rows("events") == [{"id": 1, "what": "mine"}]
    assert "named events of its own" in capsys.readouterr().err
    with TelemetryStore(database) as store:
        assert [event["domain"] for event in store.events()] == ["daemon_health"]


def test_a_unique_index_of_the_users_own_sends_only_the_second_to_dead_letters(database: Path, rows: Rows) -> None:
    log = log_to(database)
    log.info("metric", extra={"metric_name": "a"})
    assert foundups_logging.flush()
    make(database, "CREATE UNIQUE INDEX once ON metrics_events (metric_name)")
    for name in ("b", "a", "c"):
        log.info("metric", extra={"metric_name": name})
    assert [row["metric_name"] for row in rows("metrics_events")] == ["a", "b", "c"]
    assert [letter["original"]["metric_name"] for letter in rows("dead_letters")] == ["a"]
