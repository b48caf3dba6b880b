"""Timestamps of files: whatever usual form they have, as the tables' text."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from foundups_logging import timestamps
from foundups_logging.errors import ConfigurationError

__all__ = ["LOCAL", "stamp_reader", "zone_named", "zone_resolved", "zone_told"]

#: The name of the time zone that this machine is set to.
LOCAL = "local"

_MICROSECONDS_FROM = 1e14  # as milliseconds, they would lie beyond the year 5138
_NANOSECONDS_FROM = 1e17


def zone_named(name: str) -> tzinfo | None:
    """The time zone of that name ("Europe/Berlin", "UTC", "+02:00"), None for "local". Raises ConfigurationError."""
    if name == LOCAL:
        return None
    if name.upper() == "UTC":
        return UTC
    if name[:1] in ("+", "-"):
        try:
            offset = datetime.fromisoformat(f"2000-01-01T00:00:00{name}").utcoffset()
        except ValueError:
            offset = None
        if offset is not None:
            return timezone(offset)
    else:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    raise ConfigurationError(
        f"there is no time zone {name!r}",
        operation="read timestamps",
        hint='give a name such as Europe/Berlin, UTC, +02:00 or "local"; on Windows, names need the package tzdata',
    )


def zone_resolved(name: str) -> str:
    """The time zone's name, and for "local" that of the zone this machine is set to, where it tells one."""
    if name != LOCAL:
        return name
    where = os.environ.get("TZ") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    try:
        ZoneInfo(where.removeprefix(":"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return LOCAL
    return where.removeprefix(":")


def zone_told(name: str) -> str:
    """The time zone's name as a person wants to read it: with the offset where it is this machine's."""
    if name != LOCAL:
        return name
    now = datetime.now().astimezone()
    return f"local ({now.tzname()}, now UTC{now:%z})"


def stamp_reader(zone: tzinfo | None) -> Callable[[object], str | None]:
    """The function that reads a timestamp: ISO-8601 text or a number since 1970, as the tables' text or None.

    Text without an offset is in `zone` (None: local time). A number is in
    seconds, or by its size in milliseconds, microseconds or nanoseconds.
    """

    def read(value: object) -> str | None:
        if type(value) is int or type(value) is float:
            return _from_number(value)
        if type(value) is not str:
            return None
        try:
            moment: datetime | None = datetime.fromisoformat(value)
        except ValueError:
            moment = _from_variant(value)
        if moment is None:
            return None
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        found = timestamps.normalize(moment)
        return found[0] if found else None

    return read


def _from_number(value: float) -> str | None:
    if not math.isfinite(value):
        return None
    size = abs(value)
    if size < _MICROSECONDS_FROM:
        found = timestamps.normalize(value)
        return found[0] if found else None
    per_second = 1_000_000 if size < _NANOSECONDS_FROM else 1_000_000_000
    try:
        whole, rest = divmod(value, per_second)
        moment = datetime.fromtimestamp(int(whole), UTC) + timedelta(microseconds=int(rest * 1_000_000 // per_second))
    except (OverflowError, ValueError, OSError):
        return None
    found = timestamps.normalize(moment)
    return found[0] if found else None


def _from_variant(text: str) -> datetime | None:
    """What datetime.fromisoformat() doesn't read: spaces around, a space before the offset, "UTC" for one."""
    simpler = text.strip()
    if simpler.upper().endswith((" UTC", " GMT")):
        simpler = simpler[:-4] + "+00:00"
    head, _, offset = simpler.rpartition(" ")
    if offset[:1] in ("+", "-") and offset:
        simpler = head + offset
    if simpler == text:
        return None
    try:
        return datetime.fromisoformat(simpler.upper())
    except ValueError:
        return None
