"""Four processes write for as long as is asked, while others read, check, copy and kill."""

from __future__ import annotations

import multiprocessing
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

from . import evidence, guests, program
from .recover import recover

__all__ = ["run"]

_PROCESSES = 4
_WAL_LIMIT = 16 << 20  # bytes
_MOST_GROWTH = 48 << 20  # bytes of the process that lives all the time
_SETTINGS = {"flush_interval": 0.05, "commit_timeout": 0.5, "wal_limit": _WAL_LIMIT}
_PACE = 0.02  # seconds that each thread rests after ten events


def run(seconds: float, seed: int, folder: Path, progress: Callable[[str], None]) -> tuple[Counter[str], list[str]]:
    """Let it all go on for `seconds`; return the counts and what went wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    house = _House(folder / "foundups.db", seed, seconds, progress)
    house.go_on()
    return house.tally, house.verdict()


class _House:
    """The database, the processes that write to it, and the threads here that do the rest."""

    def __init__(self, database: Path, seed: int, seconds: float, progress: Callable[[str], None]) -> None:
        self.database = database
        self.tally: Counter[str] = Counter()
        self._problems: list[str] = []
        self._chance = random.Random(seed)
        self._seconds = seconds
        self._progress = progress
        self._over = threading.Event()
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["foundups_logging", program.__name__])
        self._mortals: list[BaseProcess] = []
        self._memory: list[int] = []

    def go_on(self) -> None:
        """Start everything, kill and restart writers until the time is over, then let all end."""
        steady = self._start("steady")
        self._mortals = [self._start(f"w{number}") for number in range(_PROCESSES - 1)]
        evidence.until(lambda: len(evidence.stored(self.database, ["metrics_events"])), "the first rows", 60)
        helpers = [
            threading.Thread(target=self._helped, args=(work,))
            for work in (self._read, self._pin, self._watch_wal, self._checkpoint, self._back_up)
        ]
        for helper in helpers:
            helper.start()
        started = len(self._mortals)
        ends = time.monotonic() + self._seconds
        while (left := ends - time.monotonic()) > 0:
            self._over.wait(min(left, self._chance.uniform(0.5, 3.0)))
            self._memory.append(_resident(steady))
            self._progress(f"{left:.0f} s to go, {dict(self.tally)}")
            victim = self._chance.randrange(len(self._mortals))
            self._end(self._mortals[victim], gently=self._chance.random() < 0.3)
            self._mortals[victim] = self._start(f"w{started}")
            started += 1
        self._over.set()
        for helper in helpers:
            helper.join()
        for process in [*self._mortals, steady]:
            self._end(process, gently=True)
        self.tally["processes"] = started + 1

    def verdict(self) -> list[str]:
        """What is wrong when all have ended and a last process has come."""
        last = self._context.Process(target=recover, args=(self.database,))
        last.start()
        last.join(120)
        acknowledged = set().union(*map(program.acknowledged, self.database.parent.glob("*.acknowledged")))
        found = self._problems + evidence.all_is_in(self.database, acknowledged, exactly=False)
        found += evidence.audit(self.database)
        for row in evidence.writers(self.database):
            for name in ("emitted", "stored", "spooled", "replayed", "recovered", "dead_lettered", "dropped"):
                self.tally[f"writers: {name}"] += row[name]
        self.tally["acknowledged"] = len(acknowledged)
        self.tally["rows"] = len(evidence.stored(self.database))
        self.tally["dead letters"] = len(evidence.dead_letters(self.database))
        if self.tally["writers: dropped"]:
            found.append(f"{self.tally['writers: dropped']} events were dropped")
        wal = self.database.with_name(f"{self.database.name}-wal")
        if wal.exists() and wal.stat().st_size > _WAL_LIMIT:
            found.append(f"the WAL has {wal.stat().st_size:,} bytes at the end")
        known = [size for size in self._memory if size]
        if known:
            warm = known[len(known) // 5]
            self.tally["memory of the steady process"] = known[-1]
            self.tally["its growth"] = known[-1] - warm
            if known[-1] - warm > _MOST_GROWTH:
                found.append(f"the steady process grew by {known[-1] - warm:,} bytes")
        return found

    def _start(self, name: str) -> BaseProcess:
        report = self.database.parent / f"{name}.acknowledged"
        process = self._context.Process(
            target=program.write, args=(str(self.database), str(report), name, _SETTINGS, _PACE), name=name
        )
        process.start()
        return process

    def _end(self, process: BaseProcess, *, gently: bool) -> None:
        if process.exitcode is not None:
            self._problems.append(f"process {process.name} ended by itself with {process.exitcode}")
            return
        (process.terminate if gently else process.kill)()
        process.join(30)
        if process.exitcode is None:
            self._problems.append(f"process {process.name} did not end in 30 s")
            process.kill()
            process.join()
        elif gently and process.exitcode not in (0, -signal.SIGTERM):  # the signal may come before it is handled
            self._problems.append(f"process {process.name} ended with {process.exitcode}")
        self.tally["ends" if gently else "kills"] += 1

    def _helped(self, work: Callable[[random.Random], None]) -> None:
        """Do a helper's work again and again, at times of its own; its failures are told at the end."""
        chance = random.Random(f"{work.__name__} {self._seconds}")
        while not self._over.is_set():
            try:
                work(chance)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    self._problems.append(f"{work.__name__}: {error}")
                self.tally[f"{work.__name__.strip('_')}: locked out"] += 1
            except Exception as error:  # noqa: BLE001 - told at the end
                self._problems.append(f"{work.__name__}: {type(error).__name__}: {error}")

    def _read(self, chance: random.Random) -> None:
        with guests.guest(self.database) as connection:
            for _ in range(20):
                connection.execute("SELECT * FROM events ORDER BY timestamp DESC LIMIT 50").fetchall()
                self.tally["reads"] += 1
                if self._over.wait(chance.uniform(0, 0.2)):
                    return

    def _pin(self, chance: random.Random) -> None:
        """Keep a snapshot for a tenth of the time, at most a minute, then let go for as long."""
        with guests.guest(self.database) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM metrics_events").fetchall()
            self._over.wait(min(60.0, self._seconds / 10) * chance.uniform(0.5, 1))
            connection.execute("COMMIT")
        self.tally["snapshots pinned"] += 1
        self._over.wait(min(60.0, self._seconds / 10))

    def _watch_wal(self, _: random.Random) -> None:
        with suppress(FileNotFoundError):
            size = self.database.with_name(f"{self.database.name}-wal").stat().st_size
            self.tally["WAL maximum, bytes"] = max(self.tally["WAL maximum, bytes"], size)
        self._over.wait(0.05)

    def _checkpoint(self, chance: random.Random) -> None:
        self._over.wait(chance.uniform(0.5, 5))
        guests.checkpoint(self.database)
        self.tally["checkpoints"] += 1

    def _back_up(self, chance: random.Random) -> None:
        """Copy the running database, and look whether the copy is sound and holds each event once."""
        self._over.wait(min(self._seconds / 5, chance.uniform(2, 20)))
        how = chance.choice(["backup", "VACUUM INTO"])
        copy = self.database.parent / "copy.db"
        guests.back_up(self.database, copy, how)
        with closing(sqlite3.connect(copy)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
        if found != [("ok",)]:
            self._problems.append(f"a copy by {how}: {found[:3]}")
        self._problems += [f"a copy by {how}: {line}" for line in evidence.stored_twice(evidence.stored(copy))]
        copy.unlink()
        self.tally["backups"] += 1


def _resident(process: BaseProcess) -> int:
    """The bytes of memory that a process has, or 0 where that can't be told."""
    with suppress(OSError):
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0
