"""The program's end, however it comes: what was logged is stored, and the exit code is the program's."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from programs import finish, integrity, kept, locked, numbers, query, run, start

import foundups_logging

FIRST = list(range(500))
ENDINGS = {
    "end": ("", "", 0, {}),
    "sys.exit": ("", "sys.exit(3)", 3, {}),
    "an exception": ("", "raise RuntimeError", 1, {}),
    "KeyboardInterrupt": ("", "raise KeyboardInterrupt", -2, {}),
    "an atexit handler from after ours": ("", "atexit.register(metrics, 'late', 3)", 0, {"late": [0, 1, 2]}),
    "an atexit handler from before ours": ("atexit.register(metrics, 'later', 3)", "", 0, {"later": [0, 1, 2]}),
    "atexit handlers on both sides": (
        "atexit.register(metrics, 'later', 3)",
        "atexit.register(metrics, 'late', 3)",
        0,
        {"late": [0, 1, 2], "later": [0, 1, 2]},
    ),
    "after logging.shutdown": ("", "logging.shutdown(); metrics('after', 3)", 0, {"after": [0, 1, 2]}),
    "a thread that outlives the main one": (
        "",
        "threading.Thread(target=lambda: (threading.main_thread().join(), metrics('thread', 9))).start()",
        0,
        {"thread": list(range(9))},
    ),
    "sys.exit in a thread": (
        "",
        "threading.Thread(target=lambda: (metrics('thread', 9), sys.exit(5))).start()",
        0,
        {"thread": list(range(9))},
    ),
    "an exception in a thread": (
        "threading.excepthook = lambda args: metric('excepthook')",
        "threading.Thread(target=lambda: (metrics('thread', 9), 1 / 0)).start()",
        0,
        {"thread": list(range(9)), "excepthook": [0]},
    ),
    "an exception that sys.excepthook logs": (
        "sys.excepthook = lambda *told: metric('excepthook')",
        "raise RuntimeError",
        1,
        {"excepthook": [0]},
    ),
}


@pytest.mark.parametrize(("before", "ending", "code", "more"), ENDINGS.values(), ids=ENDINGS.keys())
def test_the_programs_end_stores_all(  # noqa: PLR0913
    database: Path, tmp_path: Path, before: str, ending: str, code: int, more: dict[str, list[int]]
) -> None:
    done = run(tmp_path, f"import atexit\n{before}\nopen_handler()\nmetrics('main', 500)\n{ending}", database)
    assert done.code == code, done.err
    assert numbers(database) == {"main": FIRST, **more}
    assert "foundups" not in done.err
    if ending not in ("raise RuntimeError", "raise KeyboardInterrupt") or more:
        assert done.err == ""


@pytest.mark.parametrize("log", ["metric", "permission"])
def test_a_first_event_when_threads_can_start_no_more_is_stored(database: Path, tmp_path: Path, log: str) -> None:
    program = f"""
import atexit
atexit.register(lambda: [{log}("late", number) for number in range(3)])
open_handler()
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    assert numbers(database, f"{log}_events".replace("metric_", "metrics_")) == {"late": [0, 1, 2]}


def test_a_handler_made_when_threads_can_start_no_more_stores_its_events(database: Path, tmp_path: Path) -> None:
    done = run(tmp_path, "import atexit\natexit.register(lambda: (open_handler(), metrics('late', 3)))", database)
    assert (done.code, done.err) == (0, "")
    assert numbers(database) == {"late": [0, 1, 2]}


@pytest.mark.parametrize("closing", ["", "log.handlers[0].close()"], ids=["at the end", "after close"])
def test_objects_that_log_when_they_are_deleted_do_no_harm(database: Path, tmp_path: Path, closing: str) -> None:
    program = f"""
open_handler()
metrics("main", 500)
class Last:
    def __init__(self, name):
        self.name, self.me = name, self
    def __del__(self):
        metric(self.name)
        permission(self.name)
kept_by_a_cycle, kept_by_a_module = Last("cycle"), Last("module")
kept_by_a_module.me = None
logging.last = Last("logging's module")
{closing}
class Early(Last):
    pass
early = Early("early")
early.me = None
del early
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    found = numbers(database)
    assert (found.pop("main"), found.pop("early")) == (FIRST, [0])
    assert all(values == [0] for values in found.values())
    assert integrity(database) == "ok"


def test_daemon_threads_that_log_through_the_end_lose_nothing_from_before_it(database: Path, tmp_path: Path) -> None:
    program = """
import json
open_handler(queue_size=5_000)
counts = dict.fromkeys(["a", "b", "c"], 0)
def work(name):
    while True:
        metric(name, counts[name])
        if counts[name] % 100 == 0:
            permission(name, counts[name])
        counts[name] += 1
for name in counts:
    threading.Thread(target=work, args=(name,), daemon=True).start()
wait_until(lambda: all(count > 1_000 for count in counts.values()))
say(json.dumps(counts))
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    found = numbers(database)
    permissions = numbers(database, "permission_events")
    for name, count in json.loads(done.out).items():
        assert len(found[name]) >= count
        assert found[name] == list(range(len(found[name])))  # none twice, none missing among them
        assert len(permissions[name]) >= count // 100
        assert permissions[name] == list(range(0, len(permissions[name]) * 100, 100))
    assert integrity(database) == "ok"


def test_the_end_waits_once_for_a_locked_database_and_the_next_start_replays_the_rest(
    database: Path, tmp_path: Path
) -> None:
    foundups_logging.TelemetryStore(database).close()
    program = """
for _ in range(3):
    open_handler(close_timeout=1.0)
metrics("first", 500)
say("ends")
"""
    with locked(database):
        process = start(tmp_path, program, database)
        assert process.stdout is not None
        assert process.stdout.readline() == "ends\n"
        begun = time.monotonic()
        done = finish(process)
        assert time.monotonic() - begun < 1 + 15  # close_timeout and a margin for a busy machine
        assert done.code == 0
        assert "Traceback" not in done.err
    assert kept(database)
    again = "open_handler()\nmetric('second')\nflushed()"
    assert [run(tmp_path, again, database).code for _ in range(2)] == [0, 0]
    assert {name: sorted(found) for name, found in numbers(database).items()} == {
        "first": sorted(FIRST * 3), "second": [0, 0],
    }  # fmt: skip
    assert not kept(database)
    ((emitted, accounted, unended),) = query(
        database,
        "SELECT sum(emitted), sum(stored + spooled + dead_lettered + dropped + queued), sum(ended IS NULL) "
        "FROM writer_stats",
    )
    assert emitted == accounted
    assert unended in (0, 1)  # the first writer could say its last word in the spool only


def test_a_program_that_is_killed_amid_a_lock_keeps_what_it_acknowledged(database: Path, tmp_path: Path) -> None:
    foundups_logging.TelemetryStore(database).close()
    program = """
open_handler(commit_timeout=0.2)
for number in range(3):
    permission("acknowledged", number)
    say(number)
os.kill(os.getpid(), signal.SIGKILL)
"""
    with locked(database):
        done = run(tmp_path, program, database)
        assert (done.code, done.out) == (-9, "0\n1\n2\n"), done.err
    assert run(tmp_path, "open_handler()\nmetric('second')", database).code == 0
    assert numbers(database, "permission_events") == {"acknowledged": [0, 1, 2]}
    assert not kept(database)
