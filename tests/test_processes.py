"""Several processes and threads of this program on one database, and its own forks."""

from __future__ import annotations

import logging
import multiprocessing
import threading
from pathlib import Path

import pytest
from conftest import Rows
from programs import needs_fork

from foundups_logging import DomainTableHandler
from foundups_logging.listener import listener_for

METHODS = [method for method in ("fork", "forkserver", "spawn") if method in multiprocessing.get_all_start_methods()]


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
