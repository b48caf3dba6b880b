"""multiprocessing in all its ways: children end with os._exit, pools end theirs by SIGTERM, all they logged is kept."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import pytest
from programs import integrity, numbers, run

METHODS = [method for method in ("fork", "forkserver", "spawn") if method in multiprocessing.get_all_start_methods()]
methods = pytest.mark.parametrize("method", METHODS)
not_windows = pytest.mark.skipif(sys.platform == "win32", reason="processes are ended by no signal there")

WORKERS = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
def prepare(settings={}):
    if not log.handlers:
        open_handler(**settings)
def work(name):
    prepare()
    metrics(name, 50)
    permission(name)
    return name
"""
TASKS = 24


def assert_stored_once(database: Path, tasks: int = TASKS, parent: str | None = "parent") -> None:
    parents = {parent: list(range(500))} if parent else {}
    assert numbers(database) == {**parents, **{f"task {task}": list(range(50)) for task in range(tasks)}}
    assert numbers(database, "permission_events") == {f"task {task}": [0] for task in range(tasks)}
    assert integrity(database) == "ok"


def in_main(method: str, text: str) -> str:
    """A program whose main part logs 500 events, then does as `text` says with `context` and `names`."""
    lines = "".join(f"    {line}\n" for line in text.strip().splitlines())
    return (
        f"{WORKERS}\nif __name__ == '__main__':\n    prepare()\n    metrics('parent', 500)\n"
        f"    context = multiprocessing.get_context({method!r})\n"
        f"    names = [f'task {{number}}' for number in range({TASKS})]\n{lines}"
    )


@methods
def test_a_pool_that_replaces_its_workers_and_is_closed(tmp_path: Path, database: Path, method: str) -> None:
    program = in_main(
        method,
        """
with context.Pool(2, maxtasksperchild=2) as pool:
    pool.map(work, names, chunksize=1)
    pool.close()
    pool.join()
""",
    )
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    assert_stored_once(database)


@not_windows
@methods
def test_a_pool_that_is_terminated_loses_nothing_with_flush_on_sigterm(
    tmp_path: Path, database: Path, method: str
) -> None:
    program = in_main(
        method,
        """
settings = {"flush_on_sigterm": True, "flush_interval": 60}  # so that nothing but the signal has it flushed
for handler in log.handlers[:]:
    log.removeHandler(handler)
    handler.close()
prepare(settings)
with context.Pool(2, initializer=prepare, initargs=(settings,)) as pool:
    pool.map(work, names)  # and then, as the end of `with` does, terminate()
""",
    )
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    assert_stored_once(database)


@methods
def test_an_executor(tmp_path: Path, database: Path, method: str) -> None:
    program = in_main(
        method,
        """
with ProcessPoolExecutor(2, mp_context=context) as pool:
    list(pool.map(work, names))
""",
    )
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    assert_stored_once(database)


@methods
def test_children_that_return_exit_raise_or_are_daemons(tmp_path: Path, database: Path, method: str) -> None:
    program = in_main(
        method,
        """
import ends
endings = [ends.returns, ends.exits, ends.raises, ends.leaves_a_thread_behind]
children = [context.Process(target=end, args=(f"task {number}",)) for number, end in enumerate(endings)]
children.append(context.Process(target=ends.returns, args=("task 4",), daemon=True))
for child in children:
    child.start()
for child in children:
    child.join()
say(*[child.exitcode for child in children])
""",
    )
    (tmp_path / "ends.py").write_text("""
import multiprocessing.util, sys, threading
main = sys.modules["__mp_main__"] if "__mp_main__" in sys.modules else sys.modules["__main__"]
def returns(name):
    main.work(name)
def exits(name):
    main.work(name)
    sys.exit(3)
def raises(name):
    main.work(name)
    raise RuntimeError("the child's own")
def leaves_a_thread_behind(name):
    def works_late():  # after multiprocessing has run what is registered with it for the end
        if sys.version_info < (3, 13):  # later ones wait for threads first
            main.wait_until(multiprocessing.util.is_exiting)
        main.work(name)
    threading.Thread(target=works_late).start()
""")
    done = run(tmp_path, program, database)
    assert (done.code, done.out) == (0, "0 3 1 0 0\n"), done.err
    assert_stored_once(database, 5)


@not_windows
@methods
def test_a_child_that_is_terminated_keeps_what_it_logged_with_flush_on_sigterm(
    tmp_path: Path, database: Path, method: str
) -> None:
    program = in_main(
        method,
        """
import waits
log.handlers.clear()
ours, theirs = context.Pipe()
child = context.Process(target=waits.works_and_waits, args=(theirs,))
child.start()
theirs.close()
ours.recv()
child.terminate()
child.join()
say(child.exitcode)
""",
    )
    (tmp_path / "waits.py").write_text("""
import sys, threading
main = sys.modules["__mp_main__"] if "__mp_main__" in sys.modules else sys.modules["__main__"]
def works_and_waits(pipe):
    main.prepare({"flush_on_sigterm": True, "flush_interval": 60})
    main.work("task 0")
    pipe.send("ready")
    threading.Event().wait()
""")
    done = run(tmp_path, program, database)
    assert (done.code, done.out, done.err) == (0, "-15\n", "")
    assert_stored_once(database, 1)
