"""Databases on network file systems: told by the mount table, refused a write-ahead log, written with a journal."""

import errno
import logging.config
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from accounts import holding, make_database
from fuse_mount import mounted

from foundups_logging import ConfigurationError, DomainTableHandler, StorageError, TelemetryStore
from foundups_logging.sinks import filesystem
from foundups_logging.sinks.connections import check_journal_mode, open_writer
from foundups_logging.sinks.filesystem import filesystem_type, network_filesystem

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="the mount table is Linux's")

# As a file server's client, a container and a laptop have it; the first two columns say what is mounted on what.
TABLE = r"""22 27 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,discard
40 27 0:35 / /mnt/nfs rw,relatime shared:200 - nfs4 fs1.example:/export rw,vers=4.2,rsize=1048576,addr=10.0.0.7
41 40 8:1 / /mnt/nfs/local rw,relatime - xfs /dev/sda1 rw,attr2
42 27 0:36 / /mnt/two\040words\134s rw,relatime shared:201 master:3 - cifs //server/a\040share rw,vers=3.1.1
43 27 0:37 / /home/ana/remote rw,nosuid,nodev,relatime - fuse.sshfs ana@server:/data rw,user_id=1000,group_id=1000
44 27 0:35 /exports/logs /srv/logs rw,relatime shared:200 - nfs4 fs1.example:/export rw,vers=4.2
45 27 0:38 / /mnt/c rw,noatime - 9p drvfs rw,dirsync,aname=drvfs;path=C:\;uid=0
46 27 8:2 / /mnt/ntfs rw,relatime - fuseblk /dev/sda2 rw,user_id=0,group_id=0
47 27 0:39 / /mnt/over rw,relatime - nfs fs2.example:/old rw
48 47 0:40 / /mnt/over rw,relatime - tmpfs tmpfs rw
49 27 0:41 / /mnt/under rw,relatime - tmpfs tmpfs rw
50 49 0:42 / /mnt/under rw,relatime - nfs fs2.example:/new rw
51 27 0:43 / /mnt/hidden rw,relatime - nfs fs3.example:/ rw
52 51 8:3 / /mnt/hidden/deep rw,relatime - ext4 /dev/sda3 rw
53 51 0:44 / /mnt/hidden rw,relatime - ceph 10.0.0.9:6789:/ rw
54 27 0:45 / /mnt/share rw,relatime - virtiofs share rw
a line that is none
"""
MAC = """/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect)
//ana@server._smb._tcp.local/logs (old) on /Volumes/logs (old) (smbfs, nodev, nosuid, mounted by ana)
server:/export on /Volumes/nfs (nfs, nodev, nosuid, automounted)
"""


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Write the mount table that is read from now on."""
    path = tmp_path / "mountinfo"
    monkeypatch.setattr(filesystem, "MOUNT_TABLE", str(path))
    return path.write_text


@pytest.fixture
def on_nfs(table, tmp_path):
    """The test's folder as one on NFS."""
    table(f"27 1 254:0 / / rw - ext4 /dev/vda1 rw\n40 27 0:35 / {tmp_path} rw - nfs4 server:/export rw\n")


@linux_only
@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/srv/data.db", "ext4", None),
        ("/proc/nothing", "proc", None),
        ("/mnt/nfs", "nfs4", "nfs4"),
        ("/mnt/nfs/a/b/c.db", "nfs4", "nfs4"),
        ("/mnt/nfsx/c.db", "ext4", None),
        ("/mnt/nfs/local/c.db", "xfs", None),
        (r"/mnt/two words\s/c.db", "cifs", "cifs"),
        ("/home/ana/remote/c.db", "fuse.sshfs", "fuse.sshfs"),
        ("/srv/logs/c.db", "nfs4", "nfs4"),
        ("/mnt/c/Users/ana/c.db", "9p", "9p"),
        ("/mnt/ntfs/c.db", "fuseblk", None),
        ("/mnt/over/c.db", "tmpfs", None),
        ("/mnt/under/c.db", "nfs", "nfs"),
        ("/mnt/hidden/deep/c.db", "ceph", "ceph"),
        ("/mnt/share/c.db", "virtiofs", None),
    ],
)
def test_what_a_path_lies_on_by_the_mount_table(table, path, kind, network):
    table(TABLE)
    assert filesystem_type(Path(path)) == kind
    assert network_filesystem(Path(path)) == network


