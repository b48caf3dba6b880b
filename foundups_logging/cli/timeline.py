"""`foundups-logging timeline`: the events of all domains, newest first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from foundups_logging import timestamps
from foundups_logging.cli.options import database_option, json_option
from foundups_logging.cli.output import echo_json, echo_table
from foundups_logging.database import database_path
from foundups_logging.errors import ConfigurationError
from foundups_logging.reading import Reader

__all__ = ["command"]

_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_COLUMNS = ("timestamp", "domain", "id", "event_type", "agent_id", "summary")
_TIMESTAMP = re.compile(r"(.{10})T(.{12}).{3}\+00:00")


@click.command("timeline")
@click.option("--agent", metavar="AGENT", help="Only events of this agent_id.")
@click.option("--domain", metavar="DOMAIN", help="Only events of this domain.")
@click.option("--since", metavar="TIME", help="Only events from then on.")
@click.option("--until", metavar="TIME", help="Only events before then.")
@click.option(
    "--limit", metavar="N", type=click.IntRange(min=1), default=50, show_default=True, help="N events at most."
)
@json_option
@database_option
def command(  # noqa: PLR0913 - one parameter an option
    *,
    agent: str | None,
    domain: str | None,
    since: str | None,
    until: str | None,
    limit: int,
    as_json: bool,
    database: str | None,
) -> None:
    """Print the events of all domains, newest first.

    TIME is a duration back from now (90s, 15m, 1h, 2d, 1w), or an ISO date or
    time, which is local time where it has no offset. Times are printed in UTC.

    \b
    Examples:
      foundups-logging timeline --since 1h
      foundups-logging timeline --agent qwen_refactor --since 2026-11-23T14:00 --limit 10
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    events = Reader(database_path(database)).events(
        domain, agent, _moment("--since", since), _moment("--until", until), limit
    )
    if as_json:
        echo_json(events)
        return
    for event in events:
        event["timestamp"] = _TIMESTAMP.sub(r"\1 \2Z", str(event["timestamp"]))
    echo_table(_COLUMNS, [[event[name] for name in _COLUMNS] for event in events])


def _moment(option: str, text: str | None) -> str | None:
    """The time that `text` means, as the tables hold times. Raises ConfigurationError."""
    if text is None:
        return None
    duration = _DURATION.fullmatch(text)
    try:
        back = timedelta(**{_UNITS[duration[2]]: int(duration[1])}) if duration else None
        found = timestamps.normalize(text if back is None else datetime.now(UTC) - back)
    except OverflowError:  # before the year 1
        found = None
    if found is None:
        raise ConfigurationError(
            f"{text!r} is no time",
            operation=f"read {option}",
            hint="give a duration back from now, such as 90s, 15m, 1h, 2d or 1w, "
            "or a date or time, such as 2026-11-23 or 2026-11-23T14:05",
        )
    return found[0]
