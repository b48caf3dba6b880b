"""os.fork at awkward moments: the parent's events are stored once, the child's too, and nothing is shared."""

from __future__ import annotations

from pathlib import Path

from programs import integrity, needs_fork, numbers, run

pytestmark = needs_fork


def test_a_fork_amid_the_batches_stores_the_parents_events_once_and_the_childs_too(
    tmp_path: Path, database: Path
) -> None:
    program = """
open_handler(flush_interval=0.01)
metrics("parent", 50_000)
wait_until(lambda: foundups_logging.stats()["stored"])
was_writing = foundups_logging.stats()["queued"] > 0
def flushes():
    metrics("child that flushes", 300)
    flushed()
def dies():
    metric("child that dies at once")
children = [in_child(flushes), in_child(dies)]
child = os.fork()
if child == 0:
    metrics("child that ends", 300)
    sys.exit()
metrics("parent, later", 300)
say(was_writing, *[os.waitpid(one, 0)[1] for one in (*children, child)])
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.out, done.err) == (0, "True 0 0 0\n", "")
    found = numbers(database)
    assert len(found.pop("child that dies at once", [])) <= 1
    few = list(range(300))
    assert found == {
        "parent": list(range(50_000)), "parent, later": few, "child that flushes": few, "child that ends": few,
    }  # fmt: skip
    assert integrity(database) == "ok"


def test_the_parents_own_locks_survive_the_childs_work_and_end(tmp_path: Path, database: Path) -> None:
    program = """
import sqlite3, subprocess
open_handler(close_timeout=0.5)
metric("parent", 0)
flushed()
mine = sqlite3.connect(DATABASE, isolation_level=None)
mine.execute("BEGIN IMMEDIATE")
child = os.fork()
if child == 0:
    metrics("child", 10)
    sys.exit()  # with the lock not to be had: what it logged goes to the spool
say(os.waitpid(child, 0)[1])
attempt = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
tried = subprocess.run([sys.executable, "-c", attempt, DATABASE], capture_output=True, text=True)
say("still locked" if "database is locked" in tried.stderr else "the lock is gone")
mine.execute("ROLLBACK")
mine.close()
metric("parent", 1)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.out) == (0, "0\nstill locked\n"), done.err
    assert run(tmp_path, "open_handler()\nmetric('parent', 2)", database).code == 0  # replays what may be left
    assert numbers(database) == {"parent": [0, 1, 2], "child": list(range(10))}


def test_a_child_of_a_child_stores_its_own(tmp_path: Path, database: Path) -> None:
    program = """
open_handler()
metrics("parent", 2_000)
child = os.fork()
if child == 0:
    metrics("child", 500)
    grandchild = os.fork()
    if grandchild == 0:
        metrics("grandchild", 500)
        sys.exit(0)
    metrics("child", 500)
    sys.exit(os.waitpid(grandchild, 0)[1])
metrics("parent", 2_000)
say(os.waitpid(child, 0)[1])
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.out, done.err) == (0, "0\n", "")
    assert numbers(database) == {
        "parent": [*range(2_000), *range(2_000)], "child": [*range(500), *range(500)], "grandchild": list(range(500)),
    }  # fmt: skip


def test_threads_that_fork_while_others_log(tmp_path: Path, database: Path) -> None:
    program = """
open_handler(queue_size=2_000)
stop, counts = threading.Event(), [0, 0]
def work(number):
    while not stop.is_set():
        metric(f"thread {number}", counts[number])
        counts[number] += 1
def forks(number):
    for round_ in range(4):
        child = os.fork()
        if child == 0:
            metrics(f"child {number} {round_}", 20)
            permission(f"child {number} {round_}")
            flushed()
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            say("a child failed")
workers = [threading.Thread(target=work, args=(number,)) for number in range(2)]
forkers = [threading.Thread(target=forks, args=(number,)) for number in range(2)]
for thread in workers + forkers:
    thread.start()
for thread in forkers:
    thread.join()
stop.set()
for thread in workers:
    thread.join()
say(*counts)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    found = numbers(database)
    children = {f"child {number} {round_}": list(range(20)) for number in range(2) for round_ in range(4)}
    counts = [int(count) for count in done.out.split()]
    assert found == {"thread 0": list(range(counts[0])), "thread 1": list(range(counts[1])), **children}
    assert numbers(database, "permission_events") == {name: [0] for name in children}


def test_a_child_forked_in_a_thread_ends_with_that_thread(tmp_path: Path, database: Path) -> None:
    program = """
open_handler()
metric("parent")
def forks():
    global child
    child = os.fork()
    if child == 0:
        metric("child")  # and returns: the system ends a process with its last thread
thread = threading.Thread(target=forks)
thread.start()
thread.join()
wait_until(lambda: os.waitpid(child, os.WNOHANG) != (0, 0), timeout=10)
"""
    done = run(tmp_path, program, database, timeout=15)
    assert done.code == 0, done.err
    assert numbers(database) == {"parent": [0], "child": [0]}


def test_a_fork_inside_a_signal_handler(tmp_path: Path, database: Path) -> None:
    program = """
open_handler(commit_timeout=0.3, close_timeout=1.0)
children, inside = [], False
def forks(*_):
    global inside
    def child():
        signal.setitimer(signal.ITIMER_REAL, 0)
        metrics("child", 10)
        permission("child")
        # The fork may have come amid a transaction of this thread's, which blocks SQLite in the child for good.
        if not foundups_logging.flush(1):
            log.handlers[0].close()
    if len(children) < 10 and not inside:
        inside = True
        children.append(in_child(child))
        inside = False
signal.signal(signal.SIGALRM, forks)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
count = 0
while len(children) < 10:  # whatever it is at, sooner or later a fork comes there
    metric("parent", count)
    permission("parent", count)
    count += 1
    if count % 20 == 0:
        flushed()
    if count % 50 == 0:
        log.handlers[0].close()
signal.setitimer(signal.ITIMER_REAL, 0)
say(count, *[os.waitpid(child, 0)[1] for child in children])
"""
    done = run(tmp_path, program, database)
    count, *codes = (int(word) for word in done.out.split())
    assert (done.code, codes) == (0, [0] * 10), done.err
    assert run(tmp_path, "open_handler()\nmetric('later')", database).code == 0  # replays what a child had to spool
    found = {name: sorted(values) for name, values in numbers(database).items()}
    assert found == {"parent": list(range(count)), "child": sorted([*range(10)] * 10), "later": [0]}
    assert numbers(database, "permission_events") == {"parent": list(range(count)), "child": [0] * 10}


def test_a_daemon_that_forks_twice_and_closes_all_files(tmp_path: Path, database: Path) -> None:
    program = """
open_handler()
metrics("parent", 5_000)
ours, theirs = os.pipe()
child = os.fork()
if child == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.closerange(3, theirs)
    os.closerange(theirs + 1, 1024)
    metrics("daemon", 500)
    permission("daemon")
    sys.exit()
os.close(theirs)
os.waitpid(child, 0)
metrics("parent, later", 500)
os.read(ours, 1)  # comes back when the daemon has ended
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.out, done.err) == (0, "", "")
    few = list(range(500))
    assert numbers(database) == {"parent": list(range(5_000)), "daemon": few, "parent, later": few}
    assert numbers(database, "permission_events") == {"daemon": [0]}
