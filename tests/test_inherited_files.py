"""Files of the database and processes: a child has none open that it did not open itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from programs import needs_fork, numbers, run

pytestmark = needs_fork

OPEN_FILES = """
def open_files():
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            path = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError:  # the listing's own
            continue
        if os.path.basename(DATABASE) in path:
            found.append(path)
    return found
"""
needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="this system has no /proc/self/fd")  # noqa: PTH112


@needs_proc
def test_a_child_has_no_file_of_the_database_open_that_it_did_not_open_itself(tmp_path: Path, database: Path) -> None:
    program = f"""
{OPEN_FILES}
open_handler(flush_interval=0.001)
metrics("parent", 100)
flushed()
def child():
    say(len(open_files()))
    metric("child")
    flushed()
    say(len(open_files()) > 0)
say(len(open_files()) > 0)
for _ in range(5):
    metrics("parent", 5_000)
    os.waitpid(in_child(child), 0)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.out, done.err) == (0, "True\n" + "0\nTrue\n" * 5, "")
    assert {name: len(found) for name, found in numbers(database).items()} == {"parent": 25_100, "child": 5}


@needs_proc
def test_a_fork_while_the_database_is_locked_holds_nobody_up_and_shares_nothing(tmp_path: Path, database: Path) -> None:
    program = f"""
{OPEN_FILES}
import sqlite3
open_handler()
metric("parent", 0)
flushed()
ours, theirs = os.pipe()
def hold_the_lock():
    other = sqlite3.connect(DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    os.write(theirs, b"locked")
    signal.pause()
holder = in_child(hold_the_lock)
os.read(ours, 6)
metric("parent", 1)
foundups_logging.flush(0.3)  # in vain; the listener waits for the lock
def child():
    metric("child")
    say(*open_files() or ["nothing open"])
    os.kill(holder, signal.SIGKILL)
    flushed()
begun = time.monotonic()
one = in_child(child)
say("soon" if time.monotonic() - begun < 4 else f"after {{time.monotonic() - begun:.1f}} s")
say(os.waitpid(one, 0)[1])
"""
    done = run(tmp_path, program, database)
    assert done.code == 0, done.err
    assert sorted(done.out.splitlines()) == ["0", "nothing open", "soon"]
    assert numbers(database) == {"parent": [0, 1], "child": [0]}


@needs_proc
def test_programs_started_after_logging_inherit_no_file_of_the_database(tmp_path: Path, database: Path) -> None:
    program = """
import subprocess
open_handler(flush_interval=0.001)
metrics("parent", 20_000)
wait_until(lambda: foundups_logging.stats()["stored"])
listing = "for one in /proc/self/fd/*; do readlink $one; done; true"
for _ in range(5):
    say(subprocess.run(["sh", "-c", listing], close_fds=False, stdout=subprocess.PIPE, text=True).stdout)
os.system(listing)
child = os.posix_spawn("/bin/sh", ["sh", "-c", listing], os.environ)
say(os.waitpid(child, 0)[1])
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("0\n")
    assert done.out.count("pipe") >= 7
    assert database.name not in done.out
    assert numbers(database) == {"parent": list(range(20_000))}
