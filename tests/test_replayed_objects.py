"""Whatever a JSON object holds, replaying it into the tables loses no key and no value."""

import json
import logging
import math
import os
import random
import sqlite3
import subprocess
import sys
from collections import deque
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

import foundups_logging
from foundups_logging.encoding import from_json

HERE = Path(__file__).parents[1]
SHARED = Path(os.environ.get("FOUNDUPS_LOGGING_SHARED") or HERE.parent / "shared")
DOMAINS = {domain.name: domain for domain in foundups_logging.builtin_domains()}
COLUMNS = {column for domain in DOMAINS.values() for column in domain.column_names}
ALIASES = {alias for domain in DOMAINS.values() for alias in domain.aliases}
KEYS = sorted({
    *COLUMNS, *ALIASES,
    *logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName",  # the words logging keeps for itself
    "event", "event_type", "type", "level", "logger", "domain", "timestamp", "thread", "process",  # and we
    "exception", "exc_info", "stack", "stack_info", "_name", "_record", "_from_structlog", "_logger",  # and structlog
    "id", "rowid", "log_args", "log_event", "log_level", "foundups_fields", "extra", "self", "anything",
    "", "two words", "ключ", "$float", "$items",
})  # fmt: skip
VALUES = [
    None, True, False, 0, 1, -1, 2**53 + 1, 2**63, 10**40, 0.0, -0.0, 1.5, 1e300, math.nan, math.inf, -math.inf,
    1700000000.123456, 1700000000.1234567, 1700000000123, "2026-11-23T10:00:00", "2026-11-23T10:00:00.123456+00:00",
    "2026-11-23T10:00:00.123456Z", "", "text", "42", "nul\0byte", "\ud800", "čaj 🖐", "{'event': 'x'}", '{"a": 1}',
    "a\nTraceback (most recent call last):\n  x\nValueError: y", "chat_messages", "nowhere", "error",
    [], [1, None], {}, {"a": {"b": [math.nan]}}, {"$float": "nan"},
]  # fmt: skip


def replay(files, database):
    environment = {**os.environ, "PYTHONPATH": str(Path(foundups_logging.__file__).parents[1])}
    command = [sys.executable, "-W", "error", HERE / "examples" / "replay_jsonl.py", *files, "-d", database]
    done = subprocess.run(command, check=False, env=environment, capture_output=True, encoding="utf-8", timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


def stored_rows(database):
    """Every row, as (table, row) by table, in the order they were written."""
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        for table in (*DOMAINS, "dead_letters"):
            rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY id")]
            for row in rows:
                for name in ("metadata_json", "original"):
                    row[name] = from_json(row.get(name) or "{}")
            found[table] = deque(rows)
    return found


def same(one, other):
    """Whether two JSON values are one: 1 is not 1.0, NaN is NaN."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def tells(table, row, key, value):
    """Whether `row` of `table` still says that the object's `key` was `value`."""
    kept = row["original"].get("fields", {}) if table == "dead_letters" else row["metadata_json"]
    if key in kept and same(kept[key], value):
        return True
    if key == "domain":
        return value == (row["domain"] if table == "dead_letters" else table)
    if table == "dead_letters":
        return False
    name = DOMAINS[table].aliases.get(key, key)
    if name == "timestamp":
        if isinstance(value, str):
            return value in (row[name], row[name][:26] + "Z")
        return isinstance(value, (int, float)) and datetime.fromisoformat(row[name]).timestamp() == value
    kind = {column.name: column.type for column in DOMAINS[table].columns}.get(name)
    if kind is None:
        return False
    if value is None or kind == "TEXT":
        return row[name] == value
    if kind == "JSON":
        return row[name] == value or (row[name] is not None and same(from_json(row[name]), value))
    return isinstance(value, (int, float)) and row[name] == value  # a REAL column makes 0 of 0.0, equal numbers


def lost(table, row, obj):
    return [f"{key!r}: {value!r} in {table}" for key, value in obj.items() if not tells(table, row, key, value)]


def marked(objects):
    return [{"n": number, **obj} for number, obj in enumerate(objects)]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory):
    """Every key with every value, alone and in a record of each domain: (table, row, object) by number."""
    records = [{}, *(domain.samples[0] for domain in DOMAINS.values())]
    objects = marked({**record, key: value} for record in records for key in KEYS for value in VALUES)
    return paired(objects, tmp_path_factory.mktemp("replayed"))


def paired(objects, folder):
    file = folder / "modules" / "agent_permissions" / "old.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(obj) + "\n" for obj in objects))
    replay([file], folder / "new.db")
    found = {}
    for table, rows in stored_rows(folder / "new.db").items():
        for row in rows:
            number = (row["metadata_json"] or row["original"]["fields"])["n"]
            assert number not in found
            found[number] = (table, row, objects[number])
    assert len(found) == len(objects)
    return found


@pytest.mark.parametrize("key", KEYS)
def test_a_key_keeps_any_value_in_any_domain(key, replayed):
    missing = [
        loss
        for table, row, obj in replayed.values()
        if key in obj
        for loss in lost(table, row, obj)
        if loss.startswith(f"{key!r}: ")
    ]
    assert missing == []


def test_keys_that_compete_for_a_column_or_a_word_are_all_kept(tmp_path):
    chance = random.Random(7)
    samples = [{}, *(sample for domain in DOMAINS.values() for sample in domain.samples)]
    objects = marked(
        {**chance.choice(samples), **{chance.choice(KEYS): chance.choice(VALUES) for _ in range(chance.randint(1, 8))}}
        for _ in range(5000)
    )
    assert [loss for table, row, obj in paired(objects, tmp_path).values() for loss in lost(table, row, obj)] == []


def test_every_object_of_the_real_files_can_be_found_again(tmp_path):
    files = sorted((SHARED / "data" / "foundups").rglob("*.jsonl"))
    if not files:
        pytest.skip("the real JSONL files are not beside the checkout")
    replay(files, tmp_path / "new.db")
    tables = stored_rows(tmp_path / "new.db")
    assert len(tables["dead_letters"]) == 0
    assert sum(row["metadata_json"].get("stream_url") is not None for row in tables["daemon_health"]) == 1172
    for file in files:
        for text in file.read_text(encoding="utf-8").splitlines():
            expect_next(text, tables)
    assert not any(tables.values())


def expect_next(text, tables):
    """Take the row of a line from the table where it is the next one."""
    try:
        obj = json.loads(text)
    except ValueError:
        obj = {"line": text}
    heads = [(lost(table, rows[0], obj), table) for table, rows in tables.items() if rows]
    losses, table = min(heads, key=lambda head: len(head[0]))
    assert losses == []
    tables[table].popleft()
