"""Programs that are watched: real ones, with children, threads, signals and habits of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import wait_until

from foundups_logging.audit import audit
from foundups_logging.audit.model import Access, Call
from foundups_logging.audit.watch.merge import merge
from foundups_logging.audit.watch.sighting import Sighting
from foundups_logging.audit.watch.watching import Watched, watch
from foundups_logging.errors import ConfigurationError

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The audited folder, where programs run; what is temporary lies beside it."""
    root, temporary = tmp_path / "tree", tmp_path / "temporary"
    root.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return root


def run(tree: Path, text: str, *arguments: str, name: str = "main.py") -> Watched:
    """Watch a program of this text."""
    (tree / name).write_text(textwrap.dedent(text), "utf-8")
    return watch([sys.executable, name, *arguments], tree)


def opened(watched: Watched) -> set[tuple[str, str, int, str]]:
    return {(seen.path, seen.mode, seen.place.line, seen.place.function) for seen in watched.sightings}


def paths(watched: Watched) -> set[str]:
    return {seen.path for seen in watched.sightings}


# --- what is seen


def test_each_way_to_open_a_file_is_seen_where_it_stands(tree):
    watched = run(
        tree,
        """\
        import gzip, logging, os
        from pathlib import Path
        open("a.jsonl", "a").close()
        open("a.jsonl", "w").close()
        open(b"a.jsonl").close()
        Path("b.jsonl").open("a").close()
        Path("c.jsonl").write_text("{}\\n")
        os.close(os.open("d.ndjson", os.O_WRONLY | os.O_CREAT | os.O_APPEND))
        gzip.open("e.jsonl.gz", "at").close()
        logging.FileHandler("f.jsonl").close()
        os.truncate("a.jsonl", 0)
        class Log:
            def write(self):
                open(os.path.abspath("g.jsonl.1"), "r+" if os.path.exists("g.jsonl.1") else "x").close()
        Log().write()
        """,
    )
    assert (watched.code, watched.problems) == (0, [])
    assert opened(watched) == {
        ("a.jsonl", "append", 3, ""),
        ("a.jsonl", "rewrite", 4, ""),
        ("a.jsonl", "read", 5, ""),
        ("b.jsonl", "append", 6, ""),
        ("c.jsonl", "rewrite", 7, ""),
        ("d.ndjson", "append", 8, ""),
        ("e.jsonl.gz", "append", 9, ""),
        ("f.jsonl", "append", 10, ""),
        ("a.jsonl", "truncate", 11, ""),
        ("g.jsonl.1", "rewrite", 14, "Log.write" if sys.version_info >= (3, 11) else "write"),
    }
    assert {seen.place.file for seen in watched.sightings} == {"main.py"}


def test_a_temporary_file_put_in_its_place_is_a_rewrite_where_it_was_opened(tree):
    watched = run(
        tree,
        """\
        import os, tempfile
        with open("state.jsonl.tmp", "w") as file:
            file.write("{}\\n")
        os.replace("state.jsonl.tmp", "state.jsonl")
        with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as file:
            file.write("{}\\n")
        os.replace(file.name, "other.jsonl")
        os.rename("other.jsonl", "other.jsonl.1")
        """,
    )
    assert opened(watched) == {("state.jsonl", "rewrite", 2, ""), ("other.jsonl", "rewrite", 5, "")}


def test_the_innermost_place_in_the_tree_is_told_not_the_library_s(tree, tmp_path):
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "sink.py").write_text("def write(path):\n    open(path, 'a').close()\n")
    text = f"import sys\nsys.path.append({str(library)!r})\nimport sink\nsink.write('a.jsonl')\n"
    (seen,) = run(tree, text).sightings
    assert (seen.place.file, seen.place.line) == ("main.py", 4)


