"""How a LogRecord of stdlib logging becomes an Event."""

from __future__ import annotations

import ast
import copy
import logging
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from foundups_logging.encoding import safe_str
from foundups_logging.event_dicts import OWN_KEYS, event_from_dict
from foundups_logging.events import FIELDS_KEY, ErrorInfo, Event, error_from, error_from_text, where_of
from foundups_logging.redaction import Unredacted

__all__ = ["event_from_record"]

# A record sets its own attributes first, in this order; what follows is the call's extra.
_OWN: Final = tuple(logging.LogRecord("", 0, "", 0, "", (), None).__dict__)
_OWN_COUNT: Final = len(_OWN)
# Set by formatters that have seen the record before; not the call's.
_BY_FORMATTERS: Final = frozenset({"message", "asctime"})
_NOT_FIELDS: Final = frozenset({*_OWN, *_BY_FORMATTERS, "taskName"})
_BY_STRUCTLOG: Final = frozenset({"_logger", "_name", "_from_structlog", "_record"})
_TRACEBACK: Final = "\nTraceback (most recent call last):\n"
_STACK: Final = "\nStack (most recent call last):\n"


def event_from_record(record: logging.LogRecord, redactor: Unredacted) -> Event:
    """Make an Event of a record, without changing it; raises only what the record's own values raise.

    `redactor` is given the message's arguments before they are filled in, since
    the text no longer tells under which keys they stood.
    """
    attributes = record.__dict__
    message = record.msg
    if (
        type(message) is not str
        or record.args
        or record.exc_info
        or record.exc_text
        or record.stack_info
        or "message" in attributes
        or "domain" in attributes
        or FIELDS_KEY in attributes
        or "_name" in attributes
        or "\n" in message
        or type(record) is not logging.LogRecord
    ):
        event = _rare_event(record, redactor)
    else:
        event = Event(message, _level_name(record), record.name or "", record.created, attributes.items(), _OWN_COUNT)
    event.where = where_of(record.threadName, record.processName)
    return event


def _level_name(record: logging.LogRecord) -> str:
    """The level's registered name: a formatter may have coloured the record's."""
    return str(logging.getLevelName(record.levelno)) if record.levelno else record.levelname


def _rare_event(record: logging.LogRecord, redactor: Unredacted) -> Event:
    """What a call with more than a name and extra fields becomes."""
    if type(record) is logging.LogRecord:
        fields = dict(islice(record.__dict__.items(), _OWN_COUNT, None))
        for key in _BY_FORMATTERS & fields.keys():
            del fields[key]
    else:
        fields = {key: value for key, value in record.__dict__.items() if key not in _NOT_FIELDS}
    by_structlog = "_name" in fields
    if by_structlog:
        fields = {key: value for key, value in fields.items() if key not in _BY_STRUCTLOG}
    carried = fields.pop(FIELDS_KEY, None)
    if isinstance(carried, dict):
        fields.update(carried)
    event_dict = record.msg if isinstance(record.msg, dict) else _flattened_dict(record) if by_structlog else None
    if event_dict is not None and "event" in event_dict:
        event = event_from_dict(event_dict, "", record.name or "")
        event.created = record.created
        fields.update((key, value) for key, value in event.fields if key not in OWN_KEYS)
        event.fields = fields.items()
        event.level = _level_name(record)
    else:
        event = _text_event(record, fields, redactor)
    error = error_from(record.exc_info) if record.exc_info else None
    if error is None and record.exc_text:
        error = error_from_text(record.exc_text)
    event.error = error or event.error
    if record.stack_info:
        event.stack = record.stack_info
    return event


def _text_event(record: logging.LogRecord, fields: dict[str, Any], redactor: Unredacted) -> Event:
    """The event of a message: its name where it is one, its arguments filled in."""
    message = record.msg if type(record.msg) is str else safe_str(record.msg)
    text = message
    if record.args:
        args = redactor.args(record.args)
        if args is not record.args:
            record = copy.copy(record)
            record.args = args
        is_told = not isinstance(record.args, Mapping)  # the text may not use all of one
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - wrong arguments, or their own code; they are kept instead
            is_told = False
        if not is_told:
            fields.setdefault("log_args", record.args)
    error: ErrorInfo | None = None
    stack = None
    if not record.exc_info and not record.exc_text:
        # QueueHandler.prepare appends both to the message and forgets where they came from.
        text, has_stack, rest = text.partition(_STACK)
        if has_stack:
            stack = has_stack.lstrip("\n") + rest
        text, has_trace, rest = text.partition(_TRACEBACK)
        if has_trace:
            error = error_from_text(has_trace.lstrip("\n") + rest)
    name = text if not record.args else message
    domain = fields.pop("domain") if fields.get("domain") is not None else None
    event = Event(name, _level_name(record), record.name or "", record.created, fields.items())
    event.is_rare = True
    event.text = text if text != name else None
    event.error = error
    event.stack = stack
    event.domain = domain
    return event


def _flattened_dict(record: logging.LogRecord) -> dict[str, Any] | None:
    """The event dict of structlog, where a QueueHandler turned it into text."""
    try:
        found = ast.literal_eval(record.msg)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
