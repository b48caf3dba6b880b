"""Finding: one thing that the doctor has looked at, and what is to be done about it."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["NOTE", "OK", "PROBLEM", "Finding", "bytes_text", "seconds_text", "some"]

OK = "ok"  # as it should be, or merely so
NOTE = "note"  # worth knowing, nothing needs doing
PROBLEM = "problem"  # something needs doing: `hint` says what

_UNIT = 1024.0
_TO_SECONDS = re.compile(r"(.{10})T(.{8})\..*\+00:00")


class Finding(NamedTuple):
    """What `check` has found: its `level`, the `message` and, where there is something to do, the `hint`."""

    check: str
    level: str
    message: str
    hint: str = ""


def bytes_text(number: float) -> str:
    """A number of bytes for the eye, such as 3.2 MiB."""
    for unit in ("bytes", "KiB", "MiB"):
        if number < _UNIT:
            return f"{number:.0f} bytes" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= _UNIT
    return f"{number:.1f} GiB"


def seconds_text(timestamp: str | None) -> str:
    """A timestamp of the tables for the eye, such as 2026-11-23 14:05:00Z; empty for None."""
    return _TO_SECONDS.sub(r"\1 \2Z", timestamp or "")


def some(number: int, what: str) -> str:
    """A number of things, such as `1 row` and `2 rows`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
