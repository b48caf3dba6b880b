"""The listener's settings, checked where they are given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from foundups_logging.errors import ConfigurationError

__all__ = ["Settings"]

_WHEN_FULL = ("block", "drop_newest")


@dataclass(frozen=True)
class Settings:
    """How a listener batches.

    `batch_size` is the most events in a transaction; `flush_interval` how long,
    in seconds, an event waits for others at most; `queue_size` the most events
    that wait; `when_full` what a call does then: "block" for up to a second,
    after which the event is dropped and counted, or "drop_newest" at once.
    """

    batch_size: int = 8_192
    flush_interval: float = 0.1
    queue_size: int = 100_000
    when_full: str = "block"

    def __post_init__(self) -> None:
        for name in ("batch_size", "queue_size"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise _error(name, value, "a whole number of events, 1 or more")
        interval = self.flush_interval
        if isinstance(interval, bool) or not isinstance(interval, (int, float)) or not 0 <= interval <= 3600:  # noqa: PLR2004
            raise _error("flush_interval", interval, "seconds, 0 to 3600")
        if self.when_full not in _WHEN_FULL:
            raise _error("when_full", self.when_full, " or ".join(_WHEN_FULL))

    def updated(self, **given: Any) -> Settings:  # noqa: ANN401 - checked above
        """These settings with those of `given` that are not None. Raises ConfigurationError."""
        changes = {name: value for name, value in given.items() if value is not None}
        return replace(self, **changes) if changes else self


def _error(name: str, value: object, allowed: str) -> ConfigurationError:
    return ConfigurationError(f"{name} is {value!r}", operation="configure listener", hint=f"give {allowed}")