def test_children_forks_and_threads_are_seen_each_as_what_it_is(tree):
    watched = run(
        tree,
        """\
        import multiprocessing, subprocess, sys, threading
        def write():
            open("a.jsonl", "a").close()
        if __name__ == "__main__":
            write()
            thread = threading.Thread(target=write, name="worker")
            thread.start()
            thread.join()
            for method in multiprocessing.get_all_start_methods():
                child = multiprocessing.get_context(method).Process(target=write)
                child.start()
                child.join()
            subprocess.run([sys.executable, "-c", "open('a.jsonl', 'a')"], check=True)
        """,
    )
    assert watched.code == 0
    by_thread = [seen.thread for seen in watched.sightings if seen.place.file == "main.py"]
    assert by_thread.count("worker") == 1
    processes = {seen.process for seen in watched.sightings}
    assert len(processes) == 2 + len(__import__("multiprocessing").get_all_start_methods())
    assert "<string>" in {seen.place.file for seen in watched.sightings}


@needs_fork
def test_a_child_that_a_fork_made_tells_what_its_parent_told_already(tree):
    watched = run(
        tree,
        """\
        import os
        def write():
            open("a.jsonl", "a").close()
        write()
        child = os.fork()
        write()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        """,
    )
    assert len({seen.process for seen in watched.sightings}) == 2


def test_what_is_opened_again_and_again_is_told_once(tree):
    watched = run(tree, "for _ in range(1000):\n    open('a.jsonl', 'a').close()\n")
    assert len(watched.sightings) == 1


def test_more_different_files_than_a_process_can_note_are_told_as_such(tree):
    text = "for number in range(10_050):\n    try: open(f'none/{number}.jsonl')\n    except OSError: pass\n"
    watched = run(tree, text)
    assert len(watched.sightings) == 10_000 - 1
    assert [problem.kind for problem in watched.problems] == ["watched in part"]


def test_names_with_odd_characters_are_told_as_they_are(tree):
    name = "a 'b'\n\t✊\\x.jsonl" if os.name != "nt" else "a 'b' ✊.jsonl"
    watched = run(tree, f"open({name!r}, 'a').close()\n")
    assert paths(watched) == {name.replace(os.sep, "/")}


def test_a_python_that_is_not_watched_is_said_to_be_so(tree):
    watched = watch([sys.executable, "-I", "-c", "open('a.jsonl', 'a')"], tree)
    assert watched.sightings == []
    assert [problem.kind for problem in watched.problems] == ["not watched"]


# --- the program is what it would be


def test_the_exit_code_output_and_input_are_the_programs(tree, capfd, monkeypatch):
    (tree / "given").write_text("hej")
    saved = os.dup(0)
    with (tree / "given").open() as given:
        os.dup2(given.fileno(), 0)
    try:
        watched = run(tree, "import sys\nprint('out', sys.stdin.read())\nprint('err', file=sys.stderr)\nsys.exit(7)\n")
    finally:
        os.dup2(saved, 0)
        os.close(saved)
    assert watched.code == 7
    assert capfd.readouterr() == ("out hej\n", "err\n")


def test_its_path_and_modules_are_as_they_would_be(tree, capfd):
    text = "import sys, os\nprint(sys.path, sorted(sys.modules), sys.argv, os.getcwd())\n"
    run(tree, text, "argument")
    watched = capfd.readouterr().out
    subprocess.run([sys.executable, "main.py", "argument"], check=True)
    alone = capfd.readouterr().out
    for name in ("__future__", "sitecustomize"):  # what the hook adds
        watched, alone = (text.replace(f"'{name}', ", "") for text in (watched, alone))
    assert watched == alone


@pytest.mark.parametrize("failing", [False, True])
def test_its_own_sitecustomize_runs_as_ever(tree, monkeypatch, capfd, failing):
    own = tree / "own"
    own.mkdir()
    (own / "sitecustomize.py").write_text(f"MARK = 1\n{'raise ValueError(4711)' if failing else ''}\n")
    monkeypatch.setenv("PYTHONPATH", str(own))
    text = "import sitecustomize\nprint(sitecustomize.__file__)\nopen('a.jsonl', 'a').close()\n"
    watched = run(tree, text)
    out, err = capfd.readouterr()
    assert paths(watched) == (set() if failing else {"a.jsonl"})  # importing it again fails in the program too
    assert "4711" in err if failing else out == f"{own / 'sitecustomize.py'}\n"


