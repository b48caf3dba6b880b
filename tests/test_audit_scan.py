"""What one file's content tells, however odd it is."""

from __future__ import annotations

import bz2
import codecs
import gzip
import hashlib
import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundups_logging.audit import source
from foundups_logging.audit.model import JsonlFile, Key, Problem
from foundups_logging.audit.scan import scan

ALL_SUFFIXES = (".jsonl", ".ndjson", ".json", ".log", ".txt", ".jsonl.gz", ".jsonl.bz2", ".jsonl.xz", ".jsonl.zst")


def scanned(folder: Path, content: bytes | str, name: str = "a.jsonl") -> JsonlFile | Problem | None:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return scan(folder, name)


def told(folder: Path, content: bytes | str, name: str = "a.jsonl") -> JsonlFile:
    found = scanned(folder, content, name)
    assert isinstance(found, JsonlFile), found
    return found


def reasons(found: JsonlFile) -> dict[int, str]:
    return {line.line: line.reason for line in found.malformed}


def test_a_file_tells_its_size_hash_lines_keys_shapes_times_and_event_types(tmp_path):
    content = (
        '{"timestamp": "2025-10-21T19:06:40Z", "event_type": "granted", "n": 1}\n'
        '{"timestamp": "2025-10-21T17:00:00+02:00", "event_type": "granted", "n": 1.5}\n'
        "\n"
        '{"event_type": "revoked", "timestamp": "2025-10-22T00:00:00Z", "n": 2, "who": null}\n'
    )
    found = told(tmp_path, content)
    assert (found.bytes, found.sha256) == (len(content), hashlib.sha256(content.encode()).hexdigest())
    assert (found.lines, found.records, found.blank, found.malformed_count) == (4, 3, 1, 0)
    assert found.keys == [
        Key("timestamp", 3, ("string",)),
        Key("event_type", 3, ("string",)),
        Key("n", 3, ("integer", "number")),
        Key("who", 1, ("null",)),
    ]
    assert found.shapes == 3
    assert (found.timestamp_key, found.timestamp_kind) == ("timestamp", "offset")
    assert (found.first, found.last) == ("2025-10-21T15:00:00+00:00", "2025-10-22T00:00:00+00:00")
    assert found.event_types == {"granted": 2, "revoked": 1}


