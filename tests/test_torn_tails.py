"""After a power loss: a spool or a write-ahead log whose last bytes are missing, or are not what was written."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from callers import Caller, end_process, hurry
from faults import Faults
from soak import evidence

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

_SETTINGS: dict[str, Any] = {"flush_interval": 0.01, "commit_timeout": 0.05, "close_timeout": 1.0}
_SQLITE = ("connect", "execute", "executemany", "commit")
_WAL_HEADER, _FRAME_HEADER = 32, 24  # bytes


@dataclass
class Left:
    """What a process left that could not reach its database: a segment of the spool, and a sound database."""

    database: Path
    segment: Path
    ids: list[str]
    lines: list[bytes]  # of the segment: one an event, and some that tell the format and other things

    def line_of(self, event: int) -> bytes:
        """The line of one of the events, by its number."""
        return next(line for line in self.lines if f'"metric_name":"{self.ids[event]}"'.encode() in line)

    def restart(self, home: Path, segment: bytes) -> tuple[Caller, Path]:
        """Start a process where the segment has this content; it recovers what it can and ends."""
        database = home / "foundups.db"
        folder = evidence.spool_folder(database)
        folder.mkdir(parents=True, mode=0o700)
        shutil.copy(self.database, database)
        (folder / self.segment.name).write_bytes(segment)
        caller = Caller(database, "later", **_SETTINGS)
        caller.recover(5)
        caller.close()
        end_process()
        return caller, database


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Left]:
    hurry(monkeypatch)
    database = tmp_path / "left" / "foundups.db"
    first = Caller(database, "first", **_SETTINGS)
    first.metrics()
    first.close()
    end_process()
    with Faults().installed() as faults:
        caller = Caller(database, **_SETTINGS)
        faults.refuse(*_SQLITE)
        caller.metrics(6)
        caller.close()
        end_process()
    assert evidence.spooled(evidence.spool_folder(database)) == caller.logged
    (segment,) = evidence.segments(evidence.spool_folder(database))
    yield Left(database, segment, caller.logged, segment.read_bytes().splitlines(keepends=True))
    end_process()


def problems(left: Left, caller: Caller, database: Path, whole: int, *, torn: bytes = b"") -> list[str]:
    """What is wrong after a restart, where the first `whole` of the segment's events can be read."""
    rows = evidence.stored(database)
    letters = evidence.dead_letters(database)
    found = evidence.unsound(database) + evidence.stored_twice(rows)
    found += evidence.missing(["firsta0", *left.ids[:whole], *caller.logged], rows)
    found += [f"a stranger: {key}" for key in set(rows).difference(["firsta0", *left.ids, *caller.logged])]
    readable = [key for key in left.ids if key in rows]
    if readable != left.ids[: len(readable)] or [key for key in rows if key in left.ids] != readable:
        found.append(f"the replayed are not in order, or not the first ones: {rows}")
    if evidence.segments(evidence.spool_folder(database)):
        found.append("the segment is still there")
    told = torn.decode(errors="replace").strip("\0\n")
    if told and len(readable) == whole and not any(told[:20] in str(json.loads(original)) for _, original in letters):
        found.append(f"the torn line {torn[:40]!r} is no dead letter: {letters}")
    return found


def test_a_spool_cut_at_any_byte_of_its_last_lines_gives_all_whole_lines_and_keeps_the_torn_one(
    left: Left, tmp_path: Path
) -> None:
    text = b"".join(left.lines)
    last = text.index(left.line_of(-1))
    after = last + len(left.line_of(-1))
    bad = []
    for cut in [*range(last, after + 1), *range(after + 1, len(text), 16)]:
        whole = sum(line.endswith(b"\n") and b'"row":' in line for line in text[:cut].splitlines(keepends=True))
        torn = text[:cut].rpartition(b"\n")[2]
        caller, database = left.restart(tmp_path / str(cut), text[:cut])
        if torn + b"\n" in left.lines:  # all there but its end: it may be taken for whole, or not
            torn = b""
        bad += [f"cut at {cut}: {line}" for line in problems(left, caller, database, whole, torn=torn)]
        if len(bad) > 5:
            break
    assert bad == []


