"""What a batch's transaction inserts: rows by table, those whose senders wait, and dead letters of what is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from foundups_logging import timestamps
from foundups_logging.domains.tables import DEAD_LETTERS, Row, TableSpec, as_dict, table_numbered
from foundups_logging.encoding import escaped, to_json
from foundups_logging.errors import SchemaError
from foundups_logging.sinks.statements import insert_one, insert_rows
from foundups_logging.sinks.ticket import Ticket

__all__ = ["ROWS_FAULTS", "Unusable", "insert_items"]

#: Tables that can't serve their domains, with the reason.
Unusable = Mapping[TableSpec, SchemaError]

#: Errors that are of a row, and not of the database.
ROWS_FAULTS: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.InterfaceError,
    OverflowError,
    UnicodeError,
)

_MAX_ORIGINAL: Final = 1 << 20  # characters that are kept of a row which not even dead_letters can take whole


def insert_items(
    connection: sqlite3.Connection, items: Sequence[Row | Ticket], unusable: Unusable, *, one_by_one: bool
) -> tuple[int, int]:
    """Insert the rows of `items`; return how many are stored and how many became dead letters.

    Rows of `unusable` tables become dead letters. `one_by_one` is the slow way,
    in which a row that its table refuses becomes one too; the fast one raises
    ROWS_FAULTS for it. Raises sqlite3.Error.
    """
    dead = none = 0
    groups: dict[int, list[Row]] = {}
    for item in items:
        if type(item) is Ticket:
            if item.row is None:
                none += 1
                continue
            if item.wants_id:
                dead += _insert_groups(connection, groups, unusable)
                none += _insert_ticket(connection, item.row, item, unusable)
                continue
            row = item.row
        else:
            row = item  # type: ignore[assignment]
        if one_by_one:
            dead += _insert_one(connection, row, unusable)
        else:
            try:
                groups[row[0]].append(row)
            except KeyError:
                groups[row[0]] = [row]
    dead += _insert_groups(connection, groups, unusable)
    return len(items) - none - dead, dead


def _insert_groups(connection: sqlite3.Connection, groups: dict[int, list[Row]], unusable: Unusable) -> int:
    """Insert the rows gathered so far, table by table, and return how many became dead letters."""
    for table, error in unusable.items():
        refused = groups.pop(table.number, ())
        groups.setdefault(DEAD_LETTERS.number, []).extend(_dead_letter(row, error) for row in refused)
    dead = len(groups.get(DEAD_LETTERS.number, ()))
    for number, rows in groups.items():
        insert_rows(connection, table_numbered(number), rows)
    groups.clear()
    return dead


def _insert_one(connection: sqlite3.Connection, row: Row, unusable: Unusable) -> bool:
    """Insert a row by itself, as a dead letter where its table refuses it; return whether it is one."""
    table = table_numbered(row[0])
    error: Exception | None = unusable.get(table)
    if error is None:
        try:
            insert_one(connection, table, row)
        except ROWS_FAULTS as refusal:
            error = refusal
        else:
            return table is DEAD_LETTERS
    letter = _dead_letter(row, error)
    try:
        insert_one(connection, DEAD_LETTERS, letter)
    except ROWS_FAULTS:
        insert_one(connection, DEAD_LETTERS, _shortened(letter))
    return True


def _insert_ticket(connection: sqlite3.Connection, row: Row, ticket: Ticket, unusable: Unusable) -> bool:
    """Insert the row a sender waits for; its refusal is the sender's to hear. Return whether it was refused."""
    table = table_numbered(row[0])
    ticket.error = unusable.get(table)
    ticket.row_id = 0  # of an earlier try
    if ticket.error is None:
        try:
            ticket.row_id = insert_one(connection, table, row)
        except ROWS_FAULTS as error:
            ticket.error = error
    return ticket.error is not None


def _dead_letter(row: Row, error: Exception) -> Row:
    """The dead letter for a row that its table refused: all its values, by column."""
    table = table_numbered(row[0])
    reason = escaped(f"{type(error).__name__}: {error}")
    return DEAD_LETTERS.number, timestamps.now(), table.name, reason, to_json(as_dict(row))


def _shortened(letter: Row) -> Row:
    """A dead letter cut to what any database takes: more than a gigabyte of text is beyond SQLite."""
    number, timestamp, name, error, original = letter
    cut = f"{str(error)[:1000]}; its first {_MAX_ORIGINAL} characters of {len(original)} are kept"
    return number, timestamp, name, cut, to_json({"cut": original[:_MAX_ORIGINAL]})
