"""What the tests of migration share: mappings, imports, and objects of all kinds as lines."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from hypothesis import strategies as st

from foundups_logging import builtin_domains
from foundups_logging.migrate import ledger
from foundups_logging.migrate.importer import FileSource, import_file
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.store import MigrationStore
from foundups_logging.migrate.verify import verify_file

DOMAINS = {domain.name: domain for domain in builtin_domains()}
STAMP = "2025-10-21T19:06:40.230459+00:00"


def mapping(domain="log_events", **options):
    """A mapping to a built-in domain in which any object is a row, unless constants are given."""
    given = {"constants": {"timestamp": STAMP, "event": "line"}} if domain == "log_events" else {}
    return FileMapping(DOMAINS[domain], **{**given, **options})


def load(database, path, told=None, **options):
    """Import a file; the result."""
    with MigrationStore(database) as store:
        source = FileSource(path, path.name, told or mapping())
        return import_file(store, source, **{"migration": "test", "is_final": True, **options})


def verify(database, path=None):
    """Verify all files that were imported, or one; the one result."""
    with MigrationStore(database) as store:
        store.prepare(())
        records = [record for record in store.read(ledger.files) if path is None or record.path == str(path)]
        (result,) = [verify_file(store, record, with_sha256=True) for record in records]
        return result


def rows_of(database, table="log_events"):
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        found = [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY id")]
    connection.close()
    return found


def rejected_of(database):
    return [(row["line"], row["byte_offset"], row["content"]) for row in rows_of(database, "rejected_lines")]


def write(path: Path, *lines: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    return path


# --- objects, as texts

numbers = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(json.dumps),
    st.sampled_from(
        ["0", "-0", "0.0", "-0.0", "1", "1.0", "1.50", "1e400", "-1e-400", "1E+2", "9007199254740993", "1" * 30]
    ),
    st.sampled_from(["3.14159265358979323846", "0.1000000000000000055511151231257827", "123456789012345678.0"]),
)
words = st.sampled_from(["true", "false", "null", "NaN", "Infinity", "-Infinity"])


@st.composite
def strings(draw):
    return json.dumps(draw(st.text(max_size=8)), ensure_ascii=draw(st.booleans()))


odd_strings = st.sampled_from(
    ['"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"a\\/b"', '"\\u2028\u2028"', '"{"', '"]["', '"\\"}"', f'"{STAMP}"']
)
keys = st.one_of(
    strings(),
    st.sampled_from(
        [
            *(f'"{name}"' for name in ("timestamp", "event", "event_type", "level", "agent_id", "logger", "message")),
            *(
                f'"{name}"'
                for name in ("confidence", "confidence_at_grant", "permission", "permission_level", "success")
            ),
            *(
                f'"{name}"'
                for name in ("granted_at", "id", "domain", "metadata_json", "errors_detected", "value", "text")
            ),
            *(f'"{name}"' for name in ("analysis", "analysis_json", "$line", "$keys", "$float", "\\u0024int", "Id")),
        ]
    ),
)
spaces = st.sampled_from(["", "", " ", "\t", " \r "])


@st.composite
def containers(draw, inner):
    space = draw(spaces)
    if draw(st.booleans()):
        return "[" + space + f",{space}".join(draw(st.lists(inner, max_size=3))) + space + "]"
    pairs = draw(st.lists(st.tuples(keys, inner), max_size=3))
    return "{" + space + f",{space}".join(f"{key}{space}:{value}" for key, value in pairs) + space + "}"


values = st.recursive(st.one_of(numbers, words, strings(), odd_strings), containers, max_leaves=6)


@st.composite
def objects(draw, keys=keys, values=values):
    """The text of an object: keys may come twice, white space may be anywhere."""
    space = draw(spaces)
    pairs = draw(st.lists(st.tuples(keys, values), max_size=7))
    return "{" + space + f",{space}".join(f"{key}:{space}{value}" for key, value in pairs) + space + "}"
