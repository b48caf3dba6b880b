"""Importing files: every line once, whatever the file is like and whatever becomes of it meanwhile."""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from migrations import DOMAINS, STAMP, load, mapping, objects, rejected_of, rows_of, verify, write

import foundups_logging
from foundups_logging import Domain
from foundups_logging.domains.model import Column
from foundups_logging.errors import MigrationError, SchemaError
from foundups_logging.migrate import chunk, source
from foundups_logging.migrate.importer import FileSource, import_file
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.store import MigrationStore

SHARED = Path(os.environ.get("FOUNDUPS_LOGGING_SHARED") or Path(__file__).resolve().parents[1].parent / "shared")


def line(number, **more):
    return json.dumps({"timestamp": STAMP, "event": "e", "n": number, **more})


def numbers(database):
    return [json.loads(row["metadata_json"])["n"] for row in rows_of(database)]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "logs" / "a.jsonl"


@pytest.fixture
def pack(request):
    """A function that compresses."""
    return pytest.importorskip(request.param).compress


def counts(result):
    return result.lines, result.records, result.rejected, result.blank


# --- all that a file can hold


between = st.one_of(
    st.sampled_from(
        [
            b"\n",
            b"\r\n",
            b"\n\n \t\n",
            b"",
            b"\0\0",
            b"\xef\xbb\xbf",
            b" junk ",
            b"\xff\xfe\n",
            b'{"torn": "',
            b"\n[1]\n",
        ]
    ),
    st.binary(max_size=12),
)


@settings(max_examples=150)
@given(st.lists(st.tuples(between, objects().filter(lambda text: "\ud800" not in text)), max_size=8), between)
def test_any_objects_with_any_bytes_between_them_are_verified(tmp_path_factory, pairs, end):
    folder = tmp_path_factory.mktemp("any")
    content = b"".join(junk + text.encode() for junk, text in pairs) + end
    assume(content[:3] != b"\x1f\x8b\x08" and content[:4] != b"\x28\xb5\x2f\xfd")  # compressed, it says
    (folder / "a.jsonl").write_bytes(content)
    result = load(folder / "x.db", folder / "a.jsonl")
    found = verify(folder / "x.db")
    assert found.differences == []
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert counts(result) == counts(found)


@pytest.mark.parametrize("block", [16, 1 << 20])
@settings(max_examples=40)
@given(texts=st.lists(objects(), min_size=1, max_size=30))
def test_files_of_whole_objects_have_no_rejected_line(tmp_path_factory, block, texts):
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "_BLOCK", block)
        patch.setattr(chunk, "ROWS_A_TRANSACTION", 4)
        result = load(folder / "x.db", write(folder / "a.jsonl", *texts, *texts))
        assert (result.records, result.rejected) == (2 * len(texts), 0)
        assert verify(folder / "x.db").differences == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("block", [8, 1 << 20])
def test_files_in_other_encodings_are_read(file, database, monkeypatch, encoding, block):
    monkeypatch.setattr(source, "_BLOCK", block)
    lines = [line(0), line(1, text="hej ✊ 𝄞 \u2028 \u010a"), "{torn", line(2)]
    file.parent.mkdir()
    file.write_bytes("\n".join(lines).encode(encoding))
    assert load(database, file).records == 3
    assert numbers(database) == [0, 1, 2]
    assert verify(database).is_clean
    ((number, offset, content),) = rejected_of(database)
    assert (number, content) == (
        3,
        "{torn".encode(encoding.removesuffix("-sig").replace("utf-16", "utf-16-le").replace("utf-32", "utf-32-le"))
        if encoding in {"utf-16", "utf-32"}
        else content,
    )
    assert file.read_bytes()[offset : offset + len(content)] == content


@pytest.mark.parametrize("pack", ["gzip", "zstandard"], indirect=True)
def test_compressed_files_are_read_and_taken_on_where_they_grow(file, database, pack):
    file.parent.mkdir()
    file.write_bytes(pack(f"{line(0)}\n".encode()))
    assert load(database, file, is_final=False).records == 1
    with file.open("ab") as stream:
        stream.write(pack(f"{line(1)}\n{line(2)}".encode()))
    assert load(database, file, is_final=False).records == 2
    assert numbers(database) == [0, 1, 2]
    assert verify(database).is_clean


@pytest.mark.parametrize("pack", ["gzip", "zstandard"], indirect=True)
def test_what_a_broken_archive_gives_is_not_taken_for_all(file, database, pack):
    file.parent.mkdir()
    content = pack("".join(f"{line(number, x=os.urandom(20).hex())}\n" for number in range(1000)).encode())
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(MigrationError, match="compressed content"):
        load(database, file)
    file.write_bytes(content)
    load(database, file)
    assert numbers(database) == list(range(1000))