def test_the_order_of_keys_makes_no_shape(tmp_path):
    assert told(tmp_path, '{"a": 1, "b": "x"}\n{"b": "y", "a": 2}\n').shapes == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"a": 1, "b": "cut he', "torn"),
        ('{"a": {"b": 1}', "torn"),
        ('{"a": tr', "torn"),
        ('": 1, "b": 2}', "torn"),
        ('{"a": 1}{"a": 2}', "fused"),
        ('{"a": "to{"a": 2}', "fused"),
        ('n": 1}{"a": 2}', "fused"),
        ('{"a": 1}\\n{"a": 2}\\n', "fused"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1},', "not JSON"),
        ("2025-10-21 INFO hello", "not JSON"),
        ("12", "not an object"),
        ('["a", 1]', "not an object"),
        ("null", "not an object"),
        (b'{"a": "caf\xe9"}', "not UTF-8"),
        (b'\0\0\0\0{"a": 1}', "NUL bytes"),
        (b"\0" * 5000, "NUL bytes"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_a_malformed_line_is_told_with_its_number_and_reason(tmp_path, line, reason):
    line = line if isinstance(line, bytes) else line.encode()
    found = told(tmp_path, b'{"a": 1}\n{"a": 2}\n' + line + b'\n{"a": 3}\n')
    assert reasons(found) == {3: reason}
    assert (found.records, found.malformed_count) == (3, 1)


@pytest.mark.parametrize(
    ("line", "oddity"),
    [
        ('{"a": NaN}', "NaN or Infinity"),
        ('{"a": [-Infinity]}', "NaN or Infinity"),
        ('{"a": 12345678901234567890123}', "integer of more than 64 bits"),
        ('{"a": [-92233720368547758080]}', "integer of more than 64 bits"),
        ('{"a": %s}' % ("7" * 10_000), "integer of more than 64 bits"),
        ('{"a": "\\ud800"}', "lone surrogate"),
        ('{"\\udfff": 1}', "lone surrogate"),
        ("\ufeff" + '{"a": 1}', "byte order mark"),
        ('{"a": 1e999}', "refused by strict readers"),
    ],
)
def test_what_only_some_readers_take_is_a_record_and_an_oddity(tmp_path, line, oddity):
    found = told(tmp_path, f'{{"a": 1}}\n{line}\n')
    assert (found.records, found.malformed_count, found.oddities) == (2, 0, {oddity: 1})
    json.dumps(found.keys[0].name).encode()


@pytest.mark.parametrize(
    "line", ['{"a": 18446744073709551615}', '{"a": 0.12345678901234567890123}', '{"a": "7777777777777777777"}']
)
def test_long_digits_that_are_no_long_integers_are_no_oddity(tmp_path, line):
    assert told(tmp_path, f"{line}\n{line}\n").oddities == {}


def test_an_integer_beyond_64_bits_is_an_integer(tmp_path):
    assert told(tmp_path, '{"a": 12345678901234567890123}\n').keys == [Key("a", 1, ("integer",))]


def test_a_last_line_without_line_feed_is_a_record_and_told(tmp_path):
    found = told(tmp_path, '{"a": 1}\n{"a": 2}')
    assert (found.lines, found.records, found.oddities) == (2, 2, {"no line feed at the end": 1})


def test_carriage_returns_and_unicode_separators_end_no_line(tmp_path):
    found = told(tmp_path, '{"a": "x\u2028y\u0085z"}\r\n{"a": 2}\r\n\r\n')
    assert (found.lines, found.records, found.blank, found.malformed_count) == (3, 2, 1, 0)


def test_of_a_key_that_is_there_twice_the_last_value_counts(tmp_path):
    assert told(tmp_path, '{"a": 1, "a": "x"}\n').keys == [Key("a", 1, ("string",))]


def test_a_thousand_levels_are_read(tmp_path):
    found = told(tmp_path, '{"a": ' * 1000 + "1" + "}" * 1000 + "\n")
    assert (found.records, found.malformed_count) == (1, 0)


@pytest.mark.parametrize(
    ("mark", "encoding", "name"),
    [
        (codecs.BOM_UTF8, "utf-8", "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "utf-32"),
        (b"", "utf-16-le", "utf-16-le"),
        (b"", "utf-16-be", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("suffix", [".jsonl", ".log"])
def test_other_encodings_are_read_and_named(tmp_path, mark, encoding, name, suffix):
    found = told(tmp_path, mark + '{"a": "é"}\n{"a": "ü"}\n'.encode(encoding), "a" + suffix)
    assert (found.encoding, found.records, found.malformed_count) == (name, 2, 0)


@pytest.mark.parametrize(
    ("value", "kind", "first"),
    [
        ("2025-10-21T19:06:40.5", "naive", "2025-10-21T19:06:40.500000"),
        ("2025-10-21 19:06:40,500", "naive", "2025-10-21T19:06:40.500000"),
        ("2025-10-21T19:06:40-05:00", "offset", "2025-10-22T00:06:40+00:00"),
        ("2025-10-21", "date", "2025-10-21"),
        (1761073600, "epoch s", "2025-10-21T19:06:40+00:00"),
        (1761073600.25, "epoch s", "2025-10-21T19:06:40.250000+00:00"),
        (1761073600250, "epoch ms", "2025-10-21T19:06:40.250000+00:00"),
        (1761073600250000, "epoch us", "2025-10-21T19:06:40.250000+00:00"),
        (1761073600250000000, "epoch ns", "2025-10-21T19:06:40.250000+00:00"),
        ("1761073600", "epoch s text", "2025-10-21T19:06:40+00:00"),
    ],
)
def test_the_kind_of_timestamp_is_told(tmp_path, value, kind, first):
    found = told(tmp_path, json.dumps({"n": 5, "ts": value}) + "\n")
    assert (found.timestamp_key, found.timestamp_kind, found.first, found.last) == ("ts", kind, first, first)


@pytest.mark.parametrize("value", [5.1, "5.1", True, "soon", "", 0, -1, 10**30, None, [1761073600]])
def test_what_is_no_time_is_no_timestamp(tmp_path, value):
    assert told(tmp_path, json.dumps({"timestamp": value, "t": 12}) + "\n").timestamp_key == ""


def test_several_kinds_of_timestamp_are_told_the_most_frequent_first(tmp_path):
    times = ["2025-10-21T00:00:00Z", "2025-10-20T00:00:00Z", "2025-10-01T00:00:00"]
    found = told(tmp_path, "".join(json.dumps({"ts": time}) + "\n" for time in times))
    assert (found.timestamp_kind, found.first) == ("offset, naive", "2025-10-20T00:00:00+00:00")


def test_times_at_the_ends_of_the_calendar_are_no_trouble(tmp_path):
    found = told(tmp_path, '{"ts": "0001-01-01T00:00:00+14:00"}\n{"ts": "9999-12-31T23:59:59-14:00"}\n')
    assert (found.first[:4], found.last[:4]) == ("0001", "9999")


def test_texts_that_differ_in_nearly_every_record_are_no_event_types(tmp_path):
    assert told(tmp_path, "".join(f'{{"action": "do {n}"}}\n' for n in range(50))).event_types == {}


@pytest.mark.parametrize("suffix", [".json", ".log", ".txt", ""])
def test_json_lines_are_found_under_other_names(tmp_path, suffix):
    assert told(tmp_path, '{"a": 1}\n{"a": 2}\n', "a" + suffix).records == 2


def test_json_lines_with_very_long_lines_are_found_under_other_names(tmp_path):
    assert told(tmp_path, json.dumps({"a": "x" * 200_000}) + '\n{"a": 2}\n', "a.json").records == 2


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}\n",
        json.dumps({"a": list(range(50_000))}),
        json.dumps({"a": [{"b": 1}, {"b": 2}]}, indent=2),
        json.dumps([{"a": 1}] * 9, indent=1),
        '[\n{"a": 1},\n{"a": 2}\n]\n',
        '2025 INFO start\n{"a": 1}\n2025 INFO end\n',
        "just\ntext\n",
        "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n",
        b"\x89PNG\0\0\n\n{}",
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".log", ".txt"])
def test_documents_and_text_logs_are_no_json_lines(tmp_path, content, suffix):
    assert scanned(tmp_path, content, "a" + suffix) is None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", "lfs pointer"),
        (json.dumps({"a": {"b": [1, 2]}}, indent=2), "json document"),
        ('[\n{"a": 1},\n{"a": 2}\n]\n', "json document"),
        ('[{"a": 1}, {"a": 2}]\n', "json document"),
        ("2025-07-22 12:04:48,155 - INFO - hello\n2025-07-22 12:08:13,395 - INFO - bye\n", "not json lines"),
        (b"\x89PNG\r\n\x1a\n", "not json lines"),
    ],
)
def test_what_only_its_name_makes_json_lines_is_a_problem(tmp_path, content, kind):
    found = scanned(tmp_path, content)
    assert isinstance(found, Problem)
    assert (found.kind, found.where) == (kind, "a.jsonl")


