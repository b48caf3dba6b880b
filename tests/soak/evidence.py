"""What a database and its spool hold, told by the ids that events carry, and whether that is as it must be."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

# The column that carries an event's id.
KEYS = {
    "metrics_events": "metric_name",
    "permission_events": "agent_id",
    "confidence_events": "agent_id",
    "chat_messages": "username",
}
FATES = ("stored", "spooled", "dead_lettered", "dropped", "queued")


def until(condition: Callable[[], object], what: str | Callable[[], str], timeout: float = 20.0) -> None:
    """Wait until `condition()` is true. Raises TimeoutError, which tells `what`, after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout:g} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.005)


def select(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query, by a connection that only reads; none where there is no such file or table."""
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            return connection.execute(sql).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def stored(database: Path, tables: Iterable[str] = tuple(KEYS)) -> list[str]:
    """The ids of all rows, table by table, in the order of the tables' own ids."""
    return [key for table in tables for (key,) in select(database, f'SELECT "{KEYS[table]}" FROM {table} ORDER BY id')]


def spool_folder(database: Path) -> Path:
    """Where a database's spool is, unless a setting says otherwise."""
    return Path(f"{database}-spool")


def segments(folder: Path) -> list[Path]:
    """The spool's files, in order."""
    return sorted(folder.glob("*.jsonl")) if folder.is_dir() else []


def spooled(folder: Path) -> list[str]:
    """The ids of all whole lines in the spool, in order."""
    found = []
    for segment in segments(folder):
        try:
            lines = segment.read_bytes().split(b"\n")
        except FileNotFoundError:  # replayed meanwhile
            continue
        for line in lines:
            try:
                entry = json.loads(line)
                found.append(entry["row"][KEYS[entry["table"]]])
            except (ValueError, KeyError, TypeError):
                continue  # the first line; a torn one; another table's
    return found


def dead_letters(database: Path) -> list[tuple[str, str]]:
    """(error, original) of each dead letter."""
    return select(database, "SELECT error, original FROM dead_letters ORDER BY id")


def writers(database: Path) -> list[dict[str, Any]]:
    """The rows of writer_stats, as dicts."""
    names = [name for (name,) in select(database, "SELECT name FROM pragma_table_info('writer_stats')")]
    return [dict(zip(names, row, strict=True)) for row in select(database, "SELECT * FROM writer_stats ORDER BY id")]


def some(ids: Collection[str]) -> str:
    """A few of many ids, for a message."""
    first = sorted(ids)[:8]
    return f"{len(ids)} ({', '.join(first)}{', …' if len(ids) > len(first) else ''})"


def unsound(database: Path) -> list[str]:
    """What SQLite itself finds wrong with the file."""
    if not database.exists() or not database.stat().st_size:
        return []
    found = [str(text) for (text,) in select(database, "PRAGMA integrity_check")]
    return [] if found == ["ok"] else [f"integrity_check: {found[:5]}"]


def stored_twice(ids: Iterable[str]) -> list[str]:
    """What to say of ids that are there more than once."""
    twice = [key for key, number in Counter(ids).items() if number > 1]
    return [f"stored twice: {some(twice)}"] if twice else []


def out_of_balance(stats: dict[str, Any], emitted: int | None = None) -> list[str]:
    """What is wrong with a process's own account of its events; `emitted` is the caller's own count."""
    found = []
    total = sum(stats.get(fate, 0) for fate in FATES)
    if stats["emitted"] != total:
        found.append(f"stats don't balance: emitted {stats['emitted']}, all fates together {total}")
    if emitted is not None and stats["emitted"] != emitted:
        found.append(f"stats say emitted {stats['emitted']}, the caller logged {emitted}")
    return found


def missing(wanted: Iterable[str], *places: Iterable[str], dropped: int = 0) -> list[str]:
    """What to say of ids that are in none of `places`, beyond as many as were counted as dropped."""
    lost = set(wanted).difference(*places)
    return [f"missing, with {dropped} counted as dropped: {some(lost)}"] if len(lost) > dropped else []


def audit(database: Path) -> list[str]:
    """What is wrong with writer_stats and spool_replays, held against the tables, when all processes have ended."""
    rows = writers(database)
    if not rows:
        return ["writer_stats is empty"]
    found = [f"writer {row['writer']}: {line}" for row in rows for line in out_of_balance(row)]
    total = len(stored(database))
    told = sum(row["stored"] + row["recovered"] for row in rows)
    if told != total:
        found.append(f"writers tell of {told} rows stored or recovered, the tables hold {total}")
    open_ends = select(database, "SELECT segment FROM spool_replays WHERE finished IS NULL")
    if open_ends:
        found.append(f"replays that were not finished: {some([name for (name,) in open_ends])}")
    return found


def all_is_in(
    database: Path, wanted: Collection[str], *, spool: Path | None = None, dropped: int = 0, exactly: bool = True
) -> list[str]:
    """What is wrong at the end, when each of `wanted` not counted as dropped must be a row, once, and no spool left.

    With `exactly` there may be no other rows either, and no fewer dropped than said.
    """
    rows = stored(database)
    found = unsound(database) + stored_twice(rows) + missing(wanted, rows, dropped=dropped)
    if exactly:
        strangers = set(rows).difference(wanted)
        if strangers:
            found.append(f"stored but never logged: {some(strangers)}")
        if len(set(wanted).difference(rows)) < dropped:
            found.append(
                f"{dropped} counted as dropped, but {len(set(wanted).intersection(rows))} of {len(wanted)} stored"
            )
    left = segments(spool or spool_folder(database))
    if left:
        found.append(f"still in the spool: {[f'{file.name} {file.stat().st_size} bytes' for file in left]}")
    return found
