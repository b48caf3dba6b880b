"""Accounts: what each process that wrote to a database says became of its events, and whether that adds up.

Writers keep their account in the table `writer_stats`, in the transactions it
tells of; how far segments of the spool are replayed stands in `spool_replays`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from foundups_logging.operate.processes import is_running
from foundups_logging.operate.waiting import Waiting, waiting
from foundups_logging.reading import Reader
from foundups_logging.sinks.ledger import COUNTED, this_host
from foundups_logging.spool.segment import segments

__all__ = ["Account", "read_accounts", "read_progress", "spool_of", "total_of"]

_FATES: Final = ("stored", "spooled", "dead_lettered", "dropped", "queued")
_TRIES: Final = 10


@dataclass(frozen=True)
class Account:
    """A writer's account: one process's, with one database.

    `state` is "ended", "running", "gone" (without having said that it ended) or
    "unknown" (on another machine). `taken` is how many rows of its segments are
    in the database, `waiting` how many are still to be replayed, torn lines
    included. `gaps` says what is missing or may be, in words.
    """

    writer: str
    state: str
    host: str | None = None
    pid: int | None = None
    program: str | None = None
    started: str | None = None
    updated: str | None = None
    ended: str | None = None
    last_error: str | None = None
    counts: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    taken: int = 0
    waiting: int = 0

    @property
    def unaccounted(self) -> int:
        """How many events more it was given than it tells the fate of; less than 0 where it tells of more."""
        return self.counts["emitted"] - sum(self.counts[fate] for fate in _FATES)

    @property
    def spool_gap(self) -> int:
        """How many of the rows that it spooled are neither in the database nor in the spool."""
        # What came after its last account, which the database may not have taken, is more than it tells of.
        return max(0, self.counts["spooled"] + self.counts["replayed"] - self.taken - self.waiting)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What is missing, or may be."""
        counts, found = self.counts, []
        if self.unaccounted:
            fates = " + ".join(f"{counts[fate]} {fate.replace('_', '-')}" for fate in _FATES)
            found.append(f"{counts['emitted']} emitted, but {fates}: {self.unaccounted:+} unaccounted for")
        if self.spool_gap:
            found.append(f"{self.spool_gap} spooled rows are neither in the database nor in the spool")
        if counts["dropped"]:
            found.append(f"{counts['dropped']} dropped")
        if self.state == "gone":
            found.append(
                "killed, or ended while the database took nothing: up to one flush interval of events may be lost"
                + (f" ({counts['queued']} were queued at its last commit)" if counts["queued"] else "")
            )
        elif self.state == "ended" and counts["queued"]:
            found.append(f"{counts['queued']} still queued when it ended")
        return tuple(found)


def spool_of(path: Path, given: str | None = None) -> Path:
    """The folder of a database's spool: `given`, or the one beside it."""
    return Path(f"{path}-spool") if given is None else Path(given).expanduser().absolute()


def read_accounts(path: Path, spool: Path) -> list[Account] | None:
    """The accounts of all writers, in the order of their start; None where the database has no table of them.

    A writer known by its segments alone comes last. Raises QueryError, OSError.
    """
    reader = Reader(path)
    names = {row["name"] for row in _rows(reader, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "writer_stats" not in names:
        return None
    rows = _rows(reader, "SELECT * FROM writer_stats ORDER BY started, id")
    progress: dict[str, Any] = {}
    waits: dict[str, int] = {}
    for _ in range(_TRIES):  # until nothing was replayed between the looks into database and spool
        progress = read_progress(path) if "spool_replays" in names else {}
        waits = _waits(spool, progress)
        if "spool_replays" not in names or progress == read_progress(path):
            break
    taken: dict[str, int] = {}
    for row in progress.values():
        taken[row["writer"]] = taken.get(row["writer"], 0) + (row["rows"] or 0)
    newest = {(row.get("host"), row.get("pid")): row.get("writer") for row in rows}
    accounts = [_account(row, taken, waits, newest) for row in rows]
    known = {account.writer for account in accounts}
    return accounts + [
        Account(writer, "unknown", waiting=number) for writer, number in sorted(waits.items()) if writer not in known
    ]


def total_of(accounts: Iterable[Account]) -> dict[str, int]:
    """The sums of all counts, and of `waiting`."""
    total = dict.fromkeys((*COUNTED, "waiting"), 0)
    for account in accounts:
        for name in COUNTED:
            total[name] += account.counts[name]
        total["waiting"] += account.waiting
    return total


def read_progress(path: Path) -> dict[str, dict[str, Any]]:
    """How far each segment is replayed, by its name: writer, position (bytes), rows. Raises QueryError."""
    rows = _rows(Reader(path), "SELECT segment, writer, position, rows FROM spool_replays")
    return {row["segment"]: row for row in rows}


def _rows(reader: Reader, sql: str) -> list[dict[str, Any]]:
    names, rows = reader.table(sql)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _waits(spool: Path, progress: Mapping[str, Any]) -> dict[str, int]:
    """How many rows of each writer wait in the spool."""
    found: dict[str, int] = {}
    for segment in segments(spool):
        done = progress.get(segment.path.name)
        try:
            left = waiting(segment, (done["position"] or 0) if done else 0)
        except FileNotFoundError:  # replayed meanwhile
            left = Waiting(0, 0, None)
        found[segment.writer] = found.get(segment.writer, 0) + left.rows + left.torn
    return found


def _account(
    row: Mapping[str, Any],
    taken: Mapping[str, int],
    waits: Mapping[str, int],
    newest: Mapping[tuple[Any, Any], Any],
) -> Account:
    writer = str(row.get("writer"))
    texts = ("host", "pid", "program", "started", "updated", "ended", "last_error")
    return Account(
        writer,
        _state(row, is_newest=newest[row.get("host"), row.get("pid")] == row.get("writer")),
        **{name: row.get(name) for name in texts},
        counts={name: number if isinstance(number := row.get(name), int) else 0 for name in COUNTED},
        taken=taken.get(writer, 0),
        waiting=waits.get(writer, 0),
    )


def _state(row: Mapping[str, Any], *, is_newest: bool) -> str:
    if row.get("ended"):
        return "ended"
    if row.get("host") != this_host():
        return "unknown"
    if not is_newest:  # another has its number since
        return "gone"
    try:
        started = datetime.fromisoformat(row["started"]).timestamp()
        running = is_running(int(row["pid"]), started)
    except (KeyError, TypeError, ValueError):
        return "unknown"
    return {True: "running", False: "gone", None: "unknown"}[running]
