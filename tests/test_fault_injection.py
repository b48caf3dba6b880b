"""Whatever call fails, whichever one of its kind and however: nothing acknowledged is lost, nothing stored twice."""

from __future__ import annotations

import itertools
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from callers import Caller, end_process, hurry
from faults import FILE_OPERATIONS, SQLITE_OPERATIONS, Faults
from soak import evidence
from soak.recover import EXTRA, in_a_new_process

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

_MOST_TOLD = 4  # faults with a bad outcome, until a test ends early
_OPERATIONS = (*SQLITE_OPERATIONS, *FILE_OPERATIONS)
_KINDS = [
    *((operation, mode) for operation in _OPERATIONS for mode in ("once", "from then on")),
    *((operation, "done but reported failed") for operation in ("execute", "commit", "write", "fsync", "remove")),
    ("write", "half done"),
    ("write", "short"),
]
# Where one of these fails, the database and the spool may both be out of reach: then loss is counted.
_HITS_BOTH = {"open", "write", "fsync", "truncate"}


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    hurry(monkeypatch)
    monkeypatch.setattr(logging, "raiseExceptions", False)  # what it has to say is told elsewhere
    with Faults().installed() as faults:
        yield faults
        faults.lift()
        end_process()


@dataclass
class Run:
    """A fault, and what was found after it."""

    database: Path
    fault: str
    caller: Caller
    problems: list[str] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return "\n  ".join([self.fault, *self.problems, f"stats: {self.stats}"])


def scenario(database: Path, faults: Faults) -> Caller:
    """500 events in two domains; for a while in the middle the database is locked, so that the spool is used."""
    caller = Caller(
        database,
        flush_interval=30.0,  # batches begin when somebody waits, so that each run makes the same calls
        batch_size=64,
        commit_timeout=0.03,
        block_timeout=0.03,
        close_timeout=0.5,
    )
    caller.metrics(150)
    caller.permissions(10)
    caller.flush(0.5)
    with faults.refusing("execute", "executemany", "commit", "connect"):
        caller.metrics(90)
        caller.permissions(5)
        caller.flush(0.5)
    caller.permission()
    caller.metrics(150)
    caller.flush(0.5)
    caller.permissions(4)
    caller.metrics(90)
    caller.flush(0.5)
    caller.close()
    return caller


def check_during(run: Run, *, may_drop: bool) -> None:
    """What must be true while the fault may still be there."""
    run.stats = run.caller.stats()
    rows = evidence.stored(run.database)
    spool = evidence.spooled(evidence.spool_folder(run.database))
    dropped = run.stats["dropped"] + run.stats["queued"]  # what neither takes waits in memory
    run.problems += evidence.out_of_balance(run.stats, len(run.caller.logged))
    run.problems += evidence.unsound(run.database)
    run.problems += evidence.stored_twice(rows)
    run.problems += evidence.missing(run.caller.acknowledged, rows, spool, dropped=dropped)
    if run.stats["stored"] > len(rows):  # fewer may be: those of a commit that reported failure
        run.problems.append(f"stats say stored {run.stats['stored']}, the tables hold {len(rows)}")
    if dropped and not may_drop:
        run.problems.append(
            f"{dropped} events are dropped or still queued after close, though the spool could take them"
        )


def check_after(run: Run, wanted: list[str], dropped: int) -> None:
    """What must be true when the fault is gone and the spool was replayed."""
    run.problems += evidence.all_is_in(run.database, wanted, dropped=dropped)
    whole = set(wanted)
    run.problems += [
        f"a dead letter that is no torn line: {error}: {original[:200]}"
        for error, original in evidence.dead_letters(run.database)
        if any(f'"{key}"' in original and original.endswith("}}") for key in whole)
    ]
    run.problems += evidence.audit(run.database)


