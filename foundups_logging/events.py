"""Event: what every front door makes of a logging call, and how an exception is told."""

from __future__ import annotations

import sys
import traceback
from collections.abc import ItemsView
from typing import Any, NamedTuple, cast

from foundups_logging.encoding import safe_str

__all__ = ["ErrorInfo", "Event", "Where", "error_from", "error_from_text", "fields", "where_of"]

#: The attribute of a record under which `fields()` carries its fields.
FIELDS_KEY = "foundups_fields"

#: The names of thread and process, each None where it is the main one; None where both are.
Where = tuple[str | None, str | None]


class ErrorInfo(NamedTuple):
    """An exception in words: its type's name, its message and the traceback's text."""

    type: str
    message: str
    stack_trace: str


class Event:
    """One logging call, on its way to a row.

    `name` is what routes it; `text` what is stored as the event where that
    differs (a message with its arguments filled in). `created` is the clock's
    time of the call, in seconds since 1970. `fields` are (name, value) pairs, of
    which the first `skip` are not the event's own. The attributes below have
    their usual values on the class, so that the common event sets few; one that
    sets `text`, `domain`, `error` or `stack` also sets `is_rare`.
    """

    is_rare = False
    text: str | None = None
    error: ErrorInfo | None = None
    stack: str | None = None
    where: Where | None = None
    domain: object = None  # the explicit one

    def __init__(  # noqa: PLR0913 - the hot path: one call, positional
        self, name: str, level: str, logger: str, created: float, fields: ItemsView[str, Any], skip: int = 0
    ) -> None:
        self.name = name
        self.level = level
        self.logger = logger
        self.created = created
        self.fields = fields
        self.skip = skip

    @property
    def full_text(self) -> str:
        """What is stored as the event."""
        return self.name if self.text is None else self.text


def where_of(thread: str | None, process: str | None) -> Where | None:
    """Thread and process by name, as far as they are not the main ones."""
    if thread == "MainThread":
        if process == "MainProcess":
            return None
        thread = None
    return thread, (None if process == "MainProcess" else process)


def fields(**anything: object) -> dict[str, dict[str, object]]:
    """A safe `extra` for stdlib logging, whatever the fields are called.

    logging refuses `extra={"name": …}` and some twenty other words with a
    KeyError; `logger.info("event", extra=fields(name=…, message=…))` takes any.
    """
    return {FIELDS_KEY: anything}


def error_from(exc_info: object) -> ErrorInfo | None:
    """Tell an exception: from an exc_info tuple, an exception, or True for the one being handled."""
    if exc_info is True:
        exc_info = sys.exc_info()
    if type(exc_info) is tuple and len(exc_info) == 3:  # noqa: PLR2004 - type, value, traceback
        exc_info = exc_info[1]
    # By its type, since isinstance() runs code of a value's own.
    if not issubclass(type(exc_info), BaseException):
        return None
    exception = cast("BaseException", exc_info)
    try:
        stack_trace = "".join(traceback.format_exception(exception)).rstrip("\n")
    except Exception as error:  # noqa: BLE001 - an exception's own code may raise anything
        stack_trace = f"<traceback could not be formatted: {type(error).__name__}>"
    return ErrorInfo(type(exception).__name__, safe_str(exception), stack_trace)


def error_from_text(stack_trace: str) -> ErrorInfo:
    """Tell an exception from its formatted traceback: type and message stand in its last line."""
    text = stack_trace.rstrip("\n")
    last = ""
    for line in text.splitlines():
        # The frames are indented; the message's further lines follow the first unindented one.
        if line and not line[0].isspace() and not line.startswith("Traceback (most recent call last)"):
            head = line.partition(":")[0]
            if head.replace(".", "_").isidentifier():
                last = line
    name, _, message = last.partition(": ")
    return ErrorInfo(name.rpartition(".")[2].rstrip(":") or "Exception", message, text)
