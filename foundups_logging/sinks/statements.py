"""A batch in a handful of INSERT statements, whatever its size.

sqlite3 gives Python's lock away at every step of a statement, and a busy thread
keeps it for 5 ms each time: row by row a batch starves. So rows go in by
statements of a few fixed sizes, each one step and found in the statement cache:
whole powers of two down to `_SMALLEST`, and what is left in one statement of the
next power of two, whose surplus rows LIMIT cuts off.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from foundups_logging.domains.tables import NULL, Row, TableSpec

__all__ = ["insert_one", "insert_rows"]

_LARGEST, _SMALLEST = 2048, 256
_MAX_PARAMETERS = 32_766  # SQLite's default since 3.32


def insert_rows(connection: sqlite3.Connection, table: TableSpec, rows: Sequence[Row]) -> None:
    """Insert `rows`, in order. A row that fails rolls the whole transaction back. Raises sqlite3.Error."""
    width = len(table.columns)
    fit = _MAX_PARAMETERS // width
    size = min(_LARGEST, 1 << (fit.bit_length() - 1))
    smallest = min(_SMALLEST, size)
    done = 0
    while (left := len(rows) - done) >= smallest:
        while size > left:
            size >>= 1
        connection.execute(_values_statement(table, size), _flat(rows[done : done + size], width))
        done += size
    if left == 1:
        connection.execute(_values_statement(table, 1), rows[done][1:])
    elif left:
        size = 1 << (left - 1).bit_length()
        flat = _flat(rows[done:], width)
        flat += [NULL] * (width * (size - left))
        flat.append(left)
        connection.execute(_padded_statement(table, size), flat)


def insert_one(connection: sqlite3.Connection, table: TableSpec, row: Row) -> int:
    """Insert one row and return its id; where it fails, the transaction's other rows stay. Raises sqlite3.Error."""
    row_id = connection.execute(_single_statement(table), row[1:]).lastrowid
    assert row_id is not None  # noqa: S101 - a row was inserted
    return row_id


def _flat(rows: Sequence[Row], width: int) -> list[Any]:
    """The values of all rows one after another, without the tables' numbers."""
    flat = list(chain.from_iterable(rows))
    del flat[:: width + 1]
    return flat


def _into(table: TableSpec) -> str:
    return f'"{table.name}" ({", ".join(f"{chr(34)}{name}{chr(34)}" for name in table.column_names)})'


def _placeholders(table: TableSpec, size: int) -> str:
    return ",".join([f"({','.join('?' * len(table.columns))})"] * size)


# OR ROLLBACK spares the statement's own journal.
@cache
def _values_statement(table: TableSpec, size: int) -> str:
    return f"INSERT OR ROLLBACK INTO {_into(table)} VALUES {_placeholders(table, size)}"


@cache
def _padded_statement(table: TableSpec, size: int) -> str:
    return f"INSERT OR ROLLBACK INTO {_into(table)} SELECT * FROM (VALUES {_placeholders(table, size)}) LIMIT ?"


@cache
def _single_statement(table: TableSpec) -> str:
    return f"INSERT INTO {_into(table)} VALUES {_placeholders(table, 1)}"
