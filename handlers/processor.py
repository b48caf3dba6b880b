"""DomainTableProcessor: structlog's events into domain tables, without stdlib logging between."""

from __future__ import annotations

import os
from threading import get_ident
from typing import Any, Unpack

import structlog
from structlog.typing import EventDict

from foundups_logging.complaints import complain
from foundups_logging.domains.loading import DomainsSource
from foundups_logging.doors import open_door
from foundups_logging.event_dicts import OWN_KEYS, event_from_dict
from foundups_logging.listener.settings import ListenerOptions
from foundups_logging.timestamps import now
from foundups_logging.whereabouts import HERE, current_where

__all__ = ["DomainTableProcessor"]


class DomainTableProcessor:
    """A structlog processor that stores the event dict and hands it on unchanged.

    With `terminal=True` it ends the chain instead (raises structlog.DropEvent).
    The other parameters are those of DomainTableHandler. Place it after
    merge_contextvars and whatever adds fields, and before renderers.
    """

    def __init__(
        self,
        database: str | os.PathLike[str] | None = None,
        domains: DomainsSource | None = None,
        *,
        terminal: bool = False,
        redact: object = True,
        **settings: Unpack[ListenerOptions],
    ) -> None:
        self._terminal = terminal
        self._listener, rows = open_door(
            self,
            database,
            domains,
            skipped=OWN_KEYS,
            redact=redact,
            **settings,
        )
        self._build = rows.build
        self._compiled = rows.compiled
        self._put = self._listener.put

    def __call__(self, logger: Any, method_name: str, event_dict: EventDict) -> EventDict:  # noqa: ANN401 - structlog's
        """Queue the event's row; raises nothing but, if terminal, DropEvent."""
        try:
            where = None if get_ident() == HERE.main_thread else current_where()
            logger_name = event_dict["logger"] if "logger" in event_dict else getattr(logger, "name", "")
            name = event_dict.get("event")
            level = event_dict.get("level", method_name)
            row = None
            shape = (name, logger_name, level, len(event_dict))
            try:
                row_of = self._compiled.get(shape)
            except Exception:  # noqa: BLE001 - what can't be hashed is no usual event
                row_of = None
            if row_of is not None:
                row = row_of(now(), where, event_dict)
            if not row:
                event = event_from_dict(event_dict, method_name, logger_name)
                event.where = where
                is_usual = type(name) is str and type(level) is str and type(logger_name) is str
                row = self._build(event, shape if is_usual else None)
            self._put(row)
        except Exception as error:  # noqa: BLE001 - a logging call never raises
            self._listener.count("dropped")
            complain(f"an event could not be queued: {type(error).__name__}: {error}")
        if self._terminal:
            raise structlog.DropEvent
        return event_dict

    def stats(self) -> dict[str, Any]:
        """What became of this process's events for this processor's database, as foundups_logging.stats tells it."""
        return self._listener.stats()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all events queued before are committed; False where `timeout` seconds don't suffice."""
        return self._listener.flush(timeout)