@linux_only
def test_a_table_that_tells_nothing_is_no_error(table, tmp_path):
    for text in ("", "\n\n", "1 2 3\n", "a b c d e f - \n", "1 1 0:1 / / rw - rootfs rootfs rw\n"):
        table(text)
        assert network_filesystem(tmp_path) is None
    (tmp_path / "mountinfo").unlink()
    assert network_filesystem(tmp_path) is None


@linux_only
def test_a_link_leads_to_where_the_database_is(table, tmp_path):
    (tmp_path / "link").symlink_to("/mnt/nfs/data")
    table(TABLE)
    assert network_filesystem(tmp_path / "link" / "foundups.db") == "nfs4"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/Users/ana/c.db", "apfs"),
        ("/Volumes/logs (old)/c.db", "smbfs"),
        ("/Volumes/nfs/c.db", "nfs"),
        ("/Volumes/nfs2/c.db", "apfs"),
    ],
)
def test_what_a_path_lies_on_by_the_output_of_macs_mount(path, kind):
    assert filesystem._type_by_mount_output(path, MAC) == kind


# In a mount namespace of its own: the type of each path by us, and whether that is the mount the kernel says.
REAL = r"""
import os, subprocess, sys
from pathlib import Path
from foundups_logging.sinks.filesystem import filesystem_type
base = Path(sys.argv[1])
def mount(kind, where, *options):
    where.mkdir(exist_ok=True)
    subprocess.run(["mount", *(["-t", kind, "none"] if kind else options), where], check=True)
mount("tmpfs", base / "a")
mount("ramfs", base / "a" / "deep er")
(base / "a" / "deep er" / "kept").mkdir()
mount("ramfs", base / "b")
mount(None, base / "c", "--bind", str(base / "a" / "deep er" / "kept"))
mount("ramfs", base / "d")
mount("tmpfs", base / "d" / "deep")
mount("ramfs", base / "d" / "deep" / "er")
mount("tmpfs", base / "d")  # over all that
(base / "d" / "deep" / "er").mkdir(parents=True)
(base / "d" / "link").symlink_to(base / "b")
subprocess.run(["mount", "--make-rprivate", "/"], check=True)
(base / "b" / "moved").mkdir()
mount("tmpfs", base / "e")
subprocess.run(["mount", "--move", base / "e", base / "b" / "moved"], check=True)
kinds = {line.split()[0]: line.partition(" - ")[2].split()[0] for line in open("/proc/self/mountinfo")}
for name in ("", "a", "a/deep er", "b", "b/moved", "c", "d", "d/deep", "d/deep/er", "d/link", "d/link/moved", "e"):
    descriptor = os.open(base / name, os.O_PATH)
    lines = Path(f"/proc/self/fdinfo/{descriptor}").read_text().splitlines()
    number = next(line.split()[1] for line in lines if line.startswith("mnt_id"))
    assert filesystem_type(base / name / "new" / "c.db") == kinds[number], name
    print(name, kinds[number])
"""


@linux_only
def test_real_mounts_over_in_and_beside_each_other(tmp_path):
    arguments = ["unshare", "--mount", sys.executable, "-c", REAL, tmp_path]
    if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], check=False).returncode:
        pytest.skip("no right to mount")
    done = subprocess.run(arguments, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "a tmpfs", "a/deep er ramfs", "b ramfs", "b/moved tmpfs", "c ramfs", "d tmpfs", "d/deep tmpfs",
        "d/deep/er tmpfs", "d/link ramfs", "d/link/moved tmpfs", done.stdout.splitlines()[-1],
    ]  # fmt: skip


