"""The timestamps of records: under which key they are, of what kind, the first and the last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

__all__ = ["NAMED_MOMENT", "Moments", "read_moment", "timestamp_key"]

# The usual names, the likeliest first. A key that only ends like one comes after them.
_NAMES: Final = """
    timestamp ts @timestamp time datetime date_time event_time eventtime event_timestamp log_timestamp logged_at
    recorded_at created_at createdat created timestamp_utc timestamp_ms ts_ms utc utc_time generated_at generated_at_utc
    occurred_at emitted_at sent_at received_at started_at start_time asctime at when date t
    """.split()
_ENDING: Final = re.compile(r"(timestamp|(^|_)(ts|time|at|date|datetime|utc)(_utc|_ms|_iso)?)$")
#: A key, in snake case, whose name says that it tells when.
NAMED_MOMENT: Final = re.compile(
    rf"^({'|'.join(name for name in _NAMES if name != 't')})$"
    r"|(timestamp|_(ts|time|at|date|datetime|utc)(_utc|_ms|_iso)?)$"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Numbers are moments between 1990 and 2100, in seconds, thousandths, millionths or milliardths.
_EARLIEST: Final = 631_152_000
_LATEST: Final = 4_102_444_800
_UNITS: Final = (("s", 1), ("ms", 1_000), ("us", 1_000_000), ("ns", 1_000_000_000))
_NUMBER: Final = re.compile(r"\d{9,19}(\.\d+)?")
_SHORTEST_DATE: Final = len("2025-10-21")


class Moment(NamedTuple):
    """A moment: `kind` is "naive", "offset", "date", or "epoch" and its unit (and "text" where it is quoted)."""

    kind: str
    at: datetime  # naive where nothing tells the offset


def read_moment(value: object) -> Moment | None:
    """The moment that a JSON value tells, or None.

    >>> read_moment("2025-10-21T19:06:40Z").kind
    'offset'
    """
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        for unit, per_second in _UNITS:
            if _EARLIEST * per_second <= value < _LATEST * per_second:
                return Moment(f"epoch {unit}", datetime.fromtimestamp(value / per_second, UTC))
    return None


def _from_text(value: str) -> Moment | None:
    if len(value) < _SHORTEST_DATE:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        if not _NUMBER.fullmatch(value):
            return None
        found = read_moment(float(value))
        return found and Moment(f"{found.kind} text", found.at)
    if len(value) == _SHORTEST_DATE:
        return Moment("date", at) if value[4] == "-" else read_moment(int(value) if value.isdecimal() else None)
    return Moment("naive" if at.tzinfo is None else "offset", at)


def timestamp_key(record: Mapping[str, Any]) -> str:
    """The key of a record that tells when it was made, or ""."""
    best, best_rank = "", len(_NAMES) + 1
    for key, value in record.items():
        if not isinstance(value, (str, int, float)):
            continue
        name = _CAMEL.sub("_", key[:100]).lower()
        rank = _NAMES.index(name) if name in _NAMES else len(_NAMES)
        if rank < best_rank and (rank < len(_NAMES) or _ENDING.search(name)) and read_moment(value):
            best, best_rank = key, rank
    return best


class Moments:
    """The moments under one key, as they come."""

    __slots__ = ("_bounds", "counts")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        # The earliest and the latest, of those with an offset and of those without: they can't be compared.
        self._bounds: dict[bool, tuple[datetime, datetime]] = {}

    def add(self, value: object) -> None:
        """Count a value, if it is a moment."""
        found = read_moment(value)
        if found is None:
            return
        kind, at = found
        self.counts[kind] = self.counts.get(kind, 0) + 1
        naive = at.tzinfo is None
        bounds = self._bounds.get(naive)
        if bounds is None:
            self._bounds[naive] = (at, at)
        elif at < bounds[0]:
            self._bounds[naive] = (at, bounds[1])
        elif at > bounds[1]:
            self._bounds[naive] = (bounds[0], at)

    @property
    def count(self) -> int:
        """How many moments there were."""
        return sum(self.counts.values())

    @property
    def kind(self) -> str:
        """Their kind; where there are several, all of them, the most frequent first: "naive, offset"."""
        return ", ".join(sorted(self.counts, key=lambda kind: -self.counts[kind]))

    def bounds(self) -> tuple[str, str]:
        """The first and the last of the prevailing sort (with offset, in UTC; or without), as ISO-8601 text."""
        if not self.counts:
            return "", ""
        kind = max(self.counts, key=self.counts.__getitem__)
        first, last = self._bounds[kind in ("naive", "date")]
        as_text = _date_text if kind == "date" else _text
        return as_text(first), as_text(last)


def _text(at: datetime) -> str:
    try:
        return (at if at.tzinfo is None else at.astimezone(UTC)).isoformat()
    except OverflowError:  # before the year 1 or after 9999, in UTC
        return at.isoformat()


def _date_text(at: datetime) -> str:
    return at.date().isoformat()
