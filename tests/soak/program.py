"""The program that is killed: threads that log mixed domains and write down what they may hold for safe."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import foundups_logging
from foundups_logging import DomainTableHandler

__all__ = ["acknowledged", "write"]

_THREADS = 2
_COMMIT = (("permission_granted", "agent_id"), ("confidence_updated", "agent_id"))
_ASYNC = (("metric", "metric_name"), ("chat_message", "username"))


def write(database: str, report: str, name: str, settings: dict[str, Any], pace: float = 0.0) -> None:
    """Log from several threads until killed, or until SIGTERM, which ends it as a program ends.

    Ids are "<name>.<thread>.<number>"; the file `report` gets a line for each id
    that must survive from then on. `pace` is the seconds a thread rests after
    every tenth event.
    """
    stop = threading.Event()
    with suppress(ValueError):  # only the main thread may
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
    logging.raiseExceptions = False  # what it has to say of a locked database is no news here
    log = logging.Logger(name)  # noqa: LOG001 - of no use to anybody else
    log.addHandler(DomainTableHandler(database, **settings))
    # Appended, so that each write is whole and in a place of its own; a kill leaves what was written.
    file = os.open(report, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    workers = [threading.Thread(target=_work, args=(log, file, f"{name}.{n}", stop, pace)) for n in range(_THREADS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for handler in log.handlers:
        handler.close()


def acknowledged(report: Path) -> set[str]:
    """The ids in a report; a torn last line is none."""
    if not report.exists():
        return set()
    whole, _, _ = report.read_text().rpartition("\n")
    return set(whole.split())


def _work(log: logging.Logger, file: int, name: str, stop: threading.Event, pace: float) -> None:
    chance = random.Random(name)
    unsure: list[str] = []
    number = 0
    while not stop.is_set():
        number += 1
        key = f"{name}.{number}"
        if chance.random() < 0.25:
            event, column = chance.choice(_COMMIT)
            log.info(event, extra={column: key})
            os.write(file, f"{key}\n".encode())
        else:
            event, column = chance.choice(_ASYNC)
            log.info(event, extra={column: key})
            unsure.append(key)
        if chance.random() < 0.02 and foundups_logging.flush(2.0):
            os.write(file, "".join(f"{line}\n" for line in unsure).encode())
            unsure.clear()
        if pace and number % 10 == 0:
            time.sleep(pace)
