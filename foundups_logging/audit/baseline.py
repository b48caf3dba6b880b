"""Which risky writers are new, compared with an earlier report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from foundups_logging.audit.risk import ORDER

__all__ = ["new_writers"]


def new_writers(report: Mapping[str, Any], level: str, baseline: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The writers of this risk or a higher one that the baseline doesn't have at such a risk.

    A writer is known again by file, function, path and mode, so that lines
    above it may come and go. Without a baseline all of them are new.
    """
    known = Counter(map(_identity, _risky(baseline, level))) if baseline is not None else Counter()
    found = []
    for writer in _risky(report, level):
        identity = _identity(writer)
        if known[identity] > 0:
            known[identity] -= 1
        else:
            found.append(writer)
    return found


def _risky(report: Mapping[str, Any], level: str) -> list[dict[str, Any]]:
    return [writer for writer in report["writers"] if ORDER[writer["concurrency_risk"]] >= ORDER[level]]


def _identity(writer: Mapping[str, Any]) -> tuple[str, ...]:
    return writer["file"], writer["function"], writer["path"], writer["mode"]
