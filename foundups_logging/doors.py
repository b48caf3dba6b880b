"""What every front door does when it is made: find its database's listener and make its rows by its domains."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Unpack

from foundups_logging.database import database_path
from foundups_logging.domains.loading import DomainsSource, load_domains
from foundups_logging.domains.rows import RowBuilder
from foundups_logging.listener import Listener, listener_for, watch_sigterm
from foundups_logging.listener.settings import ListenerOptions
from foundups_logging.redaction import redactor_for
from foundups_logging.sinks.connections import check_journal_mode

__all__ = ["open_door"]


def open_door(
    user: object,
    database: str | os.PathLike[str] | None,
    domains: DomainsSource | None,
    *,
    skipped: Iterable[str] = (),
    redact: object = True,
    **settings: Unpack[ListenerOptions],
) -> tuple[Listener, RowBuilder]:
    """The listener of `database`, which `user` now keeps open, and a builder of rows for it.

    `skipped` are fields that the front door reads itself, `redact` says what is
    a secret (see `redactor_for`), `settings` are the listener's, None where not given. Raises ConfigurationError.
    """
    path = database_path(database)
    known = load_domains(domains)
    listener = listener_for(path)
    if settings.get("flush_on_sigterm"):
        watch_sigterm()
    redactor = redactor_for(redact, listener.count)
    listener.configure(**settings)
    check_journal_mode(listener.path, listener.settings.journal_mode)
    listener.declare(known)
    listener.attach(user)
    return listener, RowBuilder(known, listener.count, skipped, redactor)
