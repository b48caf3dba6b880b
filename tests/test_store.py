"""TelemetryStore: what is recorded is stored, whole and once, and comes back."""

import logging
import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from foundups_logging import DomainTableHandler, QueryError, SchemaError, TelemetryStore, WriteError
from foundups_logging.domains import Column, Domain

DEPLOYS = {
    "deploys": {
        "events": ["deploy_*"],
        "columns": {"host": "TEXT NOT NULL", "ok": "BOOLEAN", "steps": "JSON", "seconds": "REAL", "tries": "INTEGER"},
        "aliases": {"machine": "host"},
        "summary": ["host"],
    }
}


@pytest.fixture
def store(database):
    with TelemetryStore(database, DEPLOYS) as opened:
        yield opened


def select(database, sql, *params):
    """What a program sees that has nothing to do with the store."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql, params).fetchall()


def stored(database):
    """How many rows there are in all domains and among the dead letters."""
    (events,), (letters,) = (select(database, f"SELECT count(*) FROM {name}")[0] for name in ("events", "dead_letters"))
    return events + letters


def test_a_recorded_event_is_committed_under_the_id_returned(store, database):
    first = store.record("permission_events", event="permission_granted", agent_id="gemma", confidence=0.85)
    second = store.record("permission_events", event="permission_revoked", agent_id="gemma")
    found = select(database, "SELECT id, event_type, agent_id, confidence FROM permission_events ORDER BY id")
    assert found == [(first, "permission_granted", "gemma", 0.85), (second, "permission_revoked", "gemma", None)]


def test_the_database_and_its_tables_are_there_before_the_first_event(database):
    assert not database.parent.exists()
    with TelemetryStore(database, DEPLOYS):
        assert select(database, "SELECT count(*) FROM deploys") == [(0,)]


def test_a_row_comes_back_by_its_id(store):
    row_id = store.record(
        "deploys", event="deploy_done", machine="w1", ok=True, steps=[1, {"a": None}], seconds=2, by="x"
    )
    row = store.get("deploys", row_id)
    assert row.pop("timestamp").endswith("+00:00")
    assert row == {
        "id": row_id,
        "host": "w1",
        "ok": True,
        "steps": [1, {"a": None}],
        "seconds": 2.0,
        "tries": None,
        "metadata_json": {"by": "x", "event": "deploy_done"},
    }
    assert row["ok"] is True


def test_a_boolean_column_tells_false_from_none(store):
    for ok in (True, False, None):
        store.record("deploys", event="deploy_done", host="w1", ok=ok)
    assert [row["ok"] for row in store.recent("deploys")] == [None, False, True]
    assert all(row["ok"] in {None, True, False} and type(row["ok"]) is not int for row in store.recent("deploys"))


def test_an_id_that_is_not_there_gives_none(store):
    assert store.get("deploys", 1) is None


def test_what_has_no_column_is_kept_whole(store):
    extra = {"data": b"\xff\x00", "ratio": math.inf, "big": 10**30, "nested": {"a": [1, 2.0, True, None]}, "text": "✊"}
    row_id = store.record("metrics_events", metric_name="m", event="metric", **extra)
    assert store.get("metrics_events", row_id)["metadata_json"] == {**extra, "event": "metric"}


def test_an_event_without_a_name_gets_the_domains_usual_one(store):
    store.record("chat_messages", username="Ana", text="hej")
    assert store.events()[0]["event_type"] == "chat_message"


@pytest.mark.parametrize(
    "given",
    [
        "2025-10-21T21:06:40.230459+02:00",
        datetime(2025, 10, 21, 19, 6, 40, 230459, UTC),
        1761073600.230459,
    ],
    ids=["text", "datetime", "seconds"],
)
def test_the_time_of_an_event_can_be_given(store, given):
    row_id = store.record("deploys", event="deploy_done", host="w1", timestamp=given)
    assert store.get("deploys", row_id)["timestamp"] == "2025-10-21T19:06:40.230459+00:00"


def test_the_time_of_an_event_is_now_otherwise(store):
    before = datetime.now(UTC)
    row_id = store.record("deploys", event="deploy_done", host="w1")
    found = datetime.fromisoformat(store.get("deploys", row_id)["timestamp"])
    assert before - timedelta(milliseconds=1) <= found <= datetime.now(UTC)


def test_recent_gives_the_newest_rows_by_their_time_first(store):
    for day in (2, 5, 1, 4, 3):
        store.record("deploys", event="deploy_done", host=f"w{day}", timestamp=f"2025-10-0{day}T00:00:00+00:00")
    assert [row["host"] for row in store.recent("deploys", limit=3)] == ["w5", "w4", "w3"]
    assert len(store.recent("deploys")) == 5


def test_reads_see_what_the_process_has_logged_before(database):
    handler = DomainTableHandler(database, flush_interval=60)
    log = logging.getLogger("tests.store")
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    with TelemetryStore(database) as store:
        log.info("permission_granted", extra={"agent_id": "gemma"})
        assert store.recent("permission_events")[0]["agent_id"] == "gemma"
        log.info("permission_revoked", extra={"agent_id": "gemma"})
        assert store.get("permission_events", 2)["event_type"] == "permission_revoked"
        log.info("permission_granted", extra={"agent_id": "qwen"})
        assert store.events()[0]["agent_id"] == "qwen"
        log.info("permission_revoked", extra={"agent_id": "qwen"})
        assert store.query("SELECT count(*) AS n FROM permission_events") == [{"n": 4}]
    log.removeHandler(handler)
    handler.close()


def test_what_a_handler_could_not_store_is_among_the_dead_letters(store, logger):
    logger.info("permission_granted", extra={"level_asked": "write"})
    (letter,) = store.recent("dead_letters")
    assert letter["domain"] == "permission_events"
    assert "'agent_id' is missing" in letter["error"]
    assert letter["original"]["fields"]["level_asked"] == "write"


@pytest.mark.parametrize(
    ("domain", "fields", "told"),
    [
        ("nowhere", {"event": "x"}, "there is no domain 'nowhere'.*known: .*permission_events.*deploys"),
        ("deploys", {"event": "deploy_done"}, "required field 'host' is missing"),
        ("deploys", {"event": "deploy_done", "host": None}, "required field 'host' is missing"),
        ("permission_events", {"event": "permission_granted"}, "required field 'agent_id' is missing"),
        ("log_events", {"agent_id": "gemma"}, "give event="),
    ],
)
def test_an_event_that_is_refused_is_told_and_stored_nowhere(store, database, domain, fields, told):
    with pytest.raises(WriteError, match=told):
        store.record(domain, **fields)
    assert stored(database) == 0
    assert store.record("deploys", event="deploy_done", host="w1") == 1


def test_a_table_that_cannot_serve_is_told_by_record(database):
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE deploys (host TEXT)")
    with TelemetryStore(database, DEPLOYS) as store:
        with pytest.raises(SchemaError, match=r"'deploys'.*id INTEGER PRIMARY KEY.*rename the table"):
            store.record("deploys", event="deploy_done", host="w1")
        assert store.record("metrics_events", metric_name="m", value=1) == 1
    assert stored(database) == 1


@pytest.mark.parametrize(
    "read", [lambda s: s.get("nowhere", 1), lambda s: s.recent("nowhere"), lambda s: s.events("nowhere")]
)
def test_a_read_of_an_unknown_domain_names_those_there_are(store, read):
    with pytest.raises(QueryError, match=r"there is no domain 'nowhere'.*known: permission_events, .*deploys"):
        read(store)


def test_events_recorded_by_many_threads_get_ids_of_their_own(store, database):
    def record(number):
        return number, store.record("deploys", event="deploy_done", host="w1", tries=number)

    with ThreadPoolExecutor(8) as pool:
        ids = dict(pool.map(record, range(200)))
    assert sorted(ids.values()) == list(range(1, 201))
    assert dict(select(database, "SELECT tries, id FROM deploys")) == ids


def test_domains_can_be_objects(database):
    visits = Domain("visits", (Column("page", required=True), Column("weight", "REAL")), events=("visit",))
    with TelemetryStore(database, [visits]) as store:
        store.record("visits", page="/", weight=3)
        assert store.events("visits")[0]["event_type"] == "visit"


def test_a_closed_store_leaves_no_write_ahead_log(database):
    with TelemetryStore(database) as store:
        store.record("metrics_events", metric_name="m", value=1)
    assert not Path(f"{database}-wal").exists()
    assert stored(database) == 1


def test_stores_of_one_database_see_each_others_events(database):
    with TelemetryStore(database) as first, TelemetryStore(f"sqlite:///{database}") as second:
        first.record("metrics_events", metric_name="m", value=1)
        assert second.recent("metrics_events")[0]["metric_name"] == "m"
        first.close()
        assert second.record("metrics_events", metric_name="m", value=2) == 2
