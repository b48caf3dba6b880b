"""`foundups-logging stats`: what became of the events of every process that wrote to the database."""

from __future__ import annotations

from collections.abc import Sequence

import click

from foundups_logging.cli.options import database_option, json_option, real_path, spool_option
from foundups_logging.cli.output import echo_json, echo_table, printable
from foundups_logging.operate.accounts import Account, read_accounts, spool_of, total_of
from foundups_logging.operate.findings import seconds_text
from foundups_logging.sinks.ledger import COUNTED

__all__ = ["command"]

_HEADS = ("program", "pid", "host", "started", "ended", *COUNTED, "waiting")


@click.command("stats")
@database_option
@spool_option
@json_option
def command(*, database: str | None, spool: str | None, as_json: bool) -> None:
    """Tell what became of the events of each process.

    A row a writer: a process, or a forked child, with this database. Its events
    add up as emitted = stored + spooled + dead_lettered + dropped + queued;
    recovered counts rows that it replayed for others, waiting those of its own
    that are still in the spool. Below the table stands what is missing or may be: events
    that don't add up, spooled rows that are gone, events that were dropped, and
    writers that were killed, which lose up to one flush interval of events.

    Exit code 1 where there is any such gap.

    \b
    Examples:
      foundups-logging stats
      foundups-logging stats -d data/foundups.db --spool /var/spool/foundups
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    path = real_path(database)
    accounts = read_accounts(path, spool_of(path, spool))
    if accounts is None:
        click.echo(
            printable(
                f"{path} has no table writer_stats: no program that keeps account of its events has written to it yet."
            ),
            err=as_json,
        )
        accounts = []
    elif not as_json:
        _show(accounts)
    if as_json:
        echo_json(_told(account) for account in accounts)
    if any(account.gaps for account in accounts):
        raise click.exceptions.Exit(1)


def _show(accounts: Sequence[Account]) -> None:
    total = total_of(accounts)
    rows = [_row(account) for account in accounts]
    rows.append(["total", "", "", "", "", *(total[name] for name in (*COUNTED, "waiting"))])
    echo_table(_HEADS, rows)
    click.echo()
    gaps = [(account, gap) for account in accounts for gap in account.gaps]
    for account, gap in gaps:
        click.echo(printable(f"gap: {account.program or account.writer}, pid {account.pid}: {gap}"))
        if account.last_error:
            click.echo(printable(f"     its last error: {account.last_error}"))
    if not gaps:
        click.echo("No gap: every event is accounted for.")


def _row(account: Account) -> list[object]:
    ended = seconds_text(account.ended) if account.ended else account.state
    counts = (account.counts[name] for name in COUNTED)
    program = account.program or account.writer
    return [program, account.pid, account.host, seconds_text(account.started), ended, *counts, account.waiting]


def _told(account: Account) -> dict[str, object]:
    """An account as a JSON object."""
    names = ("writer", "program", "pid", "host", "started", "updated", "ended", "state")
    return {
        **{name: getattr(account, name) for name in names},
        **account.counts,
        "waiting": account.waiting,
        "last_error": account.last_error,
        "gaps": account.gaps,
    }
