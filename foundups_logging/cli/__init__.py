"""The command line `foundups-logging`: one file a command, thin over the library."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import click

from foundups_logging.cli import audit, doctor, domains, import_, query, set_aside, stats, timeline
from foundups_logging.cli.output import printable
from foundups_logging.errors import ConfigurationError, FoundupsLoggingError

__all__ = ["PROGRAM", "commands", "main"]

PROGRAM = "foundups-logging"


class _Failure(click.ClickException):
    """What went wrong, told in one line."""

    exit_code = 1

    def format_message(self) -> str:
        """Tell it."""
        return printable(self.message)


class _Misuse(_Failure):
    exit_code = 2


@contextlib.contextmanager
def _told_in_one_line() -> Iterator[None]:
    """Turn the errors of the library and the system into one line on stderr and an exit code."""
    try:
        yield
    except ConfigurationError as error:
        raise _Misuse(str(error)) from error
    except FoundupsLoggingError as error:
        raise _Failure(str(error)) from error
    except BrokenPipeError:  # nobody reads on, as with `| head`: click ends quietly
        raise
    except OSError as error:
        if error.filename:
            raise _Failure(f"use {error.filename}: {error.strerror}") from error
        sys.stdout = io.StringIO()  # Python's exit would try once more to write what is left
        raise _Failure(f"write the output: {error.strerror or error}") from error


class _Commands(click.Group):
    """A group that tells errors in one line: those of reading its arguments (and of --help) and of its commands."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401
    ) -> click.Context:
        with _told_in_one_line():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own
        with _told_in_one_line():
            return super().invoke(ctx)


def _show_version(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:  # noqa: FBT001 - click's own
    if not asked or context.resilient_parsing:
        return
    try:
        version = metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        version = "(not installed)"
    click.echo(f"{PROGRAM} {version}")
    context.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def commands() -> None:
    """Read, fill and look after the database that foundups_logging's handlers write.

    Only import writes to it; set-aside renames it. `audit` looks for JSON Lines
    files whose records could move there. Exit codes: 0, 1 where something
    failed or needs doing, 2 where the command was given wrongly.

    \b
    Examples:
      foundups-logging timeline --since 1h
      foundups-logging query "SELECT * FROM error_events ORDER BY id DESC LIMIT 5"
    """  # noqa: D301 - click's mark of what isn't to be wrapped


for module in (query, timeline, domains, stats, doctor, set_aside, audit, import_):
    commands.add_command(module.command)


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Python's own handler waits until SQLite's query is done. Shells tell this end as 130.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if isinstance(sys.stdout, io.TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")
        else:  # a program reads it: the same bytes on every system
            sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    commands.main(prog_name=PROGRAM)
