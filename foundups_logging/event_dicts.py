"""How a structlog event dict becomes an Event."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, Final, cast

from foundups_logging.encoding import safe_str, to_json
from foundups_logging.events import ErrorInfo, Event, error_from, error_from_text

__all__ = ["OWN_KEYS", "event_from_dict"]

#: The keys of an event dict that tell the event itself, and are no fields.
OWN_KEYS: Final = frozenset({"event", "level", "logger"})

_RARE_KEYS: Final = frozenset({"exc_info", "exception", "stack_info", "stack", "domain", "_record"})
_INTERNAL: Final = frozenset({"_record", "_from_structlog"})
# structlog's method names, which add_log_level puts under "level" -> logging's names.
_LEVELS: Final = {
    "notset": "NOTSET",
    "debug": "DEBUG",
    "info": "INFO",
    "msg": "INFO",
    "log": "INFO",
    "warn": "WARNING",
    "warning": "WARNING",
    "err": "ERROR",
    "error": "ERROR",
    "exception": "ERROR",
    "failure": "ERROR",
    "fatal": "CRITICAL",
    "critical": "CRITICAL",
}


def event_from_dict(event_dict: Mapping[str, Any], method_name: str, logger: str | None) -> Event:
    """Make an Event of a structlog event dict, without changing it.

    `level` and `logger` of the dict are taken where the chain has set them, else
    the method's name and `logger`. The event's fields still hold the `OWN_KEYS`,
    for its reader to skip, and a `timestamp`.
    """
    name = event_dict.get("event", "")
    level = event_dict.get("level", method_name)
    chosen = event_dict.get("logger")
    event = Event(
        name,
        (_LEVELS.get(level) if type(level) is str else None) or _unusual_level(level),
        chosen if chosen is not None else logger if logger is not None else "",
        time.time(),
        cast("dict[str, Any]", event_dict).items(),
    )
    if type(name) is not str or type(event.logger) is not str or not _RARE_KEYS.isdisjoint(event_dict):
        _complete(event, event_dict)
    return event


def _complete(event: Event, event_dict: Mapping[str, Any]) -> None:
    """Take what only some event dicts hold: an exception, a stack, a domain asked for."""
    event.is_rare = True
    event.name = safe_str(event.name)
    event.logger = safe_str(event.logger)
    fields = {key: value for key, value in event_dict.items() if key not in _INTERNAL}
    if fields.get("domain") is not None:
        event.domain = fields.pop("domain")
    exc_info = fields.get("exc_info")
    event.error = error_from(exc_info)
    if event.error is not None or exc_info is None or exc_info is True or exc_info is False:
        fields.pop("exc_info", None)
    told = _told_exception(fields.get("exception"))
    if told is not None:
        del fields["exception"]
        event.error = event.error or told
    for key in ("stack", "stack_info"):
        if type(fields.get(key)) is str and event.stack is None:
            event.stack = fields.pop(key)
    event.fields = fields.items()


def _told_exception(exception: object) -> ErrorInfo | None:
    """What structlog's format_exc_info (text) or dict_tracebacks (a list, outermost first) has made of one."""
    if type(exception) is str:
        return error_from_text(exception)
    if type(exception) is list and exception and type(exception[0]) is dict and "exc_type" in exception[0]:
        outermost = exception[0]
        return ErrorInfo(safe_str(outermost["exc_type"]), safe_str(outermost.get("exc_value", "")), to_json(exception))
    return None


def _unusual_level(level: object) -> str:
    """A level that structlog doesn't know: a number, other case, or a program's own."""
    text = safe_str(level, logging.getLevelName) if type(level) is int else safe_str(level)
    return _LEVELS.get(text.lower(), text.upper())