def test_a_deep_and_a_long_line_are_kept(file, database):
    deep = f'{{"timestamp":"{STAMP}","event":"deep","a":{"[" * 1000 + "]" * 1000}}}'
    write(file, deep, line(1, text="x" * 3_000_000), line(2))
    assert load(database, file).records == 3
    assert verify(database).is_clean


def test_floats_and_large_integers_keep_every_bit(file, database):
    texts = ["0.1", "5e-324", "1.7976931348623157e308", "-0.0", "0.30000000000000004", "123456789012345678901234567890"]
    write(file, *(f'{{"timestamp":"{STAMP}","metric_name":"m","value":{text}}}' for text in texts))
    told = FileMapping(DOMAINS["metrics_events"])
    assert load(database, file, told).records == len(texts)
    assert verify(database).is_clean
    stored = [
        row["value"] if row["metadata_json"] is None else json.loads(row["metadata_json"])["value"]
        for row in rows_of(database, "metrics_events")
    ]
    assert [repr(value) for value in stored] == [repr(json.loads(text)) for text in texts]


def test_rejected_lines_tell_file_line_offset_reason_and_bytes(file, database):
    write(file, line(0), b"\xff\xfe broken", "", "[1]", '{"timestamp":"2025-01-01","x":1}', line(1))
    result = load(database, file, mapping(constants={}))
    assert counts(result) == (6, 2, 3, 1)
    content = file.read_bytes()
    for row in rows_of(database, "rejected_lines"):
        assert content[row["byte_offset"] :].startswith(row["content"])
        assert content[: row["byte_offset"]].count(b"\n") == row["line"] - 1
    assert [(row["file"], row["line"], row["reason"]) for row in rows_of(database, "rejected_lines")] == [
        ("a.jsonl", 2, "no JSON from character 1 on"),
        ("a.jsonl", 4, "no object but an array"),
        ("a.jsonl", 5, "required column 'event' is missing"),
    ]
    assert verify(database).is_clean


def test_the_keys_of_the_first_object_are_the_files_usual_ones(file, database):
    objects = [{"granted_at": STAMP, "event": "e", "agent_id": "a", "confidence_at_grant": 0.5} for _ in range(5)]
    write(file, *map(json.dumps, objects), json.dumps({"timestamp": STAMP, "event_type": "e", "agent_id": "a"}))
    load(database, file, FileMapping(DOMAINS["permission_events"]))
    assert [row["metadata_json"] for row in rows_of(database, "permission_events")] == [
        *[None] * 5,
        '{"$keys":{"timestamp": "timestamp", "event_type": "event_type"}}',
    ]
    assert verify(database).is_clean


# --- exactly once


def test_a_second_import_takes_only_what_was_appended(file, database):
    write(file, line(0), line(1))
    assert load(database, file).records == 2
    assert load(database, file).records == 0
    with file.open("a") as stream:
        stream.write(line(2) + "\n")
    assert counts(load(database, file)) == (1, 1, 0, 0)
    assert numbers(database) == [0, 1, 2]
    assert verify(database).is_clean


def test_an_unfinished_last_line_waits_until_it_is_finished(file, database):
    write(file, line(0))
    with file.open("a") as stream:
        stream.write(line(1)[:10])
        stream.flush()
        result = load(database, file, is_final=False)
        assert (result.records, result.waiting_bytes) == (1, 10)
        stream.write(line(1)[10:] + "\n")
    assert load(database, file, is_final=False).records == 1
    assert numbers(database) == [0, 1]
    assert rejected_of(database) == []


def test_a_last_line_without_an_end_is_taken_where_the_file_is_final(file, database):
    file.parent.mkdir()
    file.write_text(f"{line(0)}\n{line(1)}")
    assert counts(load(database, file)) == (2, 2, 0, 0)
    with file.open("a") as stream:
        stream.write(f"\n{line(2)}\n")
    assert counts(load(database, file)) == (1, 1, 0, 0)
    found = verify(database)
    assert found.is_clean
    assert counts(found) == (3, 3, 0, 0)


def test_a_line_that_goes_on_after_it_was_taken_is_kept_in_parts(file, database):
    file.parent.mkdir()
    file.write_text(line(0)[:20])
    load(database, file)
    with file.open("a") as stream:
        stream.write(f"{line(0)[20:]}\n{line(1)}\n")
    load(database, file)
    assert numbers(database) == [1]
    assert b"".join(content for _, _, content in rejected_of(database)) == line(0).encode()
    assert [number for number, _, _ in rejected_of(database)] == [1, 1]
    assert verify(database).is_clean