@linux_only
def test_a_handler_is_refused_on_a_real_mount_of_a_network_file_system(tmp_path):
    folder = tmp_path / "remote"
    folder.mkdir()
    try:
        with mounted(folder, "fuse.sshfs"):
            assert network_filesystem(folder / "data" / "foundups.db") == "fuse.sshfs"
            with pytest.raises(ConfigurationError, match=r"network file system \(fuse\.sshfs\)"):
                DomainTableHandler(folder / "data" / "foundups.db")
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EACCES, errno.ENOENT, errno.ENODEV):
            raise
        pytest.skip("no right to mount FUSE")
    assert network_filesystem(folder) is None


@linux_only
@pytest.mark.usefixtures("on_nfs")
class TestOnANetworkFileSystem:
    def test_a_handler_and_a_store_say_so_at_once(self, database):
        for door in (DomainTableHandler, TelemetryStore):
            with pytest.raises(ConfigurationError) as caught:
                door(database)
            for words in (str(database), "network file system (nfs4)", "local disk", 'journal_mode="DELETE"'):
                assert words in str(caught.value)
        assert not database.parent.exists()

    def test_dictconfig_says_so_too(self, database):
        settings = {"class": "foundups_logging.handlers.DomainTableHandler", "database": str(database)}
        with pytest.raises(ValueError, match="'telemetry'") as caught:
            logging.config.dictConfig({"version": 1, "handlers": {"telemetry": settings}})
        assert isinstance(caught.value.__cause__, ConfigurationError)

    def test_the_write_ahead_log_is_refused(self, tmp_path):
        with pytest.raises(StorageError, match=r"network file system \(nfs4\).*journal_mode=\"DELETE\""):
            open_writer(tmp_path / "foundups.db", 1)
        assert not (tmp_path / "foundups.db").exists()

    def test_a_journal_is_used_where_it_is_asked_for(self, tmp_path):
        check_journal_mode(tmp_path / "foundups.db", "DELETE")
        connection, is_wal = open_writer(tmp_path / "foundups.db", 1, journal_mode="DELETE")
        with closing(connection):
            assert not is_wal
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            connection.execute("CREATE TABLE t (a)")
        assert {path.name for path in tmp_path.iterdir()} == {"foundups.db", "mountinfo"}

    def test_a_database_that_others_have_open_with_a_log_is_refused(self, tmp_path):
        path = tmp_path / "foundups.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE t (a)")
            with holding(path, "open"), pytest.raises(StorageError, match="network file system"):
                open_writer(path, 0.1, journal_mode="DELETE")


class TestJournalMode:
    def test_a_database_with_a_log_is_converted_with_all_it_holds(self, database):
        make_database(database)
        with closing(sqlite3.connect(database)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection, is_wal = open_writer(database, 1, journal_mode="DELETE", synchronous="FULL")
        with closing(connection):
            assert not is_wal
            assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
            assert connection.execute("SELECT count(*) FROM metrics_events").fetchone() == (1,)
            with closing(sqlite3.connect(database, timeout=0)) as other:  # nothing stays locked
                other.execute("CREATE TABLE t (a)")

    def test_one_that_others_have_open_keeps_its_log(self, database):
        make_database(database)
        with holding(database, "open"):
            connection, is_wal = open_writer(database, 0.1, journal_mode="DELETE")
            with closing(connection):
                assert is_wal
                connection.execute("CREATE TABLE t (a)")
                assert connection.execute("PRAGMA locking_mode").fetchone() == ("normal",)
        connection, is_wal = open_writer(database, 1)
        connection.close()
        assert is_wal

    def test_the_defaults_are_a_log_and_normal_syncing(self, tmp_path):
        connection, is_wal = open_writer(tmp_path / "foundups.db", 1)
        with closing(connection):
            assert is_wal
            assert connection.execute("PRAGMA synchronous").fetchone() == (1,)


def test_the_handlers_import_brings_nothing_of_the_commands():
    code = "import foundups_logging, sys; print(*{'click', 'ctypes', 'foundups_logging.operate'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "\n"
