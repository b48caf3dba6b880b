"""Timestamps as the tables hold them: UTC ISO-8601, microseconds, offset, 32 characters.

The width is fixed, so the order of the texts is the order of the times.
"""

from __future__ import annotations

import math
import time
from datetime import UTC, date, datetime, timedelta

__all__ = ["from_epoch", "normalize", "now", "whole_text"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - arithmetic only; the offset is written out
_MICROSECOND = 1_000_000
# Numbers at or above this are milliseconds: as seconds they would lie beyond the year 5138.
_MILLISECONDS_FROM = 1e11

# A fraction from here on rounds up to the next second.
_BELOW_NEXT = 0.9999995

# The six digits of microseconds and the offset, looked up in halves: formatting them costs twice as much.
_HIGH = tuple(f"{number:03d}" for number in range(1000))
_LOW = tuple(f"{number:03d}+00:00" for number in range(1000))

# The last whole second formatted, in seconds and in nanoseconds; replaced as one object, so threads may race.
_second = (math.inf, "")
_clock_second = (1 << 80, "")


def from_epoch(seconds: float) -> str:
    """Format seconds since 1970 (UTC) as the tables' timestamp text.

    >>> from_epoch(1761073600.230459)
    '2025-10-21T19:06:40.230459+00:00'

    Raises OverflowError or ValueError outside the years 1 to 9999, and for NaN.
    """
    known, text = _second
    fraction = seconds - known
    if 0 <= fraction < _BELOW_NEXT:
        high, low = divmod(round(fraction * 1e6), 1000)
        return text + _HIGH[high] + _LOW[low]
    return _from_new_second(seconds)


def _to_microseconds(seconds: float) -> int:
    whole = math.floor(seconds)
    return whole * _MICROSECOND + round((seconds - whole) * 1e6)


def _from_new_second(seconds: float) -> str:
    global _second  # noqa: PLW0603 - a one-entry cache
    whole, micros = divmod(_to_microseconds(seconds), _MICROSECOND)
    text = _second_text(whole)
    _second = (whole, text)
    return f"{text}{micros:06d}+00:00"


def _second_text(whole: int) -> str:
    return (_EPOCH + timedelta(seconds=whole)).isoformat() + "."


def now() -> str:
    """The present time as timestamp text (a frozen clock gives the frozen time)."""
    nanoseconds = time.time_ns()
    known, text = _clock_second
    micros = (nanoseconds - known + 500) // 1000
    if 0 <= micros < _MICROSECOND:
        return f"{text}{_HIGH[micros // 1000]}{_LOW[micros % 1000]}"
    return _now_in_new_second(nanoseconds)


def _now_in_new_second(nanoseconds: int) -> str:
    global _clock_second  # noqa: PLW0603 - a one-entry cache
    whole, rest = divmod(nanoseconds + 500, 1_000_000_000)
    text = _second_text(whole)
    _clock_second = (whole * 1_000_000_000, text)
    return f"{text}{rest // 1000:06d}+00:00"


def normalize(value: object) -> tuple[str, bool] | None:
    """Read a timestamp in any of the usual forms.

    Takes ISO-8601 text, datetime and date objects (without an offset: local
    time), seconds since 1970 as int or float, and milliseconds from 1e11 up.
    Returns the tables' text and whether it says all that the original said
    (False: keep the original too), or None where `value` is no timestamp.
    """
    try:
        if isinstance(value, bool):
            return None
        if isinstance(value, (int, float)):
            if not math.isfinite(value):
                return None
            if abs(value) >= _MILLISECONDS_FROM:
                return from_epoch(value / 1000), False
            return from_epoch(value), value == _to_microseconds(value) / _MICROSECOND
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            text = _utc_text(moment)
            return text, value in (text, text[:26] + "Z")
        if isinstance(value, datetime):
            return _utc_text(value), value.utcoffset() == timedelta(0)
        if isinstance(value, date):
            return _utc_text(datetime(value.year, value.month, value.day)), False  # noqa: DTZ001
    except Exception:  # noqa: BLE001 - too far away, no time at all, or a tzinfo's own code
        return None
    return None


def whole_text(value: object) -> str | None:
    """The tables' text of a timestamp where that says all `value` said, else None."""
    found = normalize(value)
    return found[0] if found is not None and found[1] else None


def _utc_text(moment: datetime) -> str:
    """`moment` in UTC; one without an offset is local time."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "+00:00"
