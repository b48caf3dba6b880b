"""Whatever happens in whatever order, against a simple model: each event logged is in one place, and at last stored."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from callers import Caller, end_process, hurry
from faults import Faults
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from soak import evidence

_SETTINGS: dict[str, Any] = {
    "flush_interval": 0.005,
    "batch_size": 7,
    "commit_timeout": 0.03,
    "block_timeout": 0.03,
    "close_timeout": 0.5,
}
_DATABASE = ("connect", "execute", "executemany", "commit")
_SPOOL = ("write", "fsync")
_CONTEXT = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)


def log_and_die(database: Path, name: str, number: int) -> None:
    """A process that can't reach the database: it spools, and ends like one that is killed."""
    logging.raiseExceptions = False
    hurry(pytest.MonkeyPatch())
    with Faults().installed() as faults:
        faults.refuse(*_DATABASE)
        caller = Caller(database, name, **_SETTINGS)
        caller.metrics(number)
        caller.permission()
        caller.flush(5)
        os._exit(0 if caller.stats()["spooled"] == number + 1 else 1)


class Fates(RuleBasedStateMachine):
    """The model is but what was logged, in order, and what then may be missing: what was counted as dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.around = ExitStack()
        self.patches = self.around.enter_context(pytest.MonkeyPatch.context())
        self.patches.setattr(logging, "raiseExceptions", False)
        hurry(self.patches)
        self.faults = self.around.enter_context(Faults().installed())
        self.home = Path(tempfile.mkdtemp(prefix="foundups-tests-"))
        self.around.callback(shutil.rmtree, self.home)
        self.around.callback(end_process)
        self.database = self.home / "foundups.db"
        self.folder = evidence.spool_folder(self.database)
        self.others: list[str] = []  # what other processes logged
        self.seen_in_spool: list[str] = []
        self.broken: set[str] = set()
        self.spool_was_broken = False

    @initialize()
    def starts(self) -> None:
        """Begin as a program does."""
        self.caller = Caller(self.database, "own", **_SETTINGS)
        self.is_open = True

    @rule(number=st.integers(1, 25))
    def logs_async(self, number: int) -> None:
        """Some events that nobody waits for; after a close they bring the listener back."""
        self.caller.metrics(number)

    @rule()
    def logs_commit(self) -> None:
        """An event whose call returns when it is safe."""
        self.caller.permission()

    @rule(number=st.integers(2, 5))
    def logs_commit_from_threads(self, number: int) -> None:
        """Several at once."""
        self.caller.permissions(number)

    @rule()
    def flushes(self) -> None:
        """Flush, which says True where all is in the database, as it must be where that works."""
        stats = self.caller.stats() if self.caller.flush(5) else None
        if stats is None:
            assert self.broken, f"flush said False; {self.caller.stats()}"
        else:
            rows = evidence.stored(self.database)
            assert evidence.missing(self.caller.logged, rows, dropped=stats["dropped"]) == []

    @precondition(lambda self: "database" not in self.broken)
    @rule()
    def database_breaks(self) -> None:
        """It can't be opened, written or committed to."""
        self._break("database")

    @precondition(lambda self: "spool" not in self.broken)
    @rule()
    def spool_breaks(self) -> None:
        """It can't be written."""
        self._break("spool")
        self.spool_was_broken = True

    @precondition(lambda self: self.broken)
    @rule(data=st.data())
    def mends(self, data: st.DataObject) -> None:
        """What was broken works again."""
        self.broken.discard(data.draw(st.sampled_from(sorted(self.broken))))
        self._break()

    @rule()
    def closes(self) -> None:
        """Close the handler and make a new one; what can't be stored is spooled then, where that can be."""
        self.caller.close()
        stats = self.caller.stats()
        assert not stats["queued"] or self.broken >= {"database", "spool"}, f"queued after close: {stats}"
        self.caller.open()

    @rule(number=st.integers(0, 4))
    def another_process_leaves_a_segment(self, number: int) -> None:
        """Somebody else could not reach the database, and is no more."""
        name = f"other{len(self.others)}"
        process = _CONTEXT.Process(target=log_and_die, args=(self.database, name, number))
        process.start()
        process.join(30)
        assert process.exitcode == 0, f"the other process could not spool: {process.exitcode}"
        self.others += [*(f"{name}a{place}" for place in range(number)), f"{name}c{number}"]

    @invariant()
    def the_account_balances(self) -> None:
        """At any moment."""
        if hasattr(self, "caller"):
            stats = self.caller.stats()
            assert evidence.out_of_balance(stats, len(self.caller.logged)) == []
            assert not stats["dropped"] or self.spool_was_broken, f"dropped without need: {stats}"
            self._look_at_spool()

    @invariant()
    def nothing_is_stored_twice(self) -> None:
        """Nor is anything acknowledged missing."""
        if not hasattr(self, "caller"):
            return
        # In the order in which events go: from memory into the spool, and from there into the tables.
        queued = self.caller.stats()["queued"]
        spool = evidence.spooled(self.folder)
        rows = evidence.stored(self.database)
        assert evidence.stored_twice(rows) == []
        lost = self.caller.stats()["dropped"] + (
            queued if self.spool_was_broken else 0
        )  # in memory, for lack of better
        assert evidence.missing([*self.caller.acknowledged, *self.others], rows, spool, dropped=lost) == []

    def teardown(self) -> None:
        """In the end all works again, and what was not dropped is stored, once, and in order."""
        try:
            if hasattr(self, "caller"):
                self.broken.clear()
                self._break()
                self._look_at_spool()
                self.caller.close()
                self.caller.open()  # what others have left is brought in by who starts after them
                self.caller.recover(10)
                self.caller.close()
                stats = self.caller.stats()
                logged = [*self.caller.logged, *self.others]
                assert evidence.out_of_balance(stats, len(self.caller.logged)) == []
                assert evidence.all_is_in(self.database, logged, dropped=stats["dropped"]) == []
                self._check_order()
        finally:
            self.around.close()

    def _break(self, *more: str) -> None:
        self.broken.update(more)
        self.faults.refuse(
            *(_DATABASE if "database" in self.broken else ()), *(_SPOOL if "spool" in self.broken else ())
        )

    def _look_at_spool(self) -> None:
        seen = set(self.seen_in_spool)
        self.seen_in_spool += [key for key in evidence.spooled(self.folder) if key not in seen]

    def _check_order(self) -> None:
        """What was seen in the spool must be in its table in the order in which it was logged."""
        seen = set(self.seen_in_spool)
        for table in ("metrics_events", "permission_events"):
            rows = [key for key in evidence.stored(self.database, [table]) if key in seen]
            for name in {key.rpartition("a")[0] or key.rpartition("c")[0] for key in rows}:
                places = [int(key[len(name) + 1 :]) for key in rows if key[: len(name) + 1] in (f"{name}a", f"{name}c")]
                if table == "metrics_events":  # threads that log at once have no order
                    assert places == sorted(places), f"{name} in {table}: {places}"


Fates.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)


@pytest.mark.long
@pytest.mark.timeout(600)
class TestEveryEventHasOneFate(Fates.TestCase):  # type: ignore[name-defined,misc]
    """Whatever fails, mends, closes and comes back: the account balances and in the end all is stored."""
