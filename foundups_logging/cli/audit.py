"""`foundups-logging audit`: which JSON Lines files there are, what code writes and reads them, how risky that is."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from foundups_logging.cli.output import printable
from foundups_logging.errors import ConfigurationError

__all__ = ["command"]

_PROGRAM = f"{__name__}.program"  # where click's context keeps what stands after --
_NEEDED = ("tree_sitter", "tree_sitter_python", "zstandard", "platformdirs")  # of the extra `migrate`
_PIPE_WIDTH = 200  # characters, so that a program finds each row of the table in one line
_STAGES = {"files": "reading files", "code": "reading code"}


class _AuditCommand(click.Command):
    """A command whose arguments end at `--` where a program to watch follows."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args and "--watch" in args[: args.index("--")]:
            dashes = args.index("--")
            ctx.meta[_PROGRAM] = args[dashes + 1 :]
            args = args[:dashes]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- PROGRAM ...]"]


@click.command("audit", cls=_AuditCommand)
@click.argument("root", default=".")
@click.option("-o", "--output", metavar="FILE", help="Write the report to FILE, which only its owner can read.")
@click.option("--json", "as_json", is_flag=True, help="Print the report instead of a summary.")
@click.option("--watch", is_flag=True, help="Run PROGRAM first, and note which of these files it opens where.")
@click.option("--fail-on", type=click.Choice(["high", "medium"]), help="Exit code 1 where a writer has such a risk.")
@click.option("--baseline", metavar="FILE", help="With --fail-on: only writers that are not in this earlier report.")
@click.option("--cache", metavar="FOLDER", help="Where to keep what was found.  [default: the user's cache folder]")
@click.option("--no-cache", is_flag=True, help="Keep nothing, and look at everything anew.")
@click.pass_context
def command(  # noqa: PLR0913 - one parameter an option
    context: click.Context,
    *,
    root: str,
    output: str | None,
    as_json: bool,
    watch: bool,
    fail_on: str | None,
    baseline: str | None,
    cache: str | None,
    no_cache: bool,
) -> None:
    """Find the JSON Lines files under ROOT, and the Python code that writes and reads them.

    ROOT is the current folder where none is given. Nothing in it is changed or
    run. The summary tells the riskiest files, with the reason and the lines of
    code; the report (-o, --json) tells everything. How it decides is told in
    docs/audit.md. What was found is kept, so that a second audit is quick.

    With --watch, PROGRAM runs first, as it would by itself: its input, output,
    signals and exit code are its own, so the summary goes to stderr and the
    report to -o FILE or to a file of the user's own. Not seen are Pythons run
    with -I, -E or -S or with a PYTHONPATH that the program sets anew, and files
    that are opened by anything but Python.

    Exit codes: 0; 1 where --fail-on finds something; 2 where the command was
    given wrongly; with --watch that of PROGRAM, unless it is 0.

    \b
    Examples:
      foundups-logging audit
      foundups-logging audit . -o report.json
      foundups-logging audit . --fail-on high --baseline report.json
      foundups-logging audit --watch -o report.json -- python -m their.program
    """  # noqa: D301 - click's mark of what isn't to be wrapped
    program: list[str] = context.meta.get(_PROGRAM, [])
    if watch and not program:
        raise click.UsageError("--watch needs a program to run: --watch -- python -m their.program")
    if watch and as_json:
        raise click.UsageError("--json would mix with the program's output; give -o FILE.")
    if baseline is not None and fail_on is None:
        raise click.UsageError("--baseline is for --fail-on; give both.")
    if cache is not None and no_cache:
        raise click.UsageError("--cache and --no-cache exclude each other; give one of them.")
    with _extra_installed():
        from foundups_logging.audit import report_file  # noqa: PLC0415 - needs what isn't always installed
        from foundups_logging.audit.audit import audit, checked  # noqa: PLC0415
        from foundups_logging.audit.baseline import new_writers  # noqa: PLC0415
        from foundups_logging.audit.watch.watching import watch as run  # noqa: PLC0415
    folder = checked(root)
    earlier = None if baseline is None else report_file.read_report(Path(baseline))
    if output is not None:
        report_file.check_writable(Path(output))
    watched = run(program, folder) if watch else None
    with _progress() as progress:
        report = audit(folder, cache_folder=cache, use_cache=not no_cache, progress=progress, observations=watched)
    target = Path(output) if output is not None else report_file.default_path() if watch else None
    if target is not None:
        report_file.write_report(target, report)
    if as_json:
        click.echo(report_file.to_text(report), nl=False)
    else:
        _show(report, root, target, on_stderr=watch)
    risky = new_writers(report, fail_on, earlier) if fail_on else []
    _complain(risky, fail_on or "", is_new=earlier is not None)
    code = watched.code if watched else 0
    raise click.exceptions.Exit(code or (1 if risky else 0))


def _show(report: dict[str, Any], root: str, target: Path | None, *, on_stderr: bool) -> None:
    from foundups_logging.audit.summary import print_summary  # noqa: PLC0415 - needs what isn't always installed

    stream = sys.stderr if on_stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    console = Console(stderr=on_stderr, width=width, highlight=False, emoji=False, markup=False)
    print_summary(report, console)
    if target is None:
        written = f"foundups-logging audit {shlex.quote(root)} -o report.json"
        told = f"Next: {written}  writes all of this and the rest to a file that programs can read."
    else:
        told = f"The report is in {target}."
    console.print()
    console.print(Text(printable(told)), soft_wrap=True)


def _complain(risky: Sequence[Mapping[str, Any]], level: str, *, is_new: bool) -> None:
    """Tell on stderr what --fail-on found."""
    for writer in risky:
        path = writer["path"] or "a path that isn't known"
        kind = "new " if is_new else ""
        click.echo(
            printable(
                f"{kind}{writer['concurrency_risk']} risk (--fail-on {level}): "
                f"{writer['file']}:{writer['line']} writes {path}: {writer['reason']}"
            ),
            err=True,
        )


@contextlib.contextmanager
def _extra_installed() -> Iterator[None]:
    """Tell in one line that the extra is missing, where it is."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _NEEDED:
            raise
        raise ConfigurationError(
            f"{error.name} is not installed", operation="audit", hint="pip install 'foundups-logging[migrate]'"
        ) from error


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar for each stage, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks = {stage: progress.add_task(text, total=None) for stage, text in _STAGES.items()}
        yield lambda stage, done, total: progress.update(tasks[stage], completed=done, total=total)
