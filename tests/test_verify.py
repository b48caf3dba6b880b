"""Verifying and rolling back: every difference is found, and only a migration's own rows are removed."""

from __future__ import annotations

import json
import logging
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from migrations import DOMAINS, STAMP, load, mapping, rows_of, verify, write

import foundups_logging
from foundups_logging.errors import MigrationError
from foundups_logging.migrate import chunk, ledger, source
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.rollback import rollback
from foundups_logging.migrate.store import MigrationStore

OBJECTS = [
    {
        "timestamp": STAMP,
        "event_type": "p",
        "agent_id": f"agent_{number}",
        "confidence": 0.5,
        "n": number,
        "x": {"y": [1]},
    }
    for number in range(20)
]
SOURCES = [
    *map(json.dumps, OBJECTS),
    "{torn",
    json.dumps({**OBJECTS[0], "granted_at": "2025-10-21", "confidence": 1, "permission": "p"}),
    '{"timestamp":"2025-10-21T19:06:40","event_type":"p","agent_id":"a","n":99,"n":100}',
]


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "a.jsonl", *SOURCES)


@pytest.fixture
def imported(file, database):
    assert load(database, file, FileMapping(DOMAINS["permission_events"])).records == 22
    assert verify(database).is_clean
    return database


def change(database, *statements):
    with sqlite3.connect(database) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def told(database):
    return [str(difference) for difference in verify(database).differences]


@pytest.mark.parametrize(
    ("change_it", "difference"),
    [
        ("agent_id = 'other' WHERE id = 3", 'line 3 agent_id: is "other", should be "agent_2"'),
        ("confidence = 1.0 WHERE id = 3", "line 3 confidence: is 1.0, should be 0.5"),
        ("confidence = NULL WHERE id = 3", "line 3 confidence: is missing, should be 0.5"),
        ("confidence = 'high' WHERE id = 3", 'line 3 confidence: is "high", should be 0.5'),
        ("justification = 'new' WHERE id = 3", 'line 3 justification: is "new", should be missing'),
        ("metadata_json = NULL WHERE id = 3", "line 3 n: is missing, should be 2"),
        ('metadata_json = \'{"n":2.0,"x":{"y": [1]}}\' WHERE id = 3', "line 3 n: is 2.0, should be 2"),
        ("metadata_json = 'x' WHERE id = 3", "line 3 metadata_json: is x, should be"),
        ("metadata_json = x'00' WHERE id = 3", "line 3 metadata_json: is"),
        ("timestamp = '2025-10-22T19:06:40.230459+00:00' WHERE id = 3", "line 3 timestamp: is"),
        # The line's own text is kept for these; the columns are compared too.
        ("timestamp = '2025' WHERE id = 22", "line 23 column timestamp: is '2025', should be"),
        ("confidence = 0.5 WHERE id = 21", "line 22 column confidence: is 0.5, should be 1.0"),
    ],
)
def test_a_changed_row_is_told_by_line_and_key(imported, change_it, difference):
    change(imported, f"UPDATE permission_events SET {change_it}")
    found = told(imported)
    assert found[0].startswith(difference)


def test_metadata_that_is_only_written_differently_is_no_difference(imported):
    change(imported, "UPDATE permission_events SET metadata_json = json(metadata_json) WHERE id < 20")
    assert told(imported) == []


def test_a_missing_row_is_told(imported):
    change(imported, "DELETE FROM permission_events WHERE id IN (1, 5)")
    assert [text[:15] for text in told(imported)] == ["line 1: is no r", "line 5: is no r"]


def test_a_changed_missing_or_added_rejected_line_is_told(imported):
    change(imported, "UPDATE rejected_lines SET content = x'00'")
    assert len(told(imported)) == 2
    change(imported, "DELETE FROM rejected_lines")
    assert told(imported) == ["line 21: is no rejected line, should be b'{torn', rejected"]


def test_a_changed_file_is_told(imported, file):
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"agent_7"', b'"agent_X"'))
    found = told(imported)
    assert found[0] == 'line 8 agent_id: is "agent_7", should be "agent_X"'
    assert "changed since" in found[1]
    file.write_bytes(content[:100])
    assert any("no such object" in text for text in told(imported))
    file.write_bytes(content.replace(b"{torn", b"{Torn"))
    assert any("changed since" in text for text in told(imported))


def test_a_missing_file_is_an_error(imported, file):
    file.unlink()
    with pytest.raises(MigrationError, match="No such file"):
        verify(imported)


def test_a_rotated_file_is_verified_where_it_is(imported, file):
    file.rename(file.with_name("a.jsonl.1"))
    write(file, "{}")
    found = verify(imported)
    assert (found.is_clean, found.path.name) == (True, "a.jsonl.1")


