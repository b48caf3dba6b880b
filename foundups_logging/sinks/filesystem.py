"""Which file system a path lies on, and whether that is one of the network's.

SQLite's write-ahead log needs memory that all its users share, which a file
system between machines has not: there it fails, or ruins the database.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["MOUNT_TABLE", "filesystem_type", "network_filesystem"]

#: Linux's table of what this process sees mounted where; a test may name another file.
MOUNT_TABLE = "/proc/self/mountinfo"

# virtiofs and fuseblk are left out: within one machine they behave as local disks do.
_NETWORK: Final = frozenset(
    """
    9p acfs afpfs afs auristorfs beegfs ceph cephfs cifs coda davfs davfs2 fhgfs gfs gfs2 glusterfs gpfs ibrix kafs
    lustre ncp ncpfs nfs nfs3 nfs4 ocfs2 orangefs prl_fs pvfs2 smb smb2 smb3 smbfs vboxsf vmhgfs webdav
    """.split()
)
# As in fuse.sshfs; the table names only those of FUSE's file systems that give themselves a name.
_NETWORK_FUSE: Final = frozenset(
    """
    afs beegfs blobfuse blobfuse2 ceph ceph-fuse cephfs cifs curlftpfs davfs davfs2 gcsfuse geesefs glusterfs goofys
    grpcfuse hdfs juicefs mfs moosefs mount-s3 mountpoint-s3 osxfs rclone s3fs s3ql seaweedfs smbnetfs sshfs
    vmhgfs-fuse
    """.split()
)
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
_MAC_LINE: Final = re.compile(r"(?P<source>.*?) on (?P<point>/.*) \((?P<kind>[^,()]+)[^()]*\)")
_REMOTE_DRIVE: Final = 4  # what GetDriveTypeW calls DRIVE_REMOTE


class _Mount(NamedTuple):
    number: str
    parent: str
    point: str
    kind: str


def network_filesystem(path: Path) -> str | None:
    """The type of the network file system, such as "nfs4", that `path` lies on or would lie on; None for others.

    None also where the system doesn't tell.
    """
    kind = filesystem_type(path)
    if kind is None:
        return None
    lowered = kind.lower()
    is_network = lowered in _NETWORK or lowered.removeprefix("fuse.") in _NETWORK_FUSE or lowered == "network drive"
    return kind if is_network else None


def filesystem_type(path: Path) -> str | None:
    """The type of the file system that `path` lies on or, where it isn't there yet, would lie on.

    As the system names it: "ext4", "nfs4", "fuse.sshfs"; on Windows "network
    drive" or None. None where the system doesn't tell.
    """
    real = os.path.realpath(path)
    if sys.platform == "win32":
        return _windows_type(real)
    if sys.platform == "darwin":
        return _mac_type(real)
    try:
        table = Path(MOUNT_TABLE).read_text("utf-8", "surrogateescape")
    except OSError:
        return None
    return _linux_type(real, table)


def _linux_type(path: str, table: str) -> str | None:
    """The type by the text of a mountinfo: the way to `path` is walked as the kernel walks it.

    The longest mount point isn't always right: it may lie under one that was
    mounted over it later. What is mounted on a mount names that as its parent.
    """
    mounts = [mount for line in table.splitlines() if (mount := _parse(line)) and _is_under(path, mount.point)]
    mounts.sort(key=lambda mount: len(mount.point))
    numbers = {mount.number for mount in mounts}
    current = next((mount for mount in mounts if mount.parent not in numbers or mount.parent == mount.number), None)
    while current is not None:
        numbers.discard(current.number)
        found = current
        current = next((mount for mount in mounts if mount.parent == found.number and mount.number in numbers), None)
        if current is None:
            return found.kind
    return None


def _parse(line: str) -> _Mount | None:
    r"""A line such as `36 35 0:49 / /mnt/two\040words rw shared:1 - nfs4 server:/export rw`; None where it is none."""
    before, _, after = line.partition(" - ")
    fields, kinds = before.split(" "), after.split(" ")
    if len(fields) < 6 or not kinds[0]:  # noqa: PLR2004 - up to the mount's options
        return None
    return _Mount(fields[0], fields[1], _unescaped(fields[4]), _unescaped(kinds[0]))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)


def _is_under(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _mac_type(path: str) -> str | None:
    import subprocess  # noqa: PLC0415 - this module is part of every program's import of the handler

    try:
        done = subprocess.run(["/sbin/mount"], capture_output=True, check=False, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return None
    return _type_by_mount_output(path, done.stdout.decode("utf-8", "surrogateescape"))


def _type_by_mount_output(path: str, output: str) -> str | None:
    """The type by what macOS's `mount` prints, such as `//ana@server/share on /Volumes/share (smbfs, nodev)`."""
    found, longest = None, 0
    for line in output.splitlines():
        match = _MAC_LINE.fullmatch(line)
        if match and _is_under(path, match["point"]) and len(match["point"]) >= longest:
            found, longest = match["kind"], len(match["point"])
    return found


def _windows_type(path: str) -> str | None:
    """Whether the drive, or the share of a UNC path, is another machine's."""
    if sys.platform != "win32":
        return None
    import ctypes  # noqa: PLC0415 - see above

    root = os.path.splitdrive(path)[0] + "\\"
    return "network drive" if ctypes.windll.kernel32.GetDriveTypeW(root) == _REMOTE_DRIVE else None
