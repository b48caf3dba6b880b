"""A new process on databases that others left: it logs one event each and waits until their spools are empty."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import foundups_logging
from foundups_logging import DomainTableHandler

from . import evidence

_MOST_TOLD = 3  # databases that can't be recovered, until it gives up
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


def recover_all(databases: Sequence[Path]) -> str:
    """Recover each; return what went wrong, up to a few."""
    logging.raiseExceptions = False
    found: list[str] = []
    for database in databases:
        found += filter(None, [recover(database, timeout=5)])
        if len(found) >= _MOST_TOLD:
            break
    return "\n".join(found)


def in_a_new_process(databases: Sequence[Path]) -> str:
    """Recover all these in one new process; return what went wrong."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(recover_all, databases).result()
