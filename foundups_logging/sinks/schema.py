"""Tables, declarations and the `events` view: made where missing, adopted where they exist."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from foundups_logging.complaints import complain
from foundups_logging.domains.loading import declaration, load_domains
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import DEAD_LETTERS, TableSpec, affinity, events_query, table_of
from foundups_logging.errors import DomainError, SchemaError
from foundups_logging.sinks.ledger import LEDGER_TABLES

__all__ = ["declared_domains", "lacks", "prepare_schema", "query_over", "read_declarations"]

# What every program that writes here has declared, so that readers know all domains.
_DECLARATIONS = """CREATE TABLE IF NOT EXISTS "domain_declarations" (
    name TEXT PRIMARY KEY NOT NULL,
    declaration TEXT NOT NULL
)"""
_VIEW_HEAD = 'CREATE VIEW "events" AS /* made by foundups-logging */\n'


def prepare_schema(
    connection: sqlite3.Connection, domains: Sequence[Domain], path: Path
) -> dict[TableSpec, SchemaError]:
    """Make all that `domains` need, in one transaction; harmless where it is there already.

    Returns the tables that can't serve their domain, with the reason. Raises
    SchemaError where the table of dead letters can't, and sqlite3.Error.
    """
    unusable: dict[TableSpec, SchemaError] = {}
    connection.execute("BEGIN IMMEDIATE")
    try:
        _prepare_table(connection, DEAD_LETTERS, path)
        for domain in domains:
            try:
                _prepare_table(connection, table_of(domain), path)
            except SchemaError as error:
                unusable[table_of(domain)] = error
        for statement in (_DECLARATIONS, *LEDGER_TABLES):
            connection.execute(statement)
        _declare(connection, [domain for domain in domains if table_of(domain) not in unusable])
        _make_view(connection, path)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return unusable


def declared_domains(connection: sqlite3.Connection) -> tuple[Domain, ...]:
    """The domains that the database's writers have declared, by name. Raises sqlite3.Error.

    A declaration that can't be read, of another version say, is told and left out.
    """
    found, faults = read_declarations(connection)
    for fault in faults:
        complain(f"{fault}; it is left out")
    return tuple(found)


def read_declarations(connection: sqlite3.Connection) -> tuple[list[Domain], list[str]]:
    """The domains that the database's writers have declared, and what is wrong with others. Raises sqlite3.Error."""
    found: list[Domain] = []
    faults = []
    if _object_type(connection, "domain_declarations") == "table":
        for name, text in connection.execute("SELECT name, declaration FROM domain_declarations ORDER BY name"):
            try:
                found += [domain for domain in load_domains({name: json.loads(text)}) if domain.name == name]
            except (DomainError, ValueError) as error:
                faults.append(f"the database's declaration of domain {name!r} can't be read: {error}")
    return found, faults


def lacks(connection: sqlite3.Connection, domain: Domain, path: Path) -> list[str]:
    """What the database lacks of `domain`'s table, columns and indexes, in words.

    Raises SchemaError where its table can't serve the domain, and sqlite3.Error.
    """
    table = table_of(domain)
    kind = _object_type(connection, table.name)
    if kind is None:
        return [f"the table {table.name}"]
    if kind != "table":
        raise _not_a_table(kind, table, path)
    missing = _missing_columns(connection, table, _adopting(table), path)
    found = [f"the column {table.name}.{name}" for name, _, _ in missing]
    return found + [f"the index {name}" for name in table.index_names if _object_type(connection, name) != "index"]


def query_over(connection: sqlite3.Connection, domains: Iterable[Domain]) -> str:
    """The SELECT of `events` over those of `domains` whose tables are there and can be read so."""
    tables = []
    for domain in domains:
        types = {name.lower(): kind for name, kind, _, _, _ in _columns(connection, domain.name)}
        if {"id", "timestamp", "metadata_json"} <= types.keys():
            tables.append((domain.name, types, domain.summary))
    return events_query(tables)


def _prepare_table(connection: sqlite3.Connection, table: TableSpec, path: Path) -> None:
    """Create `table`, or add what it lacks. Raises SchemaError, before any change, where it can't serve."""
    kind = _object_type(connection, table.name)
    if kind not in (None, "table"):
        raise _not_a_table(str(kind), table, path)
    missing: list[tuple[str, str, bool]] = []
    if kind == "table":
        missing = _missing_columns(connection, table, _adopting(table), path)
    for name, sql_type, _ in missing:
        # Rows that are there already have no value, so an added column is never NOT NULL.
        connection.execute(f'ALTER TABLE "{table.name}" ADD COLUMN "{name}" {sql_type}')
    for statement in table.create_statements if kind is None else table.index_statements:
        connection.execute(statement)


