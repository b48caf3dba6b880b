"""A domain: one declaration from which the table, the routes and the view come."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from foundups_logging.errors import DomainError

__all__ = ["RESERVED_TABLES", "SOURCES", "Column", "Domain", "is_identifier"]

# Declared type -> the type SQLite is told. JSON columns hold JSON text.
SQL_TYPES: Final = MappingProxyType(
    {"TEXT": "TEXT", "INTEGER": "INTEGER", "REAL": "REAL", "BOOLEAN": "BOOLEAN", "JSON": "TEXT"}
)

# What a column without a value of its own can be filled from.
SOURCES: Final = ("event", "logger", "level", "error_type", "error_message", "stack_trace")

# When a logging call returns: when the row is queued, or when it is committed.
DURABILITIES: Final = ("async", "commit")

# Columns every domain has: declared by nobody, first, second and last.
BUILT_IN_COLUMNS: Final = ("id", "timestamp", "metadata_json")

RESERVED_TABLES: Final = frozenset(
    {
        "events", "dead_letters", "domain_declarations", "migrations", "migration_chunks", "migration_files",
        "rejected_lines", "spool_replays", "writer_stats",
    }
)  # fmt: skip
_RESERVED_COLUMNS: Final = frozenset({*BUILT_IN_COLUMNS, "domain", "rowid", "oid", "_rowid_"})

# SQLite's and PostgreSQL's reserved words that could be taken for a name of a table or column.
_SQL_WORDS: Final = frozenset(
    """
    abort action add after all alter always analyze and any array as asc attach before begin between
    by cascade case cast check collate column commit conflict constraint create cross current
    current_date current_time current_timestamp database default deferrable deferred delete desc
    detach distinct do drop each else end escape except exclude exclusive exists explain fail filter
    following for foreign from full generated glob grant group groups having if ignore immediate in
    index indexed initially inner insert instead intersect into is isnull join key last left like
    limit match materialized natural no not nothing notnull null nulls of offset on or order others
    outer over partition plan pragma preceding primary query raise range recursive references regexp
    reindex release rename replace restrict returning right rollback row rows savepoint select set
    table temp temporary then ties to transaction trigger unbounded union unique update user using
    vacuum values view virtual when where window with without
    """.split()
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_ROUTE: Final = re.compile(r"[A-Za-z0-9_.:*-]+")


def is_identifier(name: object) -> bool:
    """Whether `name` can be a table or column: a letter, then letters, digits and `_`, up to 63."""
    return isinstance(name, str) and _IDENTIFIER.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Column:
    """A typed column of a domain's table.

    `type` is TEXT, INTEGER (64 bits), REAL, BOOLEAN (stored as 0 or 1) or JSON
    (any value, stored as JSON text). A `required` column is NOT NULL: an event
    without it becomes a dead letter. `source` names what fills the column where
    the event has no such field: one of `SOURCES`, or None.
    """

    name: str
    type: str = "TEXT"
    required: bool = False
    source: str | None = None


@dataclass(frozen=True)
class Domain:
    """A kind of event, its table and the routes that lead to it.

    `name` is the table's name; `columns` stand between the built-in `id`,
    `timestamp` and `metadata_json`. `events` and `loggers` are names or patterns
    (`permission_*`) of events and loggers; `min_level` (a logging level's name)
    claims what nothing else has claimed from that level up. `aliases` maps
    other field names to columns; `indexes` are tuples of column names;
    `summary` lists the columns shown in the `events` view; `samples` are events
    of the domain, as fields with the event's name under `event`. With
    `durability` "commit" a logging call returns when its row is committed, with
    "async" at once. Every table is indexed by timestamp, and by (agent_id,
    timestamp) where it has an agent_id.

    Raises DomainError, naming domain and entry, for anything that can't work.
    """

    name: str
    columns: tuple[Column, ...]
    description: str = ""
    events: tuple[str, ...] = ()
    loggers: tuple[str, ...] = ()
    min_level: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    indexes: tuple[tuple[str, ...], ...] = ()
    summary: tuple[str, ...] = ()
    samples: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    durability: str = "async"

    def __post_init__(self) -> None:
        self._check_name(self.name, "table", RESERVED_TABLES)
        if self.name.lower().startswith("sqlite_"):
            raise self._error("the name is reserved", "SQLite keeps names that begin with sqlite_")
        if self.durability not in DURABILITIES:
            raise self._error(f"durability is {self.durability!r}", f"use {' or '.join(DURABILITIES)}")
        if not self.columns:
            raise self._error("has no columns", "declare at least one under columns")
        seen: set[str] = set()
        for column in self.columns:
            self._check_column(column, seen)
            seen.add(column.name.lower())
        self._check_references(self.column_names)
        self._check_summary(self.column_names)
        self._check_routes()

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """All columns a row carries, in order: timestamp, the declared ones, metadata_json."""
        return ("timestamp", *(column.name for column in self.columns), "metadata_json")

    def _check_references(self, names: tuple[str, ...]) -> None:
        for index in self.indexes:
            if not index or not set(index) <= set(names):
                raise self._error(f"index {list(index)} names an unknown column", f"known: {', '.join(names)}")
        for alias, target in self.aliases.items():
            if target not in names[:-1]:
                known = ", ".join(names[:-1])
                raise self._error(f"alias {alias!r} leads to the unknown column {target!r}", f"known: {known}")
            if alias in names:
                raise self._error(f"alias {alias!r} is a column already", "remove one of the two")

    def _check_summary(self, names: tuple[str, ...]) -> None:
        for column_name in self.summary:
            if column_name not in names:
                raise self._error(f"summary names the unknown column {column_name!r}", f"known: {', '.join(names)}")

    def _check_routes(self) -> None:
        if isinstance(self.events, str) or isinstance(self.loggers, str):
            raise self._error("events or loggers is a text", "give a tuple of texts")
        for route in (*self.events, *self.loggers):
            if not isinstance(route, str) or not _ROUTE.fullmatch(route):
                raise self._error(f"route {route!r} can't match", "use letters, digits, _ . : - and * for any text")
        if self.min_level is not None and self.min_level not in logging.getLevelNamesMapping():
            raise self._error(f"min_level {self.min_level!r} is unknown", "use a level of logging, such as ERROR")

    def _check_column(self, column: Column, seen: set[str]) -> None:
        self._check_name(column.name, "column", _RESERVED_COLUMNS)
        if column.name.lower() in seen:
            raise self._error(f"column {column.name!r} is declared twice", "names differ by more than case")
        if column.type not in SQL_TYPES:
            known = ", ".join(SQL_TYPES)
            raise self._error(f"column {column.name!r} has the unknown type {column.type!r}", f"use {known}")
        if column.source is not None and column.source not in SOURCES:
            known = ", ".join(SOURCES)
            raise self._error(f"default of {column.name!r} is the unknown source {column.source!r}", f"use {known}")
        if column.source is not None and column.type != "TEXT":
            raise self._error(
                f"column {column.name!r} has a default but is {column.type}", "only TEXT columns take one"
            )

    def _check_name(self, name: object, what: str, reserved: frozenset[str]) -> None:
        if not is_identifier(name):
            raise self._error(f"{what} name {name!r} is not allowed", "a letter, then up to 62 letters, digits or _")
        lowered = str(name).lower()
        if lowered in reserved:
            raise self._error(f"{what} name {name!r} is reserved", "it is built in; choose another")
        if lowered in _SQL_WORDS:
            raise self._error(f"{what} name {name!r} is a reserved word of SQL", f"choose another, such as {name}_")

    def _error(self, message: str, hint: str) -> DomainError:
        return DomainError(message, operation=f"declare domain {self.name!r}", hint=hint)
