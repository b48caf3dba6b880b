"""A new process on databases that others left: it logs one event each and waits until their spools are empty."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import foundups_logging
from foundups_logging import DomainTableHandler

from . import evidence

EXTRA = "recovered"  # the start of the id of the event it logs


def recover(database: Path, number: int = 0, timeout: float = 20.0) -> str:
    """Bring in what lies in the spool of `database`; return what went wrong, or nothing."""
    log = logging.Logger("soak.recover")  # noqa: LOG001 - of no use to anybody else
    handler = DomainTableHandler(database)
    log.addHandler(handler)
    log.info("metric", extra={"metric_name": f"{EXTRA}{number}"})
    folder = evidence.spool_folder(database)
    try:
        evidence.until(
            lambda: foundups_logging.flush(1) and not evidence.segments(folder), "the spool is empty", timeout
        )
    except TimeoutError as error:
        return f"{database}: {error}; {foundups_logging.stats()}"
    finally:
        handler.close()
    return ""


def in_a_new_process(databases: Sequence[Path], timeout: float = 100.0) -> str:
    """Recover all these in one new process; return what it had to say."""
    assert __package__ is not None
    root = Path(__file__).parents[__package__.count(".") + 1]
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.recover", *(path.absolute() for path in databases)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return done.stdout + (done.stderr if done.returncode else "")


def main() -> int:
    """Recover the databases that the command line names."""
    found = [line for path in sys.argv[1:] if (line := recover(Path(path), timeout=5))]
    print(*found, sep="\n", end="")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
