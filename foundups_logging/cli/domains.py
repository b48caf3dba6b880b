"""`foundups-logging domains`: what there is to query, and which events go there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from foundups_logging.cli.options import database_option, json_option
from foundups_logging.cli.output import echo_json, echo_records
from foundups_logging.database import database_path
from foundups_logging.domains import Domain, load_domains
from foundups_logging.reading import Reader

__all__ = ["command"]


@click.command("domains")
@click.option("--domains", "file", metavar="FILE.toml", help="List the domains of this file too.")
@json_option
@database_option
def command(*, file: str | None, as_json: bool, database: str | None) -> None:
    """List the domains: their tables and the events that go there.

    Those built in, those that programs have declared in the database, with the
    number of rows, and those of FILE.toml.

    \b
    Examples:
      foundups-logging domains
      foundups-logging domains --domains domains.toml --json
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    domains = load_domains(None if file is None else Path(file))
    counts: dict[str, int] = {}
    path = database_path(database)
    # A database that is not asked for need not be there yet.
    if database is not None or path.exists():
        reader = Reader(path, domains)
        domains = reader.domains()
        counts = _row_counts(reader, domains)
    if as_json:
        echo_json(_told(domain, counts) for domain in domains)
    else:
        echo_records(_shown(domain, counts) for domain in domains)


def _row_counts(reader: Reader, domains: Iterable[Domain]) -> dict[str, int]:
    """The number of rows by domain, for those whose table is there."""
    tables = {str(row["name"]).lower() for row in reader.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    names = [domain.name for domain in domains if domain.name.lower() in tables]
    return {name: reader.query(f'SELECT count(*) AS rows FROM "{name}"')[0]["rows"] for name in names}


def _told(domain: Domain, counts: dict[str, int]) -> dict[str, object]:
    """A domain as a JSON object; `rows` is null where there is no table."""
    return {
        "name": domain.name,
        "description": domain.description,
        "rows": counts.get(domain.name),
        "events": domain.events,
        "loggers": domain.loggers,
        "min_level": domain.min_level,
        "columns": {
            "id": "INTEGER",
            "timestamp": "TEXT NOT NULL",
            **{column.name: column.type + (" NOT NULL" if column.required else "") for column in domain.columns},
            "metadata_json": "JSON",
        },
        "aliases": dict(domain.aliases),
    }


def _shown(domain: Domain, counts: dict[str, int]) -> list[tuple[str, str]]:
    """A domain as lines of (name, text), without those that say nothing."""
    lines = []
    for name, value in _told(domain, counts).items():
        if name == "aliases":
            text = ", ".join(f"{alias} -> {column}" for alias, column in domain.aliases.items())
        elif isinstance(value, dict):
            text = ", ".join(f"{column} {kind}" for column, kind in value.items())
        elif isinstance(value, tuple):
            text = ", ".join(value)
        else:
            text = "" if value is None else str(value)
        if text:
            lines.append((name, text))
    return lines
