"""Several processes and threads on one database, forks and the program's end."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from conftest import Rows, wait_until

import foundups_logging
from foundups_logging import DomainTableHandler
from foundups_logging.listener import listener_for

METHODS = [method for method in ("fork", "forkserver", "spawn") if method in multiprocessing.get_all_start_methods()]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def logger_on(database: Path) -> logging.Logger:
    log = logging.getLogger("tests.processes")
    if not any(isinstance(handler, DomainTableHandler) for handler in log.handlers):
        log.addHandler(DomainTableHandler(database))
    log.propagate = False
    log.setLevel(logging.INFO)
    return log


def eight_threads(database: Path, process: int, each: int) -> None:
    log = logger_on(database)

    def work(thread: int) -> None:
        for number in range(each):
            log.info("metric", extra={"metric_name": f"{process}-{thread}", "value": float(number)})

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("method", METHODS)
def test_two_processes_and_eight_threads_each_lose_nothing(database: Path, method: str, rows: Rows) -> None:
    context = multiprocessing.get_context(method)
    processes = [context.Process(target=eight_threads, args=(database, number, 500)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    found: dict[str, list[float]] = {}
    for row in rows("metrics_events"):
        found.setdefault(row["metric_name"], []).append(row["value"])
    assert found.keys() == {f"{process}-{thread}" for process in range(2) for thread in range(8)}
    assert all(values == [float(number) for number in range(500)] for values in found.values())  # and in order


def log_some(database: Path, name: str) -> None:
    for number in range(20):
        logger_on(database).info("metric", extra={"metric_name": name, "value": float(number)})


@needs_fork
def test_a_forked_child_and_its_parent_store_each_event_once(database: Path, rows: Rows) -> None:
    log = logger_on(database)
    for number in range(3_000):  # the listener is in the middle of them when the fork comes
        log.info("metric", extra={"metric_name": "parent", "value": float(number)})
    process = multiprocessing.get_context("fork").Process(target=log_some, args=(database, "child"))
    process.start()
    log_some(database, "parent")
    process.join(60)
    assert process.exitcode == 0
    names = [row["metric_name"] for row in rows("metrics_events")]
    assert (names.count("parent"), names.count("child")) == (3_020, 20)
    child = next(row for row in rows("metrics_events") if row["metric_name"] == "child")
    assert child["metadata_json"]["process"] == process.name


@needs_fork
def test_no_connection_crosses_a_fork(database: Path) -> None:
    log = logger_on(database)
    log.info("heartbeat")
    assert foundups_logging.flush()
    sink = listener_for(database)._writer.sink
    assert sink._connection is not None
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            open_files = [path.resolve() for path in Path("/proc/self/fd").iterdir()]
            os.write(writer, b"open" if any(str(database) in str(path) for path in open_files) else b"none")
        finally:
            os._exit(0)
    os.close(writer)
    assert os.read(reader, 10) == b"none"
    os.close(reader)
    os.waitpid(child, 0)
    log.info("heartbeat")
    assert foundups_logging.flush()


@needs_fork
def test_forks_while_threads_log_neither_hang_nor_lose(database: Path, rows: Rows) -> None:
    log = logger_on(database)
    listener_for(database).configure(queue_size=2_000)
    stop = threading.Event()
    counts = [0, 0]

    def work(number: int) -> None:
        while not stop.is_set():
            log.info("metric", extra={"metric_name": "thread"})
            counts[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        process = context.Process(target=log_some, args=(database, "child"))
        process.start()
        process.join(60)
        assert process.exitcode == 0
    stop.set()
    for thread in threads:
        thread.join()
    names = [row["metric_name"] for row in rows("metrics_events")]
    assert (names.count("thread"), names.count("child")) == (sum(counts), 100)


@pytest.mark.parametrize("method", METHODS)
def test_a_pool_of_workers_stores_what_they_log(database: Path, method: str, rows: Rows) -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        list(pool.map(log_some, [database] * 6, [str(number) for number in range(6)]))
    assert len(rows("metrics_events")) == 120


SCRIPT = """
import atexit, logging, sys, threading
import foundups_logging
log = logging.getLogger("script")
{before}
log.addHandler(foundups_logging.DomainTableHandler(sys.argv[1]))
log.setLevel(logging.INFO)
for number in range(500):
    log.info("metric", extra={{"metric_name": "script", "value": float(number)}})
{ending}
"""


@pytest.mark.parametrize(
    ("ending", "before", "code", "expected"),
    [
        ("", "", 0, 500),
        ("sys.exit(3)", "", 3, 500),
        ("raise RuntimeError", "", 1, 500),
        ("atexit.register(log.info, 'metric', extra={'metric_name': 'late'})", "", 0, 501),
        ("", "atexit.register(log.info, 'metric', extra={'metric_name': 'later than our own hook'})", 0, 501),
        ("logging.shutdown(); log.info('metric', extra={'metric_name': 'after shutdown'})", "", 0, 501),
        (
            (
                "m = {'metric_name': 't'}\n"
                "threading.Thread(target=lambda: [log.info('metric', extra=m) for _ in range(9)]).start()"
            ),
            "",
            0,
            509,
        ),
    ],
    ids=["end", "sys.exit", "unhandled exception", "atexit", "early atexit", "after shutdown", "last thread"],
)
def test_the_programs_end_stores_all(  # noqa: PLR0913
    database: Path, tmp_path: Path, ending: str, before: str, code: int, expected: int
) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(ending=ending, before=before))
    done = subprocess.run([sys.executable, script, database], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT count(*) FROM metrics_events").fetchone() == (expected,)
    connection.close()
    if code != 1:
        assert done.stderr == ""


def test_the_end_waits_once_for_a_locked_database_and_spools_what_is_left(
    database: Path, tmp_path: Path, rows: Rows
) -> None:
    foundups_logging.TelemetryStore(database).close()
    script = tmp_path / "script.py"
    script.write_text(
        SCRIPT.format(
            before="for _ in range(3): log.addHandler(foundups_logging.DomainTableHandler(sys.argv[1]))", ending=""
        )
    )
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    done = subprocess.run([sys.executable, script, database], capture_output=True, text=True, timeout=20, check=False)
    other.execute("ROLLBACK")
    other.close()
    assert done.returncode == 0
    assert "spooled to foundups.db-spool" in done.stderr
    DomainTableHandler(database)  # a start of any process on it
    wait_until(lambda: foundups_logging.stats()["recovered"] == 2000)
    assert len(rows("metrics_events")) == 2000
