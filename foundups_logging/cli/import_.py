"""`foundups-logging import`: JSON Lines files into a domain's table, at once and exactly once."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from foundups_logging.cli.options import database_option, json_option, real_path
from foundups_logging.cli.output import echo_json, echo_table, printable
from foundups_logging.domains import Domain, load_domains
from foundups_logging.errors import ConfigurationError, MigrationError
from foundups_logging.migrate.importer import FileSource, ImportResult, import_file, import_stream
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.moments import LOCAL, zone_told
from foundups_logging.migrate.store import MigrationStore
from foundups_logging.reading import Reader

__all__ = ["command"]

_HEADS = ("file", "state", "lines", "records", "rejected", "blank", "waiting")
_INTERRUPTED = 130  # as shells tell it


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--domain", "domain_name", required=True, metavar="NAME", help="The domain whose table the objects go to."
)
@database_option
@click.option("--domains", "declarations", metavar="FILE.toml", help="Know the domains of this file too.")
@click.option(
    "--set",
    "constants",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Fill a column of objects that leave it empty; timestamp too. May be given several times.",
)
@click.option(
    "--timezone",
    default=LOCAL,
    metavar="ZONE",
    help="The time zone of timestamps without an offset, such as Europe/Berlin or UTC.  [default: local]",
)
@click.option(
    "--rewritten",
    type=click.Choice(["stop", "import", "skip"]),
    default="stop",
    show_default=True,
    help="What to do with a file whose imported content is gone: fail, import what is there now, or leave it.",
)
@click.option("--keep-duplicates", is_flag=True, help="Import a file even if another with the same content was.")
@click.option("--migration", default="import", show_default=True, metavar="NAME", help="What rollback calls it by.")
@json_option
def command(  # noqa: PLR0913 - an option each
    *,
    files: Sequence[str],
    domain_name: str,
    database: str | None,
    declarations: str | None,
    constants: Sequence[str],
    timezone: str,
    rewritten: Any,  # noqa: ANN401 - one of the words above
    keep_duplicates: bool,
    migration: str,
    as_json: bool,
) -> None:
    """Import JSON Lines files into a domain's table.

    Each object becomes a row, once: run it again, after a crash or Ctrl-C too,
    and it goes on where it was. FILE may be compressed by gzip or zstd; "-" is
    standard input, which is imported each time. What has no column is kept in
    metadata_json; whatever is no object, or lacks a required column, goes to the
    table rejected_lines, with its bytes and the reason. Objects that don't name
    their event are given the file's name for it.

    Exit code 0 also where lines were rejected; 1 where a file could not be
    imported, the others are.

    \b
    Examples:
      foundups-logging import logs/permissions.jsonl --domain permission_events
      foundups-logging import - --domain log_events --set level=INFO --timezone UTC
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    path = real_path(database)
    domain, given = _domain(domain_name, declarations, path), _constants(constants)
    results: list[ImportResult] = []
    failures: list[MigrationError] = []
    with MigrationStore(path) as store, _interruptible(results), _bar(files) as bar:
        for file in files:
            mapping = FileMapping(domain, None, {**_event_of(domain, file), **given}, timezone)
            try:
                if file == "-":
                    done = import_stream(store, sys.stdin.buffer, mapping, migration=migration, progress=bar)
                else:
                    done = import_file(
                        store,
                        FileSource(Path(os.path.abspath(file)), file, mapping),  # noqa: PTH100 - Path keeps ".."
                        migration=migration,
                        is_final=True,
                        rewritten=rewritten,
                        keeps_duplicates=keep_duplicates,
                        progress=bar,
                    )
            except MigrationError as error:
                failures.append(error)
            else:
                results += [*done.rotated, done]
    if as_json:
        echo_json(_told(result) for result in results)
    else:
        _show(results, timezone)
    for failure in failures:
        click.echo(f"Error: {printable(str(failure))}", err=True)
    if failures:
        raise click.exceptions.Exit(1)


def _domain(name: str, declarations: str | None, database: Path) -> Domain:
    domains = load_domains(None if declarations is None else Path(declarations))
    if database.exists():
        domains = Reader(database, domains).domains()
    found = next((domain for domain in domains if domain.name == name), None)
    if found is None:
        raise ConfigurationError(
            f"there is no domain {name!r}",
            operation="import",
            hint=f"known: {', '.join(domain.name for domain in domains)}; --domains gives others",
        )
    return found


def _constants(given: Sequence[str]) -> dict[str, str]:
    constants = {}
    for text in given:
        column, mark, value = text.partition("=")
        if not mark:
            raise ConfigurationError(f"--set {text!r} has no =", operation="import", hint="write COLUMN=VALUE")
        constants[column] = value
    return constants


def _event_of(domain: Domain, file: str) -> dict[str, str]:
    """What names the event in objects that don't: the file, without dates and numbers."""
    stem = Path(file).name.partition(".")[0]
    words = [word for word in re.findall(r"[A-Za-z0-9]+", stem) if not word.isdigit()]
    name = "_".join(words) or "line"
    return {column.name: name for column in domain.columns if column.required and column.source == "event"}


def _told(result: ImportResult) -> dict[str, object]:
    """A result as a JSON object."""
    names = ("state", "lines", "records", "rejected", "blank", "bytes", "waiting_bytes", "duplicate_of", "seconds")
    where = {"file": result.name, "path": str(result.path), "domain": result.domain}
    return {**where, **{name: getattr(result, name) for name in names}}


def _show(results: Sequence[ImportResult], timezone: str) -> None:
    if not results:
        return
    rows = []
    for result in results:
        state = f"{result.state} of {result.duplicate_of}" if result.duplicate_of else result.state
        counts = (result.lines, result.records, result.rejected, result.blank, result.waiting_bytes)
        rows.append((result.name, state, *counts))
    echo_table(_HEADS, rows)
    records, rejected = (sum(getattr(result, name) for result in results) for name in ("records", "rejected"))
    seconds = sum(result.seconds for result in results)
    click.echo(
        f"\n{records} records in {seconds:.1f} s. Timestamps without an offset: {printable(zone_told(timezone))}."
    )
    if rejected:
        click.echo(
            f"{rejected} rejected: foundups-logging query "
            '"SELECT file, line, reason, content FROM rejected_lines ORDER BY id DESC"'
        )


@contextlib.contextmanager
def _interruptible(results: Sequence[ImportResult]) -> Iterator[None]:
    """End on Ctrl-C with the transaction undone, the terminal as it was, and a word on how to go on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        told = f"Stopped, with {len(results)} files done. What was committed stays; run it again to go on."
        click.echo(told, err=True)
        raise click.exceptions.Exit(_INTERRUPTED) from None


@contextlib.contextmanager
def _bar(files: Sequence[str]) -> Iterator[Any]:
    """What shows on a terminal how far the import is; None elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[Path, TaskID] = {}

        def show(position: int, result: ImportResult) -> None:
            if result.path not in tasks:
                size = result.path.stat().st_size if result.path.is_file() else None
                name = f"{printable(result.name)} ({len(tasks) + 1} of {len(files)})"
                tasks[result.path] = progress.add_task(name, total=size)
            progress.update(tasks[result.path], completed=position)

        yield show
