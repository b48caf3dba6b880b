"""Another process holds the database for a long time: nobody waits for it, and nothing is lost."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import foundups_logging
from foundups_logging import DomainTableHandler

from . import evidence, guests

__all__ = ["run"]

COMMIT_TIMEOUT = 0.5
MARGIN = 5.0  # seconds that a busy machine may add


def run(seconds: float, folder: Path, progress: Callable[[str], None]) -> tuple[Counter[str], list[str]]:
    """Hold a database in each way for `seconds` while this process logs; return the counts and what went wrong."""
    tally: Counter[str] = Counter()
    problems: list[str] = []
    for how in guests.HOLDS:
        home = folder / how.replace(" ", "-")
        home.mkdir(parents=True)
        found, counts = hold(home / "foundups.db", how, seconds, lambda text, how=how: progress(f"{how}: {text}"))
        problems += [f"{how} held: {line}" for line in found]
        tally.update({f"{how} held: {name}": number for name, number in counts.items()})
    return tally, problems


def hold(database: Path, how: str, seconds: float, progress: Callable[[str], None]) -> tuple[list[str], dict[str, int]]:
    """Log while another process holds `database`; return what went wrong and the counts."""
    log = logging.Logger("soak.locks")  # noqa: LOG001 - of no use to anybody else
    log.addHandler(DomainTableHandler(database, commit_timeout=COMMIT_TIMEOUT, flush_interval=0.05))
    logged: list[str] = []
    acknowledged: list[str] = []
    before = foundups_logging.stats()

    def call(event: str, column: str) -> float:
        logged.append(f"{how}.{len(logged)}")
        started = time.monotonic()
        log.info(event, extra={column: logged[-1]})
        return time.monotonic() - started

    def counts() -> dict[str, int]:
        after = foundups_logging.stats()
        return {name: after[name] - before[name] for name in ("emitted", *evidence.FATES) if name in after}

    call("permission_granted", "agent_id")
    foundups_logging.flush()  # the database is there, in WAL mode, and can be read whoever writes
    longest = {"async": 0.0, "commit": 0.0}
    with guests.another_process_holds(database, how):
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            longest["commit"] = max(longest["commit"], call("permission_granted", "agent_id"))
            acknowledged.append(logged[-1])
            for _ in range(20):
                longest["async"] = max(longest["async"], call("metric", "metric_name"))
            rows = len(evidence.stored(database))
            progress(f"{len(logged)} logged, {rows} stored, {ends - time.monotonic():.0f} s to go")
            time.sleep(0.02)
        rows = evidence.stored(database)
        spooled = evidence.spooled(evidence.spool_folder(database))
        problems = evidence.out_of_balance(counts(), len(logged))
        problems += evidence.missing(acknowledged, rows, spooled)
        if len(rows) > 1:
            problems.append(f"{len(rows)} rows were stored past the hold")
    if longest["commit"] > COMMIT_TIMEOUT + MARGIN:
        problems.append(f"a commit-domain call took {longest['commit']:.1f} s")
    if longest["async"] > MARGIN:
        problems.append(f"an async call took {longest['async']:.1f} s")
    call("metric", "metric_name")
    try:
        evidence.until(
            lambda: foundups_logging.flush(1) and not evidence.segments(evidence.spool_folder(database)),
            "the spool is replayed after the hold",
        )
    except TimeoutError as error:
        problems.append(str(error))
    log.handlers[0].close()
    problems += evidence.all_is_in(database, logged)
    problems += evidence.out_of_balance(counts(), len(logged))
    told = {"logged": len(logged), "spooled meanwhile": len(spooled), "stored": len(evidence.stored(database))}
    return problems, {**told, "longest commit call, ms": round(longest["commit"] * 1000)}
