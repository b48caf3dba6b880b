"""JSONLinesHandler: stdlib logging's records as lines of the JSON Lines files that older readers expect."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Any, Final

from foundups_logging.complaints import complain
from foundups_logging.encoding import plain, safe_str, to_json
from foundups_logging.errors import ConfigurationError
from foundups_logging.events import Event
from foundups_logging.records import event_from_record
from foundups_logging.redaction import redactor_for

__all__ = ["JSONLinesHandler"]

_CONFIGURE: Final = "configure JSONLinesHandler for"
_FORMATS: Final = ("local", "utc", "offset", "epoch", "epoch_ms")
_NOT_IN_NAMES: Final = re.compile(r"[^\w.-]|^\.+")
_MAX_NAME: Final = 60  # characters of a field's value in a path
_MAX_OPEN: Final = 16  # files
_AS_JSON: Final = ((0, True, False),)  # for the redactor: a row of one JSON text


class JSONLinesHandler(logging.Handler):
    """Appends each record to a JSON Lines file as one line, in the shape that the file's readers know.

    `path` may hold `{date:%Y%m%d}` (the record's local time), `{pid}` and any
    field of the record; what a field holds never leads out of its folder. `keys`
    says what is written, in which order: field names, or a mapping of field name
    to key; besides the call's own fields there are `timestamp`, `event`, `level`,
    `logger`, `error_type`, `error_message` and `stack_trace`. A field that a call
    doesn't give is left out. Default: timestamp, event, the fields in the order
    given, and the error. `constants` are written at their place in `keys`, or at
    the end. `timestamp` is "local" (ISO without offset), "utc", "offset" (local
    ISO with offset), "epoch" (seconds), "epoch_ms" or a strftime format. `events`
    are the only event names to take, where given. `redact` is DomainTableHandler's.

    A line that can't be written is counted (`stats`) and told once on stderr.
    Raises ConfigurationError for a setting that can't be used.
    """

    def __init__(  # noqa: PLR0913 - keywords of a logging config
        self,
        path: str | os.PathLike[str],
        *,
        keys: Mapping[str, str] | Sequence[str] | None = None,
        constants: Mapping[str, object] | None = None,
        timestamp: str = "local",
        events: Collection[str] | None = None,
        redact: object = True,
        level: int | str = logging.NOTSET,
    ) -> None:
        pattern = os.fspath(path)
        parts = _parts_of(pattern)
        if isinstance(keys, str) or isinstance(events, str):
            raise ConfigurationError("keys and events are lists of names, not one text", operation=_CONFIGURE)
        if timestamp not in _FORMATS and "%" not in timestamp:
            raise ConfigurationError(
                f"timestamp is one of {', '.join(_FORMATS)} or a strftime format, not {timestamp!r}",
                operation=_CONFIGURE,
            )
        super().__init__(level)
        self._pattern = pattern
        self._parts = parts
        self._keys = None if keys is None else dict(keys) if isinstance(keys, Mapping) else {key: key for key in keys}
        self._constants = dict(constants or {})
        self._timestamp = timestamp
        self._events = None if events is None else frozenset(events)
        self._counts = {"written": 0, "lost": 0}
        self._redactor = redactor_for(redact, self._count)
        self._files: dict[str, _File] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Append a record's line; never raises."""
        path = self._pattern
        try:
            event = event_from_record(record, self._redactor)
            if self._events is not None and event.name not in self._events:
                return
            fields = self._fields(event)
            path = self._path(event, self._redactor.args(fields))
            line = self._line(fields)
            file = self._files.pop(path, None) or _File(path)
            self._files[path] = file  # the last used stands last
            if len(self._files) > _MAX_OPEN:
                self._files.pop(next(iter(self._files))).close()
            file.append(line)
            self._counts["written"] += 1
        except Exception as error:  # noqa: BLE001 - a logging call never raises
            self._counts["lost"] += 1
            complain(f"a line could not be written to {path}: {type(error).__name__}: {safe_str(error)}")

    def stats(self) -> dict[str, int]:
        """How many of this process's lines were written and lost, and what redaction counted."""
        return dict(self._counts)

    def close(self) -> None:
        """Close the files; a later record opens its own again."""
        self.acquire()
        try:
            while self._files:
                self._files.popitem()[1].close()
        finally:
            self.release()
        super().close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pattern} ({logging.getLevelName(self.level)})>"

    def _count(self, what: str, number: int = 1) -> None:
        self._counts[what] = self._counts.get(what, 0) + number

    def _fields(self, event: Event) -> dict[str, Any]:
        """All that can be written of an event; a field of the call's own goes before ours of that name."""
        found: dict[str, Any] = {"timestamp": self._time_of(event.created), "event": event.full_text}
        if self._keys is not None:
            found.update(level=event.level, logger=event.logger)
        found.update(list(event.fields)[event.skip :])
        if event.domain is not None:
            found.setdefault("domain", event.domain)
        if event.error is not None:
            found.setdefault("error_type", event.error.type)
            found.setdefault("error_message", event.error.message)
            found.setdefault("stack_trace", event.error.stack_trace)
        if event.stack is not None:
            found.setdefault("stack_trace", event.stack)
        return found

    def _time_of(self, created: float) -> str | float:
        kind = self._timestamp
        if kind == "epoch":
            return created
        if kind == "epoch_ms":
            return int(created * 1000)
        if kind == "utc":
            return datetime.fromtimestamp(created, UTC).isoformat()
        if kind == "offset":
            return datetime.fromtimestamp(created, UTC).astimezone().isoformat()
        local = datetime.fromtimestamp(created)  # noqa: DTZ006 - the old files' own form
        return local.isoformat() if kind == "local" else local.strftime(kind)

    def _path(self, event: Event, fields: Mapping[str, Any]) -> str:
        path = ""
        for text, name, form in self._parts:
            path += text
            if name == "date":
                path += _safe_name(datetime.fromtimestamp(event.created).strftime(form or "%Y-%m-%d"))  # noqa: DTZ006
            elif name == "pid":
                path += str(os.getpid())
            elif name is not None:
                path += _safe_name(safe_str(fields.get(name, "")))
        return path

    def _line(self, fields: dict[str, Any]) -> bytes:
        constants = self._constants
        if self._keys is None:
            line = fields | constants
        else:
            known = fields | constants
            line = {key: known[name] for name, key in self._keys.items() if name in known}
            line.update((name, value) for name, value in constants.items() if name not in self._keys)
        try:
            text = json.dumps(line, default=plain)
        except Exception:  # noqa: BLE001 - cycles, depth, keys of any type: the careful encoder takes them
            text = json.dumps(json.loads(to_json(line)))
        # As a whole, since values have texts of their own, and a secret may be repeated without its name.
        (text,) = self._redactor.row((text,), _AS_JSON)
        return str(text).encode() + b"\n"


