"""What the logging side has to say when it can't store: once each on stderr, never raised."""

from __future__ import annotations

import contextlib
import logging
import sys

__all__ = ["complain"]

_MAX_TOLD = 1_000
_told: set[str] = set()


def complain(message: str) -> None:
    """Print `message` on stderr, once; silent where `logging.raiseExceptions` is off."""
    if not logging.raiseExceptions or message in _told or len(_told) >= _MAX_TOLD:
        return
    _told.add(message)
    # stderr may be None (pythonw), closed, or a pipe that nobody reads any more.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"foundups-logging: {message}\n")
