"""What the doctor looks at around a database: SQLite, its file system, permissions, space, and who else uses it.

Nothing here opens the database by SQLite. The file itself isn't opened at all:
to close it would drop the locks of this process's own connections.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from foundups_logging.operate.findings import NOTE, OK, PROBLEM, Finding, bytes_text
from foundups_logging.operate.processes import can_tell_files, command_of, locks_on, users_of
from foundups_logging.sinks.filesystem import filesystem_type, network_filesystem

__all__ = ["COMPANIONS", "has_wal_reset_risk", "look_around", "strangers"]

#: What SQLite and the writers keep beside a database, by what is added to its name.
COMPANIONS: Final = ("-wal", "-shm", "-journal", "-lock")

_WAL_LIMIT: Final = 64 << 20  # bytes: the writers' default
_LOW_SPACE: Final = 2 * _WAL_LIMIT  # the log at its limit, and as much again while it moves into the database
_LITTLE_SPACE: Final = 1 << 30  # what a spool takes at most by default
_LONG_HOLD: Final = 2.0  # seconds: a batch's transaction takes a tenth of one
# Bytes of the -shm file (https://sqlite.org/walformat.html) that are locked to write, and to read: the first of these
# by who needs the database alone, the others by readers of the log up to their mark.
_WRITE_LOCK: Final = 120
_READ_LOCKS: Final = range(123, 128)
# Of the database itself: of who writes without a log, and of who has it to himself.
_WRITE_BYTES: Final = (0x40000001, 0x40000002)


def has_wal_reset_risk(version: tuple[int, int, int] | None = None) -> bool:
    """Whether this SQLite (or that `version`) can lose pages where a commit meets another connection's checkpoint."""
    found = version or sqlite3.sqlite_version_info
    is_mended = found >= (3, 51, 3) or (3, 50, 7) <= found < (3, 51, 0) or (3, 44, 6) <= found < (3, 45, 0)
    return found >= (3, 7, 0) and not is_mended


def look_around(path: Path, spool: Path) -> Iterator[Finding]:
    """What is found around the database at `path`, whether it is there or not. Raises OSError."""
    yield _version()
    yield _file_system(path)
    yield from _permissions(path, spool)
    yield from _space(path, spool)
    if path.exists():
        yield _wal(path)
        yield from _strangers(path)
        yield from _holders(path)


def strangers(path: Path) -> list[int]:
    """The processes that have the database open for writing without the lock that writers of ours have open with it.

    None on a system that doesn't tell, and this process never.
    """
    if not can_tell_files():
        return []
    lock, shm = Path(f"{path}-lock"), Path(f"{path}-shm")
    users = [user for user in users_of([path, lock]) if user.opened.get(path) and lock not in user.opened]
    pids = {user.pid for user in users} - {os.getpid()}
    if shm.exists():
        # A forked child has its parent's files open, which is nothing; every connection to a log has locks of its own.
        pids &= {lock.pid for lock in locks_on(shm)}
    return sorted(pids)


def _version() -> Finding:
    told = f"SQLite {sqlite3.sqlite_version}, in Python {sys.version.split()[0]}"
    if not has_wal_reset_risk():
        return Finding("sqlite", OK, told)
    return Finding(
        "sqlite",
        NOTE,
        f"{told}: where a commit meets another's checkpoint, pages can be lost (WAL-reset, 3.7.0 to 3.51.2)",
        "writers of foundups_logging are safe by their lock; for others, use SQLite 3.51.3, 3.50.7 or 3.44.6",
    )


def _file_system(path: Path) -> Finding:
    network = network_filesystem(path)
    if network is None:
        return Finding("file system", OK, filesystem_type(path) or "local, as far as the system tells")
    return Finding(
        "file system",
        PROBLEM,
        f"{path.parent} is on a network file system ({network}), where a write-ahead log can ruin the database",
        'move the database to a local disk, or give its handlers journal_mode="DELETE"',
    )


def _permissions(path: Path, spool: Path) -> Iterator[Finding]:
    if os.name != "posix":
        yield Finding("permissions", OK, "not looked at: this system keeps them otherwise")
        return
    files = [path, *(Path(f"{path}{suffix}") for suffix in COMPANIONS), spool]
    if spool.is_dir():
        files += sorted(spool.iterdir())
    found: list[Finding] = []
    owner = None
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        owner = status.st_uid if owner is None else owner
        found += _openness(file, status.st_mode)
        if status.st_uid != owner and not status.st_mode & stat.S_IWOTH:
            told = f"{file} belongs to user {status.st_uid}, {path} to user {owner}, whose programs can't write there"
            found.append(Finding("permissions", PROBLEM, told, f"chown {owner} {file}"))
    folder = next(parent for parent in path.parents if parent.exists())
    for place in (folder, path):
        if place.exists() and not os.access(place, os.W_OK):
            told = f"{place} can't be written by this user (number {os.geteuid()})"
            # Whoever looks at another's database can't tell what the other may do.
            level = PROBLEM if owner in (None, os.geteuid()) or os.geteuid() == 0 else NOTE
            found.append(Finding("permissions", level, told, "let the programs' user write there"))
    yield from found or [Finding("permissions", OK, "nobody but the owner can read or write")]