class _File:
    """A file open for appending: one write a line, reopened where another has taken its name."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._descriptor: int | None = None
        self._identity = (0, 0)
        self._may_be_torn = False

    def append(self, line: bytes) -> None:
        """Append a line whole; raises OSError where that fails."""
        descriptor = self._open()
        if self._may_be_torn and self._is_torn():
            line = b"\n" + line
        self._may_be_torn = True
        written = os.write(descriptor, line)
        if written < len(line):
            raise OSError(f"only {written} of {len(line)} bytes were written; is the disk full?")
        self._may_be_torn = False

    def close(self) -> None:
        """Close it, if it is open."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _open(self) -> int:
        if self._descriptor is not None:
            try:
                now = self._path.stat()
            except FileNotFoundError:
                self.close()
            else:
                if (now.st_dev, now.st_ino) == self._identity:
                    return self._descriptor
                self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._descriptor = descriptor = os.open(self._path, flags, 0o600)
        opened = os.fstat(descriptor)
        self._identity = (opened.st_dev, opened.st_ino)
        self._may_be_torn = True
        return descriptor

    def _is_torn(self) -> bool:
        """Whether the last line has no end, so that the next would be fused with it."""
        try:
            with self._path.open("rb") as file:
                if not file.seek(0, os.SEEK_END):
                    return False
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        except PermissionError:  # may be written, not read: an empty line does less harm than a fused one
            return True


def _parts_of(pattern: str) -> list[tuple[str, str | None, str]]:
    try:
        parts = [(text, name, form or "") for text, name, form, _ in Formatter().parse(pattern)]
    except ValueError as error:
        raise ConfigurationError(f"it is no pattern: {error}", operation=_CONFIGURE, path=pattern) from error
    for _, name, form in parts:
        if name == "" or (form and name != "date"):
            raise ConfigurationError("a pattern is {date:FORMAT} or {FIELD}", operation=_CONFIGURE, path=pattern)
    return parts


def _safe_name(text: str) -> str:
    """A text as part of a file's name: no separators, no leading dots."""
    return _NOT_IN_NAMES.sub("_", text)[:_MAX_NAME] or "_"
