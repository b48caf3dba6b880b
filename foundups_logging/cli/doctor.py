"""`foundups-logging doctor`: is the database well, and what is to be done if it isn't."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from foundups_logging.cli.options import database_option, json_option, real_path, spool_option
from foundups_logging.cli.output import echo_json, echo_table
from foundups_logging.operate.accounts import spool_of
from foundups_logging.operate.doctor import examine
from foundups_logging.operate.findings import NOTE, PROBLEM, some

__all__ = ["command"]


@click.command("doctor")
@database_option
@spool_option
@click.option("--full", is_flag=True, help="Check every index and reference too (integrity_check); takes longer.")
@json_option
def command(*, database: str | None, spool: str | None, full: bool, as_json: bool) -> None:
    """Look for what is wrong with the database, and say what to do.

    Looks at SQLite's version, the file system, permissions, free space, the
    write-ahead log and who holds it, other programs that write, integrity,
    tables, dead letters, the writers' accounts and the spool. Changes nothing.
    A finding is ok, a note (worth knowing) or a problem (something needs doing).

    Exit code 1 exactly where there is a problem.

    \b
    Examples:
      foundups-logging doctor
      foundups-logging doctor -d data/foundups.db --full
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    path = real_path(database)
    with _progress("checking every page and index") if full else contextlib.nullcontext():
        findings = examine(path, spool_of(path, spool), full=full)
    problems = sum(finding.level == PROBLEM for finding in findings)
    if as_json:
        echo_json(finding._asdict() for finding in findings)
    else:
        rows = []
        for check, level, message, hint in findings:
            rows.append((level, check, message))
            if hint:
                rows.append(("", "", f"-> {hint}"))
        echo_table(("level", "check", "finding"), rows)
        notes = sum(finding.level == NOTE for finding in findings)
        click.echo(f"\n{some(problems, 'problem')}, {some(notes, 'note')}.")
    if problems:
        raise click.exceptions.Exit(1)


@contextlib.contextmanager
def _progress(task: str) -> Iterator[None]:
    """Show on a terminal that something goes on. How much is left, SQLite doesn't tell."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(task, total=None)
        yield
