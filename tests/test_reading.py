"""Reader: databases read as they are, whoever has written them."""

import json
import sqlite3
from contextlib import closing

import pytest

from foundups_logging import QueryError, TelemetryStore, load_domains
from foundups_logging.reading import Reader

EXTENDED = {
    "permission_events": {"columns": {"context": "JSON", "urgent": "BOOLEAN"}, "summary": ["context"]},
    "deploys": {"events": ["deploy_*"], "columns": {"host": "TEXT NOT NULL", "steps": "JSON"}},
}


@pytest.fixture
def foreign(tmp_path):
    """A database that foundups_logging has not made: run SQL on it."""

    def run(*statements):
        with closing(sqlite3.connect(path)) as connection, connection:
            for sql, *params in statements:
                connection.execute(sql, params)
        return path

    path = tmp_path / "foreign.db"
    return run


@pytest.fixture
def extended(database):
    """A database whose writers have extended a built-in domain and added one."""
    with TelemetryStore(database, EXTENDED) as store:
        store.record("permission_events", event="permission_granted", agent_id="gemma", context={"a": [1]}, urgent=True)
        store.record("deploys", event="deploy_done", host="w1", steps=["build", "start"])
    return database


def test_what_writers_have_declared_is_known_to_every_reader(extended):
    """Also where the reader is a program that has declared nothing."""
    reader = Reader(extended)
    row = reader.rows("permission_events")[0]
    assert (row["context"], row["urgent"]) == ({"a": [1]}, True)
    assert reader.rows("deploys")[0]["steps"] == ["build", "start"]
    assert reader.query("SELECT context FROM permission_events") == [{"context": {"a": [1]}}]
    assert reader.events("permission_events")[0]["summary"] == '{"a":[1]}'


def test_a_store_without_declarations_reads_columns_that_others_have_added(extended):
    with TelemetryStore(extended) as store:
        assert store.recent("permission_events")[0]["context"] == {"a": [1]}


def test_domains_are_the_built_in_ones_then_those_declared_then_the_readers_own(extended):
    own = load_domains({"visits": {"columns": {"page": "TEXT"}}})
    names = [domain.name for domain in Reader(extended, own).domains()]
    assert names[:3] == ["permission_events", "confidence_events", "chat_messages"]
    assert names[-3:] == ["log_events", "deploys", "visits"]
    assert len(names) == len(set(names)) == 10
    columns = {domain.name: domain.column_names for domain in Reader(extended, own).domains()}
    assert "context" in columns["permission_events"]


def test_a_table_has_names_though_it_has_no_rows(extended):
    assert Reader(extended).table("SELECT id, host FROM deploys WHERE host = ?", ("w2",)) == (["id", "host"], [])


def test_a_table_has_values_as_they_are_stored(extended):
    assert Reader(extended).table("SELECT host, steps FROM deploys") == (
        ["host", "steps"],
        [("w1", '["build","start"]')],
    )


def test_columns_of_one_name_are_numbered(extended):
    assert Reader(extended).query("SELECT 1 AS a, 2 AS a, 3 AS a_2") == [{"a": 1, "a_2": 2, "a_2_2": 3}]


def test_text_in_a_json_column_that_is_no_json_comes_back_as_it_is(foreign):
    path = foreign(
        ("CREATE TABLE metrics_events (id INTEGER PRIMARY KEY, timestamp TEXT, metric_name TEXT, metadata_json TEXT)",),
        ("INSERT INTO metrics_events VALUES (1, '2025-10-01', 'm', '{half')",),
        ("INSERT INTO metrics_events VALUES (2, '2025-10-02', 'm', ?)", "[" * 100_000),
        ("INSERT INTO metrics_events VALUES (3, '2025-10-03', 'm', NULL)",),
        ("INSERT INTO metrics_events VALUES (4, '2025-10-04', 'm', '7')",),
    )
    found = [row["metadata_json"] for row in Reader(path).rows("metrics_events")]
    assert found == [7, None, "[" * 100_000, "{half"]


