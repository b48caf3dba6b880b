"""The contestants: each logs the same event, in its own usual way, to its own usual place.

A contestant is a function that sets everything up in an empty folder and returns
what is then to be called. The peers are imported only where they are run.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import orjson
import structlog

import foundups_logging
from benchmarks.calls import (
    FIELDS,
    FIELDS_WITH_METADATA,
    Call,
    extra_call,
    fresh_extra_call,
    fresh_keyword_call,
    keyword_call,
    lines_of,
    rows_of,
    seven_domains_call,
    structlog_logger,
)
from foundups_logging.listener import listener_for

__all__ = ["CONTESTANTS", "Contestant", "Running"]

_ALL_MODES: Final = ("paired", "burst", "sustained", "busy", "offered")
_RAW_BATCH: Final = 1_000  # rows a transaction
_RAW_ROWS: Final = 100_000


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Running:
    """A contestant that is set up.

    `call` logs an event, given its number; `settle` waits until what was logged
    is stored, `finish` does so and closes; `stored` then tells how many events are.
    """

    call: Call
    finish: Callable[[], object] = _nothing
    stored: Callable[[], int] | None = None
    settle: Callable[[], object] = _nothing


#: Without domains whose calls wait for their commit: that is `benchmarks durable`.
ASYNC: Final = {name: {"durability": "async"} for name in ("permission_events", "confidence_events")}


@dataclass(frozen=True)
class Contestant:
    """What is measured, and how.

    `peer` is the module it needs, `modes` names what it takes part in.
    `events_per_call` is more than 1 where a call stores a batch.
    `pair` names the contestant whose call its own is compared with, in one process.
    `most_beside_busy` limits the events of a contestant whose calls are quick and
    whose storing takes long beside a busy thread.
    """

    title: str
    start: Callable[[Path], Running]
    peer: str | None = None
    modes: tuple[str, ...] = ("burst", "sustained", "busy")
    events_per_call: int = 1
    most_beside_busy: int | None = None
    pair: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether the module it needs is there."""
        return self.peer is None or find_spec(self.peer) is not None


# --- ours, and what logging costs without us


def null_handler(_: Path) -> Running:
    """What stdlib logging itself costs."""
    return Running(extra_call(logging.NullHandler()))


def dropping_processor(_: Path) -> Running:
    """What structlog itself costs."""

    def drop(_logger: Any, _name: str, _event_dict: Any) -> Any:
        raise structlog.DropEvent

    return Running(keyword_call(structlog_logger(drop)))


def domain_table_handler(
    folder: Path, make_call: Callable[[logging.Handler], Call] = extra_call, *, redact: bool = True
) -> Running:
    """The handler with its defaults."""
    database = folder / "ours.db"
    handler = foundups_logging.DomainTableHandler(database, ASYNC, redact=redact)
    return Running(make_call(handler), handler.close, lambda: rows_of(database, "events"), handler.flush)


def domain_table_processor(
    folder: Path, make_call: Callable[[Any], Call] = keyword_call, *, redact: bool = True
) -> Running:
    """The processor with its defaults, at the chain's end."""
    database = folder / "ours.db"
    processor = foundups_logging.DomainTableProcessor(database, ASYNC, terminal=True, redact=redact)
    call = make_call(structlog_logger(processor))
    return Running(call, listener_for(database).close, lambda: rows_of(database, "events"), processor.flush)


# --- the peers


def open_append(folder: Path) -> Running:
    """Today's practice."""
    file = folder / "events.jsonl"

    def call(_: int) -> None:
        entry = {"timestamp": datetime.now(UTC).isoformat(), "event_type": "permission_granted", **FIELDS}
        with open(file, "a", encoding="utf-8") as lines:  # noqa: PTH123 - as it is written today
            lines.write(json.dumps(entry) + "\n")

    return Running(call, stored=lambda: lines_of(file))


class _JSONFormatter(logging.Formatter):
    """The usual one: some of the record's attributes, and all of its extra."""

    own = frozenset({*logging.LogRecord("", 0, "", 0, "", (), None).__dict__, "message", "asctime", "taskName"})

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry.update((key, value) for key, value in record.__dict__.items() if key not in self.own)
        return json.dumps(entry)


def file_handler(folder: Path) -> Running:
    """Stdlib's FileHandler with a JSON formatter."""
    file = folder / "events.jsonl"
    handler = logging.FileHandler(file)
    handler.setFormatter(_JSONFormatter())
    return Running(extra_call(handler), handler.close, lambda: lines_of(file))


def structlog_file(folder: Path) -> Running:
    """Structlog's way into a file, as its documentation on performance has it."""
    file = folder / "events.jsonl"
    stream = file.open("ab")
    logger = structlog_logger(
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.JSONRenderer(serializer=orjson.dumps),
        factory=structlog.BytesLoggerFactory(stream),
    )
    return Running(keyword_call(logger), stream.close, lambda: lines_of(file))


def loguru_file(folder: Path, *, enqueue: bool) -> Running:
    """loguru, its format with the fields."""
    file = folder / "events.log"
    logger = import_module("loguru").logger
    logger.remove()
    logger.add(file, format="{time} {level} {name} {message} {extra}", enqueue=enqueue)
    return Running(keyword_call(logger), logger.remove, lambda: lines_of(file), logger.complete)