def test_what_is_opened_in_the_program_s_last_moments_harms_nothing(tree, capfd):
    watched = run(
        tree,
        """\
        import atexit
        class Late:
            def __del__(self, open=open):
                open("late.jsonl", "a").close()
        late = Late()
        late.itself = late
        atexit.register(lambda: open("exit.jsonl", "a").close())
        """,
    )
    assert watched.code == 0
    assert capfd.readouterr().err == ""
    assert (tree / "late.jsonl").exists()
    assert "exit.jsonl" in paths(watched)


@needs_signals
def test_what_a_signal_handler_raises_reaches_the_program(tree):
    watched = run(
        tree,
        """\
        import os, signal
        class Alarm(Exception): pass
        def handler(number, frame): raise Alarm
        signal.signal(signal.SIGALRM, handler)
        caught = 0
        for number in range(300):
            signal.setitimer(signal.ITIMER_REAL, 0.0001 + number % 30 * 1e-5)
            try:
                for other in range(100_000):
                    try: open(f"none/{number}-{other}.jsonl")
                    except FileNotFoundError: pass
            except Alarm:
                caught += 1
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        assert caught == 300, caught
        """,
    )
    assert watched.code == 0


def test_a_program_that_replaces_functions_of_os_is_left_alone(tree):
    watched = run(
        tree,
        """\
        import os
        def refuse(*args, **kwargs): raise AssertionError("called by someone else")
        os.open = os.write = os.close = os.getpid = os.getcwd = refuse
        os.path.join = os.path.abspath = os.path.realpath = refuse
        open("a.jsonl", "a").close()
        """,
    )
    assert watched.code == 0


def test_a_program_at_its_limit_of_open_files_goes_on(tree):
    resource = pytest.importorskip("resource")
    assert resource
    watched = run(
        tree,
        """\
        import os, resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
        held = []
        try:
            while True: held.append(open("a.jsonl", "a"))
        except OSError as error:
            assert error.errno == 24, error
        """,
    )
    assert watched.code == 0


def test_nothing_is_left_behind(tree, tmp_path):
    run(tree, "open('a.jsonl', 'a').close()\n")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(path.name for path in tree.iterdir()) == ["a.jsonl", "main.py"]


def test_a_command_that_is_not_there_is_told(tree):
    with pytest.raises(ConfigurationError, match=r"run no-such-program: .*\(give a command"):
        watch(["no-such-program"], tree)


# --- signals


WATCH = """\
import sys
from pathlib import Path
from foundups_logging.audit.watch.watching import watch
watched = watch(sys.argv[1:], Path("."))
print([seen.path for seen in watched.sightings], flush=True)
sys.exit(watched.code)
"""


@needs_signals
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGINT"])
def test_signals_to_the_watcher_reach_the_program(tree, name):
    (tree / "main.py").write_text(
        textwrap.dedent(
            f"""\
            import signal, sys, time
            def handler(number, frame):
                open("told.jsonl", "a").close()
                sys.exit(9)
            signal.signal(signal.{name}, handler)
            open("ready", "w").close()
            time.sleep(60)
            """
        )
    )
    watcher = subprocess.Popen(
        [sys.executable, "-c", WATCH, sys.executable, "main.py"], stdout=subprocess.PIPE, start_new_session=True
    )
    wait_until((tree / "ready").exists)
    watcher.send_signal(getattr(signal, name))
    out, _ = watcher.communicate(timeout=30)
    assert watcher.returncode == 9
    assert b"told.jsonl" in out


@needs_signals
@pytest.mark.parametrize("number", [signal.SIGTERM, getattr(signal, "SIGKILL", None)])
def test_a_program_that_a_signal_kills_ends_as_shells_tell_it(tree, number):
    watched = run(tree, f"import os\nopen('a.jsonl', 'a').close()\nos.kill(os.getpid(), {int(number)})\n")
    assert watched.code == 128 + number
    assert paths(watched) == {"a.jsonl"}


@needs_signals
def test_the_watchers_own_handlers_are_back_afterwards(tree):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)]
    run(tree, "")
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)] == before


# --- merged with what the code tells


def access(line: int = 3, path: str = "a.jsonl", mechanism: str = "open", **more) -> Access:
    return Access(Call("app/log.py", line, "Log.write", "app.log"), more.pop("mode", "append"), mechanism, path, **more)