def test_events_of_tables_that_others_have_made_are_read_too(foreign):
    """Without the events view, and without the columns that the domain has today."""
    path = foreign(
        ("CREATE TABLE metrics_events (id INTEGER PRIMARY KEY, timestamp TEXT, value REAL, metadata_json TEXT)",),
        ("INSERT INTO metrics_events VALUES (1, '2025-10-01T00:00:00.000000+00:00', 1.5, '{\"event\": \"metric\"}')",),
        ("CREATE TABLE chat_messages (id INTEGER PRIMARY KEY, words TEXT)",),
        ("CREATE TABLE notes (text TEXT)",),
    )
    (event,) = Reader(path).events()
    assert (event["domain"], event["event_type"], event["summary"]) == ("metrics_events", "metric", "1.5")
    assert Reader(path).events("chat_messages") == []


def test_a_database_without_tables_has_no_events(foreign):
    assert Reader(foreign()).events() == []
    assert Reader(foreign()).query("SELECT 1 AS one") == [{"one": 1}]


def test_rows_can_be_narrowed_and_limited(extended):
    with TelemetryStore(extended) as store:
        for number in range(5):
            store.record("metrics_events", metric_name="m", value=number)
    rows = Reader(extended).rows("metrics_events", "WHERE value >= ?", (2,), limit=2)
    assert [row["value"] for row in rows] == [4.0, 3.0]
    assert len(Reader(extended).rows("metrics_events")) == 5


def test_reading_is_not_kept_waiting_by_a_writers_transaction(extended):
    with closing(sqlite3.connect(extended, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM deploys")
        assert len(Reader(extended).rows("deploys")) == 1
        writer.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELEC 1", r'near "SELEC": syntax error \(correct the SQL there\)'),
        ("SELECT (1", r"incomplete input \(correct the SQL there\)"),
        ("SELECT * FROM nope", "no such table: nope .*`foundups-logging domains` lists"),
        ("SELECT nope FROM events", "no such column: nope .*`foundups-logging domains` lists"),
        ("SELECT 1; SELECT 2", r"one statement at a time\. \(give one SELECT\)"),
        ("SELECT ?", "[Ii]ncorrect number of bindings"),
        ("SELECT '\ud800'", "surrogates not allowed"),
        ("SELECT '\0'", "null character|unrecognized token"),
        ("SELECT CAST(x'ff' AS TEXT)", "Could not decode to UTF-8"),
    ],
)
def test_wrong_sql_is_told_with_the_path_and_the_way_out(extended, sql, told):
    with pytest.raises(QueryError, match=told) as caught:
        Reader(extended).query(sql)
    assert str(caught.value).startswith(f"query {extended}: ")


def test_a_parameter_that_sqlite_cannot_hold_is_told(extended):
    with pytest.raises(QueryError, match="too large"):
        Reader(extended).query("SELECT ?", (2**63,))


def test_a_missing_database_is_told_and_not_made(tmp_path):
    path = tmp_path / "data" / "none.db"
    for read in (Reader(path).domains, Reader(path).events, lambda: Reader(path).query("SELECT 1")):
        with pytest.raises(QueryError, match=r"there is no such file.*give the path of a database"):
            read()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no database at all " * 100)
    with pytest.raises(QueryError, match=f"read {path}: file is not a database .*give the path of a SQLite database"):
        Reader(path).events()


@pytest.mark.parametrize("value", ["soon", "2025-13-01", float("nan"), float("inf"), True, object()])
def test_a_time_that_is_none_is_told(extended, value):
    with pytest.raises(QueryError, match=r"read since: .* is no time .*give ISO-8601"):
        Reader(extended).events(since=value)


def test_an_unknown_domain_is_told_with_those_there_are(extended):
    with pytest.raises(QueryError, match=r"there is no domain 'nowhere' .*known: permission_events, .*deploys"):
        Reader(extended).rows("nowhere")


def test_the_dead_letters_original_is_parsed(extended):
    with closing(sqlite3.connect(extended)) as connection, connection:
        letter = ("2025-10-01", "deploys", "why", json.dumps({"fields": {"a": 1}}))
        connection.execute("INSERT INTO dead_letters (timestamp, domain, error, original) VALUES (?, ?, ?, ?)", letter)
    assert Reader(extended).rows("dead_letters")[0]["original"] == {"fields": {"a": 1}}
