"""The table that the records of a domain would go to."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from foundups_logging.audit.classify import DOMAINS
from foundups_logging.audit.model import JsonlFile
from foundups_logging.domains import Column, Domain, builtin_domains
from foundups_logging.domains.tables import table_of
from foundups_logging.errors import DomainError

__all__ = ["proposed", "schema_of"]

_TABLES: Final = {
    "permissions": "permission_events",
    "confidence_tracking": "confidence_events",
    "chat_history": "chat_messages",
    "daemon_health": "daemon_health",
    "errors": "error_events",
    "metrics": "metrics_events",
    "telemetry": "log_events",
}
_SESSIONS: Final = "sessions"
_BROWSED: Final = frozenset({"screenshot", "screenshot_path", "screenshot_hash", "annotated_path", "page_url"})
# JSON's types in a file -> a column's. Whatever else they are together, JSON holds it.
_TYPES: Final = {
    frozenset({"string"}): "TEXT",
    frozenset({"integer"}): "INTEGER",
    frozenset({"number"}): "REAL",
    frozenset({"float"}): "REAL",
    frozenset({"integer", "number"}): "REAL",
    frozenset({"integer", "float"}): "REAL",
    frozenset({"boolean"}): "BOOLEAN",
}
_FREQUENT: Final = 0.5  # in fewer of the records, a key stays in metadata_json
_MOST_COLUMNS: Final = 20


def proposed(domain: str, files: Sequence[JsonlFile]) -> Domain:
    """The built-in domain that fits, or one with the columns that the files' keys suggest."""
    known = {builtin.name: builtin for builtin in builtin_domains()}
    table = _TABLES.get(domain)
    if domain == _SESSIONS and any(key.name.lower() in _BROWSED for file in files for key in file.keys):
        table = "selenium_sessions"
    if table is not None:
        return known[table]
    name = "session_events" if domain in DOMAINS else domain
    columns: list[Column] = []
    for column in _columns(files):
        try:  # a name that SQL keeps for itself, or twice but for its case
            Domain(name, (*columns, column))
        except DomainError:
            continue
        columns.append(column)
    return Domain(name, tuple(columns[:_MOST_COLUMNS]) or (Column("event_type"),), f"records of {domain}")


def schema_of(domain: Domain) -> dict[str, Any]:
    """A domain's table as SQL: whole, and its columns and indexes by themselves."""
    table = table_of(domain)
    create, *indexes = table.create_statements
    columns = ["id INTEGER PRIMARY KEY AUTOINCREMENT"]
    columns += [f"{name} {kind}{' NOT NULL' if required else ''}" for name, kind, required in table.columns]
    return {"create_table": create, "columns": columns, "indexes": indexes}


def _columns(files: Sequence[JsonlFile]) -> list[Column]:
    records = sum(file.records for file in files)
    counts: dict[str, int] = defaultdict(int)
    types: dict[str, set[str]] = defaultdict(set)
    moments = {file.timestamp_key for file in files}
    for file in files:
        for key in file.keys:
            if key.name not in moments:
                counts[key.name] += key.count
                types[key.name].update(kind for kind in key.types if kind != "null")
    return [
        Column(re.sub(r"\W", "_", name), _TYPES.get(frozenset(types[name]), "JSON"))
        for name, count in counts.items()
        if count >= records * _FREQUENT
    ]
