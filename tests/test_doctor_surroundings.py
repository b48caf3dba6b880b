"""`foundups-logging doctor` on what is around a database: files, room, the log, and who else uses it."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from accounts import add_segment, doctor, holding, problems
from click.testing import CliRunner

from foundups_logging import TelemetryStore
from foundups_logging.cli import commands
from foundups_logging.operate.surroundings import has_wal_reset_risk
from foundups_logging.sinks import filesystem

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who uses a file")
not_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may do anything")
root_only = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs root's rights")


@pytest.mark.parametrize(
    ("version", "risk"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_the_releases_of_sqlite_with_the_wal_reset_fault(version, risk):
    assert has_wal_reset_risk(version) == risk


@posix_only
def test_files_that_others_can_use(filled, spool):
    filled.chmod(0o644)
    Path(f"{filled}-lock").chmod(0o660)
    add_segment(spool, 0)
    spool.chmod(0o755)
    found = doctor(filled)["permissions"]
    assert [(finding["level"], finding["hint"]) for finding in found] == [
        ("problem", f"chmod 600 {filled}"),
        ("note", f"unless that is meant: chmod 600 {filled}-lock"),
        ("problem", f"chmod 700 {spool}"),
    ]
    assert "0644" in found[0]["message"]


@root_only
def test_files_of_different_owners(filled):
    for name in (filled, f"{filled}-lock"):
        os.chown(name, 12345, 12345)
    os.chown(filled.parent, 12345, 12345)
    assert problems(filled) == []
    os.chown(f"{filled}-lock", 0, 0)
    (found,) = problems(filled)
    assert f"chown 12345 {filled}-lock" in found


@root_only
@linux_only
def test_files_that_reading_makes_belong_to_the_databases_owner(filled):
    """Else its programs couldn't write any more, once root has looked at it."""
    os.chown(filled, 12345, 12345)
    doctor(filled)
    for suffix in ("-wal", "-shm"):
        made = Path(f"{filled}{suffix}")
        assert not made.exists() or made.stat().st_uid == 12345


@not_root
def test_a_folder_that_cannot_be_written(filled):
    filled.parent.chmod(0o500)
    try:
        assert any(text.startswith("permissions: ") for text in problems(filled))
    finally:
        filled.parent.chmod(0o700)


@root_only
@linux_only
def test_a_disk_with_little_room(filled, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "none", small], check=False).returncode:
        pytest.skip("no right to mount")
    try:
        shutil.copy2(filled, small / "foundups.db")
        (found,) = problems(small / "foundups.db")
        assert found.startswith("disk space: ")
        assert f"MiB free at {small}" in found
        assert "make room" in found
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)


def test_another_journal_mode_is_a_note(filled):
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    (finding,) = doctor(filled)["journal mode"]
    assert finding["level"] == "note"
    assert "(delete)" in finding["message"]


@linux_only
@pytest.mark.parametrize("log", ["an empty log", "a log"])
def test_a_log_beyond_its_limit_that_a_read_holds(filled, log):
    with closing(sqlite3.connect(filled)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("PRAGMA synchronous = OFF")
        writer.execute("CREATE TABLE big (text)")
        if log == "an empty log":
            writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with holding(filled, "read") as reader:
            with writer:
                writer.executemany("INSERT INTO big VALUES (?)", (("x" * 1_000_000,) for _ in range(70)))
            (finding,) = doctor(filled)["wal"]
    assert finding["level"] == "problem"
    assert f"process {reader.pid} (" in finding["message"]
    assert f"process {os.getpid()} (" not in finding["message"]
    assert finding["hint"] == "end that read; the log is cut by the next checkpoint"


@linux_only
def test_a_big_log_that_nobody_holds_is_a_note(filled):
    with closing(sqlite3.connect(filled)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("CREATE TABLE big (text)")
        with writer:
            writer.executemany("INSERT INTO big VALUES (?)", (("x" * 1_000_000,) for _ in range(70)))
        assert doctor(filled)["wal"][0]["level"] == "note"


def test_a_network_file_system_is_a_problem(filled, tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_text(f"30 1 0:40 / / rw - ext4 /dev/vda rw\n31 30 0:41 / {filled.parent} rw - nfs4 server:/data rw\n")
    monkeypatch.setattr(filesystem, "MOUNT_TABLE", str(table))
    result = CliRunner().invoke(commands, ["doctor", "-d", str(filled)])
    assert result.exit_code == 1
    assert f"{filled.parent} is on a network file system (nfs4)" in result.stdout
    assert 'journal_mode="DELETE"' in result.stdout


@linux_only
class TestOtherPrograms:
    def test_one_that_writes_past_the_lock(self, filled):
        with holding(filled, "open") as stranger:
            (finding,) = doctor(filled)["other writers"]
            assert f"process {stranger.pid} (" in finding["message"]
            assert finding["level"] == ("problem" if has_wal_reset_risk() else "note")

    def test_one_that_only_reads_is_none(self, filled):
        with holding(filled, "read"):
            (finding,) = doctor(filled)["other writers"]
            assert finding["level"] == "ok"

    def test_our_own_writers_are_none(self, filled):
        with TelemetryStore(filled) as store:
            store.record("metrics_events", metric_name="speed", value=1.5)
            assert problems(filled) == []
            (finding,) = doctor(filled)["other writers"]
            assert finding["level"] == "ok"

    def test_a_forked_child_that_has_its_parents_files_open_is_none(self, filled):
        script = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT count(*) FROM metrics_events").fetchone()
lock = open(sys.argv[1] + "-lock")
if not os.fork():
    lock.close()
print(os.getpid(), flush=True)
input()
"""
        arguments = [sys.executable, "-c", script, str(filled)]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
            for _ in range(2):
                parent.stdout.readline()
            assert problems(filled) == []

    def test_a_link_to_the_database_is_no_other(self, filled, tmp_path):
        link = tmp_path / "link.db"
        link.symlink_to(filled)
        with TelemetryStore(link) as store:
            store.record("metrics_events", metric_name="speed", value=1.5)
            assert problems(link) == []
            add_segment(filled.with_name("foundups.db-spool"), 1)
            assert any("1 row in 1 segment" in text for text in problems(link))

    def test_one_that_keeps_others_from_writing(self, filled):
        with holding(filled, "write") as holder:
            found = problems(filled)
            assert any(text.startswith(f"locks: process {holder.pid} (") and "2 seconds" in text for text in found)

    def test_one_that_keeps_the_writers_lock(self, filled):
        script = "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"
        arguments = [sys.executable, "-c", script, f"{filled}-lock"]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            holder.stdout.readline()
            found = problems(filled)
            holder.kill()
        assert any(text.startswith(f"locks: process {holder.pid} (") for text in found)
