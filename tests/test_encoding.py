"""Encoding: any value as JSON text that tells it whole, and back."""

from __future__ import annotations

import collections
import json
import pathlib
import sqlite3
import subprocess
import sys
import types
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from odd_values import (
    INFINITY,
    NAN,
    NASTY,
    PAIR,
    Colour,
    EndlessRepr,
    Number,
    Point,
    RaisesRepr,
    RaisesStr,
    ReprIsNoText,
    SafeText,
    TextColour,
    any_values,
    decoded,
    json_values,
    same,
    strict,
    texts,
)

from foundups_logging.encoding import from_json, safe_str, to_json


@given(json_values)
@example({"$bytes": "aGk="})
@example({"$float": "nan"})
@example({"$items": [["a", 1]]})
@example({"$json": "[1]"})
@example([{"$int": "0x10"}, {"$cycle": "list"}])
@example([-0.0, 5e-324, 1.7976931348623157e308, NAN, INFINITY, -INFINITY])
@example([2**63, -(2**64), 10**30, 10**5000, -(10**5000)])
@example(["\ud800", "\0", "\u2028", "é✊", {"\udfff": None}])
@settings(deadline=None)
def test_a_json_value_comes_back_exactly(value):
    assert same(decoded(value), value)


@pytest.mark.parametrize("value", [PAIR, f"a{PAIR}b{PAIR}", [PAIR], {PAIR: 1}, {"a": PAIR, PAIR: 2}], ids=ascii)
def test_two_halves_of_a_surrogate_pair_stay_two(value):
    # In JSON's escapes, the two read as one character.
    assert same(decoded(value), value)


@given(any_values)
@settings(deadline=None)
def test_any_value_becomes_valid_json_that_tells_the_same_each_time(value):
    found = decoded(value)
    assert same(decoded(found), found)


# A value beside one that JSON would bend takes another way through the encoder.
@given(any_values)
@example(SafeText("x"))
@example(datetime(1900, 1, 1, tzinfo=timezone(timedelta(seconds=1172))))
@example({TextColour.RED: 1})
@settings(deadline=None)
def test_what_stands_beside_a_value_changes_nothing_of_it(value):
    assert same(decoded([value])[0], decoded([NAN, value])[1])


