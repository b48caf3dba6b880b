"""What writers leave behind for stats and doctor, made by hand; commands and other programs to run."""

import json
import os
import platform
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import foundups_logging
from foundups_logging import TelemetryStore

COUNTS = ("emitted", "stored", "spooled", "replayed", "recovered", "dead_lettered", "dropped", "queued", "redacted")
COLUMNS = ("writer", "host", "pid", "program", "started", "updated", "ended", "batch", *COUNTS, "commits", "last_error")
TABLES = (
    f"""CREATE TABLE IF NOT EXISTS writer_stats (id INTEGER PRIMARY KEY, writer TEXT UNIQUE NOT NULL, host TEXT,
    pid INTEGER, program TEXT, started TEXT, updated TEXT, ended TEXT, batch INTEGER,
    {", ".join(f"{name} INTEGER" for name in COUNTS)}, commits INTEGER, last_error TEXT)""",
    """CREATE TABLE IF NOT EXISTS spool_replays (segment TEXT PRIMARY KEY, writer TEXT, position INTEGER, rows INTEGER,
    finished TEXT)""",
)

# Holds the database as its first argument says, then waits until its input ends.
HOLDER = """
import sqlite3, sys
how, path = sys.argv[1:]
connection = sqlite3.connect(f"file:{path}?mode={'ro' if how == 'read' else 'rw'}", uri=True, isolation_level=None)
connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
if how == "exclusive":
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
if how == "read":
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
elif how != "open":
    connection.execute("BEGIN EXCLUSIVE")
print("ready", flush=True)
sys.stdin.read()
"""


def now(**before):
    return (datetime.now(UTC) - timedelta(**before)).isoformat(timespec="microseconds")


def make_database(database):
    """A database with one event, as a program leaves it that has ended, but without any account."""
    with TelemetryStore(database) as store:
        store.record("metrics_events", metric_name="speed", value=1.5)
    for table in ("writer_stats", "spool_replays"):
        run_sql(database, f"DROP TABLE IF EXISTS {table}")


def run_sql(database, sql, params=()):
    with closing(sqlite3.connect(database)) as connection, connection:
        return connection.execute(sql, params).fetchall()


def add_account(database, writer="w1", **values):
    """An account that adds up and has ended well, but for `values`."""
    account = {
        "writer": writer,
        "host": platform.node(),
        "pid": os.getpid(),
        "program": "daemon.py",
        "started": now(minutes=5),
        "updated": now(),
        "ended": now(),
        "batch": 3,
        **dict.fromkeys(COUNTS, 0),
        "emitted": 10,
        "stored": 10,
        "commits": 3,
        "last_error": None,
        **values,
    }
    for sql in TABLES:
        run_sql(database, sql)
    marks = ", ".join("?" * len(COLUMNS))
    run_sql(
        database,
        f"INSERT INTO writer_stats ({', '.join(COLUMNS)}) VALUES ({marks})",
        [account[name] for name in COLUMNS],
    )


def add_replay(database, segment, rows, position, finished=None):
    for sql in TABLES:
        run_sql(database, sql)
    run_sql(database, "INSERT INTO spool_replays VALUES (?, ?, ?, ?, ?)", (segment, "w1", position, rows, finished))


def line(**entry):
    rest = json.dumps(entry, separators=(",", ":"))[1:]
    return f'{{"crc":"{zlib.crc32(rest.encode()):08x}",{rest}\n'


def add_segment(spool, rows, writer="w1", number=1, **more):
    """A segment of so many rows, of a `timestamp`, with a `tail` after them; returns where each line ends, in bytes."""
    spool.mkdir(mode=0o700, exist_ok=True)
    row = {"timestamp": more.get("timestamp") or now(), "metric_name": "speed", "value": 1.5}
    lines = [line(format="foundups-logging spool 1", writer=writer)]
    lines.append(line(domain="metrics_events", declaration={}))
    lines += [line(table="metrics_events", row=row) for _ in range(rows)]
    path = spool / f"{writer}.{number:06}.jsonl"
    path.write_text("".join(lines) + more.get("tail", ""))
    path.chmod(0o600)
    ends, end = [], 0
    for text in lines:
        end += len(text.encode())
        ends.append(end)
    return ends


def command(*arguments, cwd=None, **options):
    """Run `foundups-logging` as a process of its own: its exit code and what it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(foundups_logging.__file__).parents[1]),
        "PYTHONWARNINGS": "error",
    }
    done = subprocess.run(
        [sys.executable, "-m", "foundups_logging", *map(str, arguments)],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        **options,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def doctor(database, *arguments):
    """The findings by check. The exit code is 1 exactly where one is a problem, and each problem has a way out."""
    code, out, err = command("doctor", "-d", database, "--json", *arguments)
    assert err == ""
    found = json.loads(out)
    problems = [finding for finding in found if finding["level"] == "problem"]
    assert code == bool(problems)
    assert all(finding["hint"] for finding in problems)
    assert {finding["level"] for finding in found} <= {"ok", "note", "problem"}
    checks = {}
    for finding in found:
        checks.setdefault(finding["check"], []).append(finding)
    return checks


def problems(database, *arguments):
    """Only the problems: check, message and hint as one text each."""
    found = [finding for findings in doctor(database, *arguments).values() for finding in findings]
    return [
        f"{finding['check']}: {finding['message']} -> {finding['hint']}"
        for finding in found
        if finding["level"] == "problem"
    ]


@contextmanager
def holding(database, how):
    """A process that has the database "open", in a long "read" or in a transaction ("write", "exclusive")."""
    arguments = [sys.executable, "-c", HOLDER, how, str(database)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait(30)


def damage(database):
    """Overwrite pages in the middle of the file, once all of it is there."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(database.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 8192] = b"\xa5" * 8192
    database.write_bytes(data)
