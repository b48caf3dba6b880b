"""Lines and rows: nothing that JSON can say is bent on its way into a row and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from migrations import DOMAINS, STAMP, containers, keys, mapping, numbers, objects, odd_strings, strings, values, words

from foundups_logging import Domain, TelemetryStore
from foundups_logging.domains.model import Column
from foundups_logging.errors import ConfigurationError
from foundups_logging.migrate.json_text import NotJSONError, same, scan_object, scan_value
from foundups_logging.migrate.lines import may_be_tagged, pieces_of
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.rows import RefusedError, RowMaker, differences
from foundups_logging.migrate.shapes import Shapes

EVERY_TYPE = Domain(
    "everything",
    (
        Column("text"),
        Column("number", "REAL"),
        Column("count", "INTEGER"),
        Column("success", "BOOLEAN"),
        Column("analysis_json", "JSON"),
        Column("event", source="event"),
    ),
    aliases={"message": "text", "value": "number", "confidence": "number", "analysis": "analysis_json", "id": "count"},
)
MAKERS = [
    RowMaker(mapping(keys={})),
    RowMaker(FileMapping(EVERY_TYPE, {"number": "confidence"}, {"timestamp": STAMP})),
    RowMaker(
        FileMapping(EVERY_TYPE, {"timestamp": "message"}, {"timestamp": STAMP, "success": True, "text": "x"}, "UTC")
    ),
]
WANTED = st.one_of(keys, st.sampled_from([f'"{name}"' for name in EVERY_TYPE.column_names]))


def members_of(text):
    return [(member.key, member.text) for member in scan_object(text).members]


@settings(max_examples=400)
@given(objects(keys=WANTED), st.sampled_from(MAKERS))
def test_any_object_is_the_same_when_it_is_rebuilt_from_its_row(text, maker):
    found = scan_object(text)
    assert found.end == len(text)
    row = maker.build(found.members, text).row
    assert differences(members_of(text), maker.rebuild(row)) == []


@settings(max_examples=200)
@given(st.lists(objects(keys=WANTED), min_size=1, max_size=3), st.sampled_from(MAKERS), st.data())
def test_the_fast_way_makes_the_rows_of_the_careful_one(texts, maker, data):
    shapes = Shapes(maker)
    for text in texts * 3:
        # Lines of a shape differ in their values.
        line = text
        for value in data.draw(st.lists(values, max_size=2)):
            members = scan_object(line)
            if members.starts:
                start = members.starts[-1]
                line = line[:start] + value + line[start + len(members.members[-1].text) :]
        found = scan_object(line)
        built = maker.build(found.members, line)
        if may_be_tagged(line):
            continue
        made = []
        if not shapes.take(f"{line}\n", 0, made.append, may_have_escapes=data.draw(st.just("\\" in line))):
            shapes.learn(line, found, built)
        else:
            assert [repr(value) for value in made[0]] == [repr(value) for value in maker.flat(built.row)]


ALIKE = {
    "timestamp": st.sampled_from(
        [f'"{STAMP}"', '"2025-02-30T19:06:40.230459+00:00"', '"2025-10-21"', "1761073600.5", "0"]
    ),
    "text": st.one_of(strings(), odd_strings, numbers),
    "number": numbers,
    "count": numbers,
    "success": words,
    "analysis_json": st.one_of(containers(values), strings()),
    "event": st.one_of(strings(), words),
    "confidence": numbers,
    "more": values,
    "nested": containers(values),
}


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from(sorted(ALIKE)), min_size=1, max_size=6, unique=True),
    st.sampled_from(MAKERS),
    st.sampled_from([", ", ","]),
    st.data(),
)
def test_lines_of_a_shape_have_the_rows_and_texts_of_the_careful_way(names, maker, comma, data):
    shapes, fast = Shapes(maker), []
    for _ in range(12):
        line = "{" + comma.join(f'"{name}": {data.draw(ALIKE[name])}' for name in names) + "}"
        found = scan_object(line)
        try:
            built = maker.build(found.members, line)
        except RefusedError:
            built = None
        made = []
        if may_be_tagged(line) or not shapes.take(f"{line}\n", 0, made.append, may_have_escapes="\\" in line):
            if built is not None:
                shapes.learn(line, found, built)
            continue
        assert built is not None
        assert [repr(value) for value in made[0]] == [repr(value) for value in maker.flat(built.row)]
        fast.append(line)
        row = [None if value != value else value for value in made[0]]  # noqa: PLR0124 - NaN stands for NULL
        encode = json.encoder.encode_basestring_ascii if line.isascii() else json.encoder.encode_basestring
        text = shapes.last.text([row], encode)
        assert differences(members_of(line), members_of(text[:-1])) == []
    event("the fast way" if fast else "only the careful way")


def test_a_line_of_a_known_shape_is_made_from_its_row_alone():
    maker = RowMaker(FileMapping(DOMAINS["permission_events"], {}), None)
    shapes = Shapes(maker)
    line = json.dumps(
        {"timestamp": STAMP, "event_type": "p", "agent_id": 'a "b"', "confidence": 0.25, "x": {"y": [1]}, "n": None}
    )
    found = scan_object(line)
    for _ in range(2):
        shapes.learn(line, found, maker.build(found.members, line))
    rows = []
    text = f"{line}\n{line}\n"
    assert shapes.take(text, 0, rows.append, may_have_escapes=True) == len(text)
    assert shapes.last.text(rows, json.encoder.encode_basestring_ascii) == text


@settings(max_examples=300)
@given(values)
def test_json_is_read_as_pythons_own_reader_reads_it(text):
    assert scan_value(text, 0)[0] == len(text)
    assert same(text, f" {text} ")
    json.loads(text)


@settings(max_examples=500)
@given(st.one_of(st.text(alphabet='{}[]",:\\0123456789-+.eEtrufalsn \t\x00é\ud800', max_size=12), values, objects()))
def test_what_is_no_json_is_known_as_such(text):
    try:
        json.loads(text)
    except ValueError:
        is_json = False
    else:
        is_json = True
    try:
        start = len(text) - len(text.lstrip(" \t\r\n"))
        end, _ = scan_value(text, start)
    except NotJSONError:
        assert not is_json
    else:
        assert is_json == (not text[end:].strip(" \t\r\n"))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("1", "1.0", False),
        ("1", "true", False),
        ("0.0", "-0.0", False),
        ("1.0", "1e0", True),
        ("1.50", "1.5", True),
        ("100.0", "1E2", True),
        ("1e400", "1e401", False),
        ("0.1", "0.10000000000000001", False),
        ("9007199254740993", "9007199254740992", False),
        ('"é"', '"\\u00e9"', True),
        ('{"a":1,"b":2}', '{ "b":2,"a":1 }', True),
        ('{"a":1,"a":2}', '{"a":2,"a":1}', False),
        ("[1,2]", "[2,1]", False),
        ("NaN", "NaN", True),
        ("null", "0", False),
    ],
)
def test_values_are_the_same_only_where_json_says_the_same(one, other, is_same):
    assert same(one, other) is is_same


def test_depth_is_no_limit():
    text = '{"a":' * 5000 + "1" + "}" * 5000
    assert scan_object(text).end == len(text)
    assert same(text, text.replace(":", " : "))
    maker = MAKERS[0]
    row = maker.build(scan_object(text).members, text).row
    assert differences(members_of(text), maker.rebuild(row)) == []


# --- what becomes of lines

GOOD = '{"event":"a","n":1}'


def told(line):
    return [(line[piece.start : piece.end], piece.reason or "row") for piece in pieces_of(line, MAKERS[0])]


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("", []),
        (" \t\r", []),
        ("\ufeff" + GOOD, [(GOOD, "row")]),
        (GOOD + "\r", [(GOOD, "row")]),
        (GOOD + GOOD, [(GOOD, "row"), (GOOD, "row")]),
        (f"{GOOD} {GOOD}", [(GOOD, "row"), (GOOD, "row")]),
        ("\0\0\0" + GOOD, [("\0\0\0", "NUL bytes"), (GOOD, "row")]),
        (GOOD + "\0\0", [(GOOD, "row"), ("\0\0", "NUL bytes")]),
        ("\0\0", [("\0\0", "NUL bytes")]),
        ('{"event":"tor' + GOOD, [('{"event":"tor', "no JSON from character"), (GOOD, "row")]),
        (GOOD + '{"event":"to', [(GOOD, "row"), ('{"event":"to', "torn: it ends in its midst")]),
        ('{"event":"to', [('{"event":"to', "torn: it ends in its midst")]),
        ('{"event":', [('{"event":', "torn: it ends in its midst")]),
        ('{"a":{"event":"inner"}', [('{"a":{"event":"inner"}', "torn: it ends in its midst")]),
        ('er":{"event":"inner"}}', [('er":{"event":"inner"}}', "no JSON from character 1 on")]),
        ("INFO:root:" + GOOD, [("INFO:root:", "no JSON from character 1 on"), (GOOD, "row")]),
        ("[1,2]", [("[1,2]", "no object but an array")]),
        ('[{"event":"a"}]', [('[{"event":"a"}]', "no object but an array")]),
        ("12", [("12", "no object but a number")]),
        ("null", [("null", "no object but a null")]),
        ("2025-07-22 12:04 - started", [("2025-07-22 12:04 - started", "no object but a number; no JSON from")]),
        ('{"event":"a\udcff"}', [('{"event":"a\udcff"}', "bytes that are no text in the file's encoding")]),
    ],
)
def test_a_line_becomes_its_objects_and_the_rest_is_rejected(line, pieces):
    found = told(line)
    assert [text for text, _ in found] == [text for text, _ in pieces]
    assert all(reason.startswith(expected) for (_, reason), (_, expected) in zip(found, pieces, strict=True))


# --- columns


def built(domain, text, **options):
    maker = RowMaker(FileMapping(DOMAINS[domain], options.pop("keys", {}), **options))
    row = maker.build(scan_object(text).members, text).row
    return {name: value for name, value in zip(maker.names, row, strict=True) if value is not None}


def test_aliases_and_the_events_name_fill_columns():
    text = f'{{"granted_at":"{STAMP}","event":"permission_granted","agent_id":"a","permission":"p"}}'
    row = built("permission_events", text)
    assert row.pop("metadata_json") == (
        '{"$keys":{"timestamp": "granted_at", "event_type": "event", "permission_level": "permission"}}'
    )
    assert row == {
        "timestamp": STAMP,
        "event_type": "permission_granted",
        "agent_id": "a",
        "permission_level": "p",
    }


def test_what_a_column_does_not_tell_is_kept_beside_it():
    text = '{"timestamp":1761073600123,"metric_name":7,"value":1,"unit":null}'
    assert built("metrics_events", text) == {
        "timestamp": "2025-10-21T19:06:40.123000+00:00",
        "metric_name": "7",
        "value": 1.0,
        "metadata_json": '{"timestamp":1761073600123,"metric_name":7,"value":1,"unit":null}',
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "required column 'timestamp' is missing"),
        ('{"timestamp":"yesterday"}', "required column 'timestamp' is unusable: \"yesterday\""),
        (f'{{"timestamp":"{STAMP}"}}', "required column 'event_type' is missing"),
        (f'{{"timestamp":"{STAMP}","agent_id":null,"event_type":"e"}}', "required column 'agent_id' is unusable: null"),
    ],
)
def test_without_a_required_column_there_is_no_row(text, reason):
    with pytest.raises(RefusedError) as caught:
        built("permission_events", text)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"2025-10-21T19:06:40Z"', "2025-10-21T19:06:40.000000+00:00"),
        ('"2025-10-21 21:06:40+02:00"', "2025-10-21T19:06:40.000000+00:00"),
        ('"2025-10-21T21:06:40,5"', "2025-10-21T19:06:40.500000+00:00"),
        ('"2025-10-21 21:06:40"', "2025-10-21T19:06:40.000000+00:00"),
        ('"2025-12-21 21:06:40"', "2025-12-21T20:06:40.000000+00:00"),
        ('"2025-10-21"', "2025-10-20T22:00:00.000000+00:00"),
        ('" 2025-10-21 19:06:40 UTC "', "2025-10-21T19:06:40.000000+00:00"),
        ('"2025-10-21t19:06:40z "', "2025-10-21T19:06:40.000000+00:00"),
        ('"20251021T190640Z"', "2025-10-21T19:06:40.000000+00:00"),
        ("1761073600", "2025-10-21T19:06:40.000000+00:00"),
        ("1761073600.230459", "2025-10-21T19:06:40.230459+00:00"),
        ("1761073600230", "2025-10-21T19:06:40.230000+00:00"),
        ("1761073600230459", "2025-10-21T19:06:40.230459+00:00"),
        ("1761073600230459123", "2025-10-21T19:06:40.230459+00:00"),
    ],
)
def test_timestamps_of_all_usual_forms_are_read_and_their_text_is_kept(written, read):
    row = built("log_events", f'{{"timestamp":{written},"event":"e"}}', timezone="Europe/Berlin")
    assert row == {"timestamp": read, "event": "e", "metadata_json": f'{{"timestamp":{written}}}'}


def test_a_time_zone_or_column_that_there_is_not_is_refused():
    with pytest.raises(ConfigurationError, match="no time zone 'Mars/Base'"):
        mapping(timezone="Mars/Base")
    with pytest.raises(ConfigurationError, match="no column 'colour'"):
        mapping(constants={"colour": "red"})


def test_a_mapping_is_the_same_when_it_is_read_again():
    told = FileMapping(DOMAINS["selenium_sessions"], {"url": "u"}, {"screenshot_path": "p"}, "+02:00")
    again = FileMapping.from_text(told.to_text())
    assert (again.to_text(), again.domain.column_names) == (told.to_text(), told.domain.column_names)


def test_imported_rows_look_like_logged_ones(database, rows):
    fields = {
        "agent_id": "a",
        "permission_level": "p",
        "confidence": 0.5,
        "steps": [1, {"b": None}],
        "timestamp": STAMP,
    }
    with TelemetryStore(database) as store:
        store.record("permission_events", event="permission_granted", **fields)
    (logged,) = rows("permission_events")
    text = json.dumps({"event_type": "permission_granted", **fields})
    imported = built("permission_events", text)
    assert json.loads(imported.pop("metadata_json")) == logged.pop("metadata_json")
    assert imported == {name: value for name, value in logged.items() if value is not None and name != "id"}