def picologging_queue(folder: Path) -> Running:
    """Picologging's QueueHandler and QueueListener; it ignores `extra`, so the message tells the fields."""
    file = folder / "events.log"
    picologging, handlers = import_module("picologging"), import_module("picologging.handlers")
    target = picologging.FileHandler(str(file))
    target.setFormatter(picologging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    queue: SimpleQueue[Any] = SimpleQueue()
    listener = handlers.QueueListener(queue, target)
    listener.start()
    logger = picologging.getLogger("bench")
    logger.setLevel(picologging.INFO)
    logger.addHandler(handlers.QueueHandler(queue))
    message = " ".join(["permission_granted", *(f"{name}=%s" for name in FIELDS)])

    def settle() -> None:
        while not queue.empty():
            time.sleep(0.005)

    def finish() -> None:
        listener.stop()
        target.close()

    return Running(lambda _: logger.info(message, *FIELDS.values()), finish, lambda: lines_of(file), settle)


def sqlite_log_handler(folder: Path) -> Running:
    """python-sqlite-log-handler with its defaults: batches of 1,000 by executemany."""
    database = folder / "logs.db"
    handler = import_module("python_sqlite_log_handler").SQLiteLogHandler(str(database))

    def finish() -> None:
        handler.close()
        handler.flush_thread.join()  # close() waits for it no longer than a second

    return Running(extra_call(handler), finish, lambda: rows_of(database, "logs"), handler.flush)


def raw_executemany(folder: Path) -> Running:
    """The limit: ready rows like the one our handler stores, into the same table."""
    ours = domain_table_handler(folder)
    ours.call(0)
    ours.finish()
    database, table = folder / "ours.db", "permission_events"
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")  # the file is in WAL mode
    cursor = connection.execute(f"SELECT * FROM {table}")
    columns = [entry[0] for entry in cursor.description[1:]]
    ((_, _, *values),) = cursor.fetchall()  # without id and timestamp
    start = datetime.now(UTC)
    rows = [
        ((start + timedelta(microseconds=10 * number)).isoformat(timespec="microseconds"), *values)
        for number in range(_RAW_ROWS)
    ]
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"

    def call(number: int) -> None:
        first = number % _RAW_ROWS
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, rows[first : first + _RAW_BATCH])
        connection.execute("COMMIT")

    return Running(call, connection.close, lambda: rows_of(database, table) - 1)


#: By the names the command line gives them, in the order of the table.
CONTESTANTS: Final[dict[str, Contestant]] = {
    "null": Contestant("stdlib logging to a NullHandler", null_handler, modes=("burst", "busy")),
    "handler": Contestant("DomainTableHandler", domain_table_handler, modes=_ALL_MODES, pair="null"),
    "handler-metadata": Contestant(
        "DomainTableHandler, 3 more fields, into metadata",
        partial(domain_table_handler, make_call=partial(extra_call, fields=FIELDS_WITH_METADATA)),
    ),
    "handler-seven": Contestant(
        "DomainTableHandler, seven domains mixed", partial(domain_table_handler, make_call=seven_domains_call)
    ),
    "handler-unredacted": Contestant(
        "DomainTableHandler, redact=False, texts that never repeat",
        partial(domain_table_handler, make_call=fresh_extra_call, redact=False),
    ),
    "handler-fresh": Contestant(
        "DomainTableHandler, texts that never repeat",
        partial(domain_table_handler, make_call=fresh_extra_call),
        modes=("paired", "burst", "sustained", "busy"),
        pair="handler-unredacted",
    ),
    "structlog": Contestant("structlog to a dropping processor", dropping_processor, modes=("burst", "busy")),
    "processor": Contestant("DomainTableProcessor", domain_table_processor, modes=_ALL_MODES, pair="structlog"),
    "processor-metadata": Contestant(
        "DomainTableProcessor, 3 more fields, into metadata",
        partial(domain_table_processor, make_call=partial(keyword_call, fields=FIELDS_WITH_METADATA)),
    ),
    "processor-unredacted": Contestant(
        "DomainTableProcessor, redact=False, texts that never repeat",
        partial(domain_table_processor, make_call=fresh_keyword_call, redact=False),
    ),
    "processor-fresh": Contestant(
        "DomainTableProcessor, texts that never repeat",
        partial(domain_table_processor, make_call=fresh_keyword_call),
        modes=("paired", "burst", "sustained", "busy"),
        pair="processor-unredacted",
    ),
    "raw": Contestant(
        "limit: executemany of ready rows", raw_executemany, modes=("sustained", "busy"), events_per_call=_RAW_BATCH
    ),
    "open-append": Contestant("open, append a JSON line, close", open_append),
    "file-handler": Contestant("stdlib FileHandler, JSON formatter", file_handler),
    "structlog-file": Contestant("structlog + orjson to a file", structlog_file),
    "loguru": Contestant("loguru to a file", partial(loguru_file, enqueue=False), "loguru"),
    "loguru-enqueue": Contestant("loguru to a file, enqueue=True", partial(loguru_file, enqueue=True), "loguru"),
    "picologging": Contestant(
        "picologging, queue and listener to a file", picologging_queue, "picologging", most_beside_busy=1_000
    ),
    "sqlite-log-handler": Contestant(
        "python-sqlite-log-handler", sqlite_log_handler, "python_sqlite_log_handler", most_beside_busy=2_000
    ),
}
