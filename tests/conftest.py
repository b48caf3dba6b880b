"""What the tests share: a database per test, stdlib logging put back, nothing left open."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import structlog
from accounts import make_database

import foundups_logging
from foundups_logging import complaints
from foundups_logging.encoding import from_json
from foundups_logging.listener import registry
from foundups_logging.sinks.batch import Batch
from foundups_logging.sinks.sqlite import SQLiteSink

Rows = Callable[..., list[dict[str, Any]]]

# A busy machine's pauses are no failures; where .ci/run has set the variable, the examples are the same each time.
hypothesis.settings.register_profile(
    "tests", deadline=None, derandomize="FOUNDUPS_LOGGING_SOURCE" in os.environ, database=None
)
hypothesis.settings.load_profile("tests")


def wait_until(is_so: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so; a failure where it takes longer."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


class NoMark:
    """The mark of a batch that leaves none."""

    def is_made(self, connection: sqlite3.Connection) -> bool:
        return False

    def make(self, connection: sqlite3.Connection) -> None:
        pass


def store(sink: SQLiteSink, items: Iterable[Any]) -> tuple[int, int]:
    """Write a batch; how many rows were stored and how many became dead letters."""
    batch = Batch(1, items)
    sink.write(batch, NoMark())
    return batch.stored, batch.dead


@pytest.fixture(autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """Put logging back as it was, and close every listener the test has made."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    complaints._told.clear()
    yield
    for logger in [root, *logging.Logger.manager.loggerDict.values()]:
        if isinstance(logger, logging.Logger):
            for handler in logger.handlers[:]:
                if isinstance(handler, foundups_logging.DomainTableHandler):
                    logger.removeHandler(handler)
    logging._handlerList[:] = [  # dictConfig and shutdown flush whatever is in it
        ref for ref in logging._handlerList if not isinstance(ref(), foundups_logging.DomainTableHandler)
    ]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    for listener in registry._listeners.values():
        writer = listener._writer
        listener.close(timeout=0.5 if writer.totals.last_error else 10)
        with writer.held():
            for queue in (writer.commits, writer.queue):
                writer.drop_from(queue)
    registry._listeners.clear()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "foundups.db"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with no database named by the environment."""
    monkeypatch.delenv("FOUNDUPS_DATABASE", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def filled(database: Path) -> Path:
    """A database with an event in it, whose writers' accounts the test makes up."""
    make_database(database)
    return database


@pytest.fixture
def spool(filled: Path) -> Path:
    """The folder of its spool, not there yet."""
    return filled.with_name("foundups.db-spool")


@pytest.fixture
def rows(database: Path) -> Rows:
    """Read a table by a connection of its own, after a flush, with JSON columns parsed."""

    def read(table: str, path: Path | None = None) -> list[dict[str, Any]]:
        assert foundups_logging.flush(10)
        connection = sqlite3.connect(path or database)
        try:
            connection.row_factory = sqlite3.Row
            found = [dict(row) for row in connection.execute(f'SELECT * FROM "{table}" ORDER BY id')]
        finally:
            connection.close()
        for row in found:
            for name in ("metadata_json", "analysis_json", "original"):
                if isinstance(row.get(name), str):
                    row[name] = from_json(row[name])
        return found

    return read


@pytest.fixture
def logger(database: Path) -> Iterator[logging.Logger]:
    """A stdlib logger with a DomainTableHandler on the test's database."""
    log = logging.getLogger("tests.domain_tables")
    handler = foundups_logging.DomainTableHandler(database)
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    log.propagate = False
    yield log
    log.removeHandler(handler)
    handler.close()
