"""How risky it is to write a file, and the reason that is told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundups_logging.audit import risk
from foundups_logging.audit.model import Access, Call
from foundups_logging.audit.overlap import can_be_same, fits
from foundups_logging.audit.watch.sighting import Sighting


def writer(
    module: str = "app.log", path: str = "logs/events.jsonl", *traits: str, line: int = 5, **more: Any
) -> Access:
    place = Call(module.replace(".", "/") + ".py", line, "write", module)
    return Access(place, more.pop("mode", "append"), "open", path, traits=traits, **more)


def assessed(*writers: Access, evidence: Any = ()) -> list[str]:
    risk.assess(writers, evidence)
    for access in writers:
        assert access.mode == "read" or access.risk_reason
    return [access.risk for access in writers]


def test_one_thread_of_one_process_is_low():
    only = writer()
    assert assessed(only) == ["low"]
    assert only.risk_reason == (
        "one module writes it, app.log (app/log.py:5), from one thread of one process as far as the code tells"
    )


def test_two_modules_that_write_one_file_are_high_and_both_are_named():
    one, other = writer("app.one"), writer("app.two", line=9)
    assert assessed(one, other) == ["high", "high"]
    assert one.risk_reason == (
        "2 modules write it: app.one (app/one.py:5) and app.two (app/two.py:9); no lock keeps them apart"
    )


def test_two_places_of_one_module_are_one_module():
    assert assessed(writer(), writer(line=40)) == ["low", "low"]


def test_a_reader_is_no_writer():
    assert assessed(writer("app.one"), writer("app.two", mode="read"))[0] == "low"


@pytest.mark.parametrize(
    ("traits", "expected", "told"),
    [
        (["process: app/run.py:3"], "high", "handed to other processes at app/run.py:3"),
        (["program: app.main"], "low", "as far as the code tells"),
        (["program: app.main", "program: tools.replay"], "high", "2 programs reach it, app.main and tools.replay"),
        (["thread: app/run.py:3"], "medium", "handed to threads at app/run.py:3"),
        (["server: app/web.py:8 post"], "medium", "called for requests of a web server at app/web.py:8 post"),
        (["instances: app.a:1", "instances: app.b:2"], "medium", "used at app.a:1 and app.b:2"),
        (["instances: app.a:1"], "low", "as far as the code tells"),
        (["instances: app.log:1", "instances: app.log:2"], "low", "as far as the code tells"),
        (["async"], "low", "as far as the code tells"),
        (["own file: session id", "thread: app/run.py:3", "process: x.py:1"], "low", "a file of its own: session id"),
    ],
)
def test_what_the_code_tells_decides(traits, expected, told):
    only = writer("app.log", "logs/*.jsonl" if traits[0].startswith("own") else "logs/events.jsonl", *traits)
    assert assessed(only) == [expected]
    assert told in only.risk_reason


def test_tasks_can_run_while_aiofiles_writes():
    only = writer("app.log", "logs/events.jsonl", "async")
    only.mechanism = "aiofiles"
    assert assessed(only) == ["medium"]


@pytest.mark.parametrize("lock", ["fcntl", "msvcrt", "portalocker", "filelock"])
def test_a_lock_across_processes_lowers_by_one_step(lock):
    one, other = writer("app.one", locks=(lock,)), writer("app.two", locks=(lock,))
    threads = writer("app.three", "other.jsonl", "thread: x.py:1", locks=(lock,))
    assert assessed(one, other, threads) == ["medium", "medium", "low"]
    assert f"lowered by {lock}" in one.risk_reason


def test_a_lock_that_one_writer_does_not_take_lowers_nothing():
    one, other = writer("app.one", locks=("fcntl",)), writer("app.two", line=7)
    assert assessed(one, other) == ["high", "high"]
    assert one.risk_reason.endswith("fcntl is taken by some of them, but not at app/two.py:7")


def test_different_locks_keep_nobody_apart():
    one, other = writer("app.one", locks=("fcntl",)), writer("app.two", locks=("filelock",))
    assert assessed(one, other) == ["high", "high"]
    assert one.risk_reason.endswith("they take different locks, fcntl and filelock")


@pytest.mark.parametrize("lock", ["threading.Lock", "threading.RLock", "asyncio.Lock"])
def test_a_lock_of_threads_keeps_threads_apart_and_nothing_else(lock):
    threads = writer("a", "a.jsonl", "thread: x.py:1", locks=(lock,))
    instances = writer("b", "b.jsonl", "instances: x:1", "instances: y:2", locks=(lock,))
    processes = writer("c", "c.jsonl", "process: x.py:1", locks=(lock,))
    assert assessed(threads, instances, processes) == ["low", "medium", "high"]
    assert instances.risk_reason.endswith(f"{lock} doesn't reach from one instance to another")
    assert processes.risk_reason.endswith(f"{lock} doesn't reach across processes")


def test_a_lock_of_multiprocessing_reaches_the_programs_own_processes():
    own = writer("a", "a.jsonl", "process: x.py:1", locks=("multiprocessing.Lock",))
    programs = writer("b", "b.jsonl", "program: a", "program: b", locks=("multiprocessing.Lock",))
    assert assessed(own, programs) == ["medium", "high"]


def test_what_a_test_writes_is_no_other_writer():
    one, test = writer("app.one"), writer("tests.test_one", "logs/events.jsonl", "test")
    assert assessed(one, test) == ["low", "low"]
    assert "only a test" in test.risk_reason


def test_a_path_that_is_not_known_is_nobody_elses():
    one, other = writer("app.one", ""), writer("app.two", "")
    assert assessed(one, other, writer("app.three")) == ["low", "low", "low"]
    assert "its path isn't known" in one.risk_reason


def test_a_session_s_file_is_not_the_one_that_other_code_names():
    session = writer("app.one", "logs/*.jsonl", "own file: session id")
    assert assessed(session, writer("app.two", "logs/events.jsonl")) == ["low", "low"]


def test_two_modules_that_name_sessions_files_alike_write_the_same():
    one = writer("app.one", "runs/*/events.jsonl", "own file: run id")
    other = writer("app.two", "runs/*/events.jsonl", "own file: run id")
    assert assessed(one, other) == ["high", "high"]


# --- seen at run time


def sighting(module: str, process: int, thread: str = "MainThread", path: str = "logs/events.jsonl") -> Sighting:
    return Sighting(path, "append", Call(f"{module}.py", 5), process, thread, "main.py")


def test_two_processes_seen_writing_one_file_are_high():
    only = writer("app", "*")
    assert assessed(only, evidence=[(only, sighting("app", 1)), (only, sighting("app", 2))]) == ["high"]
    assert "2 were seen writing logs/events.jsonl (main.py)" in only.risk_reason


def test_two_processes_seen_writing_two_files_are_no_risk():
    only = writer("app", "*")
    evidence = [(only, sighting("app", 1)), (only, sighting("app", 2, path="logs/other.jsonl"))]
    assert assessed(only, evidence=evidence) == ["low"]


def test_two_threads_seen_writing_one_file_are_medium():
    only = writer("app")
    evidence = [(only, sighting("app", 1)), (only, sighting("app", 1, "worker"))]
    assert assessed(only, evidence=evidence) == ["medium"]
    assert "(MainThread and worker)" in only.risk_reason


def test_two_modules_seen_writing_one_file_are_high_whatever_their_paths():
    one, other = writer("one", ""), writer("two", "*")
    assert assessed(one, other, evidence=[(one, sighting("one", 1)), (other, sighting("two", 1))]) == ["high", "high"]


# --- paths that can be the same


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("logs/a.jsonl", "logs/a.jsonl", True),
        ("logs/a.jsonl", "logs/b.jsonl", False),
        ("logs/*.jsonl", "logs/b.jsonl", True),
        ("logs/*.jsonl", "other/b.jsonl", False),
        ("*/events.jsonl", "logs/deep/events.jsonl", True),
        ("*/events.jsonl", "logs/metrics.jsonl", False),
        ("logs/events-*.jsonl", "logs/events-1.jsonl", True),
        ("logs/events-*.jsonl", "logs/sub/events-1.jsonl", False),
        ("*", "logs/events.jsonl", False),
        ("*.jsonl", "logs/events.jsonl", False),
        ("*", "*", False),
        ("*.jsonl", "*.jsonl", False),
        ("*/*.jsonl", "*/*.jsonl", False),
        ("sessions/*", "sessions/a.jsonl", True),
    ],
)
def test_whether_two_paths_can_be_one_file(one, other, expected):
    assert can_be_same(one, other) is expected
    assert can_be_same(other, one) is expected


parts = st.text("ab*", min_size=1, max_size=4)
patterns = st.lists(parts, min_size=1, max_size=3).map("/".join)


@given(patterns, patterns)
def test_fitting_is_mutual(one, other):
    assert fits(one, other) is fits(other, one)


@given(patterns, st.lists(st.text("ab", min_size=1, max_size=3), max_size=8))
def test_a_pattern_fits_what_it_becomes_when_its_unknown_parts_are_known(pattern, names):
    known = iter([*names, *["b"] * 20])
    path = "".join(next(known) if character == "*" else character for character in pattern)
    assert fits(pattern, path)
