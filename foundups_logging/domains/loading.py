"""Domains from TOML files, dicts and Python objects, checked where they are configured."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from foundups_logging.domains.model import Column, Domain
from foundups_logging.errors import ConfigurationError, DomainError

__all__ = ["DomainsSource", "builtin_domains", "declaration", "declared", "load_domains"]

#: A TOML file's path, a dict as TOML would give it, or Domain objects.
DomainsSource = str | Path | Mapping[str, Any] | Iterable[Domain]

# What a new domain starts from.
_NOTHING = Domain("blank", (Column("blank"),))

_KEYS = {
    "description": str,
    "events": list,
    "loggers": list,
    "min_level": str,
    "aliases": dict,
    "indexes": list,
    "summary": list,
    "samples": list,
    "defaults": dict,
    "columns": dict,
    "durability": str,
}


@cache
def builtin_domains() -> tuple[Domain, ...]:
    """The eight built-in domains, `log_events` last."""
    text = (files("foundups_logging.domains") / "builtin.toml").read_text("utf-8")
    return tuple(_parse(name, entry, None) for name, entry in tomllib.loads(text).items())


def load_domains(source: DomainsSource | None = None) -> tuple[Domain, ...]:
    """The built-in domains, extended and added to by `source`.

    An entry with the name of a built-in domain adds columns, routes, aliases
    and indexes to it; any other is a new domain. Raises DomainError for a
    declaration that can't work and ConfigurationError for a file that can't be
    read.
    """
    domains = {domain.name: domain for domain in builtin_domains()}
    if source is None:
        return tuple(domains.values())
    for name, entry in _entries(source).items():
        given = {**declaration(entry), "samples": entry.samples} if isinstance(entry, Domain) else entry
        domains[name] = _parse(name, given, domains.get(name))
    check_routes(domains.values())
    return tuple(domains.values())


def declaration(domain: Domain) -> dict[str, Any]:
    """`domain` as the dict that declares it (without samples), the inverse of loading it."""
    entry: dict[str, Any] = {
        "description": domain.description,
        "events": list(domain.events),
        "loggers": list(domain.loggers),
        "min_level": domain.min_level,
        "aliases": dict(domain.aliases),
        "indexes": [list(index) for index in domain.indexes],
        "summary": list(domain.summary),
        "defaults": {column.name: column.source for column in domain.columns if column.source},
        "columns": {c.name: c.type + (" NOT NULL" if c.required else "") for c in domain.columns},
        "durability": domain.durability,
    }
    return {key: value for key, value in entry.items() if value}


def declared(name: str, entry: Mapping[str, Any]) -> Domain:
    """The domain that `declaration` told, and nothing else: no built-in one is joined to it. Raises DomainError."""
    return _parse(name, entry, None)


def check_routes(domains: Iterable[Domain]) -> None:
    """Raise DomainError where two domains claim the same table, event, logger or level."""
    owners: dict[tuple[str, str], str] = {}
    for domain in domains:
        routes = [("table", domain.name)]
        routes += [("event", name) for name in domain.events]
        routes += [("logger", name) for name in domain.loggers]
        routes += [("level", domain.min_level)] if domain.min_level else []
        for kind, route in routes:
            other = owners.setdefault((kind, route.lower()), domain.name)
            if other != domain.name:
                raise DomainError(
                    f"{kind} {route!r} belongs to {other!r} already",
                    operation=f"declare domain {domain.name!r}",
                    hint=f"a {kind} belongs to one domain; remove it from one of the two",
                )


def _entries(source: DomainsSource) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    if not isinstance(source, (str, Path)):
        domains = list(source) if isinstance(source, Iterable) else [source]
        for domain in domains:
            if not isinstance(domain, Domain):
                raise DomainError(
                    f"{domain!r} is no Domain",
                    operation="load domains",
                    hint="give a TOML path, a dict or foundups_logging.Domain objects",
                )
        return {domain.name: domain for domain in domains}
    try:
        return tomllib.loads(Path(source).read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(
            error.strerror or str(error),
            operation="read domains",
            path=source,
            hint="check the path; a relative one starts at the working directory",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            str(error), operation="read domains", path=source, hint="the file must be TOML in UTF-8"
        ) from error


def _parse(name: str, entry: object, base: Domain | None) -> Domain:
    operation = f"declare domain {name!r}"
    if not isinstance(entry, Mapping):
        raise DomainError(f"is {entry!r}, no table", operation=operation, hint=f"write [{name}] and its entries")
    for key, value in entry.items():
        expected = _KEYS.get(key)
        if expected is None:
            raise DomainError(f"unknown entry {key!r}", operation=operation, hint=f"known: {', '.join(_KEYS)}")
        if expected is list and isinstance(value, tuple):
            continue
        if not isinstance(value, expected):
            raise DomainError(f"{key} is {value!r}", operation=operation, hint=f"it must be a {expected.__name__}")
    defaults = cast("Mapping[str, Any]", entry.get("defaults", {}))
    known = {column.name: column for column in base.columns} if base else {}
    columns = [
        _column(name, column, text, known[column].source if column in known else None)
        for column, text in entry.get("columns", {}).items()
    ]
    for column in columns:
        if column.name in known and column.type != known[column.name].type:
            raise DomainError(
                f"column {column.name!r} is {known[column.name].type} there and {column.type} here",
                operation=operation,
                hint="a built-in column keeps its type; choose another name",
            )
    merged = {**known, **{column.name: column for column in columns}}
    for column_name, default in defaults.items():
        if column_name not in merged:
            raise DomainError(f"default for the unknown column {column_name!r}", operation=operation, hint="declare it")
        merged[column_name] = replace(merged[column_name], source=default)
    old = base or _NOTHING
    return Domain(
        name=name,
        columns=tuple(merged.values()),
        description=str(entry.get("description", old.description)),
        events=_union(name, "events", old.events, entry),
        loggers=_union(name, "loggers", old.loggers, entry),
        min_level=cast("str | None", entry.get("min_level", old.min_level)),
        aliases={
            # A field that becomes a column of its own is no alias any more.
            **{alias: column for alias, column in old.aliases.items() if alias not in merged},
            **cast("dict[str, str]", entry.get("aliases", {})),
        },
        indexes=tuple(dict.fromkeys((*old.indexes, *_indexes(name, entry.get("indexes", []))))),
        summary=tuple(entry["summary"]) if "summary" in entry else old.summary,
        samples=(*old.samples, *entry.get("samples", ())),
        durability=cast("str", entry.get("durability", old.durability)),
    )


def _union(name: str, key: str, old: tuple[str, ...], entry: Mapping[str, Any]) -> tuple[str, ...]:
    for value in entry.get(key, ()):
        if not isinstance(value, str):
            raise DomainError(f"{key} holds {value!r}", operation=f"declare domain {name!r}", hint="names are text")
    return tuple(dict.fromkeys((*old, *entry.get(key, ()))))


def _indexes(name: str, entries: Iterable[object]) -> list[tuple[str, ...]]:
    indexes = []
    for index in entries:
        if not isinstance(index, (list, tuple)) or not all(isinstance(column, str) for column in index):
            raise DomainError(
                f"index {index!r} is no list of columns",
                operation=f"declare domain {name!r}",
                hint='write indexes = [["agent_id", "timestamp"]]',
            )
        indexes.append(tuple(index))
    return indexes


def _column(domain: str, name: str, text: object, source: str | None) -> Column:
    words = text.upper().split() if isinstance(text, str) else []
    if not words or words[1:] not in ([], ["NOT", "NULL"]):
        raise DomainError(
            f"column {name!r} is declared as {text!r}",
            operation=f"declare domain {domain!r}",
            hint='write the type, such as "REAL", or "TEXT NOT NULL" for a required one',
        )
    return Column(name, words[0], required=len(words) > 1, source=source)