def test_ids_of_rows_logged_meanwhile_and_of_imported_ones_do_not_mix(file, database, logger, monkeypatch):
    monkeypatch.setattr(chunk, "ROWS_A_TRANSACTION", 500)
    monkeypatch.setattr(source, "_BLOCK", 1 << 14)
    write(file, *map(line, range(20_000)))
    done = threading.Event()

    def log():
        number = 0
        while not done.is_set() or number < 1000:
            logger.info("live_event", extra={"live": number})
            number += 1
            if number % 50 == 0:
                foundups_logging.flush(10)
        logged.append(number)

    logged = []
    thread = threading.Thread(target=log)
    thread.start()
    try:
        result = load(database, file)
    finally:
        done.set()
        thread.join()
    assert result.records == 20_000
    assert foundups_logging.flush(10)
    assert foundups_logging.stats()["dropped"] == 0
    found = [json.loads(row["metadata_json"]) for row in rows_of(database)]
    assert [row["n"] for row in found if "n" in row] == list(range(20_000))
    assert [row["live"] for row in found if "live" in row] == list(range(logged[0]))
    assert verify(database).is_clean


def test_two_importers_of_one_file_import_it_once(file, database, monkeypatch):
    write(file, *map(line, range(3000)))
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[3:]; from migrations import *\n"
        "from foundups_logging.migrate import chunk, source; source._BLOCK = 4096; chunk.ROWS_A_TRANSACTION = 40\n"
        "from foundups_logging.errors import MigrationError\n"
        "try: load(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except MigrationError as error: print(error)\n"
    )
    folders = [str(Path(__file__).parent), str(Path(foundups_logging.__file__).parents[1])]
    command = [sys.executable, "-c", code, str(database), str(file), *folders]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert all(not text or "another process has imported" in text for text in told)
    load(database, file)
    assert numbers(database) == list(range(3000))
    assert verify(database).is_clean


def test_what_the_table_refuses_is_rejected_and_the_rest_is_imported(file, database):
    strict = Domain("strict", (Column("event"), Column("n", "INTEGER")))
    with MigrationStore(database) as store:
        store.write(
            lambda c: c.execute(
                "CREATE TABLE strict (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT, event TEXT, "
                "n INTEGER UNIQUE CHECK (n <> 3), metadata_json TEXT)"
            )
        )
    write(file, *map(line, [0, 1, 2, 3, 1, 4]))
    result = load(database, file, FileMapping(strict))
    assert (result.records, result.rejected) == (4, 2)
    assert [row["n"] for row in rows_of(database, "strict")] == [0, 1, 2, 4]
    reasons = [row["reason"] for row in rows_of(database, "rejected_lines")]
    assert reasons == [
        "the table refuses it: CHECK constraint failed: n <> 3",
        "the table refuses it: UNIQUE constraint failed: strict.n",
    ]
    assert verify(database).is_clean


def test_a_table_that_can_not_serve_is_told(file, database):
    write(file, line(0))
    with MigrationStore(database) as store:
        store.write(lambda c: c.execute("CREATE TABLE log_events (event TEXT)"))
    with pytest.raises(SchemaError, match="no column id INTEGER PRIMARY KEY"):
        load(database, file)


def test_a_file_goes_into_one_domain(file, database):
    write(file, line(0))
    load(database, file)
    with pytest.raises(MigrationError, match="imported into log_events already"):
        load(database, file, FileMapping(DOMAINS["error_events"]))


# --- rotated, truncated, rewritten, copied


def test_a_rotated_file_is_taken_on_where_it_is_and_the_new_one_from_its_start(file, database):
    write(file, line(0), line(1))
    load(database, file, is_final=False)
    with file.open("a") as stream:
        stream.write(line(2) + "\n")
    file.rename(file.with_name("a.jsonl.1"))
    write(file, line(3))
    result = load(database, file)
    assert [(part.path.name, part.records) for part in result.rotated] == [("a.jsonl.1", 1)]
    assert result.records == 1
    file.with_name("a.jsonl.1").rename(file.with_name("a.jsonl.2"))
    file.rename(file.with_name("a.jsonl.1"))
    write(file, line(4))
    assert load(database, file).records == 1
    assert numbers(database) == [0, 1, 2, 3, 4]
    assert load(database, file.with_name("a.jsonl.1")).records == 0
    assert load(database, file.with_name("a.jsonl.2")).records == 0
    assert numbers(database) == [0, 1, 2, 3, 4]


