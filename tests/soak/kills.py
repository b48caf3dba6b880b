"""Processes that write are killed at random moments; whatever was acknowledged must be there, once."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path

from . import evidence, guests, program
from .recover import EXTRA, recover

__all__ = ["run"]

_KILLS_A_DATABASE = 10
_DISTURBANCES = (None, None, "transaction", "lock file", "snapshot")
_SETTINGS = {"flush_interval": 0.02, "commit_timeout": 0.1, "block_timeout": 0.1, "close_timeout": 2.0}


def run(number: int, seed: int, folder: Path, progress: Callable[[str], None]) -> tuple[Counter[str], list[str]]:
    """Kill `number` processes; return the counts and what went wrong. Databases with nothing wrong are removed."""
    chance = random.Random(seed)
    tally: Counter[str] = Counter()
    problems: list[str] = []
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["foundups_logging", recover.__module__, program.__name__])
    while tally["kills"] < number:
        home = folder / f"{tally['kills']:06}"
        home.mkdir(parents=True)
        group = _Group(home / "foundups.db", chance, context)
        group.kill_all(min(_KILLS_A_DATABASE, number - tally["kills"]))
        found = group.verdict()
        tally.update(group.tally)
        problems += [f"{home}: {line}" for line in found]
        if not found:
            shutil.rmtree(home)
        progress(f"{tally['kills']} of {number} kills, {tally['acknowledged']} acknowledged, {len(problems)} problems")
    return tally, problems


class _Group:
    """One database, and the processes that write to it and are killed."""

    def __init__(
        self, database: Path, chance: random.Random, context: multiprocessing.context.ForkServerContext
    ) -> None:
        self.database = database
        self.tally: Counter[str] = Counter()
        self._chance = chance
        self._context = context
        self._alive: list[BaseProcess] = []
        self._spooled: set[str] = set()

    def kill_all(self, number: int) -> None:
        """Start as many processes as are killed, now and then two at a time."""
        for started in range(number):
            self._start(f"k{started}")
            if self._chance.random() < 0.3 and started + 1 < number:
                continue
            time.sleep(self._chance.uniform(0, 0.25))  # the moments are what is tried here
            how = self._chance.choice(_DISTURBANCES)
            with guests.disturbed(self.database, how):
                time.sleep(self._chance.uniform(0, 0.4))
                while self._alive and (started + 1 == number or self._chance.random() < 0.8):
                    self._kill()
            if how is not None:
                self.tally[f"with a {how} held"] += 1
            self.tally["segments left"] += len(evidence.segments(evidence.spool_folder(self.database)))
            self._spooled.update(evidence.spooled(evidence.spool_folder(self.database)))

    def verdict(self) -> list[str]:
        """What is wrong after a clean process came last."""
        last = self._context.Process(target=recover, args=(self.database,))
        last.start()
        last.join(60)
        found = [] if last.exitcode == 0 else [f"the process after the kills ended with {last.exitcode}"]
        acknowledged = {f"{EXTRA}0"}.union(*map(program.acknowledged, self.database.parent.glob("*.acknowledged")))
        found += evidence.all_is_in(self.database, acknowledged, exactly=False)
        found += evidence.audit(self.database)
        letters = evidence.dead_letters(self.database)
        rows = evidence.stored(self.database)
        self.tally["acknowledged"] += len(acknowledged)
        self.tally["stored"] += len(rows)
        self.tally["stored by way of the spool"] += len(self._spooled.intersection(rows))
        self.tally["torn lines"] += len(letters)
        self.tally["replays"] += len(evidence.select(self.database, "SELECT 1 FROM spool_replays"))
        return found

    def _start(self, name: str) -> None:
        report = self.database.parent / f"{name}.acknowledged"
        process = self._context.Process(
            target=program.write, args=(str(self.database), str(report), name, _SETTINGS), name=name
        )
        process.start()
        self._alive.append(process)

    def _kill(self) -> None:
        process = self._alive.pop(self._chance.randrange(len(self._alive)))
        process.kill()
        process.join()
        self.tally["kills"] += 1
        self.tally["ended before the kill"] += process.exitcode != -9