def sighting(line: int = 3, path: str = "a.jsonl", mode="append", file="app/log.py", function="Log.write") -> Sighting:
    return Sighting(path, mode, Call(file, line, function), 1, "MainThread")


def test_a_place_is_known_again_by_its_line_or_function():
    for line in (3, 4):
        (known,) = accesses = [access()]
        merge(accesses, [sighting(line)], ["a.jsonl"])
        assert (len(accesses), known.seen, known.matches) == (1, "seen", ("a.jsonl",))


def test_of_several_paths_of_a_place_the_one_that_was_opened_is_seen():
    accesses = [access(path="a.jsonl"), access(path="b.jsonl"), access(path="*.jsonl")]
    merge(accesses, [sighting()], [])
    assert [known.seen for known in accesses] == ["seen", "static only", "static only"]


def test_a_pattern_is_seen_by_what_fits_it():
    accesses = [access(path="logs/*.jsonl")]
    merge(accesses, [sighting(path="run/logs/7.jsonl")], [])
    assert [known.seen for known in accesses] == ["seen"]


def test_reading_is_not_writing():
    accesses = [access()]
    merge(accesses, [sighting(mode="read")], [])
    assert [(known.mode, known.seen) for known in accesses] == [("append", "static only"), ("read", "seen only")]


def test_another_path_of_a_known_place_is_seen_only():
    accesses = [access(path="a.jsonl", via=(Call("app/x.py", 1),))]
    merge(accesses, [sighting(path="b.jsonl")], [])
    assert [(known.path, known.seen, known.mechanism, known.via) for known in accesses] == [
        ("a.jsonl", "static only", "open", (Call("app/x.py", 1),)),
        ("b.jsonl", "seen only", "open", ()),
    ]


def test_a_place_that_the_code_does_not_tell_is_seen_only():
    accesses = [access()]
    merge(accesses, [sighting(file="tools/more.py", function="f")], [])
    assert (accesses[1].seen, accesses[1].mechanism, accesses[1].place.module) == ("seen only", "library", "tools.more")


def test_a_library_that_opens_later_or_elsewhere_is_known_by_its_path():
    accesses = [access(mechanism="aiofiles")]
    merge(accesses, [sighting(file="/lib/site-packages/aiofiles/os.py", function="wrap")], [])
    assert [known.seen for known in accesses] == ["seen"]


def test_text_files_and_what_lies_elsewhere_are_left_out():
    accesses: list[Access] = []
    merge(accesses, [sighting(path="notes.txt"), sighting(path="/x/a.jsonl", file="/lib/x.py")], ["a.jsonl"])
    assert accesses == []


def test_a_report_tells_what_was_seen_and_what_was_not(tree, tmp_path):
    (tree / "sink.py").write_text(
        "import json\ndef write(path):\n    with open(path, 'a') as file:\n        file.write(json.dumps({}) + '\\n')\n"
    )
    watched = run(
        tree,
        """\
        import json, os, sys
        import sink
        def never():
            with open("never.jsonl", "a") as file:
                file.write(json.dumps({}) + "\\n")
        sink.write("seen.jsonl")
        sink.write("".join(map(chr, [104, 105])) + ".jsonl")
        open("hidden.jsonl", "a").close()
        if os.fork() == 0:
            sink.write("seen.jsonl")
            os._exit(0)
        os.wait()
        """,
    )
    report = audit(tree, cache_folder=tmp_path / "cache", observations=watched)
    writers = {writer["path"]: writer for writer in report["writers"]}
    assert writers["seen.jsonl"]["seen"] == "seen"
    assert writers["never.jsonl"]["seen"] == "static only"
    assert writers["hidden.jsonl"]["seen"] == "seen"
    assert "hi.jsonl" in {entry["path"] for writer in report["writers"] for entry in writer["sightings"]}
    assert writers["seen.jsonl"]["concurrency_risk"] == "high"
    assert "2 were seen writing seen.jsonl" in writers["seen.jsonl"]["reason"]
    assert len({entry["process"] for entry in writers["seen.jsonl"]["sightings"]}) == 2
    assert report["summary"]["watched"] is True
