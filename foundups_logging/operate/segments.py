"""What waits in a spool: its segments, and the rows in each that are not in the database yet."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Final, NamedTuple

from foundups_logging.encoding import from_json

__all__ = ["Segment", "Waiting", "segments", "waiting"]

_NAME: Final = re.compile(r"(?P<writer>.+)\.(?P<number>[0-9]{6,})\.jsonl")
_CRC: Final = re.compile(rb'\{"crc":"([0-9a-f]{8})",')
_ROW_BEGINS: Final = (b'"table":', b'"batch":')


class Segment(NamedTuple):
    """A file of the spool: its path, the writer that made it and its place among that writer's."""

    path: Path
    writer: str
    number: int


class Waiting(NamedTuple):
    """What of a segment is still to be replayed: rows, lines that are torn or changed, the first row's timestamp."""

    rows: int
    torn: int
    oldest: str | None


def segments(directory: Path) -> list[Segment]:
    """The segments in `directory`, each writer's in order; none where there is no such folder. Raises OSError."""
    try:
        names = [entry.name for entry in directory.iterdir()]
    except FileNotFoundError:
        return []
    matches = [match for name in names if (match := _NAME.fullmatch(name))]
    return sorted(
        (Segment(directory / match[0], match["writer"], int(match["number"])) for match in matches),
        key=lambda segment: (segment.writer, segment.number),
    )


def waiting(segment: Segment, position: int = 0) -> Waiting:
    """What waits in a segment after its first `position` bytes. Raises OSError."""
    rows = torn = 0
    oldest = None
    with segment.path.open("rb") as file:
        file.seek(position)
        for line in file:
            begin = _CRC.match(line)
            rest = line[begin.end() : -1] if begin else b""
            if not begin or not line.endswith(b"\n") or zlib.crc32(rest) != int(begin[1], 16):
                torn += 1
            elif rest.startswith(_ROW_BEGINS):
                rows += 1
                oldest = oldest or _timestamp(rest)
    return Waiting(rows, torn, oldest)


def _timestamp(rest: bytes) -> str | None:
    try:
        return str(from_json(b"{" + rest)["row"]["timestamp"])
    except (ValueError, KeyError, TypeError):
        return None