@pytest.mark.parametrize("nasty", NASTY)
def test_no_object_makes_it_raise_whatever_stands_around_it(nasty):
    make = NASTY[nasty]
    for beside in ("plain", NAN, 2**70):
        text = to_json({"beside": beside, "value": [make(), (make(), {"deep": make()})]})
        assert strict(text)["value"][1][1].keys() == {"deep"}
    assert strict(to_json({"value": make()}))["value"] not in ("", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2025, 10, 21, 19, 6, 40, 230459, tzinfo=UTC), "2025-10-21T19:06:40.230459+00:00"),
        (datetime(2025, 10, 21, 19, 6), "2025-10-21T19:06:00"),  # noqa: DTZ001
        (date(2025, 10, 21), "2025-10-21"),
        (time(19, 6), "19:06:00"),
        (timedelta(days=1, seconds=2), "1 day, 0:00:02"),
        (Decimal("0.10"), "0.10"),
        (Decimal("NaN"), "NaN"),
        (uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (pathlib.PurePosixPath("shots/a.png"), "shots/a.png"),
        (Colour.RED, "red"),
        (TextColour.RED, "red"),
        (Number.ONE, 1),
        (complex(1, 2), "(1+2j)"),
        (Point(1, "kept too"), {"x": 1, "_hidden": "kept too"}),
        (b"hi\x00\xff", b"hi\x00\xff"),
        (bytearray(b"hi"), b"hi"),
        (memoryview(b"hi"), b"hi"),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", "a"}), ["a", "b"]),
        ((1, (2,)), [1, [2]]),
        (collections.deque([1, 2]), [1, 2]),
        (collections.OrderedDict(a=1), {"a": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        (collections.namedtuple("Pair", "x y")(1, 2), [1, 2]),  # noqa: PYI024
        ({1: "a", False: "b", None: "c"}, {"1": "a", "false": "b", "null": "c"}),
        ({1: "a", "1": "b"}, {1: "a", "1": "b"}),
        ({1.5: "a", NAN: "b"}, None),
        ({Colour.RED: 1}, {"red": 1}),
        ({TextColour.RED: 1}, {"red": 1}),
        ({Number.ONE: "a"}, {1: "a"}),
        ({uuid.UUID(int=5): 1}, {"00000000-0000-0000-0000-000000000005": 1}),
        ({date(2025, 1, 1): 1}, {"2025-01-01": 1}),
        (np.float64(0.1), 0.1),
        (np.float64(NAN), NAN),
        (np.float32(0.5), 0.5),
        (np.int64(-5), -5),
        (np.bool_(True), True),  # noqa: FBT003
        (np.str_("a"), "a"),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([0.5, NAN]), [0.5, NAN]),
        (np.datetime64("2025-10-21T19:06"), "2025-10-21T19:06:00"),
        (np.datetime64("2025-10-21T19:06:40.123456789"), "2025-10-21T19:06:40.123456789"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_a_usual_object_becomes_its_usual_text(value, expected):
    if expected is None:  # a mapping that JSON's customs can't tell: its pairs are listed
        assert strict(to_json(value)) == {"$items": [[1.5, "a"], [{"$float": "nan"}, "b"]]}
    else:
        assert same(decoded(value), expected)


@pytest.mark.parametrize("seconds", [30, 1172, -3630, 5400])
def test_an_offset_with_seconds_is_kept_to_the_second(seconds):
    moment = datetime(1900, 1, 1, tzinfo=timezone(timedelta(seconds=seconds)))
    assert datetime.fromisoformat(decoded({"at": moment})["at"]) == moment


@pytest.mark.parametrize(
    "make", [collections.OrderedDict, types.MappingProxyType, dict], ids=lambda make: make.__name__
)
@pytest.mark.parametrize("value", ["aGk=", 'a"b', 5, None, ["aGk="]])
@pytest.mark.parametrize("tag", ["$bytes", "$float", "$int", "$json", "$items", "$cycle", "$text"])
def test_a_mapping_that_only_looks_like_a_tag_comes_back_as_it_was(make, value, tag):
    assert same(decoded(make({tag: value})), {tag: value})


@pytest.mark.parametrize(
    "text",
    [
        '{"$text":5}',
        '{"$text":[5]}',
        '{"$float":"many"}',
        '{"$int":5}',
        '{"$bytes":"é"}',
        '{"$json":"["}',
        '{"$items":[1]}',
        '{"$other":1}',
    ],
)
def test_json_of_others_with_a_broken_tag_is_read_as_it_stands(text):
    assert from_json(text) == json.loads(text)


def test_a_container_in_itself_is_told_where_it_recurs():
    cycle: list = [1]
    cycle.append({"again": cycle})
    assert decoded(cycle) == [1, {"again": {"$cycle": "list"}}]


def test_a_value_that_stands_in_two_places_is_no_cycle():
    shared = [NAN]
    assert same(decoded([shared, shared]), [[NAN], [NAN]])


@pytest.mark.parametrize("depth", [99, 101, 300, 600])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["list", "dict"])
def test_a_deep_value_comes_back(depth, wrap):
    value = "end"
    for _ in range(depth):
        value = wrap(value)
    found = decoded(value)
    for _ in range(depth):
        (found,) = found.values() if isinstance(found, dict) else found
    assert found == "end"


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["list", "dict"])
@pytest.mark.parametrize("depth", [1_000, 10_000])
def test_no_depth_blows_the_stack_and_the_innermost_value_is_there(depth, wrap):
    value = "the end"
    for _ in range(depth):
        value = wrap(value)
    text = to_json(value)
    strict(text)  # what lies deep is text in the text, so a parser's own limit isn't met
    from_json(text)
    assert "the end" in text
    connection = sqlite3.connect(":memory:")
    assert connection.execute("SELECT json_valid(?)", (text,)).fetchone() == (1,)
    connection.close()


# In a process of its own: orjson 3.12.0 and 3.13.0 write beyond their buffer for tuples so deep.
@pytest.mark.parametrize(
    "around", ["value", "OrderedDict(a=value)", "MyList([value])", "{1: value}", "Point(value)", "MyTuple([value])"]
)
def test_no_depth_of_tuples_ends_the_program(around):
    program = f"""if True:
        from collections import OrderedDict
        from dataclasses import dataclass
        from foundups_logging.encoding import from_json, to_json

        class MyList(list): pass
        class MyTuple(tuple): pass

        @dataclass
        class Point:
            x: object

        for depth in 300, 3_000, 30_000:
            value = "the end"
            for _ in range(depth):
                value = (value,)
            text = to_json({around})
            from_json(text)
            assert "the end" in text
        print("done")
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("done\n", "", 0)


@given(st.dictionaries(texts, json_values, max_size=3))
@settings(deadline=None, max_examples=50)
def test_sqlite_reads_the_json_too(value):
    connection = sqlite3.connect(":memory:")
    try:
        assert connection.execute("SELECT json_valid(?)", (to_json(value),)).fetchone() == (1,)
    finally:
        connection.close()


@given(texts)
@settings(deadline=None, max_examples=15)
def test_a_text_of_a_megabyte_comes_back(piece):
    assume(piece)
    text = piece * (1_000_000 // len(piece))
    assert from_json(to_json(text)) == text


@pytest.mark.parametrize("text", ["", "{", "nope", '{"a":}'])
def test_reading_what_is_no_json_raises_value_error(text):
    with pytest.raises(ValueError):
        from_json(text)


@pytest.mark.parametrize("make", [RaisesRepr, lambda: RaisesStr("x"), ReprIsNoText, EndlessRepr])
def test_safe_str_never_raises_and_names_the_type(make):
    value = make()
    assert type(value).__name__ in safe_str(value)
