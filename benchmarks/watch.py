"""What watching costs a program: each opening of a file, and the start.

The same program runs alone and watched, in turn; ratios and differences are of
the two runs that follow each other.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.hot_path import machine
from foundups_logging.audit.watch.watching import watch

__all__ = ["main"]

_OPENS: Final = 20_000
_PROGRAMS: Final = {
    "opens, appends a line and closes": f"""
import json
for number in range({_OPENS}):
    with open("events.jsonl", "a") as file:
        file.write(json.dumps({{"event": "step", "number": number}}) + "\\n")
""",
    "opens a file that is none of these and closes": f"""
for number in range({_OPENS}):
    open("notes.md", "a").close()
""",
}


def main(*, rounds: int) -> None:
    """Measure, and print medians and ranges."""
    print(machine())
    print(f"{rounds} rounds; a program alone and watched, in turn.\n")
    with tempfile.TemporaryDirectory(prefix="foundups-bench-") as folder:
        for name, text in _PROGRAMS.items():
            (Path(folder) / "program.py").write_text(text)
            ratios = [watched / alone for alone, watched in _pairs(Path(folder), rounds)]
            print(f"{_OPENS:,} times {name}: watched / alone   {_range(ratios)}")
        (Path(folder) / "program.py").write_text("")
        starts = [(watched - alone) * 1000 for alone, watched in _pairs(Path(folder), rounds)]
        print(f"an empty program: watched - alone, ms   {_range(starts)}")


def _pairs(folder: Path, rounds: int) -> list[tuple[float, float]]:
    """The seconds that the program takes alone and watched, in each round."""
    command = [sys.executable, "program.py"]
    with contextlib.chdir(folder):
        return [
            (
                _seconds(folder, lambda: subprocess.run(command, check=True)),
                _seconds(folder, lambda: watch(command, folder)),
            )
            for _ in range(rounds)
        ]


def _seconds(folder: Path, run: Callable[[], object]) -> float:
    (folder / "events.jsonl").unlink(missing_ok=True)
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _range(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
