"""What every front door does when it is made: find its database's listener and make its rows by its domains."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from foundups_logging.database import database_path
from foundups_logging.domains.loading import DomainsSource, load_domains
from foundups_logging.domains.rows import RowBuilder
from foundups_logging.listener import Listener, listener_for
from foundups_logging.redaction import redactor_for

__all__ = ["open_door"]


def open_door(
    user: object,
    database: str | os.PathLike[str] | None,
    domains: DomainsSource | None,
    *,
    skipped: Iterable[str] = (),
    redact: object = True,
    **settings: Any,  # noqa: ANN401 - checked by the listener's Settings
) -> tuple[Listener, RowBuilder]:
    """The listener of `database`, which `user` now keeps open, and a builder of rows for it.

    `skipped` are fields that the front door reads itself, `redact` says what is
    a secret (see `redactor_for`), `settings` are the listener's, None where not given. Raises ConfigurationError.
    """
    path = database_path(database)
    known = load_domains(domains)
    listener = listener_for(path)
    redactor = redactor_for(redact, listener.count)
    listener.configure(**settings)
    listener.declare(known)
    listener.attach(user)
    return listener, RowBuilder(known, listener.count, skipped, redactor)
