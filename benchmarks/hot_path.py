"""The hot path's benchmark: what a logging call costs, what is stored a second, and the targets.

Each measurement runs in a fresh process. All contestants are measured once a
round, every other round in reverse, and a ratio is one between measurements of
the same round; what is told are the medians over the rounds.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.contestants import CONTESTANTS
from benchmarks.measure import FULL, OFFERED_PER_SECOND, QUICK, Figures, Load

__all__ = ["machine", "main"]

_ROOT: Final = Path(__file__).resolve().parents[1]
_MODES: Final = ("paired", "burst", "sustained", "busy", "offered")
_TIME_LIMIT: Final = 180.0  # seconds a measurement may take
_NONE: Final = "-"

# Header, mode and figure of the table's columns.
_COLUMNS: Final = (
    ("call, µs", "burst", "call_us"),
    ("p50, µs", "burst", "p50_us"),
    ("p99, µs", "burst", "p99_us"),
    ("max, µs", "burst", "max_us"),
    ("events/s", "sustained", "events_per_second"),
    ("memory, MiB", "sustained", "memory_mib"),
    ("busy: call, µs", "busy", "call_us"),
    ("busy: events/s", "busy", "events_per_second"),
)


@dataclass
class Results:
    """What was measured, by (mode, contestant): one entry a round, empty where it failed."""

    figures: dict[tuple[str, str], list[Figures]] = field(default_factory=lambda: defaultdict(list))
    failures: dict[str, str] = field(default_factory=dict)

    def values(self, mode: str, name: str, figure: str) -> list[float]:
        """A figure in each round that has it."""
        return [figures[figure] for figures in self.figures.get((mode, name), ()) if figure in figures]

    def ratios(self, mode: str, name: str, other: str, figure: str) -> list[float]:
        """A figure over the other contestant's, in each round that has both."""
        pairs = zip(self.figures.get((mode, name), ()), self.figures.get((mode, other), ()), strict=False)
        return [ours[figure] / theirs[figure] for ours, theirs in pairs if figure in ours and figure in theirs]


@dataclass(frozen=True)
class Target:
    """A promise in a number: of the median ratio to `other`, or without one of the worst round's figure.

    The ratio that a paired measurement gives counts by its median, too.
    """

    text: str
    mode: str
    figure: str
    name: str
    limit: float
    other: str | None = None
    is_minimum: bool = False

    def measured(self, results: Results) -> float | None:
        """The number, None where it was not measured."""
        if self.mode == "paired":
            ratios = results.values(self.mode, self.name, self.figure)
            return statistics.median(ratios) if ratios else None
        if self.other is None:
            return max(results.values(self.mode, self.name, self.figure), default=None)
        ratios = results.ratios(self.mode, self.name, self.other, self.figure)
        return statistics.median(ratios) if ratios else None

    def row(self, results: Results) -> tuple[str, str, str, str]:
        """The text, the limit, what was measured and the verdict."""
        measured = self.measured(results)
        limit = f"{'≥' if self.is_minimum else '≤'} {self.limit:,g}"
        if measured is None:
            return self.text, limit, _NONE, "not measured"
        is_ok = measured >= self.limit if self.is_minimum else measured <= self.limit
        return self.text, limit, _number(measured), "ok" if is_ok else "missed"


def _ratio(text: str, name: str, other: str, limit: float) -> Target:
    return Target(f"sustained: {text}", "sustained", "events_per_second", name, limit, other, is_minimum=True)


def _targets() -> tuple[Target, ...]:
    beside = f"{OFFERED_PER_SECOND:,} events/s beside a busy thread"
    paced = [
        Target(f"{beside}: {text}, {name}", "offered", figure, name, limit)
        for name in ("handler", "processor")
        for text, figure, limit in (
            ("seconds until the last is stored", "stored_after_seconds", 1.0),
            ("events lost", "lost", 0),
            ("longest queue", "queued_most", 2_000),
        )
    ]
    return (
        Target("burst: handler's call / NullHandler's", "paired", "ratio", "handler", 1.5),
        Target("burst: processor's call / dropping processor's", "paired", "ratio", "processor", 1.8),
        Target("burst: handler's call / with redact=False, fresh texts", "paired", "ratio", "handler-fresh", 1.25),
        Target("burst: processor's call / with redact=False, fresh texts", "paired", "ratio", "processor-fresh", 1.25),
        _ratio("handler / limit", "handler", "raw", 0.5),
        _ratio("processor / limit", "processor", "raw", 0.7),
        _ratio("handler / open, append, close", "handler", "open-append", 1.7),
        _ratio("handler / loguru to a file", "handler", "loguru", 3.0),
        _ratio("handler with seven domains mixed / with one", "handler-seven", "handler", 0.7),
        *paced,
    )


