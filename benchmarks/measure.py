"""One measurement of one contestant, in a process of its own.

`python -m benchmarks.measure MODE NAME LOAD FOLDER` prints the figures as a JSON
object; LOAD is one too, and FOLDER is empty. Imports, setting up and a first few hundred
calls are not timed; the garbage collector runs as it does in any program.
"""

from __future__ import annotations

import contextlib
import gc
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import foundups_logging
from benchmarks.contestants import CONTESTANTS, Contestant, Running

__all__ = ["FULL", "OFFERED_PER_SECOND", "QUICK", "Figures", "Load"]

OFFERED_PER_SECOND: Final = 5_000
_WARM_UP: Final = 500  # events
_CHUNK: Final = 50  # events between two looks at the clock
_TICK: Final = 0.005  # seconds a paced producer sleeps
_PATIENCE: Final = 10.0  # seconds to wait for what was offered to be stored

Figures = dict[str, float]


@dataclass(frozen=True)
class Load:
    """How much is measured: events; a slow contestant's calls end after `limit_seconds`."""

    burst_events: int
    bursts: int
    sustained_events: int
    busy_events: int
    offered_seconds: float
    limit_seconds: float


FULL: Final = Load(5_000, 9, 100_000, 20_000, offered_seconds=10.0, limit_seconds=3.0)
QUICK: Final = Load(2_000, 3, 20_000, 5_000, offered_seconds=2.0, limit_seconds=0.5)


class _Caller:
    """Makes a contestant's calls and knows how many events that were."""

    def __init__(self, contestant: Contestant, running: Running) -> None:
        self._call = running.call
        self._step = contestant.events_per_call
        self.events = 0

    def make(self, events: int, limit_seconds: float) -> tuple[int, float]:
        """Log up to `events` events; return how many and the seconds they took."""
        call, step = self._call, self._step
        chunk = max(_CHUNK, step)
        made, seconds = 0, 0.0
        gc.collect()
        start = time.perf_counter()
        while made < events and seconds < limit_seconds:
            for number in range(made, made + chunk, step):
                call(number)
            made += chunk
            seconds = time.perf_counter() - start
        self.events += made
        return made, seconds

    def make_timed(self, events: int, limit_seconds: float) -> list[int]:
        """Log up to `events` events; return the nanoseconds of each call, in order of size."""
        call, clock = self._call, time.perf_counter_ns
        taken: list[int] = []
        end = clock() + int(limit_seconds * 1e9)
        gc.collect()
        for number in range(events):
            before = clock()
            call(number)
            after = clock()
            taken.append(after - before)
            if after > end:
                break
        self.events += len(taken)
        return sorted(taken)


def burst(caller: _Caller, running: Running, load: Load) -> Figures:
    """The cost of a call while nobody waits for what it stores."""
    costs = []
    for _ in range(load.bursts):
        made, seconds = caller.make(load.burst_events, load.limit_seconds)
        costs.append(seconds / made * 1e6)
        running.settle()
    taken = caller.make_timed(load.burst_events, load.limit_seconds)
    running.finish()
    return {
        "call_us": statistics.median(costs),
        "p50_us": taken[len(taken) // 2] / 1e3,
        "p99_us": taken[len(taken) * 99 // 100] / 1e3,
        "max_us": taken[-1] / 1e3,
    }


def paired(caller: _Caller, running: Running, other: _Caller, other_running: Running, load: Load) -> Figures:
    """The cost of a call over another contestant's, in turn in one process: whatever slows one slows the other."""
    ratios = []
    for _ in range(load.bursts):
        theirs_made, theirs = other.make(load.burst_events, load.limit_seconds)
        other_running.settle()
        made, ours = caller.make(load.burst_events, load.limit_seconds)
        ratios.append((ours / made) / (theirs / theirs_made))
        running.settle()
    other_running.finish()
    running.finish()
    return {"ratio": statistics.median(ratios)}


def sustained(caller: _Caller, running: Running, load: Load) -> Figures:
    """Events a second until all are stored, and the memory that took."""
    before = _peak_memory()
    made, seconds = caller.make(load.sustained_events, load.limit_seconds)
    seconds += _seconds_of_finish(running)
    figures = {"events_per_second": made / seconds}
    if before is not None and (after := _peak_memory(reset=False)) is not None:
        figures["memory_mib"] = (after - before) / 1024
    return figures


def busy(caller: _Caller, running: Running, load: Load, most: int | None) -> Figures:
    """Both beside a thread that computes in Python without a pause."""
    with _busy_thread():
        made, seconds = caller.make(min(load.busy_events, most or load.busy_events), load.limit_seconds)
        total = seconds + _seconds_of_finish(running)
    figures = {"call_us": seconds / made * 1e6}
    return figures if running.stored is None else figures | {"events_per_second": made / total}


def offered(caller: _Caller, running: Running, load: Load) -> Figures:
    """How far the queue grows beside a busy thread under a steady load, and how long the last event waits."""
    call = running.call
    sent = queued_most = 0
    before = foundups_logging.stats()["stored"]
    with _busy_thread():
        start = time.perf_counter()
        while (elapsed := time.perf_counter() - start) < load.offered_seconds:
            due = int(elapsed * OFFERED_PER_SECOND)
            while sent < due:
                call(sent)
                sent += 1
            queued_most = max(queued_most, foundups_logging.stats()["queued"])
            time.sleep(_TICK)
        end = time.perf_counter()
        while foundups_logging.stats()["stored"] - before < sent and time.perf_counter() < end + _PATIENCE:
            time.sleep(_TICK)
        stored_after = time.perf_counter() - end
    running.finish()
    caller.events += sent
    return {
        "events_per_second": sent / load.offered_seconds,
        "queued_most": queued_most,
        "stored_after_seconds": stored_after,
    }


def measure(mode: str, contestant: Contestant, load: Load, folder: Path) -> Figures:
    """Set the contestant up in the empty `folder` and measure it; `lost` counts the events it didn't store."""
    running = contestant.start(folder)
    caller = _Caller(contestant, running)
    caller.make(_WARM_UP, _PATIENCE)
    running.settle()
    if mode == "burst":
        figures = burst(caller, running, load)
    elif mode == "paired":
        other = CONTESTANTS[contestant.pair]
        other_folder = folder / "other"
        other_folder.mkdir()
        other_running = other.start(other_folder)
        other_caller = _Caller(other, other_running)
        other_caller.make(_WARM_UP, _PATIENCE)
        figures = paired(caller, running, other_caller, other_running, load)
    elif mode == "sustained":
        figures = sustained(caller, running, load)
    elif mode == "busy":
        figures = busy(caller, running, load, contestant.most_beside_busy)
    else:
        figures = offered(caller, running, load)
    if running.stored is not None:
        figures["lost"] = caller.events - running.stored()
    return figures


def _seconds_of_finish(running: Running) -> float:
    start = time.perf_counter()
    running.finish()
    return time.perf_counter() - start


def _peak_memory(*, reset: bool = True) -> int | None:
    """The most KiB this process has held since the last reset; None where the system doesn't tell (only Linux does)."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5", "ascii")
        lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), None)


@contextlib.contextmanager
def _busy_thread() -> Iterator[None]:
    stop = threading.Event()

    def compute() -> None:
        total = 0
        while not stop.is_set():
            for number in range(1_000):
                total += number * number

    thread = threading.Thread(target=compute, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def main(mode: str, name: str, load: str, folder: str) -> None:
    """Measure, and print the figures."""
    print(json.dumps(measure(mode, CONTESTANTS[name], Load(**json.loads(load)), Path(folder))))


if __name__ == "__main__":
    main(*sys.argv[1:])
