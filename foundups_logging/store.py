"""TelemetryStore: write one event durably, read and query all."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from foundups_logging.domains.loading import DomainsSource
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import DEAD_LETTERS
from foundups_logging.doors import open_door
from foundups_logging.errors import SchemaError, WriteError
from foundups_logging.events import Event
from foundups_logging.reading import Moment, Reader

__all__ = ["TelemetryStore"]

_TIMEOUT = 10.0  # seconds a record or a read waits for the database


class TelemetryStore:
    """One database of domain tables, to write to and to query.

    `database`, `domains` and `redact` are those of DomainTableHandler; a store and the
    handlers of one database share its queue, thread and connection. The database
    and its tables are made when the store is. Reads see what this process logged
    before; JSON columns come back parsed. Usable as a context manager and from
    any thread.

    Raises ConfigurationError, StorageError.
    """

    def __init__(
        self,
        database: str | os.PathLike[str] | None = None,
        domains: DomainsSource | None = None,
        *,
        redact: object = True,
    ) -> None:
        self._listener, self._rows = open_door(self, database, domains, redact=redact)
        self._reader = Reader(self._listener.path, self._rows.domains.values())
        self._listener.prepare()

    def record(self, domain: str, /, **fields: Any) -> int:  # noqa: ANN401 - any value can be recorded
        """Store one event and return its row's id; it is committed then.

        `fields` are columns, aliases and whatever else is to be kept (in
        metadata_json); `event` names the event, `timestamp` says when it was
        (default: now). Raises WriteError where a required field is missing or
        the database can't take the row in 10 seconds, SchemaError where the
        domain's table can't serve.
        """
        known = self._rows.domains.get(domain)
        if known is None:
            raise self._error(f"there is no domain {domain!r}", f"known: {', '.join(self._rows.domains)}")
        name = fields.pop("event", None) or fields.get("event_type") or _usual_event(known)
        if not name and any(column.required and column.source == "event" for column in known.columns):
            raise self._error(f"a {domain} event has no name", "give event=")
        event = Event(str(name), "", "", time.time(), fields.items())
        event.is_rare = True
        event.domain = domain
        row = self._rows.build(event)
        if row[0] == DEAD_LETTERS.number:
            raise self._error(f"a {domain} event was refused: {row[3]}", "give the field")
        ticket = self._listener.record(row, _TIMEOUT)
        if not ticket.is_stored:
            raise self._error(
                f"not committed within {_TIMEOUT:g} s",
                "see stderr for the reason; the event is spooled, and stored when the database can take it",
            )
        if isinstance(ticket.error, SchemaError):
            raise ticket.error
        if ticket.error is not None:
            raise self._error(f"the table refused the row: {ticket.error}", "change the fields") from ticket.error
        return ticket.row_id

    def get(self, domain: str, id: int) -> dict[str, Any] | None:  # noqa: A002 - the column's name
        """The row with that id as a dict by column, or None. Raises QueryError."""
        self.flush()
        rows = self._reader.rows(domain, "WHERE id = ?", (id,), limit=1)
        return rows[0] if rows else None

    def recent(self, domain: str, limit: int = 10) -> list[dict[str, Any]]:
        """The newest `limit` rows of a domain (or of "dead_letters"), newest first. Raises QueryError."""
        self.flush()
        return self._reader.rows(domain, limit=limit)

    def events(
        self,
        domain: str | None = None,
        agent_id: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Events across domains, newest first: domain, id, timestamp, event_type, agent_id, summary.

        Those from `since` on and before `until`: ISO-8601 text, datetime, date
        (without an offset: local time) or seconds since 1970. Raises QueryError.
        """
        self.flush()
        return self._reader.events(domain, agent_id, since, until, limit)

    def query(self, sql: str, params: Sequence[object] | Mapping[str, object] = ()) -> list[dict[str, Any]]:
        """The rows of a reading SQL statement, as dicts by column.

        Raises QueryError for wrong SQL and for anything that would write.
        """
        self.flush()
        return self._reader.query(sql, params)

    def flush(self) -> None:
        """Return when all events this process logged before are committed. Raises WriteError after 10 seconds."""
        if not self._listener.flush(_TIMEOUT):
            raise self._error(f"events are not committed after {_TIMEOUT:g} s", "see stderr for the reason")

    def close(self) -> None:
        """Flush; the database is closed where no handler, processor or store uses it any more."""
        self._listener.detach(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _error(self, message: str, hint: str) -> WriteError:
        return WriteError(message, operation="write to database", path=self._listener.path, hint=hint)


def _usual_event(domain: Domain) -> str:
    """What an event of `domain` is called that has no name of its own."""
    return next((name for name in domain.events if "*" not in name), "")