@pytest.mark.parametrize("cut", ["nothing", "half of the first line", "the first line"])
def test_a_spool_of_hardly_anything_is_done_with(left: Left, tmp_path: Path, cut: str) -> None:
    first = left.lines[0]
    text = {"nothing": b"", "half of the first line": first[: len(first) // 2], "the first line": first}[cut]
    caller, database = left.restart(tmp_path / "again", text)
    assert problems(left, caller, database, 0) == []


@pytest.mark.parametrize(
    "tail",
    [b"\0" * 512, b"\0" * 70_000, random.Random(3).randbytes(512), b"\n\n\n", b'{"crc":"00000000"}\n', b"[]\nnull\n"],
    ids=["NULs", "many NULs", "random bytes", "empty lines", "a line of another shape", "no objects"],
)
def test_a_spool_that_ends_in_what_was_never_written_gives_what_was(left: Left, tmp_path: Path, tail: bytes) -> None:
    text = b"".join(left.lines)
    caller, database = left.restart(tmp_path / "whole", text + tail)
    assert problems(left, caller, database, 6) == []
    torn = left.line_of(-1)[:40]
    start = text.index(left.line_of(-1))
    caller, database = left.restart(tmp_path / "torn", text[:start] + torn + tail)
    assert problems(left, caller, database, 5, torn=torn) == []


@pytest.mark.parametrize("line", [1, 3, 6])
def test_a_line_that_is_not_as_it_was_written_is_a_dead_letter_and_the_others_are_stored(
    left: Left, tmp_path: Path, line: int
) -> None:
    written = left.line_of(line - 1)
    changed = written.replace(f'"{left.ids[line - 1]}"'.encode(), b'"zz"')
    _, database = left.restart(tmp_path / "again", b"".join(left.lines).replace(written, changed))
    rows = evidence.stored(database)
    assert [key for key in rows if key in left.ids] == [key for key in left.ids if key != left.ids[line - 1]]
    assert "zz" not in rows
    assert any("zz" in original for _, original in evidence.dead_letters(database))
    assert evidence.segments(evidence.spool_folder(database)) == []


def test_a_write_ahead_log_cut_anywhere_leaves_a_sound_database_with_the_first_of_the_events(
    database: Path, tmp_path: Path
) -> None:
    caller = Caller(database, **_SETTINGS)
    for _ in range(3):
        caller.metrics(40)
        assert caller.flush()
    log = Path(f"{database}-wal").read_bytes()
    page = int.from_bytes(log[8:12], "big")
    frames = (len(log) - _WAL_HEADER) // (page + _FRAME_HEADER)
    ends = [_WAL_HEADER + number * (page + _FRAME_HEADER) for number in range(frames + 1)]
    kept = database.read_bytes()
    caller.close()
    end_process()
    bad, counts = [], []
    for cut in sorted({0, 16, *(end + by for end in ends for by in (-1, 0, 2_000)), len(log)}):
        if not 0 <= cut <= len(log):
            continue
        home = tmp_path / str(cut)
        home.mkdir()
        copy = home / "foundups.db"
        copy.write_bytes(kept)
        Path(f"{copy}-wal").write_bytes(log[:cut])
        later = Caller(copy, "later", **_SETTINGS)
        later.metrics()
        done = later.flush()
        later.close()
        end_process()
        rows = evidence.stored(copy)
        found = [] if done else ["nothing can be stored"]
        found += evidence.unsound(copy)
        if rows[:-1] != caller.logged[: len(rows) - 1] or rows[-1] != later.logged[0]:
            found.append(f"not the first events, then the new one: {rows}")
        counts.append(len(rows))
        bad += [f"cut at {cut} of {len(log)}: {line}" for line in found]
        shutil.rmtree(home)
    assert bad == []
    assert counts == sorted(counts)
    assert counts[-1] == 121