def _openness(file: Path, mode: int) -> Iterator[Finding]:
    private = "700" if stat.S_ISDIR(mode) else "600"
    told = f"{file} has mode {stat.S_IMODE(mode):04o}:"
    if mode & stat.S_IRWXO:
        yield Finding("permissions", PROBLEM, f"{told} every user can use it", f"chmod {private} {file}")
    elif mode & stat.S_IRWXG:
        yield Finding(
            "permissions", NOTE, f"{told} its group can use it", f"unless that is meant: chmod {private} {file}"
        )


def _space(path: Path, spool: Path) -> Iterator[Finding]:
    folders = [next(parent for parent in place.parents if parent.exists()) for place in (path, spool / "segment")]
    if folders[0].stat().st_dev == folders[1].stat().st_dev:
        del folders[1]
    for folder in folders:
        free = shutil.disk_usage(folder).free
        told = f"{bytes_text(free)} free at {folder}"
        if free < _LOW_SPACE:
            yield Finding(
                "disk space", PROBLEM, told, f"make room: below {bytes_text(_LOW_SPACE)} writes may fail soon"
            )
        elif free < _LITTLE_SPACE:
            yield Finding("disk space", NOTE, f"{told}, less than a spool may need", "make room")
        else:
            yield Finding("disk space", OK, told)


def _wal(path: Path) -> Finding:
    try:
        size = Path(f"{path}-wal").stat().st_size
    except OSError:
        return Finding("wal", OK, "there is none")
    readers = _pinning_readers(path)
    pinned = f", which a read holds: {', '.join(map(command_of, readers))}" if readers else ""
    told = f"{bytes_text(size)}{pinned}"
    if size <= _WAL_LIMIT:
        return Finding("wal", OK, told)
    told = f"{told}; the limit is {bytes_text(_WAL_LIMIT)}"
    if readers:
        return Finding("wal", PROBLEM, told, "end that read; the log is cut by the next checkpoint")
    if readers is None:
        return Finding("wal", PROBLEM, told, "look for a program that reads for long and end its read")
    return Finding("wal", NOTE, told, "a writer's next checkpoint cuts it; it makes one when it starts, and when idle")


def _pinning_readers(path: Path) -> list[int] | None:
    """The processes that read a state older than the log's newest; None where the system doesn't tell."""
    shm = Path(f"{path}-shm")
    if not can_tell_files() or os.getpid() in {user.pid for user in users_of([shm])}:
        return None  # this process's own connections would lose their locks when the file is closed
    locks = [lock for lock in locks_on(shm) if not lock.is_exclusive]
    try:
        header = shm.read_bytes()[:136]
        (newest,) = struct.unpack_from("=I", header, 16)
        moved, _, *marks = struct.unpack_from("=6I", header, 96)
    except (OSError, struct.error):
        return []
    states = zip(_READ_LOCKS, (moved, *marks), strict=True)  # each in frames of the log
    old = [byte for byte, state in states if state < newest]
    return sorted({lock.pid for lock in locks if any(map(lock.covers, old))})


def _strangers(path: Path) -> Iterator[Finding]:
    if not can_tell_files():
        yield Finding("other writers", NOTE, "which programs have the database open can't be told on this system")
        return
    found = strangers(path)
    hint = "end them, or let them read only (mode=ro) or write by foundups_logging"
    for pid in found:
        told = f"{command_of(pid)} has the database open for writing, without the writers' lock"
        if has_wal_reset_risk() and Path(f"{path}-shm").exists():
            yield Finding("other writers", PROBLEM, f"{told}: with this SQLite, commits can be lost", hint)
        else:
            yield Finding("other writers", NOTE, f"{told}: writers may have to wait for it", hint)
    if not found:
        hidden = "" if os.geteuid() == 0 else ", as far as this user can see"
        yield Finding("other writers", OK, f"none past the writers' lock{hidden}")


def _holders(path: Path) -> Iterator[Finding]:
    """Who keeps all others from writing for longer than a transaction should take."""
    if not can_tell_files():
        return
    deadline = time.monotonic() + _LONG_HOLD
    holders = _holding(path)
    while holders and time.monotonic() < deadline:
        time.sleep(0.05)
        holders &= _holding(path)
    for pid in sorted(holders):
        told = f"{command_of(pid)} has kept others from writing for {_LONG_HOLD:g} seconds"
        yield Finding("locks", PROBLEM, told, "let it end its transaction, or end it")
    if not holders:
        yield Finding("locks", OK, "nobody keeps others from writing")


def _holding(path: Path) -> set[int]:
    in_log = {lock.pid for lock in locks_on(Path(f"{path}-shm")) if lock.is_exclusive and lock.covers(_WRITE_LOCK)}
    without = {lock.pid for lock in locks_on(path) if lock.is_exclusive and any(map(lock.covers, _WRITE_BYTES))}
    advisory = {lock.pid for lock in locks_on(Path(f"{path}-lock")) if lock.is_exclusive}
    return in_log | without | advisory
