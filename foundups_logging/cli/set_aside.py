"""`foundups-logging set-aside`: move a corrupt database out of the way, deleting nothing."""

from __future__ import annotations

import shlex
import sys

import click

from foundups_logging.cli.options import database_option, real_path
from foundups_logging.cli.output import printable
from foundups_logging.operate.set_aside import check, set_aside

__all__ = ["command"]


@click.command("set-aside")
@database_option
@click.option("--yes", is_flag=True, help="Don't ask first.")
@click.option("--force", is_flag=True, help="Even where SQLite finds no fault in it, or other programs write to it.")
def command(*, database: str | None, yes: bool, force: bool) -> None:
    """Rename a corrupt database, so that programs begin a new one.

    The database and what SQLite keeps beside it (-wal, -shm, -journal) get the
    name PATH.set-aside-TIME, under the lock that writers take. Nothing is
    deleted or overwritten, and the spool stays. A database in which SQLite
    finds no fault is left alone.

    \b
    Examples:
      foundups-logging set-aside -d data/foundups.db --yes
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    path = real_path(database)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody can be asked here; give --yes.")
        if not force:
            click.echo(printable(f"{path}: {check(path)}"))
        click.confirm(printable(f"Set {path} aside?"), abort=True)
    target = set_aside(path, force=force)
    recovered = path.with_name(f"{path.stem}-recovered{path.suffix}")
    commands = f"sqlite3 {shlex.quote(str(target))} .recover | sqlite3 {shlex.quote(str(recovered))}"
    click.echo(
        printable(f"{path} is now {target}")
        + "\nRunning programs notice, make a new database and write to that; so does the next program that starts."
        + f"\nTo get back what can still be read:\n  {printable(commands)}"
        + "\n(Where the shell says `SQL logic error`, it was built without .recover: sqlite.org has one that can.)"
    )