def test_a_rotated_file_may_be_compressed(file, database):
    write(file, line(0))
    load(database, file)
    content = file.read_bytes() + f"{line(1)}\n".encode()
    file.with_name("a.jsonl.1.gz").write_bytes(gzip.compress(content))
    write(file, line(2))
    load(database, file)
    assert numbers(database) == [0, 1, 2]


def test_a_file_whose_content_was_copied_away_before_it_was_truncated_is_taken_on(file, database):
    write(file, line(0))
    load(database, file)
    file.with_name("a.jsonl.1").write_bytes(file.read_bytes() + f"{line(1)}\n".encode())
    file.write_text(f"{line(2)}\n")
    load(database, file)
    assert numbers(database) == [0, 1, 2]


def test_a_rewritten_file_stops_the_import_unless_told_otherwise(file, database):
    write(file, line(0), line(1))
    load(database, file)
    write(file, line(7), line(8), line(9))
    with pytest.raises(MigrationError, match="aren't there any more"):
        load(database, file)
    assert load(database, file, rewritten="skip").state == "rewritten"
    assert numbers(database) == [0, 1]
    assert load(database, file, rewritten="import").records == 3
    assert numbers(database) == [0, 1, 7, 8, 9]
    assert load(database, file).records == 0


def test_a_truncated_file_begins_anew(file, database):
    write(file, line(0))
    load(database, file)
    file.write_text("")
    assert load(database, file).state == "truncated"
    write(file, line(1))
    assert load(database, file).records == 1
    assert numbers(database) == [0, 1]


def test_a_copy_is_told_and_imported_only_if_asked(file, database):
    write(file, line(0))
    copy = file.with_name("copy.jsonl")
    copy.write_bytes(file.read_bytes())
    load(database, file)
    result = load(database, copy)
    assert (result.state, result.duplicate_of, result.records) == ("duplicate", "a.jsonl", 0)
    assert load(database, copy).state == "duplicate"
    assert verify(database, copy).records == 1
    with copy.open("a") as stream:
        stream.write(line(1) + "\n")
    assert load(database, copy).records == 1
    found = verify(database, copy)
    assert (found.is_clean, found.records) == (True, 2)
    other = file.with_name("other.jsonl")
    other.write_bytes(file.read_bytes())
    assert load(database, other, keeps_duplicates=True).records == 1


def test_quick_imports_of_a_growing_file_read_only_its_ends(file, database):
    write(file, *map(line, range(1000)))
    load(database, file)
    for number in range(1000, 1005):
        with file.open("a") as stream:
            stream.write(line(number) + "\n")
        assert load(database, file, quick=True, is_final=False).records == 1
    file.write_text("")
    write(file, *map(line, range(5, 2000)))
    with pytest.raises(MigrationError, match="aren't there any more"):
        load(database, file, quick=True)
    assert numbers(database) == list(range(1005))


def test_an_empty_or_missing_file_is_no_import(file, database):
    write(file)
    assert counts(load(database, file)) == (0, 0, 0, 0)
    with pytest.raises(MigrationError, match=r"missing\.jsonl"):
        load(database, file.with_name("missing.jsonl"))


# --- real data


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the shared data isn't there")
def test_all_real_files_are_imported_and_verified(database, tmp_path):
    constants = {"timestamp": STAMP, "event": "line"}
    records = rejected = 0
    for path in sorted((SHARED / "data").rglob("*.jsonl")):
        with MigrationStore(database) as store:
            told = FileMapping(DOMAINS["log_events"], None, constants)
            if path.name == "telemetry.jsonl":
                told = FileMapping(DOMAINS["daemon_health"], None, {"daemon_name": "antifafm_broadcaster"})
            name = str(path.relative_to(SHARED))
            result = import_file(store, FileSource(path, name, told), migration="real", is_final=True)
        records += result.records
        rejected += result.rejected
        if result.record is not None:
            found = verify(database, path)
            assert found.differences == [], name
    assert records > 1000
    logging.getLogger(__name__).info("%d records, %d rejected", records, rejected)


def test_a_folder_or_pipe_is_no_file(file, database):
    file.parent.mkdir()
    with pytest.raises(MigrationError, match="no regular file"):
        load(database, file.parent)


@pytest.mark.skipif(sys.platform == "win32", reason="a process has the system's time zone")
def test_a_naive_timestamp_is_verified_by_the_time_zone_it_was_read_in(file, database, monkeypatch):
    def set_zone(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    set_zone("Europe/Berlin")
    write(file, '{"timestamp":"2025-07-01T12:00:00","event":"e"}')
    load(database, file)
    set_zone("America/New_York")
    assert rows_of(database)[0]["timestamp"] == "2025-07-01T10:00:00.000000+00:00"
    assert verify(database).is_clean
    monkeypatch.delenv("TZ")
    time.tzset()