@pytest.mark.parametrize(
    ("content", "records"), [("", 0), ("\n\n", 0), ('{"a": 1}', 1), ('{"a": 1}\n', 1), ('{"a": 1, "b', 0)]
)
def test_a_file_of_one_line_or_none_is_json_lines_by_its_name(tmp_path, content, records):
    assert told(tmp_path, content).records == records


def test_a_file_that_is_gone_is_a_problem(tmp_path):
    found = scan(tmp_path, "gone.jsonl")
    assert isinstance(found, Problem)
    assert found.kind == "unreadable"


CONTENT = b"".join(b'{"a": %d}\n' % n for n in range(1000))


def compressed(suffix: str, content: bytes) -> bytes:
    if suffix == ".zst":
        return pytest.importorskip("zstandard").ZstdCompressor().compress(content)
    return {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[suffix](content)


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
@pytest.mark.parametrize("stem", ["a.jsonl", "a.log.2"])
def test_compressed_files_are_read_and_hashed_as_they_are(tmp_path, suffix, stem):
    content = compressed(suffix, CONTENT) + compressed(suffix, CONTENT)  # appended to, as gzip -c >> does
    found = told(tmp_path, content, stem + suffix)
    assert (found.records, found.malformed_count) == (2000, 0)
    assert (found.bytes, found.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert found.compression


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_damaged_compressed_file_is_told(tmp_path, suffix):
    content = compressed(suffix, CONTENT)
    found = told(tmp_path, content[:12] + b"\xff\x00\xff\x00" + content[16:], f"a.jsonl{suffix}")
    assert any(reason.startswith("damaged") for reason in reasons(found).values())
    assert found.sha256 == hashlib.sha256((tmp_path / f"a.jsonl{suffix}").read_bytes()).hexdigest()


def test_only_the_first_hundred_malformed_lines_are_told_and_all_are_counted(tmp_path):
    found = told(tmp_path, '{"a": 1}\n' * 300 + "oops\n" * 200)
    assert (len(found.malformed), found.malformed_count) == (100, 200)


def test_keys_and_shapes_without_end_are_bounded(tmp_path):
    found = told(tmp_path, "".join(f'{{"ts": "2025-10-21", "k{n}": {n}}}\n' for n in range(150_000)))
    assert (found.records, len(found.keys), found.shapes) == (150_000, 1000, 100_000)
    assert found.keys[0] == Key("ts", 150_000, ("string",))


def test_a_line_that_is_too_long_is_counted_and_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "LONGEST_LINE", 3 << 20)
    long = b'{"a": "' + b"x" * (4 << 20) + b'"}\n'
    found = told(tmp_path, b'{"a": 1}\n' + long + b'{"a": 2}\n' + long)
    assert (found.lines, found.records) == (4, 2)
    assert [reason.startswith("longer than") for reason in reasons(found).values()] == [True, True]


def test_a_line_of_a_hundred_megabytes_is_a_record_like_others(tmp_path):
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(b'{"a": 1}\n{"b": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n{"a": 2}\n')
    found = scan(tmp_path, "a.jsonl")
    assert isinstance(found, JsonlFile)
    assert (found.lines, found.records, found.malformed_count) == (3, 3, 0)


MEMORY_LIMITED = """
import resource, sys
from pathlib import Path
from foundups_logging.audit.scan import scan
limit = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(scan(Path(sys.argv[1]), "a.jsonl").records)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - limit) >> 20)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in KiB on Linux")
def test_memory_does_not_grow_with_the_file(tmp_path):
    record = json.dumps({"timestamp": "2025-10-21T19:06:40Z", "event": "x", "text": "y" * 100}).encode() + b"\n"
    with (tmp_path / "a.jsonl").open("wb") as file:
        for _ in range(60):
            file.write(record * 10_000)
    done = subprocess.run([sys.executable, "-c", MEMORY_LIMITED, tmp_path], check=True, capture_output=True, text=True)
    records, grown = map(int, done.stdout.split())
    assert records == 600_000
    assert grown < 40  # MiB, of a file of 95


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)
NAMES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(
        st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), json_values, max_size=4), min_size=1
    ),
    ascii_only=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n", "\n\n", " \n"]),
)
def test_any_objects_written_as_lines_are_counted_with_their_keys_and_types(tmp_path, records, ascii_only, ends):
    text = ends.join(json.dumps(record, ensure_ascii=ascii_only) for record in records) + "\n"
    found = told(tmp_path, text.encode("utf-8", "surrogatepass"))
    surrogates = 0 if ascii_only else sum(line.reason == "not UTF-8" for line in found.malformed)
    assert found.records + surrogates == len(records)
    assert found.malformed_count == surrogates
    if not surrogates:
        names = {name for record in records for name in record}
        assert {key.name: key.count for key in found.keys} == {n: sum(n in r for r in records) for n in names}
        for key in found.keys:
            assert set(key.types) == {NAMES[type(record[key.name])] for record in records if key.name in record}
        assert found.shapes == len({frozenset((n, type(v)) for n, v in record.items()) for record in records})


pieces = st.sampled_from(
    [
        b'{"a": 1}',
        b'{"a":',
        b'"x',
        b"}",
        b"[",
        b"]",
        b"\n",
        b"\r\n",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"NaN",
        b"\\ud800",
        b"7" * 30,
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary() | st.lists(pieces).map(b"".join), suffix=st.sampled_from(ALL_SUFFIXES))
def test_no_bytes_at_all_are_an_error(tmp_path, content, suffix):
    found = scanned(tmp_path, content, "a" + suffix)
    assert found is None or isinstance(found, (JsonlFile, Problem))
    if isinstance(found, JsonlFile) and not found.compression and found.encoding == "utf-8":
        lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
        assert found.lines == len(lines) - (not lines[-1])
        assert found.records + found.blank + found.malformed_count == found.lines


def test_without_the_package_that_reads_it_a_file_is_unreadable_and_the_package_named(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "zstandard", None)
    found = scanned(tmp_path, b"(\xb5/\xfd", "a.jsonl.zst")
    assert isinstance(found, Problem)
    assert (found.kind, "zstandard" in found.message) == ("unreadable", True)
