"""The ledger: what each writer has written, and how far each segment of a spool has been replayed.

Both are written in the transactions they tell of. So a batch whose commit
reported a failure can be looked up, and is never written twice; and the totals
of a process that was killed are those of its last commit.
"""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import sys
from pathlib import Path
from typing import Final, NamedTuple

from foundups_logging import timestamps
from foundups_logging.domains.tables import NULL

__all__ = [
    "COUNTED",
    "LEDGER_TABLES",
    "Identity",
    "LastWords",
    "advance",
    "batch_of",
    "enter",
    "position_of",
    "record",
    "settle",
    "this_host",
    "this_process",
]

#: The counts of `writer_stats`.
COUNTED: Final = (
    "emitted",
    "stored",
    "spooled",
    "replayed",
    "recovered",
    "dead_lettered",
    "dropped",
    "queued",
    "redacted",
    "commits",
)

#: The statements that make the ledger's tables; harmless where they are.
LEDGER_TABLES: Final = (
    f"""CREATE TABLE IF NOT EXISTS "writer_stats" (
    id INTEGER PRIMARY KEY,
    writer TEXT UNIQUE NOT NULL,
    host TEXT,
    pid INTEGER,
    program TEXT,
    started TEXT,
    updated TEXT,
    ended TEXT,
    batch INTEGER NOT NULL,
    {", ".join(f"{name} INTEGER NOT NULL" for name in COUNTED)},
    last_error TEXT
)""",
    """CREATE TABLE IF NOT EXISTS "spool_replays" (
    segment TEXT PRIMARY KEY NOT NULL,
    writer TEXT NOT NULL,
    position INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    finished TEXT
)""",
)

_CHANGING: Final = ("updated", "ended", "last_error", *COUNTED)
_ENTER: Final = (
    "INSERT OR IGNORE INTO writer_stats (writer, host, pid, program, started, batch, "
    f"{', '.join(COUNTED)}) VALUES (?, ?, ?, ?, ?, 0, {', '.join('0' * len(COUNTED))})"
)
# A replay's record must not hide a later batch.
_RECORD: Final = (
    f"UPDATE writer_stats SET batch = max(batch, ?), {', '.join(f'{name} = ?' for name in _CHANGING)} WHERE writer = ?"
)
_ADVANCE: Final = (
    "INSERT INTO spool_replays (segment, writer, position, rows, finished) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (segment) DO UPDATE SET "
    "position = excluded.position, rows = rows + excluded.rows, finished = excluded.finished"
)


class Identity(NamedTuple):
    """Who writes: a process, as the database and the names of its segments tell it."""

    writer: str
    host: str
    pid: int
    program: str
    started: str


class LastWords(NamedTuple):
    """What a writer has to tell at its end: its totals, in the order of `COUNTED`."""

    identity: Identity
    ended: str
    last_error: str | None
    counts: tuple[int, ...]


def this_host() -> str:
    """This machine's name, in letters, digits and hyphens."""
    return re.sub("[^A-Za-z0-9-]", "-", platform.node())[:40] or "localhost"


def this_process() -> Identity:
    """A new identity for this process; no two are alike, not even of one process."""
    host = this_host()
    started = timestamps.now()
    moment = re.sub("[^0-9]", "", started)[:14]
    writer = f"{moment}-{host}-{os.getpid()}-{os.urandom(4).hex()}"
    program = getattr(sys.modules.get("__main__"), "__file__", None) or sys.argv[0] if sys.argv else ""
    return Identity(writer, host, os.getpid(), Path(program or "python").name, started)


def enter(connection: sqlite3.Connection, identity: Identity) -> None:
    """Make the row of a writer, where it isn't there. Raises sqlite3.Error."""
    connection.execute(_ENTER, identity)


def record(  # noqa: PLR0913 - a row's parts
    connection: sqlite3.Connection,
    writer: str,
    batch: int,
    counts: tuple[int, ...],
    last_error: str | None,
    *,
    has_ended: bool,
) -> None:
    """Write down a writer's last batch and its totals, in the order of `COUNTED`. Raises sqlite3.Error."""
    now = timestamps.now()
    values = (batch, now, now if has_ended else NULL, NULL if last_error is None else last_error, *counts, writer)
    # Like a batch's rows: by executemany(), and with NaN for NULL.
    connection.executemany(_RECORD, (values,))


def settle(connection: sqlite3.Connection, last: LastWords) -> None:
    """Write down the end of a writer that could tell it only to the spool. Raises sqlite3.Error.

    What it had replayed without hearing of it, because the database failed right
    after the commit, stands in its row already.
    """
    enter(connection, last.identity)
    writer = last.identity.writer
    sql = "SELECT replayed, dead_lettered FROM writer_stats WHERE writer = ?"
    replayed, dead = connection.execute(sql, (writer,)).fetchone()
    counts = dict(zip(COUNTED, last.counts, strict=True))
    moved, dead = max(0, replayed - counts["replayed"]), max(0, dead - counts["dead_lettered"])
    counts["replayed"] += moved
    counts["spooled"] -= moved
    counts["stored"] += moved - dead
    counts["dead_lettered"] += dead
    connection.execute(_RECORD, (0, last.ended, last.ended, last.last_error, *counts.values(), writer))


def batch_of(connection: sqlite3.Connection, writer: str) -> int:
    """The number of the last batch of `writer` that the database holds, 0 for none. Raises sqlite3.Error."""
    row = connection.execute("SELECT batch FROM writer_stats WHERE writer = ?", (writer,)).fetchone()
    return 0 if row is None else int(row[0])


def position_of(connection: sqlite3.Connection, segment: str) -> int:
    """How many bytes of a segment the database holds the rows of. Raises sqlite3.Error."""
    row = connection.execute("SELECT position FROM spool_replays WHERE segment = ?", (segment,)).fetchone()
    return 0 if row is None else int(row[0])


def advance(  # noqa: PLR0913 - a row's parts
    connection: sqlite3.Connection, segment: str, writer: str, position: int, rows: int, *, is_finished: bool
) -> None:
    """Write down that `rows` more rows of a segment are in, up to `position` bytes. Raises sqlite3.Error."""
    connection.execute(_ADVANCE, (segment, writer, position, rows, timestamps.now() if is_finished else None))
