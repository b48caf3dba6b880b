"""The options that several commands have."""

from __future__ import annotations

import os
from pathlib import Path

import click

from foundups_logging.database import DATABASE_VARIABLE, DEFAULT_DATABASE, database_path

__all__ = ["database_option", "json_option", "real_path", "spool_option"]

database_option = click.option(
    "-d",
    "--database",
    metavar="PATH",
    help=f"The database, as a path or sqlite:/// URL.  [default: ${DATABASE_VARIABLE}, else {DEFAULT_DATABASE}]",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print a JSON array of objects.")
spool_option = click.option("--spool", metavar="DIRECTORY", help="The spool's folder.  [default: PATH-spool]")


def real_path(database: str | None) -> Path:
    """The file that is meant, behind links: beside it lie log, lock and spool. Raises ConfigurationError."""
    return Path(os.path.realpath(database_path(database)))
