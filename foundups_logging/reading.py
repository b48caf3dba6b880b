"""Reads from a database of domain tables, each by a read-only connection of its own."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from foundups_logging import timestamps
from foundups_logging.domains.loading import builtin_domains
from foundups_logging.domains.model import Domain
from foundups_logging.encoding import from_json, safe_str
from foundups_logging.errors import QueryError, StorageError
from foundups_logging.sinks.connections import open_reader
from foundups_logging.sinks.schema import declared_domains, query_over

__all__ = ["Moment", "Reader"]

#: A time as callers give one: ISO-8601 text, datetime or date (without an offset: local time), or epoch seconds.
Moment = str | date | float

_DEAD_LETTER_COLUMNS = {"original": from_json}


class Reader:
    """Reads the database at `path`, whoever writes it.

    Its domains are the built-in ones, as its writers have extended and added to
    them, and `domains`, which count where they differ.
    """

    def __init__(self, path: Path, domains: Iterable[Domain] = ()) -> None:
        self._path = path
        self._domains = {domain.name: domain for domain in domains if domain not in builtin_domains()}

    def domains(self) -> tuple[Domain, ...]:
        """All domains known here, the built-in ones first. Raises QueryError."""
        with self._reading() as connection:
            return tuple(self._all(connection).values())

    def table(
        self, sql: str, params: Sequence[object] | Mapping[str, object] = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The names of the columns that `sql` asks for, and the rows as they are stored: JSON as its text.

        Raises QueryError, also for what isn't reading.
        """
        with self._reading() as connection:
            return _execute(connection, sql, params)

    def query(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, Any]]:
        """The rows that `sql` finds, with columns of JSON parsed. Raises QueryError, also for what isn't reading."""
        with self._reading() as connection:
            decoders = {name: decode for domain in self._all(connection).values() for name, decode in _json(domain)}
            return _fetch(connection, sql, params, decoders)

    def rows(
        self, domain: str, where: str = "", params: Sequence[object] = (), limit: int = -1
    ) -> list[dict[str, Any]]:
        """The rows of a domain's table, or of dead_letters, newest first. Raises QueryError."""
        with self._reading() as connection:
            decoders = self._decoders(connection, domain)
            sql = f'SELECT * FROM "{domain}" {where} ORDER BY timestamp DESC, id DESC LIMIT ?'
            return _fetch(connection, sql, (*params, limit), decoders)

    def events(
        self,
        domain: str | None = None,
        agent_id: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Events of all domains, newest first: domain, id, timestamp, event_type, agent_id, summary.

        Those from `since` on, and before `until`. Raises QueryError.
        """
        conditions, params = [], []
        for column, operator, value in (
            ("agent_id", "=", agent_id),
            ("timestamp", ">=", _bound("since", since)),
            ("timestamp", "<", _bound("until", until)),
        ):
            if value is not None:
                conditions.append(f"{column} {operator} ?")
                params.append(value)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        with self._reading() as connection:
            domains = self._all(connection)
            if domain is not None:
                self._check(domain, domains)
                domains = {domain: domains[domain]}
            query = query_over(connection, domains.values())
            if not query:
                return []
            sql = f"SELECT * FROM ({query}) {where} ORDER BY timestamp DESC LIMIT ?"
            return _fetch(connection, sql, (*params, limit), {})

    def _all(self, connection: sqlite3.Connection) -> dict[str, Domain]:
        known = {domain.name: domain for domain in (*builtin_domains(), *declared_domains(connection))}
        return {**known, **self._domains}

    def _decoders(self, connection: sqlite3.Connection, domain: str) -> dict[str, Any]:
        if domain == "dead_letters":
            return dict(_DEAD_LETTER_COLUMNS)
        domains = self._all(connection)
        self._check(domain, domains)
        booleans = {column.name: _boolean for column in domains[domain].columns if column.type == "BOOLEAN"}
        return {**dict(_json(domains[domain])), **booleans}

    def _check(self, domain: str, known: Iterable[str]) -> None:
        if domain not in known:
            raise QueryError(
                f"there is no domain {domain!r}",
                operation="read",
                path=self._path,
                hint=f"known: {', '.join(known)}",
            )

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = open_reader(self._path)
        except StorageError as error:
            raise QueryError(error.message, operation="read", path=self._path, hint=error.hint) from error
        try:
            yield connection
        except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError, ValueError) as error:
            raise QueryError(str(error), operation="query", path=self._path, hint=_hint(str(error))) from error
        finally:
            connection.close()


def _fetch(
    connection: sqlite3.Connection,
    sql: str,
    params: Sequence[object] | Mapping[str, object],
    decoders: Mapping[str, Any],
) -> list[dict[str, Any]]:
    names, found = _execute(connection, sql, params)
    rows = [dict(zip(names, row, strict=True)) for row in found]
    for name in decoders.keys() & set(names):
        decode = decoders[name]
        for row in rows:
            row[name] = decode(row[name])
    return rows


def _execute(
    connection: sqlite3.Connection, sql: str, params: Sequence[object] | Mapping[str, object]
) -> tuple[list[str], list[tuple[Any, ...]]]:
    cursor = connection.execute(sql, params)
    return _distinct([entry[0] for entry in cursor.description or ()]), cursor.fetchall()


def _distinct(names: Iterable[str]) -> list[str]:
    """The names with those that come again numbered: id, id_2."""
    found: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in found:
            number += 1
            candidate = f"{name}_{number}"
        found.append(candidate)
    return found


def _json(domain: Domain) -> list[tuple[str, Any]]:
    names = [column.name for column in domain.columns if column.type == "JSON"]
    return [(name, _parsed) for name in (*names, "metadata_json")]


def _parsed(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return from_json(value)
    except (ValueError, RecursionError):
        return value  # an adopted table's own text


def _boolean(value: object) -> object:
    return bool(value) if value in (0, 1) else value


def _bound(name: str, value: Moment | None) -> str | None:
    if value is None:
        return None
    found = timestamps.normalize(value)
    if found is None:
        raise QueryError(
            f"{safe_str(value, repr)} is no time", operation=f"read {name}", hint="give ISO-8601, such as 2026-11-23"
        )
    return found[0]


def _hint(message: str) -> str:
    if any(text in message for text in ("not authorized", "authorization denied", "prohibited", "readonly")):
        return "queries are read-only: SELECT and WITH"
    if message.startswith(("no such table", "no such column")):
        return "`foundups-logging domains` lists the tables and their columns"
    if "one statement at a time" in message:
        return "give one SELECT"
    if "syntax error" in message or message == "incomplete input":
        return "correct the SQL there"
    return ""
