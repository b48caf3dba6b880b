"""From an object to its row and back: the careful way, which any object can go.

A column takes the value where the domain has one for its key. What the row's
columns don't give back to the last digit stays in metadata_json under its key,
as it was written: the rest, `null`, an integer in a REAL column, a timestamp in
another form than the tables'. Two entries are our own:

    "$keys": {"confidence": "confidence_at_grant"}   the key that filled a column, where it isn't the file's usual one
    "$line": "…"                                     the object as it was written, where metadata can't hold it

`rebuild` makes the object of the row again; `differences` compares it with the
line. Rows here are lists: timestamp, the domain's columns, metadata_json.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from foundups_logging.domains.columns import CONVERTERS
from foundups_logging.domains.tables import NULL, table_of
from foundups_logging.encoding import escaped, to_json
from foundups_logging.migrate.json_text import Member, same, scan_object
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.moments import stamp_reader, zone_named

__all__ = ["KEYS_TAG", "LINE_TAG", "Built", "Members", "RefusedError", "RowMaker", "column_text", "differences"]

KEYS_TAG: Final = "$keys"
LINE_TAG: Final = "$line"

#: An object as (key, the JSON text of the value), in order.
Members = list[tuple[str, str]]

_TAGGED: Final = {"NaN": '{"$float":"nan"}', "Infinity": '{"$float":"inf"}', "-Infinity": '{"$float":"-inf"}'}
_UNTAGGED: Final = {tag: text for text, tag in _TAGGED.items()}
_MAX_SHOWN: Final = 60  # characters of a value


class RefusedError(ValueError):
    """An object that can't be a row of the domain; the text says why."""


class Built(NamedTuple):
    """A row and how it came to be.

    `used` tells by column the member that filled it, `exact` the columns that
    give their member's value back, `tags` our own entry of metadata for the keys
    ("" for none), `has_line` whether metadata holds the object as it was written.
    """

    row: list[Any]
    used: dict[int, Member]
    exact: set[int]
    tags: str
    has_line: bool


class RowMaker:
    """Makes rows of the objects of one file, and objects of its rows, by `mapping`, whose keys are known.

    `null` is what stands for NULL in the flat rows that SQLite is given.
    """

    def __init__(self, mapping: FileMapping, null: object = NULL) -> None:
        domain = mapping.domain
        self.mapping = mapping
        self.null = null
        self.number = table_of(domain).number
        self.names = domain.column_names
        self.types = ("TIMESTAMP", *(column.type for column in domain.columns))
        self.stamp = stamp_reader(zone_named(mapping.timezone))
        self._convert = [self._stamp, *(CONVERTERS[column.type] for column in domain.columns)]
        self.required = [0, *(number for number, column in enumerate(domain.columns, 1) if column.required)]
        index_of = {name: index for index, name in enumerate(self.names[:-1])}
        self.usual = [(mapping.keys or {}).get(name, name) for name in self.names[:-1]]
        self.constants = {
            index_of[name]: self._constant(index_of[name], value) for name, value in mapping.constants.items()
        }
        # Each column's keys, the best first.
        self._keys: list[list[str]] = [
            list(dict.fromkeys((key, name))) for key, name in zip(self.usual, index_of, strict=True)
        ]
        taken = {*self.usual, *index_of}
        for alias, target in domain.aliases.items():
            if alias not in taken:
                self._keys[index_of[target]].append(alias)
                taken.add(alias)
        for column in domain.columns:
            if column.source is not None and column.source not in taken:
                self._keys[index_of[column.name]].append(column.source)
                taken.add(column.source)
        # A key that is another column's usual one fills that one only.
        for index, name in enumerate(index_of):
            if (
                self.usual[index] != name
                and name in self._keys[index]
                and name in self.usual[:index] + self.usual[index + 1 :]
            ):
                self._keys[index].remove(name)
        #: The column that a key may fill.
        self.column_of = {key: index for index, keys in enumerate(self._keys) for key in keys}

    def _constant(self, index: int, value: object) -> Any:  # noqa: ANN401 - a column's value
        converted = self._convert[index](value)
        if converted is None:
            raise RefusedError(f"column {self.names[index]!r} can't hold the constant {value!r}")
        return converted[0]

    def _stamp(self, value: object) -> tuple[str | None, bool] | None:
        text = self.stamp(value)
        return None if text is None else (text, text == value)

    def goes_before(self, index: int, key: str, other: str) -> bool:
        """Whether `key` rather than `other` fills the column, where both could."""
        return self._keys[index].index(key) < self._keys[index].index(other)

    def flat(self, row: Iterable[Any]) -> tuple[Any, ...]:
        """A row as SQLite is given it: with the table's number before it, and `null` for NULL."""
        return (self.number, *(self.null if value is None else value for value in row))

    def build(self, members: Sequence[Member], text: str, *, keeps_line: bool = False) -> Built:
        """The row of an object; `text` is what was written and, with `keeps_line`, is kept. Raises RefusedError."""
        found = {member.key: member for member in members}
        row: list[Any] = [None] * len(self.names)
        used: dict[int, Member] = {}
        exact: set[int] = set()
        for index in {self.column_of[key] for key in found if key in self.column_of}:
            for key in self._keys[index]:
                stored = self._stored(index, found[key]) if key in found else None
                if stored is not None:
                    row[index], used[index] = stored, found[key]
                    told = column_text(self.types[index], stored)
                    if index not in self.constants and same(told, found[key].text):
                        exact.add(index)
                    break
        for index, value in self.constants.items():
            if row[index] is None:
                row[index] = value
        for index in self.required:
            if row[index] is None:
                given = [key for key in self._keys[index] if key in found]
                how = f"unusable: {_short(found[given[0]].text)}" if given else "missing"
                raise RefusedError(f"required column {self.names[index]!r} is {how}")
        gone = {used[index].key for index in exact}
        rest = [member for member in found.values() if member.key not in gone]
        keys = {self.names[i]: member.key for i, member in sorted(used.items()) if member.key != self.usual[i]}
        has_line = (
            keeps_line
            or len(found) < len(members)
            or any(member.key[:1] == "$" or not (member.is_plain or member.text in _TAGGED) for member in members)
        )
        tags = f'"{KEYS_TAG}":{json.dumps(keys)}' if keys else ""
        row[-1] = _metadata(rest, tags, text if has_line else None)
        return Built(row, used, exact, tags, has_line)

    def _stored(self, index: int, member: Member) -> Any:  # noqa: ANN401 - a column's value
        """What the column is given of a value; None where it can't hold it, or there is none."""
        text = member.text
        if self.types[index] == "JSON" and text[:1] != '"':
            return None if text == "null" or not member.is_plain else text
        if text[:1] in "{[":
            return None
        try:
            value = json.loads(text)
        except ValueError:  # an integer of too many digits
            return None
        if self.types[index] == "JSON" and value[:1] not in ("{", "["):
            return text
        if self.types[index] == "TEXT" and type(value) is str:
            return escaped(value)  # SQLite can't hold a lone surrogate
        converted = self._convert[index](value)
        return None if converted is None else converted[0]

    def rebuild(self, row: Sequence[Any]) -> Members:
        """The object that became `row`. Raises NotJSONError or ValueError where its metadata is none of ours."""
        metadata = row[-1]
        rest = [] if metadata is None else scan_object(metadata).members
        tags = {member.key: member.text for member in rest if member.key in (KEYS_TAG, LINE_TAG)}
        if LINE_TAG in tags:
            line = json.loads(tags[LINE_TAG])
            return [(member.key, member.text) for member in scan_object(line).members]
        keys = json.loads(tags.get(KEYS_TAG, "{}"))
        kept = [(member.key, _UNTAGGED.get(member.text, member.text)) for member in rest if member.key not in tags]
        names = {key for key, _ in kept}
        members = []
        for index, value in enumerate(row[:-1]):
            if value is not None and index not in self.constants:
                key = keys.get(self.names[index], self.usual[index])
                if key not in names:
                    members.append((key, column_text(self.types[index], value)))
        return members + kept


