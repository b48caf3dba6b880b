"""What a logging call costs that returns when its row is committed, beside a bare commit of SQLite's.

Both write the same row to the same kind of table, in turn and in one process;
the bare one to a database of its own, so that neither waits for the other.
"""

from __future__ import annotations

import logging
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import foundups_logging
from benchmarks.calls import FIELDS, extra_call
from benchmarks.hot_path import machine
from foundups_logging.domains.tables import table_of

__all__ = ["main"]

_CALLS: Final = 1_000
_THREADS: Final = 8
_INSERT: Final = (
    f"INSERT INTO permission_events (timestamp, event_type, {', '.join(FIELDS)}) VALUES (?, ?{', ?' * len(FIELDS)})"
)

Call = Callable[[int], object]


def main(*, rounds: int) -> None:
    """Measure with each `synchronous`, and print ratios: the median of the rounds', and their range."""
    print(machine())
    print(f"{rounds} rounds of {_CALLS:,} calls each; p50 = median of the calls, each timed.\n")
    for synchronous in ("NORMAL", "FULL"):
        with tempfile.TemporaryDirectory(prefix="foundups-bench-") as folder:
            costs, gains, p50s = _measure(Path(folder), synchronous, rounds)
        print(f"synchronous = {synchronous}: a call's p50 {p50s:.0f} us")
        print(f"  p50 of a call / of a bare commit       (asked: at most 3)   {_range(costs)}")
        print(f"  calls/s of {_THREADS} threads together / of one (asked: at least 3)  {_range(gains)}")


def _measure(folder: Path, synchronous: str, rounds: int) -> tuple[list[float], list[float], float]:
    handler = foundups_logging.DomainTableHandler(folder / "ours.db", synchronous=synchronous)
    ours, bare = extra_call(handler), _bare(folder / "bare.db", synchronous)
    for call in (ours, bare):
        _p50(call)
    costs, gains, p50s = [], [], []
    for number in range(rounds):
        pair = (ours, bare) if number % 2 else (bare, ours)
        p50 = {call: _p50(call) for call in pair}
        costs.append(p50[ours] / p50[bare])
        p50s.append(p50[ours] * 1e6)
        one = _per_second(ours, 1)
        gains.append(_per_second(ours, _THREADS) / one)
    logging.getLogger("bench.DomainTableHandler").removeHandler(handler)
    handler.close()
    return costs, gains, statistics.median(p50s)


def _bare(database: Path, synchronous: str) -> Call:
    """A row, by one INSERT and one COMMIT, to a table with the same columns and indexes."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    domain = next(domain for domain in foundups_logging.builtin_domains() if domain.name == "permission_events")
    for statement in table_of(domain).create_statements:
        connection.execute(statement)

    def call(_: int) -> None:
        connection.execute(_INSERT, ("2026-01-01T00:00:00.000000+00:00", "permission_granted", *FIELDS.values()))
        connection.commit()

    return call


def _p50(call: Call) -> float:
    """Seconds that half of the calls take at most."""
    times = []
    for number in range(_CALLS):
        started = time.perf_counter()
        call(number)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _per_second(call: Call, threads: int) -> float:
    def work() -> None:
        for number in range(_CALLS):
            call(number)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return threads * _CALLS / (time.perf_counter() - started)


def _range(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
