"""Segments: the files of a spool, which of them are there and who holds them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from foundups_logging.sinks.lock import try_lock

__all__ = ["Segment", "claim", "name_of", "open_new", "segments"]

_NAME: Final = re.compile(r"(?P<writer>.+)\.(?P<number>[0-9]{6,})\.jsonl")
_CLOEXEC: Final = getattr(os, "O_CLOEXEC", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)

_LOCKED_BYTE: Final = 1 << 40  # past the end: Windows forbids to read what a lock covers


class Segment(NamedTuple):
    """A file of the spool: its path, the writer that made it and its place among that writer's."""

    path: Path
    writer: str
    number: int

    @property
    def name(self) -> str:
        """The file's name, by which the database knows how far it has been replayed."""
        return self.path.name


def name_of(writer: str, number: int) -> str:
    """The file name of a writer's segment."""
    return f"{writer}.{number:06}.jsonl"


def segments(directory: Path) -> list[Segment]:
    """The segments in `directory`, each writer's in order; none where there is no such folder. Raises OSError."""
    found = []
    try:
        paths = list(directory.iterdir())
    except FileNotFoundError:
        return []
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match is not None:
            found.append(Segment(path, match["writer"], int(match["number"])))
    return sorted(found, key=lambda segment: (segment.writer, segment.number))


def open_new(path: Path) -> int:
    """Create a segment and hold it, as its writer; returns the descriptor to append by. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _CLOEXEC | _BINARY, 0o600)
    try:
        try_lock(descriptor, _LOCKED_BYTE)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def claim(path: Path) -> int | None:
    """Hold a segment, to replay it; None where another process holds it, or it is gone. Raises OSError.

    Closing the returned descriptor lets go.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | _CLOEXEC | _BINARY)
    except FileNotFoundError:
        return None
    try:
        try_lock(descriptor, _LOCKED_BYTE)
        if os.fstat(descriptor).st_nlink:  # another may have replayed and removed it just now
            return descriptor
    except (BlockingIOError, PermissionError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
