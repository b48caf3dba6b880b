"""DomainTableHandler: stdlib logging's records into domain tables."""

from __future__ import annotations

import logging
import os
from typing import Any, Unpack

from foundups_logging.domains.loading import DomainsSource
from foundups_logging.doors import open_door
from foundups_logging.events import where_of
from foundups_logging.listener.settings import ListenerOptions
from foundups_logging.records import event_from_record
from foundups_logging.timestamps import from_epoch

__all__ = ["DomainTableHandler"]


class DomainTableHandler(logging.Handler):
    """Routes records to the domain tables of a SQLite database.

    `database` is a path or a `sqlite:///` URL (default: the environment variable
    FOUNDUPS_DATABASE, else data/foundups.db); `domains` a TOML file's path, a
    dict or Domain objects, beside the built-in ones. The `settings`
    (`flush_interval`, `when_full` and so on: see
    foundups_logging.listener.settings.Settings) are the database's listener's,
    which all handlers and processors of this process share: of several given,
    the last counts. `redact` is this handler's own: True, False, or a dict with
    rules of the program's own (`keys`, `safe_keys`, `patterns`, `rules`; see the
    README under "Secrets").

    Raises ConfigurationError for a setting, path or domain that can't be used.
    A formatter is not needed and not used.
    """

    def __init__(
        self,
        database: str | os.PathLike[str] | None = None,
        domains: DomainsSource | None = None,
        *,
        redact: object = True,
        level: int | str = logging.NOTSET,
        **settings: Unpack[ListenerOptions],
    ) -> None:
        super().__init__(level)
        self._listener, rows = open_door(
            self,
            database,
            domains,
            redact=redact,
            **settings,
        )
        self._redactor = rows.redactor
        self._build = rows.build
        self._compiled = rows.compiled
        self._put = self._listener.put

    def handle(self, record: logging.LogRecord) -> bool:
        """Filter and emit a record, without the handler's lock: the queue needs none."""
        if self.filters:
            # From Python 3.12 a filter may hand out another record in its place.
            passed: object = self.filter(record)
            if not passed:
                return False
            if isinstance(passed, logging.LogRecord):
                record = passed
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record's row; never raises."""
        try:
            row = shape = None
            name = record.msg
            if type(name) is str and not (record.args or record.exc_info or record.stack_info or record.exc_text):
                attributes = record.__dict__
                shape = (name, record.name, record.levelno, len(attributes))
                row_of = self._compiled.get(shape)
                if row_of is not None and type(record) is logging.LogRecord:
                    where = where_of(record.threadName, record.processName)
                    row = row_of(from_epoch(record.created), where, attributes)
            self._put(row or self._build(event_from_record(record, self._redactor), shape))
        except Exception:  # noqa: BLE001 - a logging call never raises
            self._listener.count("dropped")
            self.handleError(record)

    def stats(self) -> dict[str, Any]:
        """What became of this process's events for this handler's database, as foundups_logging.stats tells it."""
        return self._listener.stats()

    def flush(self) -> None:
        """Return when all events queued before are committed, after 5 seconds at the latest."""
        self._listener.flush()

    def close(self) -> None:
        """Write what is queued and, with the last handler, close the database; later events open it again."""
        self._listener.detach(self)
        super().close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._listener.path} ({logging.getLevelName(self.level)})>"