def column_text(kind: str, stored: Any) -> str:  # noqa: ANN401 - a column's value
    """The JSON text that a column's value stands for."""
    if kind == "JSON" and type(stored) is str:
        return stored
    if kind == "BOOLEAN" and stored in (0, 1):
        return "true" if stored else "false"
    if type(stored) is str:
        return json.dumps(stored, ensure_ascii=False)
    if type(stored) is bytes:
        return to_json(stored)
    if kind == "INTEGER" and type(stored) is float and stored.is_integer():
        return str(int(stored))
    if kind == "REAL" and not math.isfinite(stored):
        return "Infinity" if stored > 0 else "-Infinity"
    return repr(float(stored) if kind == "REAL" else stored)


def differences(expected: Iterable[tuple[str, str]], found: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Where two objects differ: (key, the texts of its values found, those expected), "" where it isn't there."""
    here, there = _by_key(found), _by_key(expected)
    wrong = []
    for key in dict.fromkeys((*there, *here)):
        mine, other = here.get(key, []), there.get(key, [])
        if len(mine) != len(other) or not all(map(same, mine, other)):
            wrong.append((key, ", ".join(mine), ", ".join(other)))
    return wrong


def _by_key(members: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, text in members:
        found.setdefault(key, []).append(text)
    return found


def _metadata(rest: Iterable[Member], tags: str, line: str | None) -> str | None:
    parts = []
    for member in rest:
        if member.key[:1] == "$":
            continue
        text = member.text if member.is_plain else _TAGGED.get(member.text) or _readable(member.text)
        if text is not None:
            parts.append(f"{member.key_text}:{text}")
    if tags:
        parts.append(tags)
    if line is not None:
        parts.append(f'"{LINE_TAG}":{json.dumps(line, ensure_ascii=False)}')
    return "{" + ",".join(parts) + "}" if parts else None


def _readable(text: str) -> str | None:
    """A value that metadata can't hold as it is, in our encoding; None where it is nested too deeply even for that."""
    try:
        return to_json(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _short(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
