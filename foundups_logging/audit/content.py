"""What the records of a file tell together: keys, shapes, timestamps, event types; in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from foundups_logging.audit.model import Key
from foundups_logging.audit.moments import Moments, timestamp_key

__all__ = ["Content", "json_type", "printable"]

#: Most keys that are told of a file, and shapes that are counted.
MOST_KEYS: Final = 1_000
MOST_SHAPES: Final = 100_000
_MOST_EVENT_TYPES: Final = 100
# From here on the values are no types: names, texts, numbers of something.
_TOO_MANY_VALUES: Final = 1_000
_FEW_VALUES: Final = 20
_LONGEST_TEXT: Final = 200
_EVENT_KEYS: Final = (
    "event_type", "eventType", "event_name", "eventName", "event", "type", "kind", "message_type", "msg_type", "action",
    "operation", "record_type", "category",
)  # fmt: skip
# Keys of all shapes that wait to be counted.
_MOST_WAITING: Final = 100_000

_TYPES: Final = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}

_Shape = tuple[tuple[str, ...], tuple[type, ...]]


def json_type(value: object) -> str:
    """The name of a JSON value's type: "string", "integer", "number", "boolean", "null", "array", "object"."""
    return _TYPES[type(value)]


def printable(text: str) -> str:
    """A text from a file, of bounded length, that can be encoded as UTF-8."""
    cut = text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"
    return cut.encode("utf-8", "backslashreplace").decode()


class _Seen:
    """The records of one shape: how many, and under which keys they have a timestamp and an event type."""

    __slots__ = ("count", "event_key", "moment_key")

    def __init__(self, record: dict[str, Any]) -> None:
        self.count = 0
        self.moment_key = timestamp_key(record)
        self.event_key = next((key for key in _EVENT_KEYS if type(record.get(key)) is str), "")


class Content:
    """What the records of a file tell together."""

    def __init__(self) -> None:
        self.records = 0
        self._seen: dict[_Shape, _Seen] = {}
        self._waiting = 0
        self._keys: dict[str, tuple[int, set[type]]] = {}
        self._shapes: set[int] = set()
        self._moments: dict[str, Moments] = {}
        self._events: dict[str, dict[str, int] | None] = {}  # None: too many values to be types

    def add(self, records: Iterable[dict[str, Any]]) -> None:
        """Count some records."""
        seen = self._seen
        for record in records:
            shape = (tuple(record), tuple(map(type, record.values())))
            entry = seen.get(shape)
            if entry is None:
                entry = self._new_shape(shape, record)
            entry.count += 1
            self.records += 1
            if entry.moment_key:
                self._moments[entry.moment_key].add(record[entry.moment_key])
            if entry.event_key:
                self._count_event(entry.event_key, record[entry.event_key])

    def _new_shape(self, shape: _Shape, record: dict[str, Any]) -> _Seen:
        if self._waiting > _MOST_WAITING:
            self._fold()
        self._waiting += len(record) + 1
        entry = self._seen[shape] = _Seen(record)
        if entry.moment_key:
            self._moments.setdefault(entry.moment_key, Moments())
        if entry.event_key:
            self._events.setdefault(entry.event_key, {})
        return entry

    def _count_event(self, key: str, value: str) -> None:
        counts = self._events[key]
        if counts is None:
            return
        if value in counts:
            counts[value] += 1
        elif len(counts) < _TOO_MANY_VALUES and len(value) <= _LONGEST_TEXT:
            counts[value] = 1
        else:
            self._events[key] = None

    def _fold(self) -> None:
        """Count the keys of the shapes seen since the last time, and forget these."""
        for (names, types), entry in self._seen.items():
            if len(self._shapes) < MOST_SHAPES:
                self._shapes.add(hash(frozenset(zip(names, types, strict=True))))
            for name, kind in zip(names, types, strict=True):
                if name in self._keys:
                    count, kinds = self._keys[name]
                    kinds.add(kind)
                    self._keys[name] = (count + entry.count, kinds)
                elif len(self._keys) < MOST_KEYS:
                    self._keys[name] = (entry.count, {kind})
        self._seen.clear()
        self._waiting = 0

    def keys(self) -> list[Key]:
        """The keys by first appearance; no more than `MOST_KEYS`."""
        self._fold()
        return [
            Key(printable(name), count, tuple(sorted(_TYPES[kind] for kind in kinds)))
            for name, (count, kinds) in self._keys.items()
        ]

    def shapes(self) -> int:
        """How many different sets of keys with types there are; no more than `MOST_SHAPES` are told apart."""
        self._fold()
        return len(self._shapes)

    def moments(self) -> tuple[str, Moments]:
        """The key that most records have their timestamp under ("" for none), and these."""
        found = [(key, moments) for key, moments in self._moments.items() if moments.count]
        return max(found, key=lambda entry: entry[1].count, default=("", Moments()))

    def event_types(self) -> dict[str, int]:
        """The most frequent values of the key that tells the sort of event, where these are few."""
        for counts in sorted(filter(None, self._events.values()), key=lambda counts: -sum(counts.values())):
            if len(counts) <= max(_FEW_VALUES, sum(counts.values()) // 2):
                most = sorted(counts.items(), key=lambda entry: -entry[1])[:_MOST_EVENT_TYPES]
                return {printable(value): count for value, count in most}
        return {}
