"""python -m tests.soak kills|hours|locks: proofs that take longer than tests may."""

# ruff: noqa: T201 - a command tells what it found

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from . import hours, kills, locks


def main() -> int:
    """Run what the command line says; 1 where anything went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="repeats the same random choices")
    parser.add_argument("--folder", type=Path, help="where to put the databases (default: a new temporary folder)")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("kills", help="SIGKILL a writing process at random moments")
    command.add_argument("--n", type=int, default=1_000, help="how many kills")
    command = commands.add_parser("hours", help="four processes, readers, checkpoints, backups, kills")
    command.add_argument("--minutes", type=float, default=10.0)
    command = commands.add_parser("locks", help="another process holds the database")
    command.add_argument("--seconds", type=float, default=60.0)
    given = parser.parse_args()
    folder = given.folder or Path(tempfile.mkdtemp(prefix="foundups-soak-"))
    print(f"seed {given.seed}, in {folder}")
    if given.command == "kills":
        tally, problems = kills.run(given.n, given.seed, folder, _progress)
    elif given.command == "hours":
        tally, problems = hours.run(given.minutes * 60, given.seed, folder, _progress)
    else:
        tally, problems = locks.run(given.seconds, folder, _progress)
    _progress("")
    _tell(tally, problems)
    return bool(problems)


def _progress(text: str) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _tell(tally: Mapping[str, object], problems: list[str]) -> None:
    for name, value in tally.items():
        print(f"{name:>32}  {value:,}" if isinstance(value, int) else f"{name:>32}  {value}")
    print(*(f"WRONG: {line}" for line in problems), sep="\n", end="\n" if problems else "")
    print("nothing wrong" if not problems else f"{len(problems)} things wrong")


if __name__ == "__main__":
    sys.exit(main())
