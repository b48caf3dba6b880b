"""Small phrases of the audit's sentences."""

from __future__ import annotations

from collections.abc import Sequence

from foundups_logging.audit.model import Call

__all__ = ["and_more", "joined", "plural", "where"]

_NAMED = 3  # of many things, as many are named


def joined(texts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), *texts[-1:])))


def and_more(texts: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    if len(texts) <= _NAMED:
        return joined(texts)
    return f"{', '.join(texts[:_NAMED])} and {len(texts) - _NAMED} more"


def plural(number: int, one: str, many: str = "") -> str:
    """A number of things, such as `1 file` and `2,000 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def where(place: Call) -> str:
    """`module (file:line)`, as it stands in sentences."""
    return f"{place.module} ({place.file}:{place.line})" if place.module else f"{place.file}:{place.line}"
