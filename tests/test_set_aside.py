"""`foundups-logging set-aside`: a corrupt database out of the way, with nothing lost and nothing deleted."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from accounts import add_segment, command, damage, holding, make_database, run_sql

from foundups_logging import TelemetryStore

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who uses a file")

# Ends as by SIGKILL at the given step of the renaming.
KILLED = """
import os, signal, sys
from pathlib import Path
from foundups_logging.operate.set_aside import set_aside
steps = int(sys.argv[2])
def counted(name, before):
    def step(*arguments, **options):
        global steps
        if not steps:
            os.kill(os.getpid(), signal.SIGKILL)
        steps -= 1
        return before(*arguments, **options)
    return step
os.link, os.fsync = counted("link", os.link), counted("fsync", os.fsync)
Path.rename, Path.unlink = counted("rename", Path.rename), counted("unlink", Path.unlink)
set_aside(Path(sys.argv[1]), force=True)
"""


@pytest.fixture
def filled(database):
    """A database of a few hundred pages."""
    make_database(database)
    with TelemetryStore(database) as store:
        for _ in range(300):
            store.record("log_events", event="filler", text="x" * 2000)
    return database


@pytest.fixture
def corrupt(filled):
    damage(filled)
    return filled


def can_recover():
    """Some distributions build the shell without what .recover needs."""
    shell = shutil.which("sqlite3")
    arguments = [shell, ":memory:", "SELECT count(*) FROM sqlite_dbpage"]
    return shell is not None and subprocess.run(arguments, capture_output=True, check=False).returncode == 0


def leave_a_log(database):
    """Have the newest commit in the log only, as a killed program leaves it."""
    script = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA wal_autocheckpoint = 0")
connection.execute("CREATE TABLE newest AS SELECT 'in the log' AS text")
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script, database], check=True)
    assert Path(f"{database}-wal").stat().st_size


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_all_its_files_are_renamed_together(corrupt):
    leave_a_log(corrupt)
    before = {suffix: Path(f"{corrupt}{suffix}").read_bytes() for suffix in ("", "-wal")}
    code, out, err = command("set-aside", "-d", corrupt, "--yes")
    assert (code, err) == (0, "")
    target = re.search(r"is now (\S+\.set-aside-[0-9]{8}T[0-9]{6}Z)\n", out)[1]
    assert {suffix: Path(f"{target}{suffix}").read_bytes() for suffix in ("", "-wal")} == before
    left = names(corrupt.parent)
    assert left - {"foundups.db-lock"} == {f"{Path(target).name}{suffix}" for suffix in ("", "-wal", "-shm")}
    assert "Running programs notice, make a new database" in out
    assert f"sqlite3 {target} .recover | sqlite3 {corrupt.with_name('foundups-recovered.db')}" in out
    assert run_sql(target, "SELECT text FROM newest") == [("in the log",)]  # it finds its log


def test_a_program_then_makes_a_new_database(corrupt):
    assert command("set-aside", "-d", corrupt, "--yes")[0] == 0
    make_database(corrupt)
    assert command("doctor", "-d", corrupt)[0] == 0
    assert run_sql(corrupt, "SELECT count(*) FROM metrics_events") == [(1,)]


@pytest.mark.skipif(not can_recover(), reason="there is no SQLite shell that can recover")
def test_what_it_says_to_recover_works(corrupt):
    _, out, _ = command("set-aside", "-d", corrupt, "--yes")
    done = subprocess.run(out.splitlines()[-2], shell=True, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    recovered = corrupt.with_name("foundups-recovered.db")
    assert 0 < run_sql(recovered, "SELECT count(*) FROM log_events")[0][0] <= 300


def test_two_at_the_same_second_do_not_overwrite_each_other(corrupt):
    data = corrupt.read_bytes()
    for _ in range(3):
        corrupt.write_bytes(data)
        assert command("set-aside", "-d", corrupt, "--yes")[0] == 0
    logs = ("-wal", "-shm")
    assert len([name for name in names(corrupt.parent) if "set-aside" in name and not name.endswith(logs)]) == 3


class TestRefusals:
    def test_a_sound_database_stays(self, filled):
        before = names(filled.parent)
        code, out, err = command("set-aside", "-d", filled, "--yes")
        assert (code, out) == (1, "")
        assert "SQLite finds no fault in it (leave it where it is, or give --force)" in err
        assert names(filled.parent) - {"foundups.db-shm", "foundups.db-wal"} == before
        assert command("set-aside", "-d", filled, "--yes", "--force")[0] == 0
        assert not filled.exists()

    def test_nothing_is_done_where_nobody_can_be_asked(self, corrupt):
        code, out, err = command("set-aside", "-d", corrupt, stdin=subprocess.DEVNULL)
        assert (code, out) == (2, "")
        assert "give --yes" in err
        assert corrupt.exists()

    def test_a_database_that_is_not_there(self, tmp_path):
        code, _, err = command("set-aside", "-d", tmp_path / "none.db", "--yes")
        assert code == 1
        assert "there is no such file" in err
        assert list(tmp_path.iterdir()) == []

    def test_one_that_is_locked_is_not_called_corrupt(self, filled):
        with holding(filled, "exclusive"):
            code, _, err = command("set-aside", "-d", filled, "--yes")
        assert code == 1
        assert "database is locked" in err

    @linux_only
    def test_one_to_which_a_program_writes_that_would_not_notice(self, corrupt):
        with holding(corrupt, "open") as stranger:
            code, _, err = command("set-aside", "-d", corrupt, "--yes")
            assert code == 1
            assert f"process {stranger.pid} (" in err
            assert corrupt.exists()

    @linux_only
    def test_one_whose_lock_is_held(self, corrupt):
        script = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
        arguments = [sys.executable, "-c", script, f"{corrupt}-lock"]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            holder.stdout.readline()
            code, _, err = command("set-aside", "-d", corrupt, "--yes")
            holder.kill()
        assert code == 1
        assert f"{corrupt}-lock was held for 5 s" in err
        assert corrupt.exists()


def test_behind_a_link_it_is_the_file_that_is_renamed(corrupt, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(corrupt)
    assert command("set-aside", "-d", link, "--yes")[0] == 0
    assert link.is_symlink()
    assert not corrupt.exists()
    assert len(list(corrupt.parent.glob("foundups.db.set-aside-*Z"))) == 1


def test_the_spool_stays(corrupt):
    spool = corrupt.with_name("foundups.db-spool")
    add_segment(spool, 3)
    assert command("set-aside", "-d", corrupt, "--yes")[0] == 0
    assert len(list(spool.iterdir())) == 1


def test_a_database_whose_first_page_is_gone(filled):
    data = bytearray(filled.read_bytes())
    data[:4096] = bytes(4096)
    filled.write_bytes(data)
    assert command("set-aside", "-d", filled, "--yes")[0] == 0


@linux_only
@pytest.mark.parametrize("step", range(8))
def test_a_kill_at_any_step_leaves_database_and_log_together(filled, step):
    """Under one name or the other; also once a program has made a new database meanwhile."""
    leave_a_log(filled)
    done = subprocess.run([sys.executable, "-c", KILLED, filled, str(step)], check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    make_database(filled)
    found = [filled, *filled.parent.glob("foundups.db.set-aside-*Z")]
    logs = []
    for path in found:
        with closing(sqlite3.connect(path)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'newest'").fetchone():
                logs += connection.execute("SELECT text FROM newest").fetchall()
                assert connection.execute("SELECT count(*) FROM log_events").fetchone() == (300,)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert logs == [("in the log",)]
    assert run_sql(filled, "SELECT count(*) FROM metrics_events")[0][0] in (1, 2)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo terminals")
@pytest.mark.parametrize(("answer", "is_gone"), [(b"n\n", False), (b"y\n", True)])
def test_on_a_terminal_it_asks_first(corrupt, answer, is_gone):
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "foundups_logging", "set-aside", "-d", corrupt],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.write(ours, answer)
    out, err = process.communicate(timeout=60)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == (0 if is_gone else 1), err
    assert f"Set {corrupt} aside? [y/N]" in out + err
    assert corrupt.exists() != is_gone
