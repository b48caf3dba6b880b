"""Importing permission events from a JSON Lines file, beside others' ways to get one into a table.

Each way is a process of its own, with a database of its own, and they take
turns. Ours, sqlite-utils and the plain way fill the domain's table with its
indexes, in a database with a write-ahead log; DuckDB fills its own kind of
table. The plain way is what one writes without thinking of what could be bent:
json.loads and one executemany.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.hot_path import machine
from foundups_logging.domains import builtin_domains
from foundups_logging.domains.tables import table_of

__all__ = ["main"]

_DOMAIN: Final = next(domain for domain in builtin_domains() if domain.name == "permission_events")
_VERIFY: Final = """
import sys
from pathlib import Path
from foundups_logging.migrate import ledger
from foundups_logging.migrate.store import MigrationStore
from foundups_logging.migrate.verify import verify_file
with MigrationStore(Path(sys.argv[1])) as store:
    found = [verify_file(store, record) for record in store.read(ledger.files)]
sys.exit(not found or not all(one.is_clean for one in found))
"""
_PLAIN: Final = """
import json, sqlite3, sys
columns = sys.argv[3].split(",")
def rows():
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            values = [event.pop(name, None) for name in columns[:-1]]
            yield (*values, json.dumps(event))
connection = sqlite3.connect(sys.argv[2])
connection.executemany(f"INSERT INTO permission_events ({sys.argv[3]}) VALUES ({','.join('?' * len(columns))})", rows())
connection.commit()
connection.close()
"""
_DUCKDB: Final = """
import sys, duckdb
connection = duckdb.connect(sys.argv[2])
connection.execute("CREATE TABLE events AS SELECT * FROM read_json(?)", [sys.argv[1]])
connection.close()
"""

#: A way: the command for a file and a database.
Way = Callable[[Path, Path], list[str]]


def _python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


WAYS: Final[dict[str, Way]] = {
    "import": lambda file, database: [
        sys.executable, "-m", "foundups_logging", "import", str(file), "--domain", _DOMAIN.name, "-d", str(database),
    ],
    "verify": lambda _, database: _python(_VERIFY, str(database.with_name("import.db"))),
    "sqlite-utils": lambda file, database: [
        sys.executable, "-m", "sqlite_utils", "insert", "--nl", "--alter", str(database), _DOMAIN.name, str(file),
    ],
    "plain": lambda file, database: _python(_PLAIN, str(file), str(database), ",".join(_DOMAIN.column_names)),
    "DuckDB": lambda file, database: _python(_DUCKDB, str(file), str(database.with_suffix(".duckdb"))),
}  # fmt: skip


def main(*, events: int, rounds: int) -> None:
    """Measure each way in each round, and print medians and ratios."""
    print(machine())
    with tempfile.TemporaryDirectory(prefix="foundups-bench-") as folder:
        file = Path(folder) / "permissions.jsonl"
        _write(file, events)
        print(f"{events:,} permission events, {file.stat().st_size / 1e6:.0f} MB; medians of {rounds} rounds.\n")
        seconds: dict[str, list[float]] = {name: [] for name in WAYS}
        peaks: dict[str, float] = dict.fromkeys(WAYS, 0.0)
        for number in range(rounds):
            names = list(WAYS) if number % 2 == 0 else ["import", "verify", *list(WAYS)[:1:-1]]
            for name in names:
                took, peak = _run(name, file, Path(folder) / f"{name}.db")
                seconds[name].append(took)
                peaks[name] = max(peaks[name], peak)
            for left in Path(folder).glob("*db*"):
                left.unlink()
    for name, times in seconds.items():
        median = statistics.median(times)
        print(f"{name:14} {events / median:>10,.0f} events/s   {median:6.2f} s   peak {peaks[name] / 1e6:5.0f} MB")
    print()
    for other, base, asked in (
        ("sqlite-utils", "import", "at least 5"),
        ("plain", "import", "at least 1.8"),
        ("DuckDB", "import", "at least 0.25"),
        ("import", "verify", "at least 1"),
    ):
        ratios = [one / two for one, two in zip(seconds[other], seconds[base], strict=True)]
        told = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(f"time of {other} / of {base}: {told}, asked: {asked}")
    print(f"peak memory of import: {peaks['import'] / 1e6:.0f} MB, asked: below 300")


def _run(name: str, file: Path, database: Path) -> tuple[float, float]:
    """The seconds that a way takes, and the bytes of memory at its peak."""
    if name in {"sqlite-utils", "plain"}:
        connection = sqlite3.connect(database)
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in table_of(_DOMAIN).create_statements:
            connection.execute(statement)
        connection.close()
    started = time.perf_counter()
    process = subprocess.Popen(WAYS[name](file, database), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed")
    return took, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _write(file: Path, events: int) -> None:
    """Write events as the permission manager of the seed writes them: about 300 bytes each."""
    random_ = random.Random(1)
    moment = datetime(2025, 10, 21, 19, 6, 40, tzinfo=UTC)
    with file.open("w", encoding="utf-8") as stream:
        for _ in range(events):
            moment += timedelta(microseconds=random_.randrange(1, 2_000_000))
            event = {
                "timestamp": moment.isoformat(timespec="microseconds"),
                "event_type": random_.choice(["permission_granted", "permission_downgrade", "permission_checked"]),
                "agent_id": f"agent_{random_.randrange(200)}",
                "permission_level": random_.choice(["read_only", "metrics_write", "edit_access_tests"]),
                "granted_by": "0102",
                "confidence": round(random_.random(), 4),
                "justification": f"{random_.randrange(100)} of 100 detections confirmed",
                "trial_days": random_.randrange(30),
                "scope": {"paths": ["modules/**"], "limit": random_.randrange(9)},
            }
            stream.write(json.dumps(event) + "\n")