def test_a_file_that_has_grown_is_clean_as_far_as_it_is_imported(imported, file):
    with file.open("a") as stream:
        stream.write("{}\n")
    found = verify(imported)
    assert (found.is_clean, found.waiting_bytes) == (True, 3)


def test_many_differences_are_counted_and_the_first_told(imported, monkeypatch):
    monkeypatch.setattr("foundups_logging.migrate.verify.MAX_TOLD", 5)
    change(imported, "UPDATE permission_events SET agent_id = 'x'")
    found = verify(imported)
    assert (len(found.differences), found.wrong) == (5, 22)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=60), st.integers(1, 10), st.data())
def test_any_change_of_a_column_is_found(tmp_path_factory, lines, size, data):
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "_BLOCK", 512)
        patch.setattr(chunk, "ROWS_A_TRANSACTION", size)
        load(folder / "x.db", write(folder / "a.jsonl", *lines), FileMapping(DOMAINS["permission_events"]))
    assert verify(folder / "x.db").is_clean
    rows = rows_of(folder / "x.db", "permission_events")
    if not rows:
        return
    row = data.draw(st.sampled_from(rows))
    column = data.draw(st.sampled_from(sorted(set(row) - {"id"})))
    value = "NULL" if row[column] is not None and column not in {"timestamp", "event_type", "agent_id"} else "'changed'"
    change(folder / "x.db", f"UPDATE permission_events SET {column} = {value} WHERE id = {row['id']}")
    assert verify(folder / "x.db").wrong >= 1


# --- rolling back


def test_a_rollback_removes_the_migrations_rows_and_leaves_logged_ones(file, database, logger):
    logger.info("before", extra={"live": 0})
    assert foundups_logging.flush(10)
    load(database, file, mapping(), migration="first")
    logger.info("between", extra={"live": 1})
    assert foundups_logging.flush(10)
    other = write(file.with_name("b.jsonl"), *SOURCES[:5])
    load(database, other, mapping(), migration="second")
    with MigrationStore(database) as store:
        done = rollback(store, "first")
        assert (done.files, done.records, done.rejected, done.missing) == (1, 22, 1, 0)
    left = rows_of(database)
    assert [row["event"] for row in left] == ["before", "between", *["line"] * 5]
    assert rows_of(database, "rejected_lines") == []
    assert verify(database).is_clean
    assert load(database, file, mapping(), migration="first").records == 22
    logging.getLogger(__name__).info("done")


def test_a_rollback_of_one_file_leaves_the_others(file, database):
    other = write(file.with_name("b.jsonl"), *SOURCES[:5])
    for path in (file, other):
        load(database, path)
    with MigrationStore(database) as store:
        rollback(store, "test", paths=[file])
    assert len(rows_of(database)) == 5
    assert verify(database, other).is_clean


def test_an_interrupted_rollback_bars_the_import_and_goes_on(file, database, monkeypatch):
    monkeypatch.setattr(chunk, "ROWS_A_TRANSACTION", 5)
    monkeypatch.setattr(source, "_BLOCK", 512)
    load(database, file)
    calls = []

    class StoppedError(Exception):
        pass

    def stop(self, work, write=MigrationStore.write):
        calls.append(work)
        if len(calls) > 3:
            raise StoppedError
        return write(self, work)

    with MigrationStore(database) as store, monkeypatch.context() as patch:
        patch.setattr(MigrationStore, "write", stop)
        with pytest.raises(StoppedError):
            rollback(store, "test")
    assert 0 < len(rows_of(database)) < 22
    with pytest.raises(MigrationError, match="rollback was interrupted"):
        load(database, file)
    with MigrationStore(database) as store:
        rollback(store, "test")
    assert rows_of(database) == []
    assert load(database, file).records == 22


def test_a_rollback_tells_what_there_is_not(imported, file):
    with MigrationStore(imported) as store:
        with pytest.raises(MigrationError, match=r"there is no migration 'other'.*there are: test"):
            rollback(store, "other")
        with pytest.raises(MigrationError, match="is no file of migration"):
            rollback(store, "test", paths=[file.with_name("other")])


def test_a_copy_in_another_migration_keeps_the_original(file, database):
    load(database, file)
    copy = file.with_name("copy.jsonl")
    copy.write_bytes(file.read_bytes())
    assert load(database, copy, migration="copies").state == "duplicate"
    with MigrationStore(database) as store:
        with pytest.raises(MigrationError, match="taken for a copy"):
            rollback(store, "test")
        rollback(store, "copies")
        rollback(store, "test")
        assert store.read(ledger.files) == []
    assert rows_of(database) == []
