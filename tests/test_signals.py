"""SIGTERM and SIGINT to a program that logs: what it acknowledged is stored, and it ends as it would without us."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import Done, finish, integrity, locked, numbers, run, start

import foundups_logging

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are another matter there")

READY = "say('ready')\nthreading.Event().wait()"
FIRST = list(range(500))


def signalled(process: subprocess.Popen[str], number: int) -> Done:
    """How the program ends on a signal that is sent when it says that it is ready."""
    assert process.stdout is not None
    said = process.stdout.readline()
    if said == "ready\n":
        process.send_signal(number)
    done = finish(process)
    assert said == "ready\n", done.err
    return done


def test_flush_on_sigterm_stores_all_and_ends_by_the_signal(tmp_path: Path, database: Path) -> None:
    program = f"""
open_handler(flush_on_sigterm=True, flush_interval=60)
metrics("main", 500)
permission("main")
{READY}
"""
    done = signalled(start(tmp_path, program, database), signal.SIGTERM)
    assert (done.code, done.err) == (-signal.SIGTERM, "")
    assert numbers(database) == {"main": FIRST}
    assert numbers(database, "permission_events") == {"main": [0]}


def test_flush_on_sigterm_amid_the_logging_of_several_threads(tmp_path: Path, database: Path) -> None:
    program = """
open_handler(flush_on_sigterm=True)
def work(name):
    number = 0
    while True:
        metric(name, number)
        permission(name, number)
        say(name, number)
        number += 1
for name in "abc":
    threading.Thread(target=work, args=(name,), daemon=True).start()
wait_until(lambda: foundups_logging.stats()["stored"] > 100)
os.kill(os.getpid(), signal.SIGTERM)
threading.Event().wait()
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (-signal.SIGTERM, "")
    acknowledged = [line.split() for line in done.out.splitlines()]
    for table in ("metrics_events", "permission_events"):
        found = numbers(database, table)
        for name in "abc":
            count = sum(said == name for said, _ in acknowledged)
            assert found[name] == list(range(len(found[name])))
            assert len(found[name]) >= count
    assert integrity(database) == "ok"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_programs_own_sigterm_handler_is_left_alone(tmp_path: Path, database: Path, when: str) -> None:
    own = "signal.signal(signal.SIGTERM, lambda *_: (say('mine'), sys.exit(7)))"
    opened = "open_handler(flush_on_sigterm=True, flush_interval=60)"
    program = "\n".join([own, opened] if when == "before" else [opened, own])
    done = signalled(start(tmp_path, f"{program}\nmetrics('main', 500)\n{READY}", database), signal.SIGTERM)
    assert (done.code, done.out, done.err) == (7, "mine\n", "")
    assert numbers(database) == {"main": FIRST}


def test_a_program_that_ignores_sigterm_goes_on_ignoring_it(tmp_path: Path, database: Path) -> None:
    program = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open_handler(flush_on_sigterm=True)
os.kill(os.getpid(), signal.SIGTERM)
metrics("main", 500)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    assert numbers(database) == {"main": FIRST}


def test_flush_on_sigterm_asked_for_in_another_thread_says_what_to_do(tmp_path: Path, database: Path) -> None:
    program = """
def opens():
    try:
        open_handler(flush_on_sigterm=True)
    except foundups_logging.ConfigurationError as error:
        say(error)
        open_handler()
    metrics("main", 500)
thread = threading.Thread(target=opens)
thread.start()
thread.join()
"""
    done = run(tmp_path, program, database)
    assert done.code == 0, done.err
    assert "flush_on_sigterm" in done.out + done.err
    assert "main thread" in done.out + done.err
    assert numbers(database) == {"main": FIRST}


def test_sigterm_without_flush_on_sigterm_loses_no_more_than_the_window(tmp_path: Path, database: Path) -> None:
    program = f"""
open_handler()
metrics("main", 5_000)
flushed()
permission("main")
metrics("in the window", 500)
{READY}
"""
    done = signalled(start(tmp_path, program, database), signal.SIGTERM)
    assert (done.code, done.err) == (-signal.SIGTERM, "")
    found = numbers(database)
    window = found.pop("in the window", [])
    assert window == list(range(len(window)))
    assert found == {"main": list(range(5_000))}
    assert numbers(database, "permission_events") == {"main": [0]}
    assert integrity(database) == "ok"


def test_sigterm_with_the_database_locked_ends_in_time_and_the_next_start_replays(
    tmp_path: Path, database: Path
) -> None:
    foundups_logging.TelemetryStore(database).close()
    program = f"""
open_handler(flush_on_sigterm=True, close_timeout=0.5)
metrics("first", 500)
{READY}
"""
    with locked(database):
        process = start(tmp_path, program, database)
        begun = time.monotonic()
        done = signalled(process, signal.SIGTERM)
        assert time.monotonic() - begun < 0.5 + 15  # close_timeout, and the program's start on a busy machine
    assert done.code == -signal.SIGTERM
    assert "Traceback" not in done.err
    assert run(tmp_path, "open_handler()\nmetric('second')", database).code == 0
    assert numbers(database) == {"first": FIRST, "second": [0]}


def test_an_interrupt_that_nobody_catches_ends_the_program_with_all_stored(tmp_path: Path, database: Path) -> None:
    done = signalled(
        start(tmp_path, f"open_handler(flush_interval=60)\nmetrics('main', 500)\n{READY}", database), signal.SIGINT
    )
    assert done.code == -signal.SIGINT
    assert "KeyboardInterrupt" in done.err
    assert numbers(database) == {"main": FIRST}


@pytest.mark.parametrize("log", ["metric", "permission"])
def test_interrupts_in_the_midst_of_logging_lose_and_double_nothing(tmp_path: Path, database: Path, log: str) -> None:
    program = f"""
open_handler(queue_size=500)
may_interrupt, caught, acknowledged = [], 0, []
def interrupt(*_):
    if may_interrupt:
        may_interrupt.clear()
        raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.0007, 0.0007)
number = 0
while caught < 300:
    number += 1
    try:
        may_interrupt.append(True)
        {log}("main", number)
        if number % 50 == 0:
            foundups_logging.flush()
        may_interrupt.clear()
        acknowledged.append(number)
    except KeyboardInterrupt:
        caught += 1
signal.setitimer(signal.ITIMER_REAL, 0)
{log}("main", number + 1)
flushed()
say(*acknowledged, number + 1)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    acknowledged = [int(number) for number in done.out.split()]
    found = numbers(database, "metrics_events" if log == "metric" else "permission_events")["main"]
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)
    assert found == sorted(found)
