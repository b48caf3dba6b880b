"""Logging from places where nobody expects it: no deadlock, no exception, each event stored once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from programs import integrity, numbers, run

not_windows = pytest.mark.skipif(sys.platform == "win32", reason="there are no interval timers there")


@not_windows
def test_a_storm_of_signals_whose_handler_logs(tmp_path: Path, database: Path) -> None:
    program = """
open_handler(queue_size=2_000, commit_timeout=20)
handled, inside = 0, False
def storm(*_):
    global handled, inside
    if inside:
        return
    inside = True
    metric("handler", handled)
    if handled % 10 == 0:
        permission("handler", handled)
    if handled % 25 == 0:
        foundups_logging.stats()
    if handled % 50 == 0:
        foundups_logging.flush(0.1)  # in vain where it would wait for what it has interrupted
    handled += 1
    inside = False
signal.signal(signal.SIGALRM, storm)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
count = 0
while handled < 1_000:
    metric("main", count)
    if count % 10 == 0:
        permission("main", count)
    if count % 20 == 0:
        told = foundups_logging.stats()
        if told["emitted"] != sum(told.get(fate, 0) for fate in FATES):
            say("does not add up", told)
    if count % 100 == 0:
        flushed()
    count += 1
signal.setitimer(signal.ITIMER_REAL, 0)
say(count, handled)
"""
    fates = 'FATES = ("stored", "spooled", "dead_lettered", "dropped", "queued")'
    done = run(tmp_path, f"{fates}\n{program}", database)
    assert (done.code, done.err) == (0, "")
    count, handled = (int(word) for word in done.out.split())
    assert numbers(database) == {"main": list(range(count)), "handler": list(range(handled))}
    assert numbers(database, "permission_events") == {
        "main": list(range(0, count, 10)), "handler": list(range(0, handled, 10)),
    }  # fmt: skip
    assert integrity(database) == "ok"


def test_a_gc_callback_that_logs_in_whatever_thread_collects(tmp_path: Path, database: Path) -> None:
    program = """
import gc
open_handler()
counts = {"metric": 0, "permission": 0}
def collected(phase, info):
    number = counts["metric"]
    counts["metric"] += 1
    metric("gc", number)
    if number % 100 == 0:
        permission("gc", number)
        counts["permission"] += 1
gc.callbacks.append(collected)
gc.set_threshold(1)
for number in range(1_000):
    metric("main", number)
    if number % 100 == 0:
        permission("main", number)
        flushed()
gc.callbacks.clear()
gc.set_threshold(700)
say(counts["metric"], counts["permission"])
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    count, permissions = (int(word) for word in done.out.split())
    found = numbers(database)
    assert found.keys() == {"main", "gc"}
    assert found["main"] == list(range(1_000))
    assert len(found["gc"]) == count > 100
    assert {key: len(value) for key, value in numbers(database, "permission_events").items()} == {
        "main": 10, "gc": permissions,
    }  # fmt: skip


def test_objects_that_log_when_they_are_collected(tmp_path: Path, database: Path) -> None:
    program = """
import gc
open_handler()
class Logs:
    def __init__(self, number):
        self.number, self.me = number, self
    def __del__(self):
        metric("deleted", self.number)
        if self.number % 50 == 0:
            permission("deleted", self.number)
gc.set_threshold(20)
for number in range(1_000):
    Logs(number)
    metric("main", number)
gc.collect()
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    found = numbers(database)
    assert (found["main"], sorted(found["deleted"])) == (list(range(1_000)), list(range(1_000)))
    assert sorted(numbers(database, "permission_events")["deleted"]) == list(range(0, 1_000, 50))


def test_warnings_that_are_logged_even_from_inside_a_logging_call(tmp_path: Path, database: Path) -> None:
    program = """
import warnings
open_handler()
warnings.simplefilter("always")
told = 0
def show(message, category, filename, lineno, file=None, line=None):
    global told
    metric("warning", told)
    permission("warning", told)
    told += 1
warnings.showwarning = show
class Warns:
    def __repr__(self):
        warnings.warn("while our row is built")
        return "text"
for number in range(200):
    warnings.warn("by itself")
    log.info("metric", extra={"metric_name": "main", "value": number, "thing": Warns()})
logging.captureWarnings(True)
warnings.showwarning("captured", UserWarning, "file", 1)
"""
    done = run(tmp_path, program, database)
    assert done.code == 0, done.err
    found = numbers(database)
    assert (found["main"], sorted(found["warning"])) == (list(range(200)), list(range(400)))
    assert sorted(numbers(database, "permission_events")["warning"]) == list(range(400))


def test_values_that_log_when_they_are_told(tmp_path: Path, database: Path) -> None:
    program = """
open_handler()
class Logs:
    def __repr__(self):
        metric("repr")
        permission("repr")
        flushed()
        return "text"
for number in range(50):
    log.info("metric", extra={"metric_name": "main", "value": number, "thing": Logs()})
    log.info("permission_granted", extra={"agent_id": "main", "confidence": number, "thing": Logs()})
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    assert numbers(database) == {"main": list(range(50)), "repr": [0] * 100}
    assert numbers(database, "permission_events") == {"main": list(range(50)), "repr": [0] * 100}


def test_a_trace_callback_of_a_connection_of_the_programs_own(tmp_path: Path, database: Path) -> None:
    program = """
import sqlite3
open_handler()
traced = 0
def trace(statement):
    global traced
    metric("trace", traced)
    permission("trace", traced)
    traced += 1
flushed()
metric("main")
flushed()
mine = sqlite3.connect(DATABASE)
mine.set_trace_callback(trace)
for number in range(100):
    mine.execute("SELECT count(*) FROM metrics_events").fetchall()
mine.close()
say(traced)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    traced = int(done.out)
    assert numbers(database) == {"main": [0], "trace": list(range(traced))}
    assert numbers(database, "permission_events") == {"trace": list(range(traced))}


def test_a_trace_callback_on_our_own_connection_neither_feeds_itself_for_ever_nor_deadlocks(
    tmp_path: Path, database: Path
) -> None:
    program = """
import sqlite3
connect = sqlite3.connect
def traced_connect(*arguments, **options):
    connection = connect(*arguments, **options)
    connection.set_trace_callback(lambda statement: (metric("trace"), permission("trace")))
    return connection
sqlite3.connect = traced_connect
open_handler()
for number in range(300):
    metric("main", number)
    if number % 30 == 0:
        permission("main", number)
flushed()
"""
    done = run(tmp_path, program, database, timeout=15)
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    assert numbers(database)["main"] == list(range(300))
    assert numbers(database, "permission_events")["main"] == list(range(0, 300, 30))