def main(*, rounds: int, is_quick: bool, names: Sequence[str], is_markdown: bool, json_file: Path | None) -> None:
    """Measure, and print the table and the targets."""
    load = QUICK if is_quick else FULL
    results = _measure_all(rounds, load, [name for name in CONTESTANTS if name in names])
    console = Console(markup=False, highlight=False)
    notes = [machine(), _method(rounds, load), *_faults(results)]
    rows = [_row(name, results) for name in CONTESTANTS if name in names]
    for header, lines in (
        (("contestant", *(column[0] for column in _COLUMNS)), rows),
        (("target", "asked", "measured", "verdict"), [target.row(results) for target in _targets()]),
    ):
        if is_markdown or not console.is_terminal:
            print("\n".join(_markdown(header, lines)), end="\n\n")
        else:
            console.print(_table(header, lines))
    print("\n\n".join(notes))
    if json_file is not None:
        data = {
            "machine": machine(),
            "load": asdict(load),
            "measured": [
                {"mode": mode, "contestant": name, "rounds": figures}
                for (mode, name), figures in results.figures.items()
            ],
            "failures": results.failures,
            "targets": [
                {"target": target.text, "limit": target.limit, "measured": target.measured(results)}
                for target in _targets()
            ],
        }
        json_file.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _measure_all(rounds: int, load: Load, names: Iterable[str]) -> Results:
    results = Results()
    # By mode, so that the two sides of a ratio are measured soon after each other.
    tasks = [
        (mode, name)
        for mode in _MODES
        for name in names
        if mode in CONTESTANTS[name].modes and CONTESTANTS[name].is_installed
    ]
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        bar = progress.add_task("", total=rounds * len(tasks))
        for number in range(rounds):
            for mode, name in tasks[:: -1 if number % 2 else 1]:
                progress.update(bar, description=f"round {number + 1} of {rounds}: {mode}, {name}")
                results.figures[mode, name].append(_measure(mode, name, load, results.failures))
                progress.advance(bar)
    return results


def _measure(mode: str, name: str, load: Load, failures: dict[str, str]) -> Figures:
    """One measurement in a process of its own; empty where that failed."""
    command = [sys.executable, "-m", "benchmarks.measure", mode, name, json.dumps(asdict(load))]
    try:
        with tempfile.TemporaryDirectory(prefix="foundups-bench-", ignore_cleanup_errors=True) as folder:
            done = subprocess.run(
                [*command, folder], cwd=_ROOT, capture_output=True, text=True, timeout=_TIME_LIMIT, check=True
            )
    except subprocess.TimeoutExpired:
        failures[name] = f"{mode} took more than {_TIME_LIMIT:g} s"
        return {}
    except subprocess.CalledProcessError as error:
        failures[name] = f"{mode} failed: {(error.stderr.strip() or 'without a word').splitlines()[-1]}"
        return {}
    figures: Figures = json.loads(done.stdout.splitlines()[-1])  # a peer may have printed something before
    return figures


def _row(name: str, results: Results) -> list[str]:
    contestant = CONTESTANTS[name]
    if not contestant.is_installed:
        return [contestant.title, "not installed", *[""] * (len(_COLUMNS) - 1)]
    row = [contestant.title]
    for _, mode, figure in _COLUMNS:
        # A batch a call has no cost of a call.
        values = [] if figure == "call_us" and "burst" not in contestant.modes else results.values(mode, name, figure)
        row.append(_number(statistics.median(values)) if values else _NONE)
    return row


def _number(value: float) -> str:
    """Three digits that count."""
    if value >= 1_000:
        digits = len(str(int(value))) - 3
        return f"{round(value, -digits):,.0f}"
    return f"{value:.0f}" if value >= 100 or not value else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _faults(results: Results) -> Iterable[str]:
    for (mode, name), rounds in results.figures.items():
        lost = sum(figures.get("lost", 0) for figures in rounds)
        if lost:
            yield f"{CONTESTANTS[name].title} lost {lost:,.0f} events ({mode})."
    for name, failure in results.failures.items():
        yield f"{CONTESTANTS[name].title}: {failure}."


def machine() -> str:
    """What this is measured on."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return (
        f"{cpu or platform.processor() or platform.machine()}, {os.cpu_count()} cores; {platform.system()}; "
        f"{platform.python_implementation()} {platform.python_version()}; SQLite {sqlite3.sqlite_version}."
    )


def _method(rounds: int, load: Load) -> str:
    return (
        f"Medians of {rounds} rounds, each measurement in a fresh process: "
        f"the burst's targets = {load.bursts} bursts of both in turn in one process; "
        f"call = {load.bursts} bursts of {load.burst_events:,} calls; p50, p99, max = {load.burst_events:,} calls, "
        f"each timed; events/s = {load.sustained_events:,} events until all are stored and closed; memory = growth of "
        f"the peak meanwhile; busy = {load.busy_events:,} events beside a thread that computes in Python. "
        f"A contestant that is too slow for that makes fewer calls ({load.limit_seconds:g} s of them)."
    )


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|---|{'---:|' * (len(header) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table()
    for number, text in enumerate(header):
        table.add_column(text, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    return table
