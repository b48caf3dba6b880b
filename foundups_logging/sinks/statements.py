"""A batch in a handful of INSERT statements, whatever its size.

sqlite3 gives Python's lock away at every step of a statement, and a busy thread
keeps it for 5 ms each time: row by row a batch starves. So rows go in by
statements of a few fixed sizes, each one step and found in the statement cache:
as many of the largest as are full, then one of the next power of two, whose
surplus rows LIMIT cuts off.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain

from foundups_logging.domains.tables import NULL, Row, TableSpec

__all__ = ["insert_one", "insert_rows"]

_LARGEST = 4096  # rows


def insert_rows(connection: sqlite3.Connection, table: TableSpec, rows: Sequence[Row]) -> None:
    """Insert `rows`, in order. A row that fails rolls the whole transaction back. Raises sqlite3.Error."""
    if len(rows) == 1:
        connection.executemany(_values_statement(table, 1), (rows[0][1:],))
        return
    width = len(table.columns)
    fit = (connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) - 1) // width
    largest = min(_LARGEST, 1 << (fit.bit_length() - 1))
    for start in range(0, len(rows), largest):
        part = rows[start : start + largest]
        size = 1 << (len(part) - 1).bit_length()
        flat = list(chain.from_iterable(part))
        del flat[:: width + 1]  # the tables' numbers
        if size == len(part):
            statement = _values_statement(table, size)
        else:
            statement = _padded_statement(table, size)
            flat += [NULL] * (width * (size - len(part)))
            flat.append(len(part))
        # executemany() gives Python's lock away once less than execute(), which asks for the last row's id.
        connection.executemany(statement, (flat,))


def insert_one(connection: sqlite3.Connection, table: TableSpec, row: Row) -> int:
    """Insert one row and return its id; where it fails, the transaction's other rows stay. Raises sqlite3.Error."""
    row_id = connection.execute(_single_statement(table), row[1:]).lastrowid
    assert row_id is not None  # noqa: S101 - a row was inserted
    return row_id


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
