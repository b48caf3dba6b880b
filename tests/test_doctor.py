"""`foundups-logging doctor`: what is wrong with the database, and what to do; it changes nothing."""

import os
import random
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from accounts import (
    add_account,
    add_replay,
    add_segment,
    command,
    damage,
    doctor,
    holding,
    now,
    problems,
    run_sql,
)

from foundups_logging import DomainTableHandler, TelemetryStore
from foundups_logging.operate.doctor import examine

posix_only = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
not_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may do anything")


def contents(folder):
    """What is in the folder, but for SQLite's own files for readers beside each other."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mode)
        for path in folder.iterdir()
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def test_a_healthy_database_has_no_problem(filled):
    before = contents(filled.parent)
    code, out, err = command("doctor", "-d", filled)
    assert (code, err) == (0, ""), out
    for check in ("sqlite", "journal mode", "file system", "permissions", "disk space", "wal", "integrity", "tables"):
        assert f" {check} " in out
    assert out.splitlines()[-1].startswith("0 problems, ")
    assert command("doctor", "-d", filled, "--full")[0] == 0
    assert contents(filled.parent) == before


def test_the_findings_for_programs(filled):
    checks = doctor(filled)
    assert checks["database"][0]["message"].startswith(str(filled))
    assert checks["journal mode"] == [
        {"check": "journal mode", "level": "ok", "message": "write-ahead log", "hint": ""}
    ]
    assert sqlite3.sqlite_version in checks["sqlite"][0]["message"]
    assert checks["writers"][0]["level"] == "note"  # nobody keeps accounts yet
    assert "8 domains declared" in checks["tables"][0]["message"]


class TestUnreadable:
    def test_a_database_that_is_not_there(self, tmp_path):
        found = problems(tmp_path / "none.db")
        assert found == [
            f"database: there is no {tmp_path / 'none.db'} -> give the path, or start a program that logs there"
        ]
        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_is_no_database(self, tmp_path):
        path = tmp_path / "notes.txt"
        path.write_text("no database at all " * 100)
        path.chmod(0o600)
        (found,) = problems(path)
        assert found.startswith("database: file is not a database -> restore a backup, or `foundups-logging set-aside`")

    def test_an_empty_file_is_a_database_without_anything(self, tmp_path):
        path = tmp_path / "empty.db"
        path.touch(0o600)
        assert problems(path) == []

    def test_corrupt_pages(self, filled):
        with TelemetryStore(filled) as store:
            for _ in range(300):
                store.record("log_events", event="filler", text="x" * 2000)
        damage(filled)
        before = contents(filled.parent)
        found = problems(filled)
        assert any(text.startswith("integrity: ") and "foundups-logging set-aside" in text for text in found), found
        assert problems(filled, "--full")
        assert contents(filled.parent) == before

    def test_a_damaged_schema(self, filled):
        with closing(sqlite3.connect(filled)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        data = bytearray(filled.read_bytes())
        data[100:4096] = b"\xa5" * 3996
        filled.write_bytes(data)
        found = problems(filled)
        assert any("malformed" in text and "set-aside" in text for text in found), found

    def test_a_file_cut_short(self, filled):
        with closing(sqlite3.connect(filled)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        os.truncate(filled, filled.stat().st_size // 2)
        assert any("set-aside" in text for text in problems(filled))

    def test_damage_anywhere_is_a_finding_and_never_an_error(self, filled, spool):
        add_account(filled)
        add_segment(spool, 3)
        (segment,) = spool.iterdir()
        with closing(sqlite3.connect(filled)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sound, lines = filled.read_bytes(), segment.read_bytes()
        chance = random.Random(5)
        for _ in range(100):
            data, text = bytearray(sound), bytearray(lines)
            for _ in range(chance.choice((1, 5, 50))):
                at = chance.choice((chance.randrange(100), chance.randrange(4096), chance.randrange(len(data))))
                data[at : at + 4] = chance.randbytes(4)
            text[chance.randrange(len(text))] ^= 1
            for suffix in ("-wal", "-shm"):
                Path(f"{filled}{suffix}").unlink(missing_ok=True)
            filled.write_bytes(data)
            segment.write_bytes(text)
            assert {finding.level for finding in examine(filled, spool, full=True)} <= {"ok", "note", "problem"}
            assert filled.read_bytes() == data

    def test_a_database_that_another_holds_exclusively(self, filled):
        with holding(filled, "exclusive") as holder:
            found = problems(filled)
            assert any(text.startswith("database: database is locked") for text in found), found
            if sys.platform == "linux":
                assert any(text.startswith(f"locks: process {holder.pid} (") for text in found)
        assert problems(filled) == []

    @not_root
    def test_a_file_that_this_user_may_not_read(self, filled):
        filled.chmod(0)
        assert problems(filled)

    @not_root
    def test_a_folder_that_this_user_may_not_enter(self, filled):
        filled.parent.chmod(0)
        try:
            code, out, err = command("doctor", "-d", filled)
        finally:
            filled.parent.chmod(0o700)
        assert (code, out) == (2, "")
        assert "Permission denied" in err

    def test_what_is_no_path_of_a_file_is_misuse(self, tmp_path):
        assert command("doctor", "-d", tmp_path)[0] == 2


class TestContents:
    def test_dead_letters_by_reason(self, filled):
        sql = "INSERT INTO dead_letters (timestamp, domain, error, original) VALUES (?, ?, ?, '{}')"
        for number, error in enumerate(("no agent_id", "no agent_id", "no event_type")):
            run_sql(filled, sql, (f"2026-11-0{number + 1}T00:00:00.000000+00:00", "permission_events", error))
        (found,) = problems(filled)
        assert "3, the newest of 2026-11-03 00:00:00Z: " in found
        assert "2 of permission_events: no agent_id; 1 of permission_events: no event_type" in found

    def test_tables_columns_and_indexes_that_are_missing(self, filled):
        run_sql(filled, "DROP TABLE chat_messages")
        run_sql(filled, 'DROP INDEX "idx.error_events.timestamp"')
        run_sql(filled, "DROP VIEW events")
        run_sql(filled, "ALTER TABLE selenium_sessions DROP COLUMN annotated_path")
        (found,) = problems(filled)
        for missing in (
            "the table chat_messages",
            "the index idx.error_events.timestamp",
            "the column selenium_sessions.annotated_path",
        ):
            assert missing in found
        with TelemetryStore(filled):  # the hint is true
            pass
        assert problems(filled) == []

    def test_a_table_that_cannot_serve_its_domain(self, filled):
        run_sql(filled, "DROP TABLE metrics_events")
        run_sql(filled, "CREATE TABLE metrics_events (id TEXT PRIMARY KEY, timestamp TEXT)")
        (found,) = problems(filled)
        assert "metrics_events: it has no column id INTEGER PRIMARY KEY" in found
        assert "rename the table" in found

    def test_declarations_that_cannot_be_read(self, filled):
        run_sql(filled, 'INSERT INTO domain_declarations VALUES (\'later\', \'{"columns": {"a": "UUID"}}\')')
        assert any("'later'" in finding["message"] for finding in doctor(filled)["tables"])

    def test_an_index_that_tells_other_than_its_table_is_found_by_the_full_check(self, filled):
        with TelemetryStore(filled) as store:
            for number in range(50):
                store.record("metrics_events", metric_name=f"m{number}", value=1.0)
        with closing(sqlite3.connect(filled)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            (page,) = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'idx.metrics_events.timestamp'"
            ).fetchone()
        data = bytearray(filled.read_bytes())
        start = (page - 1) * 4096
        at = data.index(b"T", start, start + 4096)
        data[at : at + 1] = b"t"
        filled.write_bytes(data)
        assert problems(filled) == []
        (found,) = problems(filled, "--full")
        assert "idx.metrics_events.timestamp" in found

    def test_references_of_the_users_own_tables_that_lead_nowhere_are_a_note(self, filled):
        run_sql(filled, "CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        run_sql(filled, "CREATE TABLE children (parent INTEGER REFERENCES parents (id))")
        run_sql(filled, "INSERT INTO children VALUES (1), (2)")
        found = doctor(filled, "--full")["integrity"]
        assert any(f["level"] == "note" and "2 rows of children" in f["message"] for f in found)


class TestAccountsAndSpool:
    def test_accounts_that_add_up(self, filled):
        add_account(filled)
        assert doctor(filled)["writers"][0]["message"] == "1 account; all add up"

    def test_a_gap_is_a_problem(self, filled):
        add_account(filled, emitted=11)
        (found,) = problems(filled)
        assert "+1 unaccounted for" in found

    def test_dropped_events_and_killed_writers_are_notes(self, filled):
        add_account(filled, "w1", stored=7, dropped=3)
        add_account(filled, "w2", ended=None, host=socket.gethostname(), pid=2**22 + 1)
        found = doctor(filled)["writers"]
        assert all(finding["level"] == "note" for finding in found)
        assert any("3 events dropped by daemon.py" in finding["message"] for finding in found)
        if sys.platform != "win32":
            assert any("1 writer ended without a last word" in finding["message"] for finding in found)

    def test_rows_that_wait_for_a_program(self, filled, spool):
        oldest = "2026-11-20T10:00:00.000000+00:00"
        add_account(filled, emitted=13, spooled=3)
        ends = add_segment(spool, 2, number=1)
        add_replay(filled, "w1.000001.jsonl", rows=1, position=ends[2])
        add_segment(spool, 2, number=2, timestamp=oldest)
        (found,) = problems(filled)
        assert "3 rows in 2 segments" in found
        assert "the oldest of 2026-11-20 10:00:00Z" in found
        assert "start a program that logs to this database" in found

    def test_rows_that_a_running_program_will_replay_are_a_note(self, filled, spool):
        add_account(filled, emitted=12, spooled=2, ended=None, started=now())
        add_segment(spool, 2)
        found = doctor(filled)["spool"]
        if sys.platform != "win32":
            assert [finding["level"] for finding in found] == ["note"]

    @posix_only
    def test_rows_that_a_running_program_cannot_get_rid_of_are_a_problem(self, filled, spool):
        add_account(filled, emitted=12, spooled=2, ended=None, started=now(), last_error="disk I/O error")
        add_segment(spool, 2, timestamp=now(minutes=10))
        (found,) = problems(filled)
        assert "last error: disk I/O error" in found

    def test_torn_lines(self, filled, spool):
        add_account(filled, emitted=12, spooled=2)
        add_segment(spool, 2, tail='{"crc":"00000000","table":"m')
        found = doctor(filled)["spool"]
        assert found[1]["message"] == "1 line of the spool torn or changed"

    def test_the_spool_of_a_database_that_is_gone_or_corrupt(self, filled, spool):
        add_segment(spool, 2)
        filled.write_text("no database at all " * 100)
        assert any("2 rows in 1 segment" in text for text in problems(filled))
        filled.unlink()
        assert any("2 rows in 1 segment" in text for text in problems(filled))


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no pseudo terminals")
def test_the_full_check_shows_on_a_terminal_that_it_goes_on(filled):
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "wb") as terminal:
        code, out, _ = command_on(terminal, "doctor", "-d", filled, "--full")
    assert (code, "0 problems" in out) == (0, True)
    with os.fdopen(ours, "rb") as read:
        assert b"checking every page and index" in read.read1()


def command_on(terminal, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "foundups_logging", *map(str, arguments)],
        check=False,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm"},
        timeout=60,
    )
    return done.returncode, done.stdout.decode(), None


def test_a_handler_that_writes_meanwhile_is_not_disturbed(filled):
    handler = DomainTableHandler(filled)
    handler.close()
    with TelemetryStore(filled) as store:
        before = store.record("metrics_events", metric_name="a", value=1.0)
        assert command("doctor", "-d", filled, "--full")[0] == 0
        assert store.record("metrics_events", metric_name="b", value=1.0) == before + 1
