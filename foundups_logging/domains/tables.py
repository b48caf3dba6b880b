"""Tables as the database holds them: names, columns, DDL and the `events` view."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from sys import getsizeof
from typing import Any, Final

from foundups_logging.domains.model import SQL_TYPES, Domain

__all__ = [
    "DEAD_LETTERS",
    "EVENT_COLUMNS",
    "MAX_SHORT_TEXT",
    "NULL",
    "LargeRow",
    "Row",
    "TableSpec",
    "affinity",
    "as_dict",
    "events_query",
    "sized",
    "table_numbered",
    "table_of",
]

#: The result columns of the `events` view and of `events_query`.
EVENT_COLUMNS = ("domain", "id", "timestamp", "event_type", "agent_id", "summary")


#: A row on its way: its table's number, then the values of the table's columns in order. Flat and
#: of plain values, because a tuple of those is no work for the garbage collector while it is queued.
Row = tuple[Any, ...]


#: NULL in a row. SQLite makes NULL of NaN (https://sqlite.org/c3ref/bind_blob.html), and sqlite3 binds
#: a float three to ten times as fast as None, which it first looks up an adapter for.
NULL: Final = math.nan


#: Characters of a text that makes no row a large one.
MAX_SHORT_TEXT: Final = 512


class LargeRow(tuple[Any, ...]):  # noqa: SLOT001 - a tuple's subclass can't have slots
    """A row that holds a text of more than MAX_SHORT_TEXT characters; a plain tuple is a row that holds none.

    `weight` is about how many bytes of memory its texts take.
    """

    weight: int

    def __new__(cls, values: Iterable[Any]) -> LargeRow:  # noqa: PYI034 - no further subclasses
        """Make one of a row's values."""
        row = super().__new__(cls, values)
        row.weight = sum(getsizeof(value) for value in row if type(value) is str)
        return row


def sized(row: Row) -> Row:
    """The row itself, or a LargeRow where it has to be one."""
    for value in row:
        if type(value) is str and len(value) > MAX_SHORT_TEXT:
            return LargeRow(row)
    return row


@dataclass(frozen=True, eq=False)
class TableSpec:
    """A table rows are written to. Equal declarations share one object, so identity is equality.

    `columns` are (name, SQL type, required) in the order of a row's values; an
    `id INTEGER PRIMARY KEY AUTOINCREMENT` stands before them. `indexes` are
    tuples of column names. `number` stands for the table in its rows.
    """

    number: int
    name: str
    columns: tuple[tuple[str, str, bool], ...]
    indexes: tuple[tuple[str, ...], ...]

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns of a row, in order."""
        return tuple(name for name, _, _ in self.columns)

    @cached_property
    def create_statements(self) -> tuple[str, ...]:
        """CREATE TABLE and CREATE INDEX, each harmless where the object exists."""
        lines = ["id INTEGER PRIMARY KEY AUTOINCREMENT"]
        lines += [f'"{name}" {kind}{" NOT NULL" if required else ""}' for name, kind, required in self.columns]
        body = ",\n    ".join(lines)
        return (f'CREATE TABLE IF NOT EXISTS "{self.name}" (\n    {body}\n)', *self.index_statements)

    @cached_property
    def index_names(self) -> tuple[str, ...]:
        """The names of the indexes."""
        return tuple(".".join(("idx", self.name, *index)) for index in self.indexes)  # no name holds a dot

    @cached_property
    def index_statements(self) -> tuple[str, ...]:
        """The CREATE INDEX statements alone."""
        statements = []
        for name, index in zip(self.index_names, self.indexes, strict=True):
            columns = ", ".join(f'"{column}"' for column in index)
            statements.append(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{self.name}" ({columns})')
        return tuple(statements)


_tables: list[TableSpec] = []
_lock = threading.RLock()  # a handler may be made in a signal handler or a __del__


@cache
def _intern(name: str, columns: tuple[tuple[str, str, bool], ...], indexes: tuple[tuple[str, ...], ...]) -> TableSpec:
    with _lock:
        table = TableSpec(len(_tables), name, columns, indexes)
        _tables.append(table)
    return table


def table_numbered(number: int) -> TableSpec:
    """The table that `number` stands for in a row."""
    return _tables[number]


def table_of(domain: Domain) -> TableSpec:
    """The table that `domain` declares, with the indexes the `events` view needs."""
    columns = [("timestamp", "TEXT", True)]
    columns += [(column.name, SQL_TYPES[column.type], column.required) for column in domain.columns]
    columns.append(("metadata_json", "TEXT", False))
    # (agent_id, timestamp) and (timestamp) let the view walk each table newest first.
    indexes: list[tuple[str, ...]] = [("timestamp",)]
    if any(column.name == "agent_id" for column in domain.columns):
        indexes.append(("agent_id", "timestamp"))
    return _intern(domain.name, tuple(columns), tuple(dict.fromkeys((*indexes, *domain.indexes))))


#: Events that could not become a row of their domain, with the reason and all they carried.
DEAD_LETTERS = _intern(
    "dead_letters",
    (("timestamp", "TEXT", True), ("domain", "TEXT", False), ("error", "TEXT", True), ("original", "TEXT", True)),
    (("timestamp",),),
)


def as_dict(row: Row) -> dict[str, Any]:
    """A row's values by the names of its table's columns, with None for NULL."""
    values = [None if value != value else value for value in row[1:]]  # noqa: PLR0124 - NULL
    return dict(zip(table_numbered(row[0]).column_names, values, strict=True))


def affinity(declared_type: str) -> str:
    """The affinity SQLite gives a column of `declared_type` (https://sqlite.org/datatype3.html, 3.1)."""
    text = declared_type.upper()
    if "INT" in text:
        return "INTEGER"
    if any(part in text for part in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not text or "BLOB" in text:
        return "BLOB"
    if any(part in text for part in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def events_query(tables: Iterable[tuple[str, Mapping[str, str], Sequence[str]]]) -> str:
    """The SELECT behind the `events` view, over (table, declared types by lower-case column, summary columns).

    SQLite merges the arms, each walking its own index, only where a result
    column has one affinity in every arm: so whatever is no TEXT column is CAST.
    """
    arms = []
    for table, types, summary in tables:
        event_type = next((_text(column, types) for column in ("event_type", "event") if column in types), _EVENT)
        agent_id = _text("agent_id", types) if "agent_id" in types else "CAST(NULL AS TEXT)"
        shown = [f"coalesce(\"{column}\" || ' ', '')" for column in summary if column.lower() in types]
        arms.append(
            f"SELECT CAST('{table}' AS TEXT) AS domain, id, {_text('timestamp', types)} AS timestamp, "
            f"{event_type} AS event_type, {agent_id} AS agent_id, "
            f"CAST(rtrim({' || '.join(shown) or repr('')}) AS TEXT) AS summary "
            f'FROM "{table}"'
        )
    return "\nUNION ALL ".join(arms)


_EVENT = "CAST(CASE WHEN json_valid(metadata_json) THEN json_extract(metadata_json, '$.event') END AS TEXT)"


def _text(column: str, types: Mapping[str, str]) -> str:
    return f'"{column}"' if affinity(types[column]) == "TEXT" else f'CAST("{column}" AS TEXT)'
