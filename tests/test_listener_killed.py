"""The listening thread, killed from outside wherever it happens to be: it comes again, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs import integrity, numbers, run

KILLS = """
import ctypes
def is_at_work(thread):
    # Not while it starts its successor: CPython gives the exception to that one, before it can say that it's there.
    frame = sys._current_frames().get(thread.ident)
    while frame is not None and frame.f_code.co_name != "_turn":
        frame = frame.f_back
    return frame is not None
def kill(kind):
    for thread in threading.enumerate():
        if thread.name.startswith("foundups-logging") and is_at_work(thread):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(kind))
            return True
    return False
def failures():
    return foundups_logging.stats()["listener_failures"]
def silent(_):  # what threading says of a thread that dies is not at issue here
    pass
threading.excepthook = silent
"""


@pytest.mark.parametrize("kind", ["SystemExit", "MemoryError", "KeyboardInterrupt"])
def test_a_killed_listener_comes_again_and_is_counted(tmp_path: Path, database: Path, kind: str) -> None:
    program = f"""
{KILLS}
open_handler(flush_interval=0.001)
count = 0
def one_more():
    global count
    metric("main", count)
    if count % 50 == 0:
        permission("main", count)
    count += 1
one_more()
flushed()
for round_ in range(10):
    before = failures()
    deadline = time.monotonic() + 10
    for number in range(1_000_000):
        if number % 500 == 0:  # again, should it have struck while the thread was getting up from the last one
            kill({kind})
        one_more()  # the exception strikes at the thread's next step, wherever that is
        if failures() > before:
            break
        if time.monotonic() > deadline:
            raise TimeoutError(f"the listener is not back: {{foundups_logging.stats()}}")
flushed()
told = foundups_logging.stats()
fates = sum(told[fate] for fate in ("stored", "spooled", "dead_lettered", "dropped", "queued"))
say(count, told["listener_failures"], told["emitted"] - fates)
"""
    done = run(tmp_path, program, database)
    assert done.code == 0, done.err
    count, failures, gap = (int(word) for word in done.out.split())
    assert failures >= 10
    assert gap == 0
    assert numbers(database) == {"main": list(range(count))}
    assert numbers(database, "permission_events") == {"main": list(range(0, count, 50))}
    assert integrity(database) == "ok"


def test_a_listener_killed_without_notice_costs_no_event(tmp_path: Path, database: Path) -> None:
    program = f"""
{KILLS}
open_handler(flush_interval=0.001)
metric("main", 0)
flushed()
for round_ in range(1, 6):
    kill(SystemExit)
    metric("main", round_)
    flushed()
kill(SystemExit)
metric("main", 6)
"""
    done = run(tmp_path, program, database)
    assert done.code == 0, done.err
    assert numbers(database) == {"main": list(range(7))}
