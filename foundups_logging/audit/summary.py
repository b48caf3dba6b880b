"""A report for the eye: totals, domains, the riskiest files, what to do next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from foundups_logging.audit.phrases import plural
from foundups_logging.audit.risk import ORDER
from foundups_logging.cli.output import printable
from foundups_logging.operate.findings import bytes_text

__all__ = ["print_summary"]

_MOST_PATHS: Final = 10
_MOST_PLACES: Final = 4
_STYLES: Final = {"high": "bold red", "medium": "yellow", "low": "green", "unknown": "dim"}
Entry = Mapping[str, Any]


def print_summary(report: Entry, console: Console) -> None:
    """Print it; what was read from files is made harmless for a terminal."""
    _totals(report, console)
    _domains(report, console)
    _riskiest(report, console)
    _problems(report, console)


def _line(console: Console, text: str, style: str = "") -> None:
    console.print(Text(printable(text), style=style), soft_wrap=not console.is_terminal)


def _totals(report: Entry, console: Console) -> None:
    summary, storage = report["summary"], report["storage_analysis"]
    risks = summary["writers_by_risk"]
    size, records = bytes_text(storage["total_bytes"]), plural(storage["records"], "record")
    _line(console, f"Audit of {report['root']}", "bold")
    files = plural(summary["jsonl_files"], "JSON Lines file")
    _line(console, f"{files}, {summary['telemetry_files']:,} of them telemetry: {size}, {records}.")
    writers, readers = plural(summary["writers"], "writer"), plural(summary["readers"], "reader")
    levels = ", ".join(f"{number:,} at {level} risk" for level, number in risks.items() if number)
    code = f"{plural(summary['python_files'], 'Python file')}: {writers}{f' ({levels})' if levels else ''}"
    _line(console, f"{code}, {readers}, each of one path.")
    if summary["watched"]:
        seen = [entry["seen"] for entry in (*report["writers"], *report["readers"])]
        told = f"{seen.count('seen'):,} of these were seen at run time, {seen.count('seen only'):,} seen only there"
        _line(console, f"{told}, {seen.count('static only'):,} not seen.")


def _domains(report: Entry, console: Console) -> None:
    if not report["files_by_domain"]:
        return
    tables = {entry["domain"]: entry["proposed_table"] for entry in report["consolidation_candidates"]}
    sizes = report["storage_analysis"]["bytes_by_domain"]
    writers = [writer["domain"] for writer in report["writers"]]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("domain", "files", "size", "writers", "risk", "priority", "goes to the table"):
        is_number = name in {"files", "size", "writers"}
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for domain, entry in report["files_by_domain"].items():
        risk = entry["concurrency_risk"]
        table.add_row(
            Text(printable(domain)),
            f"{entry['count']:,}",
            bytes_text(sizes.get(domain, 0)),
            f"{writers.count(domain):,}",
            Text(risk, _STYLES[risk]),
            entry["consolidation_priority"],
            Text(printable(tables.get(domain, "-"))),
        )
    console.print()
    console.print(table)


def _riskiest(report: Entry, console: Console) -> None:
    by_path: dict[str, list[Entry]] = defaultdict(list)
    for writer in report["writers"]:
        if writer["concurrency_risk"] != "low":
            by_path[writer["path"] or f"(not known) {writer['file']}:{writer['line']}"].append(writer)
    ranked = sorted(by_path.items(), key=_rank)
    console.print()
    if not ranked:
        _line(console, "No file is written at a risk above low." if report["writers"] else "No code writes such files.")
        return
    shown = ranked[:_MOST_PATHS]
    more = f"; {len(ranked) - len(shown):,} more in the report" if len(ranked) > len(shown) else ""
    _line(console, f"The riskiest files ({len(shown)}{more})", "bold")
    for path, writers in shown:
        _path(console, path, writers)


def _rank(entry: tuple[str, Sequence[Entry]]) -> tuple[object, ...]:
    path, writers = entry
    highest = max(ORDER[writer["concurrency_risk"]] for writer in writers)
    return -highest, not any(writer["telemetry"] for writer in writers), -len(writers), path


def _path(console: Console, path: str, writers: Sequence[Entry]) -> None:
    worst = max(writers, key=lambda writer: ORDER[writer["concurrency_risk"]])
    risk = worst["concurrency_risk"]
    head = Text.assemble((f"{risk:<7}", _STYLES[risk]), (printable(path), "bold"), f"  {printable(worst['domain'])}")
    console.print(head, soft_wrap=not console.is_terminal)
    _indented(console, worst["reason"])
    places = sorted({(writer["file"], writer["line"], writer["function"], writer["mode"]) for writer in writers})
    for file, line, function, mode in places[:_MOST_PLACES]:
        _indented(console, f"{file}:{line}  {mode}{f' in {function}' if function else ''}", "cyan")
    if len(places) > _MOST_PLACES:
        _indented(console, f"and {plural(len(places) - _MOST_PLACES, 'more place')}")


def _indented(console: Console, text: str, style: str = "") -> None:
    content = Text(printable(text), style=style)
    if console.is_terminal:
        console.print(Padding(content, (0, 0, 0, 7)))
    else:
        console.print(Text(" " * 7) + content, soft_wrap=True)


def _problems(report: Entry, console: Console) -> None:
    by_kind: dict[str, list[Entry]] = defaultdict(list)
    for problem in report["problems"]:
        by_kind[problem["kind"]].append(problem)
    if not by_kind:
        return
    console.print()
    _line(console, "Worth knowing", "bold")
    for kind, problems in by_kind.items():
        first = problems[0]
        count = f" ({len(problems):,}, the first:)" if len(problems) > 1 else ":"
        _line(console, f"{kind}{count} {first['where']}: {first['message']}".replace(": : ", ": "))
