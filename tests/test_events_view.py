"""The events view: all domains in one, walked by indexes from the newest on."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest
from conftest import Rows, store

from foundups_logging import DomainTableHandler, TelemetryStore, fields
from foundups_logging.domains import Domain, builtin_domains, load_domains
from foundups_logging.domains.tables import EVENT_COLUMNS, table_of
from foundups_logging.sinks.sqlite import SQLiteSink
from foundups_logging.timestamps import from_epoch

BY_AGENT = "SELECT * FROM events WHERE agent_id = 'agent-3' ORDER BY timestamp DESC LIMIT 20"
NEWEST = "SELECT * FROM events ORDER BY timestamp DESC LIMIT 20"


def fill(database: Path, domains: tuple[Domain, ...], size: int) -> sqlite3.Connection:
    """A connection to a database with `size` rows in each domain's table."""
    sink = SQLiteSink(database)
    sink.declare(domains)
    batch = []
    for number in range(size):
        for domain in domains:
            names = domain.column_names
            values = [f"agent-{number % 7}" if name == "agent_id" else None for name in names]
            for index, column in enumerate(domain.columns, start=1):
                if column.required and values[index] is None:
                    values[index] = "x"
            values[0] = from_epoch(1_700_000_000 + number)
            batch.append((table_of(domain).number, *values))
    assert store(sink, batch) == (len(batch), 0)
    sink.close()
    return sqlite3.connect(database)


def steps(connection: sqlite3.Connection, sql: str) -> int:
    """How many instructions SQLite's machine takes for `sql`: a measure that no busy machine bends."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(tick, 1)
    connection.execute(sql).fetchall()
    connection.set_progress_handler(None, 0)
    return count


@pytest.mark.parametrize("sql", [BY_AGENT, NEWEST])
def test_the_plan_merges_the_tables_by_their_indexes_and_sorts_nothing(database: Path, sql: str) -> None:
    connection = fill(database, builtin_domains(), 50)
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
    connection.close()
    assert not [step for step in plan if "TEMP B-TREE" in step]
    assert sum("MERGE" in step for step in plan) == 7
    walks = [step for step in plan if step.startswith(("SCAN", "SEARCH"))]
    assert len(walks) == 8
    assert all("USING INDEX" in step for step in walks)


@pytest.mark.parametrize("sql", [BY_AGENT, NEWEST])
@pytest.mark.parametrize("with_user_domain", [False, True])
def test_the_work_does_not_grow_with_the_tables(tmp_path: Path, sql: str, with_user_domain: bool) -> None:
    mine = {"game_moves": {"events": ["move_*"], "columns": {"agent_id": "TEXT", "points": "REAL"}}}
    domains = load_domains(mine if with_user_domain else None)
    small, large = (fill(tmp_path / f"{size}.db", domains, size) for size in (300, 6_000))
    assert len(large.execute(sql).fetchall()) == 20
    assert steps(large, sql) < 1.5 * steps(small, sql)
    small.close()
    large.close()


def test_the_view_tells_domain_event_agent_and_summary(database: Path) -> None:
    connection = fill(database, builtin_domains(), 1)
    cursor = connection.execute("SELECT * FROM events ORDER BY domain")
    assert tuple(entry[0] for entry in cursor.description) == EVENT_COLUMNS
    found = {row[0]: row for row in cursor}
    connection.close()
    assert found.keys() == {domain.name for domain in builtin_domains()}
    assert found["permission_events"][2:5] == ("2023-11-14T22:13:20.000000+00:00", "x", "agent-0")
    assert found["daemon_health"][5] == "x x"


def test_two_modules_may_extend_one_domain_each_in_its_own_way(database: Path, rows: Rows) -> None:
    handlers = [
        DomainTableHandler(database, {"chat_messages": {"columns": {name: kind}}})
        for name, kind in (("language", "TEXT"), ("tags", "JSON"))
    ]
    for handler in [*handlers, DomainTableHandler(database)]:
        extra = fields(text="hej", language="sl", tags=["a"])
        record = logging.getLogger("x").makeRecord("x", logging.INFO, "", 1, "chat_message", (), None, extra=extra)
        handler.handle(record)
    first, second, third = rows("chat_messages")
    assert (first["language"], first["metadata_json"]["tags"]) == ("sl", ["a"])
    assert (second["tags"], second["metadata_json"]["language"]) == ('["a"]', "sl")
    assert (third["metadata_json"]["language"], third["metadata_json"]["tags"]) == ("sl", ["a"])
    with TelemetryStore(database) as store:
        assert store.recent("chat_messages")[1]["tags"] == ["a"]


def test_a_program_that_declares_a_domain_adds_it_to_the_view_and_others_leave_it_there(database: Path) -> None:
    mine = load_domains({"game_moves": {"events": ["move_*"], "columns": {"points": "REAL"}}})
    fill(database, mine, 1).close()
    connection = fill(database, builtin_domains(), 1)
    assert connection.execute("SELECT count(*) FROM events WHERE domain = 'game_moves'").fetchone() == (1,)
    richer = load_domains({"game_moves": {"events": ["move_*"], "columns": {"points": "REAL", "event": "TEXT"}}})
    fill(database, richer, 1).close()
    view = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone()
    fill(database, mine, 1).close()  # the one that knows less does not take it back
    assert connection.execute("SELECT sql FROM sqlite_master WHERE name = 'events'").fetchone() == view
    connection.close()