def _adopting(table: TableSpec) -> str:
    return f"adopt table {table.name!r} in"


def _not_a_table(kind: str, table: TableSpec, path: Path) -> SchemaError:
    return SchemaError(
        f"there is a {kind} of that name", operation=_adopting(table), path=path, hint=f"rename the {kind}"
    )


def _missing_columns(
    connection: sqlite3.Connection, table: TableSpec, operation: str, path: Path
) -> list[tuple[str, str, bool]]:
    existing = {row[0].lower(): row for row in _columns(connection, table.name)}
    wanted = {name.lower(): sql_type for name, sql_type, _ in table.columns}
    _, id_type, _, _, id_key = existing.pop("id", ("id", "", 0, None, 0))
    if id_type.upper() != "INTEGER" or not id_key:
        raise SchemaError(
            "it has no column id INTEGER PRIMARY KEY",
            operation=operation,
            path=path,
            hint="rename the table; a new one is made at the next start",
        )
    for lowered, (name, sql_type, not_null, default, _) in existing.items():
        if lowered not in wanted:
            if not_null and default is None:
                raise SchemaError(
                    f"its column {name!r} is NOT NULL without a default, and the domain doesn't fill it",
                    operation=operation,
                    path=path,
                    hint=f"declare {name!r} as a column of the domain, give it a default, or rename the table",
                )
        elif not _holds(sql_type, wanted[lowered]) and lowered != "timestamp":
            raise SchemaError(
                f"its column {name!r} is {sql_type}, which would bend values of the domain's {wanted[lowered]}",
                operation=operation,
                path=path,
                hint="rename the column or the table",
            )
    return [column for column in table.columns if column[0].lower() not in existing]


def _holds(existing: str, wanted: str) -> bool:
    """Whether a column of type `existing` keeps values meant for `wanted` as they are."""
    is_text = affinity(wanted) == "TEXT"
    return affinity(existing) in (("TEXT", "BLOB") if is_text else ("INTEGER", "REAL", "NUMERIC", "BLOB"))


def _declare(connection: sqlite3.Connection, domains: Iterable[Domain]) -> None:
    """Write the declarations down, joined to what others have declared under the same names."""
    known = dict(connection.execute("SELECT name, declaration FROM domain_declarations"))
    for domain in domains:
        text = json.dumps(_joined(known.get(domain.name), declaration(domain)), sort_keys=True)
        if text != known.get(domain.name):
            known[domain.name] = text
            connection.execute("INSERT OR REPLACE INTO domain_declarations VALUES (?, ?)", (domain.name, text))


def _joined(declared: str | None, entry: dict[str, Any]) -> dict[str, Any]:
    """`entry` with the columns and whatever else a declaration from before has beside it."""
    try:
        old = dict(json.loads(declared or "{}"))
        joined = {**old, **entry}
        for key, value in entry.items():
            if isinstance(value, dict):
                joined[key] = {**old.get(key, {}), **value}
            elif isinstance(value, list):
                joined[key] = [*old.get(key, []), *(item for item in value if item not in old.get(key, []))]
    except (ValueError, TypeError):  # unreadable: to be replaced
        return entry
    joined["aliases"] = {name: to for name, to in joined.get("aliases", {}).items() if name not in joined["columns"]}
    return joined


def _make_view(connection: sqlite3.Connection, path: Path) -> None:
    row = connection.execute("SELECT type, sql FROM sqlite_master WHERE name = 'events'").fetchone()
    if row is not None and not str(row[1]).startswith(_VIEW_HEAD):
        complain(
            f"{path} has a {row[0]} named events of its own, so the view of that name isn't made; "
            "`foundups-logging timeline` and TelemetryStore.events() work without it"
        )
        return
    query = query_over(connection, declared_domains(connection))
    if query and (row is None or row[1] != _VIEW_HEAD + query):
        if row is not None:
            connection.execute('DROP VIEW "events"')
        connection.execute(_VIEW_HEAD + query)


def _object_type(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT type FROM sqlite_master WHERE lower(name) = lower(?)", (name,)).fetchone()
    return None if row is None else str(row[0])


def _columns(connection: sqlite3.Connection, table: str) -> list[tuple[str, str, int, str | None, int]]:
    """(name, declared type, NOT NULL, default, place in the primary key) of each column."""
    rows = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    return [row[1:] for row in rows]
