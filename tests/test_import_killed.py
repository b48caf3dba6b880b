"""Importers that are killed: the next goes on where the last transaction ended."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from migrations import STAMP, load, rejected_of, rows_of, verify

import foundups_logging

LINES = 50_000
KILLS = 100
IMPORTER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from migrations import load
from foundups_logging.migrate import chunk, source
source._BLOCK = 1 << 13
chunk.ROWS_A_TRANSACTION = 100
print("begun", flush=True)
result = load(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def imported(database):
    """How many rows there are, of a database that may not be whole yet."""
    if not database.exists():
        return 0
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT count(*) FROM log_events").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


@pytest.mark.long
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT], ids=lambda way: way.name)
def test_imports_killed_at_any_time_end_with_exactly_the_right_rows(tmp_path, database, way):
    file = tmp_path / "a.jsonl"
    with file.open("w") as stream:
        for number in range(LINES):
            if number % 1000 == 999:
                stream.write("{torn\n")
            else:
                stream.write(json.dumps({"timestamp": STAMP, "event": "e", "n": number}) + "\n")
    random_ = random.Random(7)
    folders = [str(Path(__file__).parent), str(Path(foundups_logging.__file__).parents[1])]
    command = [sys.executable, "-c", IMPORTER, str(database), str(file), *folders]
    positions = []
    for _ in range(KILLS if way == signal.SIGKILL else 5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "begun\n"
            time.sleep(random_.uniform(0, 0.06))
            process.send_signal(way)
        positions.append(imported(database))
    assert len(set(positions)) > len(positions) // 2, "too few imports were killed in their midst"
    load(database, file)
    found = [json.loads(row["metadata_json"])["n"] for row in rows_of(database)]
    assert found == [number for number in range(LINES) if number % 1000 != 999]
    assert [number for number, _, _ in rejected_of(database)] == list(range(1000, LINES + 1, 1000))
    assert verify(database).is_clean