def go_on(run: Run, faults: Faults) -> None:
    """The fault is lifted and the process goes on."""
    faults.lift()
    run.caller.open()
    try:
        run.caller.recover(timeout=5)
    except TimeoutError as error:
        run.problems.append(str(error))
    run.caller.close()
    run.stats = run.caller.stats()
    run.problems += evidence.out_of_balance(run.stats, len(run.caller.logged))
    if run.stats["stored"] + run.stats["dropped"] + run.stats["dead_lettered"] != len(run.caller.logged):
        run.problems.append("not all is stored, dropped or dead-lettered")
    check_after(run, run.caller.logged, run.stats["dropped"])


def runs(folder: Path, faults: Faults, operation: str, mode: str) -> Iterator[Run]:
    """The scenario with each call of this kind failing in turn."""
    faults.plan("", 0, "")
    scenario(folder / "clean.db", faults)
    number_of_calls = faults.counts[operation]
    end_process()
    if not number_of_calls:
        pytest.skip(f"the scenario makes no {operation}")
    for number in itertools.count(1):
        faults.plan(operation, number, mode)
        database = folder / f"{number}.db"
        fault = f"{operation} {number} of {number_of_calls} fails {mode}"
        try:
            run = Run(database, fault, scenario(database, faults))
        except Exception as error:
            raise AssertionError(f"{fault}: {type(error).__name__} into the program: {error}") from error
        has_fired = faults.fired > 0  # threads may make a call more or fewer than before
        if number > number_of_calls and not has_fired:
            return
        yield run


def tell(bad: list[Run], more: str = "") -> None:
    if bad or more:
        pytest.fail("\n".join([f"{len(bad)} faults came out badly", *map(str, bad[:_MOST_TOLD]), more]), pytrace=False)


def may_drop(operation: str, mode: str) -> bool:
    return operation in _HITS_BOTH and mode != "short"


def test_the_scenario_makes_every_kind_of_call(tmp_path: Path, faults: Faults) -> None:
    caller = scenario(tmp_path / "foundups.db", faults)
    assert len(caller.logged) == 500
    made = {operation: faults.counts[operation] for operation in (*SQLITE_OPERATIONS, "open", "write", "fsync")}
    assert all(made.values()), made


@pytest.mark.parametrize(("operation", "mode"), _KINDS, ids=[f"{operation} {mode}" for operation, mode in _KINDS])
def test_a_program_that_goes_on_after_a_fault_has_all_its_events_once(
    tmp_path: Path, faults: Faults, operation: str, mode: str
) -> None:
    bad: list[Run] = []
    for run in runs(tmp_path, faults, operation, mode):
        check_during(run, may_drop=may_drop(operation, mode))
        go_on(run, faults)
        end_process()
        bad += [run] if run.problems else []
        if len(bad) >= _MOST_TOLD:
            break
        forget(run)
    tell(bad)


@pytest.mark.parametrize("operation", _OPERATIONS)
def test_a_new_process_after_a_lasting_fault_finds_all_events_once(
    tmp_path: Path, faults: Faults, operation: str
) -> None:
    ended: list[Run] = []
    for run in runs(tmp_path, faults, operation, "from then on"):
        check_during(run, may_drop=may_drop(operation, "from then on"))
        run.stats = end_process()
        run.problems += evidence.out_of_balance(run.stats, len(run.caller.logged))
        if run.stats["queued"]:
            run.problems.append(f"{run.stats['queued']} events are still queued at the process's end")
        ended.append(run)
        if sum(bool(run.problems) for run in ended) >= _MOST_TOLD:
            break
    told = in_a_new_process([run.database for run in ended])  # where there are no faults
    for run in ended:
        check_after(run, [*run.caller.logged, f"{EXTRA}0"], run.stats["dropped"])
    tell([run for run in ended if run.problems], told)


def forget(run: Run) -> None:
    """Take away a database that is of no interest any more."""
    if not run.problems:
        for path in run.database.parent.glob(f"{run.database.name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
