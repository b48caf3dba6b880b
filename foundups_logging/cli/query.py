"""`foundups-logging query`: the rows of a SELECT."""

from __future__ import annotations

import click

from foundups_logging.cli.options import database_option, json_option
from foundups_logging.cli.output import echo_csv, echo_json, echo_table
from foundups_logging.database import database_path
from foundups_logging.reading import Reader

__all__ = ["command"]


@click.command("query")
@click.argument("sql")
@database_option
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a header.")
def command(*, sql: str, database: str | None, as_json: bool, as_csv: bool) -> None:
    """Print the rows that SQL finds.

    One statement, which can only read. `foundups-logging domains` lists the
    tables and their columns; the view `events` has the events of all of them.
    Columns of JSON are objects under --json and JSON text otherwise.

    \b
    Examples:
      foundups-logging query "SELECT domain, count(*) FROM events GROUP BY domain"
      foundups-logging query "SELECT * FROM metrics_events" --csv > metrics.csv
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other; give one of them.")
    if not sql.strip():
        raise click.UsageError("SQL is empty; give a SELECT.")
    reader = Reader(database_path(database))
    if as_json:
        echo_json(reader.query(sql))
        return
    names, rows = reader.table(sql)
    if as_csv:
        echo_csv(names, rows)
    else:
        echo_table(names, rows)
