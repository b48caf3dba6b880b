"""TelemetryStore: events across domains, and queries that can only read."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from foundups_logging import QueryError, TelemetryStore

DEPLOYS = {"deploys": {"events": ["deploy_*"], "columns": {"host": "TEXT NOT NULL"}, "summary": ["host"]}}


@pytest.fixture
def store(database):
    with TelemetryStore(database, DEPLOYS) as opened:
        yield opened


@pytest.fixture
def week(store):
    """A store with an event a day, of two agents and three domains."""
    for day in range(1, 7):
        common = {"agent_id": "gemma" if day % 2 else "qwen", "timestamp": datetime(2025, 10, day, 12, tzinfo=UTC)}
        if day < 4:
            store.record("permission_events", event="permission_granted", permission_level="write", **common)
        else:
            store.record("metrics_events", metric_name="speed", value=day, **common)
    store.record("deploys", event="deploy_done", host="w1", timestamp=datetime(2025, 10, 7, 12, tzinfo=UTC))
    return store


def days(events):
    return [int(event["timestamp"][8:10]) for event in events]


def test_events_are_those_of_all_domains_newest_first(week):
    events = week.events()
    assert days(events) == [7, 6, 5, 4, 3, 2, 1]
    assert list(events[0].items()) == [
        ("domain", "deploys"),
        ("id", 1),
        ("timestamp", "2025-10-07T12:00:00.000000+00:00"),
        ("event_type", "deploy_done"),
        ("agent_id", None),
        ("summary", "w1"),
    ]
    assert events[1]["summary"] == "speed 6.0"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"domain": "metrics_events"}, [6, 5, 4]),
        ({"agent_id": "gemma"}, [5, 3, 1]),
        ({"domain": "permission_events", "agent_id": "qwen"}, [2]),
        ({"limit": 2}, [7, 6]),
        ({"since": "2025-10-06T12:00:00+00:00"}, [7, 6]),
        ({"until": "2025-10-02T12:00:00+00:00"}, [1]),
        ({"since": datetime(2025, 10, 3, 14, tzinfo=UTC), "until": datetime(2025, 10, 5, 14, tzinfo=UTC)}, [5, 4]),
        ({"since": datetime(2025, 10, 6, 12, tzinfo=UTC).timestamp()}, [7, 6]),
        ({"agent_id": "nobody"}, []),
        ({"domain": "chat_messages"}, []),
    ],
)
def test_events_can_be_narrowed(week, asked, expected):
    assert days(week.events(**asked)) == expected


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows takes its time zone from elsewhere")
@pytest.mark.parametrize("since", [date(2025, 10, 7), "2025-10-07", datetime(2025, 10, 7)])  # noqa: DTZ001 - the case
def test_a_date_means_local_midnight(week, monkeypatch, since):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        week.record("deploys", event="deploy_done", host="w1", timestamp="2025-10-06T14:59:59+00:00")
        week.record("deploys", event="deploy_done", host="w1", timestamp="2025-10-06T15:00:00+00:00")
        found = [event["timestamp"][:19] for event in week.events(since=since)]
    time.tzset()
    assert found == ["2025-10-07T12:00:00", "2025-10-06T15:00:00"]


def test_a_query_takes_parameters_and_parses_json_columns(week):
    sql = "SELECT metric_name, value, metadata_json FROM metrics_events WHERE value > ? ORDER BY value"
    metadata = {"event": "metric"}
    assert week.query(sql, (4,)) == [
        {"metric_name": "speed", "value": 5.0, "metadata_json": metadata},
        {"metric_name": "speed", "value": 6.0, "metadata_json": metadata},
    ]
    assert week.query("SELECT count(*) AS n FROM deploys WHERE host = :host", {"host": "w1"}) == [{"n": 1}]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO deploys (timestamp, host) VALUES ('2025', 'w2')",
        "UPDATE deploys SET host = 'w2'",
        "DELETE FROM deploys",
        "DROP TABLE deploys",
        "CREATE TEMP TABLE t (a)",
        "WITH w AS (SELECT 'w2' AS host) INSERT INTO deploys (timestamp, host) SELECT '2025', host FROM w",
        "SELECT 1; DELETE FROM deploys",
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'other.db'",
        "PRAGMA user_version = 3",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "SELECT load_extension('x')",
        "BEGIN IMMEDIATE",
    ],
)
def test_a_query_can_only_read(week, database, monkeypatch, sql):
    monkeypatch.chdir(database.parent)
    with pytest.raises(QueryError, match=r"read-only|give one SELECT"):
        week.query(sql)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT host FROM deploys").fetchall() == [("w1",)]
        assert connection.execute("PRAGMA user_version").fetchall() == [(0,)]
    assert not Path("other.db").exists()
