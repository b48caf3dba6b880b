"""`foundups-logging stats`: is every event of every process accounted for."""

import json
import os
import signal
import subprocess
import sys

import pytest
from accounts import add_account, add_replay, add_segment, command, now, run_sql

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows doesn't tell whether a process still runs")


def stats(database, *arguments):
    """The exit code, and the accounts by writer."""
    code, out, _ = command("stats", "-d", database, "--json", *arguments)
    return code, {account["writer"]: account for account in json.loads(out)}


def gaps(database, *arguments):
    code, accounts = stats(database, *arguments)
    found = [gap for account in accounts.values() for gap in account["gaps"]]
    assert code == bool(found)
    return found


@pytest.fixture
def ended():
    """The number of a process that has been killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        process.kill()
        process.wait(30)
    return process.pid


def test_a_database_without_accounts_is_told_plainly(filled):
    code, out, err = command("stats", "-d", filled)
    assert (code, err) == (0, "")
    assert "has no table writer_stats: no program that keeps account of its events has written to it yet." in out
    code, out, err = command("stats", "-d", filled, "--json")
    assert (code, out) == (0, "[]\n")
    assert "no table writer_stats" in err


def test_a_row_for_each_writer_their_totals_and_no_gap(filled):
    add_account(filled, "w1", program="a.py", emitted=10, stored=7, dead_lettered=1, spooled=2, commits=4)
    add_segment(filled.with_name("foundups.db-spool"), 2)
    add_account(filled, "w2", program="b.py", pid=7, host="elsewhere", emitted=5, stored=5, started=now(minutes=4))
    code, out, err = command("stats", "-d", filled)
    assert (code, err) == (0, "")
    heads, _, first, second, total, _, last = out.splitlines()
    assert heads.split()[:6] == ["program", "pid", "host", "started", "ended", "emitted"]
    assert first.split()[0] == "a.py"
    assert second.split()[:3] == ["b.py", "7", "elsewhere"]
    assert total.split() == ["total", "15", "12", "2", "0", "0", "1", "0", "0", "0", "7", "2"]
    assert last == "No gap: every event is accounted for."


def test_events_that_do_not_add_up_are_a_gap(filled):
    add_account(filled, "w1", emitted=10, stored=7, dead_lettered=1, last_error="disk full")
    add_account(filled, "w2", emitted=10, stored=11)
    code, out, _ = command("stats", "-d", filled)
    assert code == 1
    expected = "10 emitted, but 7 stored + 0 spooled + 1 dead-lettered + 0 dropped + 0 queued: +2 unaccounted for"
    assert f"gap: daemon.py, pid {os.getpid()}: {expected}" in out
    assert "its last error: disk full" in out
    assert "-1 unaccounted for" in out
    assert "No gap" not in out


def test_dropped_events_and_those_queued_at_the_end_are_gaps(filled):
    add_account(filled, "w1", emitted=10, stored=4, dropped=6)
    add_account(filled, "w2", emitted=10, stored=9, queued=1)
    assert gaps(filled) == ["6 dropped", "1 still queued when it ended"]


class TestProcesses:
    def test_one_that_runs_is_no_gap(self, filled):
        add_account(filled, ended=None, started=now(), emitted=12, queued=2)
        code, accounts = stats(filled)
        assert (code, accounts["w1"]["gaps"]) == (0, [])
        if sys.platform != "win32":
            assert accounts["w1"]["state"] == "running"

    @posix_only
    def test_one_that_was_killed_may_have_lost_a_flush_interval(self, filled, ended):
        add_account(filled, ended=None, pid=ended, emitted=12, queued=2)
        code, accounts = stats(filled)
        assert (code, accounts["w1"]["state"]) == (1, "gone")
        (gap,) = accounts["w1"]["gaps"]
        assert gap.startswith("killed, or ended while the database took nothing: up to one flush interval of events")
        assert "2 were queued" in gap

    @posix_only
    def test_one_that_its_parent_has_not_asked_after_is_gone_too(self, filled):
        child = os.posix_spawn(sys.executable, [sys.executable, "-c", "input()"], os.environ)
        os.kill(child, signal.SIGKILL)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
        add_account(filled, ended=None, pid=child, started=now())
        try:
            assert stats(filled)[1]["w1"]["state"] == "gone"
        finally:
            os.waitpid(child, 0)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked when a process began")
    def test_one_whose_number_another_process_has_now_is_gone(self, filled):
        add_account(filled, ended=None, started=now(days=3000))
        assert stats(filled)[1]["w1"]["state"] == "gone"

    def test_one_whose_number_a_later_writer_has_is_gone(self, filled):
        add_account(filled, "first", ended=None, started=now(seconds=1))
        add_account(filled, "second", ended=None, started=now())
        accounts = stats(filled)[1]
        assert accounts["first"]["state"] == "gone"
        assert accounts["second"]["state"] != "gone"

    def test_of_one_on_another_machine_nothing_is_known(self, filled):
        add_account(filled, ended=None, host="elsewhere", pid=1)
        code, accounts = stats(filled)
        assert (code, accounts["w1"]["state"]) == (0, "unknown")


class TestSpool:
    def test_rows_that_wait_are_accounted_for(self, filled, spool):
        add_account(filled, emitted=10, stored=7, spooled=3)
        add_segment(spool, 2, number=1)
        add_segment(spool, 1, number=2)
        code, accounts = stats(filled)
        assert (code, accounts["w1"]["waiting"]) == (0, 3)

    def test_rows_that_others_have_replayed_are_accounted_for(self, filled, spool):
        add_account(filled, emitted=10, stored=7, spooled=3)
        ends = add_segment(spool, 2, number=1)
        add_replay(filled, "w1.000001.jsonl", rows=1, position=ends[2])
        add_replay(filled, "w1.000002.jsonl", rows=1, position=500, finished=now())
        code, accounts = stats(filled)
        assert (code, accounts["w1"]["waiting"]) == (0, 1)

    def test_rows_that_the_writer_has_replayed_itself_are_accounted_for(self, filled):
        add_account(filled, emitted=10, stored=10, replayed=4)
        add_replay(filled, "w1.000001.jsonl", rows=4, position=900, finished=now())
        assert gaps(filled) == []

    def test_a_segment_that_is_gone_is_a_gap(self, filled, spool):
        add_account(filled, emitted=10, stored=5, spooled=5)
        add_segment(spool, 2)
        assert gaps(filled) == ["3 spooled rows are neither in the database nor in the spool"]

    def test_rows_spooled_after_the_last_account_are_none(self, filled, spool):
        """Of a writer that ended while the database took nothing."""
        add_account(filled, host="elsewhere", ended=None)
        add_segment(spool, 7)
        code, accounts = stats(filled)
        assert (code, accounts["w1"]["waiting"]) == (0, 7)

    def test_torn_lines_wait_too(self, filled, spool):
        add_account(filled, emitted=10, stored=8, spooled=2)
        add_segment(spool, 1, tail='{"crc":"00000000","table":"metrics_ev')
        assert gaps(filled) == []

    def test_a_writer_that_only_the_spool_knows_is_listed(self, filled, spool):
        add_account(filled)
        add_segment(spool, 3, writer="w9")
        code, accounts = stats(filled)
        assert (code, accounts["w9"]["waiting"], accounts["w9"]["pid"]) == (0, 3, None)
        assert "w9" in command("stats", "-d", filled)[1]

    def test_a_spool_elsewhere_is_given(self, filled, tmp_path):
        add_account(filled, emitted=10, stored=7, spooled=3)
        add_segment(tmp_path / "other", 3)
        assert gaps(filled, "--spool", tmp_path / "other") == []
        assert gaps(filled) == ["3 spooled rows are neither in the database nor in the spool"]


def test_what_cannot_be_read_is_told_in_one_line(filled, tmp_path):
    for path in (tmp_path / "none.db", tmp_path / "notes.txt"):
        code, out, err = command("stats", "-d", path)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith("Error: read ")
        (tmp_path / "notes.txt").write_text("no database at all " * 100)
    run_sql(filled, "CREATE TABLE writer_stats (words TEXT)")
    code, out, err = command("stats", "-d", filled)
    assert (code, out) == (1, "")
    assert "no such column" in err
