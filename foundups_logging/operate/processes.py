"""What the system tells of processes: whether one still runs, who has a file open, who holds a lock on it.

The last two are Linux's to tell, by /proc; of other users' processes only root is told.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from foundups_logging.sinks.filesystem import filesystem_type

__all__ = ["FileUser", "Lock", "can_tell_files", "command_of", "is_running", "locks_on", "users_of"]

_CLOCK_SLACK = 2.0  # seconds by which the system's account of a process's start may be late
_PROC = Path("/proc")
_SHOWN = 80  # characters of a command line


class FileUser(NamedTuple):
    """A process that has some of the files asked for open: for each, whether for writing."""

    pid: int
    opened: dict[Path, bool]


class Lock(NamedTuple):
    """A lock on bytes `start` to `end` (None: to the file's end) that process `pid` holds."""

    pid: int
    is_exclusive: bool
    start: int
    end: int | None

    def covers(self, byte: int) -> bool:
        """Whether it is a lock on that byte too."""
        return self.start <= byte and (self.end is None or byte <= self.end)


def is_running(pid: int, started: float) -> bool | None:
    """Whether the process that had `pid` at `started` (seconds since 1970) still runs; None where that can't be told.

    One that began later has only got the same number.
    """
    if sys.platform == "win32" or pid <= 0:  # there, os.kill() ends the process
        return None
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    status = _read(_PROC / str(pid) / "stat")
    if not status:
        return True
    state, *fields = status.rpartition(")")[2].split()
    if state in {"Z", "X"}:  # ended; its parent hasn't asked after it
        return False
    boot = next((line for line in _read(_PROC / "stat").splitlines() if line.startswith("btime ")), None)
    if boot is None:
        return True
    began = int(boot.split()[1]) + int(fields[18]) / os.sysconf("SC_CLK_TCK")
    return began <= started + _CLOCK_SLACK


def can_tell_files() -> bool:
    """Whether users_of() and locks_on() can tell anything here."""
    return sys.platform == "linux" and (_PROC / "self/fdinfo").is_dir()


def users_of(files: Iterable[Path]) -> list[FileUser]:
    """The processes that have some of `files` open, this one included, by pid."""
    wanted: dict[tuple[int, int], Path] = {}
    for file in files:
        with contextlib.suppress(OSError):
            status = file.stat()
            wanted[status.st_dev, status.st_ino] = file
    names = {file.resolve().name for file in wanted.values()}
    users = []
    for process in _PROC.glob("[0-9]*"):
        opened: dict[Path, bool] = {}
        for descriptor in _descriptors(process, names):
            with contextlib.suppress(OSError):
                status = descriptor.stat()
                found = wanted.get((status.st_dev, status.st_ino))
                if found is not None:
                    opened[found] = opened.get(found, False) or _is_for_writing(process, descriptor.name)
        if opened:
            users.append(FileUser(int(process.name), opened))
    return sorted(users)


def locks_on(file: Path) -> list[Lock]:
    """The locks that processes hold on `file`; none where it isn't there."""
    try:
        status = file.stat()
    except OSError:
        return []
    wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    if filesystem_type(file) == "btrfs":  # which tells files a device of their subvolume's own
        wanted = wanted.rpartition(":")[2]
    found = []
    for line in _read(_PROC / "locks").splitlines():
        fields = line.split()  # 1: POSIX ADVISORY WRITE 3568 fd:00:2531452 0 EOF
        if len(fields) == 8 and f":{fields[5]}".endswith(f":{wanted}"):  # noqa: PLR2004 - one more where it waits
            end = None if fields[7] == "EOF" else int(fields[7])
            found.append(Lock(int(fields[4]), fields[3] == "WRITE", int(fields[6]), end))
    return found


def command_of(pid: int) -> str:
    """How a process is told to the eye: its number and command line."""
    if pid <= 0:
        return "a process that can't be seen from here"
    words = _read(_PROC / str(pid) / "cmdline").replace("\0", " ").split()
    return f"process {pid} ({' '.join(words)[:_SHOWN]})" if words else f"process {pid}"


def _descriptors(process: Path, names: set[str]) -> Iterator[Path]:
    """Those of a process's open files that have one of `names`."""
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # it has ended, or is another user's
        return
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            # By the name first: to look at every file would also wake those on networks that are gone.
            if descriptor.readlink().name in names:
                yield descriptor


def _is_for_writing(process: Path, descriptor: str) -> bool:
    for line in _read(process / "fdinfo" / descriptor).splitlines():
        name, _, value = line.partition(":")
        if name == "flags":
            return int(value, 8) & (os.O_WRONLY | os.O_RDWR) != 0
    return False


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "backslashreplace")
    except OSError:
        return ""
