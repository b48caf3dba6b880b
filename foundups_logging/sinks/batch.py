"""Batch: rows on their way into one transaction, and the mark that tells whether they arrived."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Protocol

from foundups_logging.domains.tables import Row
from foundups_logging.sinks.ticket import Ticket

__all__ = ["Batch", "Mark"]


class Batch:
    """Items taken off a queue together, and what has become of them.

    `number` counts the writer's batches. Of its rows `stored` went to their
    tables and `dead` to dead_letters, once it is committed. `is_doubtful` tells
    that a commit was tried and failed, after which only the database can tell
    whether it holds the batch.
    """

    __slots__ = ("dead", "is_doubtful", "items", "number", "stored")

    def __init__(self, number: int, items: Iterable[Row | Ticket] = ()) -> None:
        self.number = number
        self.items = list(items)
        self.is_doubtful = False
        self.stored = 0
        self.dead = 0

    @property
    def refused(self) -> int:
        """How many of its rows were neither stored nor made dead letters, because their senders are told."""
        written = self.stored + self.dead
        return 0 if len(self.items) == written else len(self.rows()) - written

    def rows(self) -> list[Row]:
        """The rows of its items."""
        rows = [item.row if type(item) is Ticket else item for item in self.items]
        return [row for row in rows if row is not None]  # type: ignore[misc]


class Mark(Protocol):
    """What a transaction leaves in the database beside its rows, so that it is known to be there."""

    def is_made(self, connection: sqlite3.Connection) -> bool:
        """Whether the database has it. Raises sqlite3.Error."""

    def make(self, connection: sqlite3.Connection) -> None:
        """Leave it, in the transaction. Raises sqlite3.Error."""
