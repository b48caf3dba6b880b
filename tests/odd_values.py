"""Values that programs log and encoders stumble over, and how two values are compared to the bit."""

from __future__ import annotations

import collections
import dataclasses
import enum
import json
import math
import pathlib
import struct
import types
from datetime import UTC

import numpy as np
from hypothesis import strategies as st

from foundups_logging.encoding import from_json, to_json

NAN, INFINITY = math.nan, math.inf
PAIR = "\ud83d\ude00"  # two lone surrogates, no character


def same(one, other):
    """Whether two values are equal, of one type, floats to the bit, all the way down."""
    pairs = [(one, other)]
    while pairs:  # no recursion: some are deep
        one, other = pairs.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, float):
            if struct.pack(">d", one) != struct.pack(">d", other) and (one == one or other == other):  # noqa: PLR0124
                return False
        elif isinstance(one, (list, tuple, dict)):
            members = [list(value.items()) if isinstance(value, dict) else list(value) for value in (one, other)]
            if len(members[0]) != len(members[1]):
                return False
            pairs += zip(*members, strict=True)
        elif not one == other:  # noqa: SIM201 - as each type has it
            return False
    return True


def strict(text):
    """Parse `text` as RFC 8259 has it: no NaN, no Infinity."""

    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


def decoded(value):
    """What a reader finds of `value`; its text is valid JSON on the way."""
    text = to_json(value)
    strict(text)
    return from_json(text)


class Colour(enum.Enum):
    RED = "red"


class TextColour(str, enum.Enum):  # noqa: UP042 - as programs for older Pythons write it
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class SafeText(str):
    """Text that is its own str(), as Django's SafeString is."""

    __slots__ = ()

    def __str__(self):
        return self


@dataclasses.dataclass
class Point:
    x: int
    _hidden: str


class RaisesRepr:
    def __repr__(self):
        raise RuntimeError("no repr")


class RaisesClass:
    """What a lazy object is whose evaluation fails: even isinstance() raises."""

    @property
    def __class__(self):
        raise RuntimeError("no class")


class RaisesEq:
    __hash__ = None

    def __eq__(self, other):
        raise RuntimeError("no ==")


class RaisesBool:
    def __bool__(self):
        raise RuntimeError("no bool")


class RaisesAll:
    def __getattribute__(self, name):
        raise RuntimeError(name)


class RaisesStr(str):
    __slots__ = ()

    def __str__(self):
        raise RuntimeError("no str")


class ReprIsNoText:
    def __repr__(self):
        return 5


class RaisesMapping(collections.abc.Mapping):
    def __getitem__(self, key):
        raise RuntimeError(key)

    def __iter__(self):
        return iter("ab")

    def __len__(self):
        return 2


class RaisesPath:
    def __fspath__(self):
        raise RuntimeError("no path")


class EndlessRepr:
    def __repr__(self):
        return repr(self)


# Made anew in each test: pytest and hypothesis may not touch them either.
NASTY = {
    "repr raises": RaisesRepr,
    "class raises": RaisesClass,
    "== raises": RaisesEq,
    "bool raises": RaisesBool,
    "every attribute raises": RaisesAll,
    "str of a str raises": lambda: RaisesStr("text"),
    "repr is no text": ReprIsNoText,
    "repr without end": EndlessRepr,
    "mapping raises": RaisesMapping,
    "path raises": RaisesPath,
    "array whose truth is ambiguous": lambda: np.array([1, 2]),
    "exception": lambda: ValueError("x"),
    "type": lambda: int,
    "function": lambda: len,
    "generator": lambda: (x for x in ()),
    "key raises": lambda: {RaisesStr("text"): 1},
}

texts = st.text(st.characters(exclude_categories=()))
keys = texts | st.sampled_from(["$float", "$bytes", "$int", "$items", "$json", "$cycle", "$text", "$", "null"])
scalars = st.none() | st.booleans() | st.integers() | st.integers(-(2**70), 2**70) | st.floats() | texts
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=20
)
usual_objects = st.one_of(
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(),
    st.uuids(),
    st.binary(),
    st.complex_numbers(),
    st.frozensets(st.integers()),
    st.sampled_from([Colour.RED, TextColour.RED, Number.ONE, pathlib.PurePosixPath("a/b"), Point(1, "2")]),
    st.floats(width=32).map(np.float32),
    st.integers(0, 255).map(np.uint8),
    st.booleans().map(np.bool_),
)
any_values = st.recursive(
    scalars | usual_objects,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(keys | st.integers() | st.booleans() | st.floats() | st.none(), inner, max_size=4),
        st.dictionaries(keys, inner, max_size=3).map(collections.OrderedDict),
        st.dictionaries(keys, inner, max_size=3).map(types.MappingProxyType),
    ),
    max_leaves=12,
)
