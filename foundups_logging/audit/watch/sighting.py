"""Sighting: that a running program opened a file."""

from __future__ import annotations

from dataclasses import dataclass

from foundups_logging.audit.model import Call, Mode

__all__ = ["Sighting"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """An open of `path` (relative to the root where it lies in it) at `place`, seen once or more."""

    path: str
    mode: Mode
    place: Call  # the innermost place in the audited tree; of a library where there is none
    process: int  # its id
    thread: str  # its name
    program: str = ""  # what the process was started as
