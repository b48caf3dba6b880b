"""The listener's settings: what a handler, processor or dictConfig may say, checked where it is said."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Self, TypedDict

from foundups_logging.errors import ConfigurationError

__all__ = ["ListenerOptions", "Settings"]

_CHOICES: Final = {
    "when_full": ("block", "spool", "drop_newest", "drop_oldest"),
    "synchronous": ("NORMAL", "FULL"),
    "journal_mode": ("WAL", "DELETE"),
}


class ListenerOptions(TypedDict, total=False):
    """The settings as keyword arguments; None stands for not given. What each means is told by `Settings`."""

    batch_size: int | None
    flush_interval: float | None
    queue_size: int | None
    queue_bytes: int | None
    when_full: str | None
    block_timeout: float | None
    commit_timeout: float | None
    close_timeout: float | None
    synchronous: str | None
    journal_mode: str | None
    wal_limit: int | None
    spool_directory: str | os.PathLike[str] | None
    spool_limit: int | None
    spool_fsync: bool | None
    flush_on_sigterm: bool | None


@dataclass(frozen=True)
class Settings:
    """How a database's listener works in this process.

    `batch_size` is the most events in a transaction; `flush_interval` how long,
    in seconds, an event waits for others at most. At most `queue_size` events and
    about `queue_bytes` bytes wait; `when_full` says what a call does then:
    "block" for up to `block_timeout` seconds and then spool, "spool" at once,
    "drop_newest" (the call's own event) or "drop_oldest".

    A call of a domain with durability "commit" waits `commit_timeout` seconds at
    most, `close()` and the program's end `close_timeout`; then the rest is
    spooled. `synchronous` and `journal_mode` are SQLite's; `wal_limit` is the
    size in bytes from which a checkpoint insists that the write-ahead log be
    cut.

    The spool lies in `spool_directory` (None: `<database>-spool`), takes
    `spool_limit` bytes at most, and is synced to disk after each batch unless
    `spool_fsync` is False. `flush_on_sigterm` flushes at a SIGTERM whose action
    is the default one, which is then taken.
    """

    batch_size: int = 8_192
    flush_interval: float = 0.1
    queue_size: int = 100_000
    queue_bytes: int = 256 << 20
    when_full: str = "block"
    block_timeout: float = 1.0
    commit_timeout: float = 2.0
    close_timeout: float = 5.0
    synchronous: str = "NORMAL"
    journal_mode: str = "WAL"
    wal_limit: int = 64 << 20
    spool_directory: str | None = None
    spool_limit: int = 1 << 30
    spool_fsync: bool = True
    flush_on_sigterm: bool = False

    def __post_init__(self) -> None:
        """Check each value by the type of its default. Raises ConfigurationError."""
        for field in fields(self):
            value = getattr(self, field.name)
            choices = _CHOICES.get(field.name)
            if choices is not None:
                if value not in choices:
                    raise _error(field.name, value, " or ".join(choices))
            elif type(field.default) is bool:
                if type(value) is not bool:
                    raise _error(field.name, value, "True or False")
            elif type(field.default) is int:
                if type(value) is not int or value < 1:
                    unit = "bytes" if field.name.endswith(("_bytes", "_limit")) else "events"
                    raise _error(field.name, value, f"a whole number of {unit}, 1 or more")
            elif type(field.default) is float and not _is_seconds(value):
                raise _error(field.name, value, "seconds, 0 to 3600")

    def updated(self, **given: Any) -> Self:  # noqa: ANN401 - checked above
        """These settings with those of `given` that are not None. Raises ConfigurationError."""
        changes = {name: value for name, value in given.items() if value is not None}
        unknown = changes.keys() - {field.name for field in fields(self)}
        if unknown:
            name = min(unknown)
            known = ", ".join(field.name for field in fields(self))
            raise ConfigurationError(
                f"{name} is no setting", operation="configure listener", hint=f"the settings are {known}"
            )
        if "spool_directory" in changes:
            changes["spool_directory"] = _directory(changes["spool_directory"])
        return replace(self, **changes) if changes else self


def _is_seconds(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and 0 <= value <= 3600  # noqa: PLR2004


def _directory(value: object) -> str:
    text = os.fspath(value) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise _error("spool_directory", value, "the path of a folder")
    return str(Path(text).expanduser().absolute())


def _error(name: str, value: object, allowed: str) -> ConfigurationError:
    return ConfigurationError(f"{name} is {value!r}", operation="configure listener", hint=f"give {allowed}")
