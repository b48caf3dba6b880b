"""Setting a corrupt database aside: renamed with all that SQLite keeps beside it, nothing deleted.

The files keep their endings, so that SQLite finds the log that belongs to the
renamed database and `.recover` reads both.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from foundups_logging.errors import StorageError
from foundups_logging.operate.contents import faults_of
from foundups_logging.operate.processes import command_of
from foundups_logging.operate.surroundings import strangers
from foundups_logging.sinks.connections import database_errors
from foundups_logging.sinks.lock import FileLock

__all__ = ["check", "set_aside"]

_OPERATION: Final = "set database aside"
_LOCK_TIMEOUT: Final = 5.0  # seconds
# What SQLite may still need of a database beside it.
_LOGS: Final = ("-wal", "-journal")
_SUFFIXES: Final = ("", *_LOGS, "-shm")


def set_aside(path: Path, *, force: bool = False) -> Path:
    """Rename the database at `path` to `<path>.set-aside-<UTC time>`, with its files; return the new path.

    That is done under the lock that writers take. Raises StorageError, with
    nothing changed: where there is no database, where SQLite finds no fault in
    it, or where programs that don't take the lock have it open for writing; the
    last two not with `force`.
    """
    if not path.is_file():
        raise _refusal(path, "there is no such file", "give the path of a database")
    lock = FileLock(Path(f"{path}-lock"))
    with database_errors(_OPERATION, path):
        if not lock.acquire(_LOCK_TIMEOUT):
            raise _refusal(path, f"{path}-lock was held for {_LOCK_TIMEOUT:g} s", "find what holds it and end it")
        try:
            if not force:
                check(path)
            return _rename(path)
        finally:
            lock.release()
            lock.close()


def check(path: Path) -> str:
    """What is wrong with the database at `path`. Raises StorageError where there is no reason to set it aside."""
    fault = faults_of(path)
    if fault is None:
        raise _refusal(path, "SQLite finds no fault in it", "leave it where it is, or give --force")
    for pid in strangers(path):
        told = f"{command_of(pid)} has it open for writing and wouldn't notice"
        raise _refusal(path, told, "end it first, or give --force")
    return fault


def _rename(path: Path) -> Path:
    """Rename all files, so that a crash at any point leaves the database and its logs together under some name.

    For a moment the logs have both names. Were they renamed first, a database
    without its log would stand there; were they last, SQLite would delete the
    log of a database that isn't there.
    """
    target = _new_name(path)
    logs = [suffix for suffix in _LOGS if Path(f"{path}{suffix}").exists()]
    try:
        for suffix in logs:
            _link(Path(f"{path}{suffix}"), Path(f"{target}{suffix}"))
        _sync(path.parent)
        path.rename(target)
    except OSError:  # as on Windows, where a file that others use can't be renamed
        for suffix in logs:
            _unlink(Path(f"{path}{suffix}"), Path(f"{target}{suffix}"))
        raise
    _sync(path.parent)
    for suffix in logs:
        _unlink(Path(f"{target}{suffix}"), Path(f"{path}{suffix}"))
    with contextlib.suppress(OSError):  # only an index of the log, made anew where it is missing
        Path(f"{path}-shm").rename(f"{target}-shm")
    _sync(path.parent)
    return target


def _link(old: Path, new: Path) -> None:
    """Give a file a second name; where the file system can't, the new one only."""
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:
        old.rename(new)


def _unlink(kept: Path, name: Path) -> None:
    """Leave a file that _link() has given two names the one of `kept`."""
    with contextlib.suppress(OSError):
        if not kept.exists():
            name.rename(kept)
        elif name.exists() and kept.samefile(name):
            name.unlink()


def _new_name(path: Path) -> Path:
    """A name under which there is nothing yet."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    number, target = 1, Path(f"{path}.set-aside-{stamp}")
    while any(Path(f"{target}{suffix}").exists() for suffix in _SUFFIXES):
        number += 1
        target = Path(f"{path}.set-aside-{stamp}-{number}")
    return target


def _sync(folder: Path) -> None:
    """Have the renames on disk before what comes next; not every system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refusal(path: Path, message: str, hint: str) -> StorageError:
    return StorageError(message, operation=_OPERATION, path=path, hint=hint)
