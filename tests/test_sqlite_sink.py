"""The SQLite sink: schema, batches of any size, poison rows, and what becomes of a table that goes away."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import store
from hypothesis import given, settings
from hypothesis import strategies as st

from foundups_logging.domains import builtin_domains, load_domains
from foundups_logging.domains.tables import DEAD_LETTERS, Row, TableSpec, table_of
from foundups_logging.encoding import from_json
from foundups_logging.errors import StorageError, WriteError
from foundups_logging.sinks.lock import FileLock
from foundups_logging.sinks.sqlite import SQLiteSink
from foundups_logging.sinks.statements import insert_rows
from foundups_logging.sinks.ticket import Ticket
from foundups_logging.timestamps import now

METRICS = next(table_of(domain) for domain in builtin_domains() if domain.name == "metrics_events")
CHAT = next(table_of(domain) for domain in builtin_domains() if domain.name == "chat_messages")


def metric(number: float, name: str | None = "m") -> Row:
    return METRICS.number, now(), name, number, None, None, None


@pytest.fixture
def sink(database: Path) -> Iterator[SQLiteSink]:
    sink = SQLiteSink(database)
    sink.declare(builtin_domains())
    yield sink
    sink.close()


def select(database: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_the_schema_is_made_once_and_is_what_the_domains_declare(sink: SQLiteSink, database: Path) -> None:
    sink.prepare()
    first = select(database, "SELECT type, name, sql FROM sqlite_master ORDER BY name")
    again = SQLiteSink(database)
    again.declare(builtin_domains())
    again.prepare()
    again.close()
    assert select(database, "SELECT type, name, sql FROM sqlite_master ORDER BY name") == first
    tables = {str(name) for kind, name, _ in first if kind == "table"}
    assert tables >= {domain.name for domain in builtin_domains()} | {"dead_letters", "domain_declarations"}
    assert ("view", "events") in {(kind, name) for kind, name, _ in first}
    assert select(database, "PRAGMA journal_mode") == [("wal",)]


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 700, 2047, 2048, 2049, 5000])
def test_a_batch_of_any_size_is_stored_whole_and_in_order(sink: SQLiteSink, database: Path, size: int) -> None:
    assert store(sink, [metric(float(number)) for number in range(size)]) == (size, 0)
    found = [value for (value,) in select(database, "SELECT value FROM metrics_events ORDER BY id")]
    assert found == [float(number) for number in range(size)]


@settings(deadline=None, max_examples=60)
@given(sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=3), width=st.sampled_from([1, 5, 40, 300]))
def test_no_batch_needs_more_parameters_than_sqlite_takes(sizes: list[int], width: int) -> None:
    columns = tuple((f"c{number}", "INTEGER", False) for number in range(width))
    table = TableSpec(0, "wide", columns, ())
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    for statement in table.create_statements:
        connection.execute(statement)
    for size in sizes:
        insert_rows(connection, table, [(0, *([number] * width)) for number in range(size)])
    expected = [number for size in sizes for number in range(size)]
    assert [row[0] for row in connection.execute(f"SELECT c{width - 1} FROM wide ORDER BY id")] == expected
    connection.close()


def test_a_batch_is_few_statements_whatever_its_size(sink: SQLiteSink) -> None:
    sink.prepare()
    assert sink._connection is not None
    seen: list[str] = []
    sink._connection.set_trace_callback(seen.append)
    store(sink, [metric(1.0)] * 4_999)
    sink._connection.set_trace_callback(None)
    assert sum(statement.startswith("INSERT") for statement in seen) <= 6
    assert seen[0] == "BEGIN IMMEDIATE"
    assert seen[-1] == "COMMIT"


def test_a_poison_row_goes_to_dead_letters_and_its_batch_goes_on(sink: SQLiteSink, database: Path) -> None:
    batch = [metric(1.0), metric(2.0, name=None), metric(3.0), (*CHAT_ROW[:-1], 2**70), metric(4.0)]
    assert store(sink, batch) == (3, 2)
    assert select(database, "SELECT value FROM metrics_events ORDER BY id") == [(1.0,), (3.0,), (4.0,)]
    (no_name, too_big) = select(database, "SELECT domain, error, original FROM dead_letters ORDER BY id")
    assert no_name[0] == "metrics_events"
    assert "NOT NULL constraint failed: metrics_events.metric_name" in str(no_name[1])
    assert from_json(str(no_name[2]))["value"] == 2.0
    assert too_big[0] == "chat_messages"
    assert from_json(str(too_big[2]))["metadata_json"] == 2**70


CHAT_ROW: Row = (CHAT.number, "2026-01-01T00:00:00.000000+00:00", *([None] * len(CHAT.columns[1:])))


def test_a_ticket_gets_its_rows_id_and_rows_keep_their_order(sink: SQLiteSink, database: Path) -> None:
    ticket, refused = Ticket(metric(2.0), wants_id=True), Ticket(metric(0.0, name=None), wants_id=True)
    assert store(sink, [metric(1.0), ticket, metric(3.0), refused]) == (3, 0)
    assert select(database, "SELECT id, value FROM metrics_events ORDER BY id") == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert ticket.row_id == 2
    assert isinstance(refused.error, sqlite3.IntegrityError)
    assert select(database, "SELECT count(*) FROM dead_letters") == [(0,)]  # its sender is told


@pytest.mark.parametrize("loss", ["DROP TABLE metrics_events", "ALTER TABLE metrics_events DROP COLUMN unit"])
def test_a_table_or_column_that_goes_away_is_made_again(sink: SQLiteSink, database: Path, loss: str) -> None:
    store(sink, [metric(1.0)])
    other = sqlite3.connect(database)
    other.execute("DROP VIEW events")
    other.execute(loss)
    other.commit()
    other.close()
    assert store(sink, [metric(2.0)]) == (1, 0)
    assert select(database, "SELECT value, unit FROM metrics_events ORDER BY id DESC LIMIT 1") == [(2.0, None)]
    assert select(database, "SELECT count(*) FROM events WHERE domain = 'metrics_events'")[0][0] in (1, 2)


def test_what_cannot_be_written_is_an_error_that_says_what_to_do(
    sink: SQLiteSink, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundups_logging.sinks.sqlite._PATIENCE", 0.05)
    sink.prepare()
    lock = FileLock(Path(f"{database}-lock"))
    assert lock.acquire(1)
    with pytest.raises(WriteError, match=r"-lock for 0\.05 s \(find what holds it"):
        store(sink, [metric(1.0)])
    lock.release()
    lock.close()
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("foundups_logging.sinks.sqlite._PATIENCE", 5.0)
    assert sink._connection is not None
    sink._connection.execute("PRAGMA busy_timeout = 50")
    with pytest.raises(StorageError, match=r"database is locked \(another connection holds"):
        store(sink, [metric(1.0)])
    other.execute("ROLLBACK")
    other.close()
    assert store(sink, [metric(1.0)]) == (1, 0)


def make_schema(database: Path, start: multiprocessing.synchronize.Barrier, number: int) -> None:
    start.wait(30)
    sink = SQLiteSink(database)
    sink.declare(load_domains({f"extra_{number}": {"columns": {"value": "REAL"}, "events": [f"extra_{number}"]}}))
    store(sink, [metric(float(number))])
    sink.close()


def test_processes_that_start_at_once_make_one_schema(database: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(6)
    processes = [context.Process(target=make_schema, args=(database, barrier, number)) for number in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 6
    assert select(database, "SELECT count(*) FROM metrics_events") == [(6,)]
    view = select(database, "SELECT sql FROM sqlite_master WHERE name = 'events'")[0][0]
    assert all(f"extra_{number}" in str(view) for number in range(6))


def test_dead_letters_are_a_table_like_others(sink: SQLiteSink, database: Path) -> None:
    assert store(sink, [(DEAD_LETTERS.number, now(), "chat_messages", "why", "{}")]) == (0, 1)
    assert select(database, "SELECT domain, error, original FROM dead_letters") == [("chat_messages", "why", "{}")]
