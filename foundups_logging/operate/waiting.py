"""What waits in a segment of a spool: the rows that are not in the database yet."""

from __future__ import annotations

from typing import Final, NamedTuple

from foundups_logging.encoding import from_json
from foundups_logging.spool.lines import guarded
from foundups_logging.spool.segment import Segment

__all__ = ["Waiting", "waiting"]

_ROW_BEGINS: Final = (b'{"table":', b'{"batch":')


class Waiting(NamedTuple):
    """What of a segment is still to be replayed: rows, lines that are torn or changed, the first row's timestamp."""

    rows: int
    torn: int
    oldest: str | None


def waiting(segment: Segment, position: int = 0) -> Waiting:
    """What waits in a segment after its first `position` bytes. Raises OSError."""
    rows = torn = 0
    oldest = None
    with segment.path.open("rb") as file:
        file.seek(position)
        for line in file:
            text = guarded(line)
            if text is None:
                torn += 1
            elif text.startswith(_ROW_BEGINS):
                rows += 1
                oldest = oldest or _timestamp(text)
    return Waiting(rows, torn, oldest)


def _timestamp(text: bytes) -> str | None:
    try:
        return str(from_json(text)["row"]["timestamp"])
    except (ValueError, KeyError, TypeError):
        return None
