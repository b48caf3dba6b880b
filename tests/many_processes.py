"""Many processes on one file, counted and timed.

At full size: python -m tests.many_processes --processes 16 --events 20000

Every process makes its handler at the same instant, on a file that doesn't exist
yet, and logs its events from there. Prints what is wrong, if anything, and how
long commits took, waiting for the other processes included. The exit code is 1
where an event is missing or doubled, or the file is not sound.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import logging
import multiprocessing
import sqlite3
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Report", "run"]

_P99 = 0.150  # seconds: what is promised of a commit


@dataclass
class Report:
    """What came of a run: what is wrong, and how long each commit took, in seconds."""

    faults: list[str] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def timing(self) -> str:
        """The commits' times in words."""
        cuts = statistics.quantiles(self.commits, n=100)
        verdict = "as promised" if cuts[98] <= _P99 else f"PROMISED: {_P99 * 1000:.0f} ms"
        return (
            f"{len(self.commits)} commits: p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms ({verdict}), "
            f"max {max(self.commits) * 1000:.1f} ms"
        )


def run(database: Path, processes: int, events: int) -> Report:
    """Let `processes` processes log `events` events each to `database`, which doesn't exist yet, and look at it."""
    report = Report()
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    start = context.Barrier(processes)
    results: multiprocessing.Queue[list[float]] = context.Queue()
    workers = [
        context.Process(target=_work, args=(database, f"worker {number}", events, start, results))
        for number in range(processes)
    ]
    begun = time.perf_counter()
    for worker in workers:
        worker.start()
    for _ in workers:
        report.commits += results.get(timeout=600)
    for worker in workers:
        worker.join(600)
    report.seconds = time.perf_counter() - begun
    codes = {worker.exitcode for worker in workers}
    if codes != {0}:
        report.faults.append(f"exit codes: {codes}")
    report.faults += _faults(database, processes, events)
    return report


def _work(database: Path, name: str, events: int, start: Any, results: Any) -> None:
    import foundups_logging  # noqa: PLC0415 - the parent has nothing to do with it
    from foundups_logging.sinks.sqlite import SQLiteSink  # noqa: PLC0415

    times: list[float] = []
    write = SQLiteSink.write

    @functools.wraps(write)
    def timed(*arguments: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        try:
            return write(*arguments, **options)
        finally:
            times.append(time.perf_counter() - begun)

    SQLiteSink.write = timed  # type: ignore[method-assign]
    log = logging.getLogger("many_processes")
    log.setLevel(logging.INFO)
    log.propagate = False
    start.wait(60)
    log.addHandler(foundups_logging.DomainTableHandler(database))
    for number in range(events):
        if number % 100 == 99:  # of durability "commit"
            log.info("permission_granted", extra={"agent_id": name, "confidence": float(number)})
        else:
            log.info("metric", extra={"metric_name": name, "value": float(number)})
    foundups_logging.flush(120)
    results.put(times)


def _faults(database: Path, processes: int, events: int) -> list[str]:
    """What is missing, doubled or broken."""
    found = []
    with contextlib.closing(sqlite3.connect(database)) as connection:
        stored: dict[str, list[int]] = {}
        for name, number in connection.execute(
            "SELECT metric_name, value FROM metrics_events UNION ALL SELECT agent_id, confidence FROM permission_events"
        ):
            stored.setdefault(name, []).append(int(number))
        for name in [f"worker {number}" for number in range(processes)]:
            mine = stored.get(name, [])
            missing, doubled = events - len(set(mine)), len(mine) - len(set(mine))
            if missing or doubled:
                found.append(f"{name}: {missing} events missing, {doubled} stored twice")
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
        if integrity != "ok":
            found.append(f"integrity: {integrity}")
        try:
            counts = connection.execute(
                "SELECT count(*), sum(ended IS NOT NULL), sum(emitted), sum(stored), "
                "sum(stored + spooled + dead_lettered + dropped + queued) FROM writer_stats WHERE emitted > 0"
            ).fetchone()
        except sqlite3.OperationalError as error:
            found.append(f"writer_stats: {error}")
        else:
            if counts != (processes, processes, *(processes * events,) * 3):
                found.append(f"writer_stats don't add up: writers, ended, emitted, stored, accounted are {counts}")
    return found


def main() -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--events", type=int, default=20_000, help="of each process")
    parser.add_argument("--database", type=Path, help="a path where nothing is yet (default: a temporary folder's)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(options.database or Path(folder) / "many.db", options.processes, options.events)
    total = options.processes * options.events
    told = [f"{options.processes} processes, {total} events in {report.seconds:.1f} s", report.timing()]
    told += report.faults or ["none lost, none twice, the file is sound, writer_stats add up"]
    sys.stdout.write("\n".join(told) + "\n")
    sys.exit(1 if report.faults else 0)


if __name__ == "__main__":
    main()
