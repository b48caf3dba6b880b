"""The accounts of a writer: its name, its totals, and how they get into the transactions they tell of."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from foundups_logging import timestamps
from foundups_logging.listener.totals import Totals
from foundups_logging.sinks.batch import Batch
from foundups_logging.sinks.ledger import COUNTED, LastWords, batch_of, record, this_process
from foundups_logging.spool.replay import Replayed

__all__ = ["Accounts", "BatchMark"]


class Accounts:
    """One writer's identity and totals; `queued` tells how many events wait in memory, under the totals' lock."""

    def __init__(self, queued: Callable[[], int]) -> None:
        self.identity = this_process()
        self.totals = Totals()
        self.has_ended = False  # the process says so with each transaction from here on
        self.number = 0  # of the last batch that was stored or spooled
        self._queued = queued

    def count_replay(self, replayed: Replayed) -> None:
        """Count what was replayed: it is committed."""
        self.totals.replayed(replayed.stored, replayed.dead, is_own=self._is_own(replayed))

    def sign_replay(self, connection: sqlite3.Connection, replayed: Replayed) -> None:
        """Write down, in a replay's transaction, what the totals are once it is committed. Raises sqlite3.Error."""
        with self.totals.lock:
            counts = self.totals.after_replay(replayed.stored, replayed.dead, is_own=self._is_own(replayed))
            queued = self._queued()
            emitted = self.totals.left + queued
        self._record(connection, 0, counts, emitted, queued)  # it may be the last batch's rows that are replayed

    def sign_batch(self, connection: sqlite3.Connection, batch: Batch) -> None:
        """Write down, in a batch's transaction, what the totals are once it is committed. Raises sqlite3.Error.

        Its events still count as queued.
        """
        taken = batch.stored + batch.dead + batch.refused
        with self.totals.lock:
            counts = self.totals.after_batch(batch.stored, batch.dead, batch.refused)
            queued = self._queued()
            emitted = self.totals.left + queued
        self._record(connection, batch.number, counts, emitted, queued - taken)

    def last_words(self) -> LastWords:
        """The totals as they are now, for the spool to keep where the database can't."""
        with self.totals.lock:
            queued = self._queued()
            values = _values(self.totals.counts(), self.totals.left + queued, queued)
        return LastWords(self.identity, timestamps.now(), self.totals.last_error, values)

    def _is_own(self, replayed: Replayed) -> bool:
        return replayed.writer == self.identity.writer

    def _record(
        self, connection: sqlite3.Connection, number: int, counts: dict[str, int], emitted: int, queued: int
    ) -> None:
        values = _values(counts, emitted, queued)
        error = self.totals.last_error
        record(connection, self.identity.writer, number, values, error, has_ended=self.has_ended)


class BatchMark:
    """The mark of a batch: its number beside its writer's name."""

    def __init__(self, accounts: Accounts, batch: Batch) -> None:
        self._accounts = accounts
        self._batch = batch

    def is_made(self, connection: sqlite3.Connection) -> bool:
        """Whether the database has it. Raises sqlite3.Error."""
        return batch_of(connection, self._accounts.identity.writer) >= self._batch.number

    def make(self, connection: sqlite3.Connection) -> None:
        """Leave it, in the transaction. Raises sqlite3.Error."""
        self._accounts.sign_batch(connection, self._batch)


def _values(counts: dict[str, int], emitted: int, queued: int) -> tuple[int, ...]:
    counts["emitted"], counts["queued"] = emitted, queued
    return tuple([counts[name] for name in COUNTED])
