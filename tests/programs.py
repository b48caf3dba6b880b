"""Small programs run as real processes: how a program starts, is watched and ended, and what it has stored.

A program is a text. Before it runs PRELUDE, which gives it a logger on the
database named by its first argument. One that hangs is made to print the stacks
of all its threads, its children's too, and is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["PRELUDE", "Done", "finish", "integrity", "kept", "locked", "needs_fork", "numbers", "query", "run", "start"]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

# metric() logs to a domain of durability "async", permission() to one of "commit".
PRELUDE = """\
import faulthandler, logging, os, signal, sys, threading, time
if hasattr(faulthandler, "register"):
    faulthandler.register(signal.SIGUSR2, all_threads=True)
import foundups_logging
from foundups_logging import DomainTableHandler
DATABASE = sys.argv[1]
log = logging.getLogger("program")
log.setLevel(logging.INFO)
log.propagate = False
def open_handler(**settings):
    log.addHandler(DomainTableHandler(DATABASE, **settings))
def metric(name, number=0):
    log.info("metric", extra={"metric_name": name, "value": float(number)})
def permission(name, number=0):
    log.info("permission_granted", extra={"agent_id": name, "confidence": float(number)})
def metrics(name, count):
    for number in range(count):
        metric(name, number)
def say(*words):
    os.write(1, (" ".join(map(str, words)) + chr(10)).encode())
def wait_until(condition, timeout=20):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"still not so after {timeout} s, stats: {foundups_logging.stats()}")
        time.sleep(0.001)
def in_child(work):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child
def flushed():
    if not foundups_logging.flush(15):
        raise TimeoutError(f"not flushed, stats: {foundups_logging.stats()}")
"""


@dataclass
class Done:
    """How a program ended: its exit code (or minus the signal that ended it) and what it wrote."""

    code: int
    out: str
    err: str


def start(folder: Path, text: str, database: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a program in `folder`, where it is written to a file, so that multiprocessing can import it."""
    script = folder / f"program{len(list(folder.glob('program*.py')))}.py"
    script.write_text(f"{PRELUDE}\n{text}", "utf-8")
    return subprocess.Popen(
        # From 3.12 a fork beside threads warns.
        [sys.executable, "-W", "ignore::DeprecationWarning", script, database, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], timeout: float = 25) -> Done:
    """Wait for a program's end and all that its children write; after `timeout` seconds fail with their stacks."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        _end_all(process, signal.SIGUSR2 if hasattr(signal, "SIGUSR2") else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=3)
        _end_all(process, getattr(signal, "SIGKILL", signal.SIGTERM))
        out, err = process.communicate(timeout=10)
        pytest.fail(f"the program hangs after {timeout} s\n--- stdout\n{out[-3000:]}\n--- stderr\n{err[-12000:]}")
    return Done(process.returncode, out, err)


def _end_all(process: subprocess.Popen[str], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def run(folder: Path, text: str, database: Path, *arguments: str, timeout: float = 25) -> Done:
    """Run a program to its end."""
    return finish(start(folder, text, database, *arguments), timeout)


def query(database: Path, sql: str) -> list[tuple[object, ...]]:
    """The rows of a statement, read by a connection of our own."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def numbers(database: Path, table: str = "metrics_events") -> dict[str, list[int]]:
    """The numbers stored under each name, in the order of their ids."""
    columns = "metric_name, value" if table == "metrics_events" else "agent_id, confidence"
    found: dict[str, list[int]] = {}
    for name, number in query(database, f"SELECT {columns} FROM {table} ORDER BY id"):
        found.setdefault(str(name), []).append(int(number))  # type: ignore[call-overload]
    return found


def integrity(database: Path) -> str:
    """What SQLite says of the file: "ok" where it is sound."""
    return str(query(database, "PRAGMA integrity_check")[0][0])


def kept(database: Path) -> list[Path]:
    """The spool's segments that are not replayed yet."""
    return sorted(Path(f"{database}-spool").glob("*.jsonl"))


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Hold the database's write lock, as a program does that knows nothing of us."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
