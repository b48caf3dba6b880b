"""How a file's objects become rows: the domain, the keys its columns come from, constants and the time zone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from foundups_logging.domains.loading import declaration, declared
from foundups_logging.domains.model import Domain
from foundups_logging.errors import ConfigurationError
from foundups_logging.migrate.moments import LOCAL, zone_named

__all__ = ["FileMapping"]

Constant = str | int | float | bool


@dataclass(frozen=True)
class FileMapping:
    """How the objects of one file become rows.

    `keys` tells for a column the key that fills it in this file, where that isn't
    the column's own name; None stands for what the first object has. The domain's
    aliases count too, and the names of what columns are filled from ("event" for
    permission_events.event_type). `constants` fill columns, timestamp included,
    that an object leaves empty. `timezone` is that of timestamps without an
    offset: "local", "UTC", "+02:00" or a name such as "Europe/Berlin".

    Raises ConfigurationError for a column or time zone that there isn't.
    """

    domain: Domain
    keys: Mapping[str, str] | None = None
    constants: Mapping[str, Constant] = field(default_factory=dict)
    timezone: str = LOCAL

    def __post_init__(self) -> None:
        known = self.domain.column_names[:-1]
        for column in (*(self.keys or ()), *self.constants):
            if column not in known:
                raise ConfigurationError(
                    f"domain {self.domain.name!r} has no column {column!r}",
                    operation="map file",
                    hint=f"its columns: {', '.join(known)}",
                )
        zone_named(self.timezone)

    def to_text(self) -> str:
        """This mapping as JSON text, as the database keeps it with each file."""
        told = {
            "domain": self.domain.name,
            "declaration": declaration(self.domain),
            "keys": None if self.keys is None else dict(self.keys),
            "constants": dict(self.constants),
            "timezone": self.timezone,
        }
        return json.dumps(told)

    @classmethod
    def from_text(cls, text: str) -> FileMapping:
        """The mapping that `to_text` told. Raises ConfigurationError."""
        told = json.loads(text)
        domain = declared(told["domain"], told["declaration"])
        return cls(domain, told["keys"], told["constants"], told["timezone"])
