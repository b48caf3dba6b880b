"""One database's listener in this process: the queue that logging calls put rows into, and who empties it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import Row, table_of
from foundups_logging.errors import SpoolError, StorageError
from foundups_logging.listener.bounds import Bounds
from foundups_logging.listener.delivery import Delivery
from foundups_logging.listener.group_commit import GroupCommit
from foundups_logging.listener.settings import Settings
from foundups_logging.listener.thread import ListenerThread
from foundups_logging.listener.totals import batch_mean
from foundups_logging.listener.writer import Writer
from foundups_logging.sinks.ticket import Ticket

__all__ = ["Listener"]

_GRACE = 1.5  # seconds beyond its deadline that a try to write may take to end


class Listener:
    """One database's queue, thread and connection in this process.

    `put` is the hot path and takes no lock. Nothing here raises into a logging
    call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = Writer(path, Settings())
        self._delivery = Delivery(self._writer)
        self._thread = ListenerThread(f"foundups-logging {path.name}", self._delivery)
        self._commits = GroupCommit(self._delivery, self._thread)
        self._bounds = Bounds(self._writer, self._thread)
        self._users: weakref.WeakSet[Any] = weakref.WeakSet()
        self._commit_tables: frozenset[int] = frozenset()
        self._reset()

    def _reset(self) -> None:
        """Begin with an empty queue: at first, and in a forked child."""
        self._queue = self._writer.queue
        self._setting_up = threading.RLock()  # held while users and domains change
        self._bounds.fit()

    @property
    def settings(self) -> Settings:
        """How it works now."""
        return self._writer.settings

    # --- the caller's side

    def put(self, row: Row) -> None:
        """Queue a row, or see it committed, as its domain wants it; never raises."""
        queue = self._queue
        if row[0] in self._commit_tables:
            self._commits.commit(row)
        elif (type(row) is tuple and len(queue) < self._bounds.room) or self._bounds.admit(row):
            queue.append(row)
            if self._thread.is_asleep:
                self._thread.wake()

    def record(self, row: Row, timeout: float) -> Ticket:
        """Write a row and wait until it is committed, for `timeout` seconds, or refused; else it is spooled."""
        return self._commits.record(row, timeout)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was logged before is committed; False where `timeout` seconds don't suffice.

        Also False, without waiting longer, where the database can't be written
        and the events are in the spool.
        """
        writer, thread = self._writer, self._thread
        if not self._queue and not writer.commits and not writer.batch and not writer.has_spooled:
            return True
        if writer.is_in_my_hands() or thread.is_current():  # would wait for itself
            return False
        if thread.is_inline:
            thread.drain_inline()
            return not self._queue and not writer.has_spooled
        ticket = Ticket()
        with writer.totals.lock:
            writer.may_hold_tickets = True
            self._queue.append(ticket)
        thread.wake(urgent=True)
        return ticket.wait(timeout) and ticket.is_stored

    def stats(self) -> dict[str, Any]:
        """What became of this process's events, and how the listener does: the keys are told in README."""
        writer, totals = self._writer, self._writer.totals
        with totals.lock:
            left = -1
            while left != totals.left:  # a signal handler may have logged in between
                left, counts, queued = totals.left, totals.counts(), writer.queued()
        since = self._delivery.since
        return {
            "emitted": left + queued,
            **counts,
            "queued": queued,
            "batch_mean": batch_mean(counts),
            "oldest_age": round(monotonic() - since, 3) if queued and since is not None else 0.0,
            "last_error": totals.last_error,
            "wal_bytes": writer.sink.wal_bytes(),
            "wal_pinned": writer.sink.wal_pinned,
        }

    def count(self, what: str) -> None:
        """Add one to a total; an event that is "dropped" has been emitted by that."""
        if what == "dropped":
            self._writer.totals.leave(dropped=1)
        else:
            self._writer.totals.add(what)

    def is_in_my_hands(self) -> bool:
        """Whether the calling thread is in the midst of writing: a signal handler may ask."""
        return self._writer.is_in_my_hands()

    # --- setting up and closing

    def configure(self, **given: Any) -> None:  # noqa: ANN401 - checked by Settings
        """Change the settings that are given and not None. Raises ConfigurationError, SpoolError."""
        self._writer.configure(self.settings.updated(**given))
        self._bounds.fit()

    def declare(self, domains: Iterable[Domain]) -> None:
        """Add to the domains whose tables this database must have."""
        domains = tuple(domains)
        with self._setting_up:
            self._writer.sink.declare(domains)
            numbers = {table_of(domain).number for domain in domains if domain.durability == "commit"}
            self._commit_tables |= numbers

    def attach(self, user: object) -> None:
        """Count `user`, a handler or processor, among those that keep the database open; replay what is spooled."""
        with self._setting_up:
            self._users.add(user)
        if self._writer.replay.waits():
            self._thread.replay()

    def detach(self, user: object) -> None:
        """Flush; and where `user` was the last, close."""
        with self._setting_up:
            self._users.discard(user)
            is_last = not self._users
        if is_last:
            self.close()
        else:
            self.flush()

    def prepare(self) -> None:
        """Open the database and make its tables now. Raises StorageError."""
        self._writer.prepare()

    def close(self, timeout: float | None = None) -> bool:
        """Write what is queued, end the thread and close the database; a later event opens it again.

        What can't be written within `timeout` seconds (None: `close_timeout`) is
        spooled. Returns whether all is in the database.
        """
        if self._thread.is_inline:
            return self.flush()
        done = self._close(self.settings.close_timeout if timeout is None else timeout)
        if self._queue or self._writer.commits:  # other threads went on logging
            self._thread.wake()
        return done

    def _close(self, timeout: float) -> bool:
        deadline = monotonic() + timeout
        self._delivery.spool_by = deadline
        done = self.flush(timeout + _GRACE)
        has_ended = self._thread.stop(max(0.0, deadline - monotonic()) + _GRACE)
        self._delivery.spool_by = None
        if not has_ended:
            complain(f"the thread that writes {self.path} hangs; what it has in hand may be lost")
        elif done:
            self._replay_rest(deadline)
        else:
            self._spool_rest()
        self._writer.close(deadline)
        return done

    def _replay_rest(self, deadline: float) -> None:
        """Bring in what other processes have left in the spool: this one may be too short-lived to do it meanwhile."""
        with self._writer.held() as is_ours:
            try:
                while is_ours and self._writer.replay.waits() and monotonic() < deadline:
                    if not self._writer.replay_some():
                        return
            except StorageError as error:
                complain(str(error))

    def _spool_rest(self) -> None:
        with self._writer.held() as is_ours:
            if is_ours:
                try:
                    self._delivery.spool()
                except SpoolError as error:
                    complain(f"{error}; events wait in memory, and are lost if the program ends before")

    # --- exit and fork

    def finish(self) -> None:
        """At the process's exit: write what is queued, or spool it; from here on each event is written by its call."""
        if self._thread.is_inline:
            return
        self._thread.begin_end()
        if not self._close(self.settings.close_timeout):
            self._delivery.is_down = self._writer.has_spooled
        self._thread.end_inline()

    def before_fork(self, frame: FrameType) -> None:
        """Let nothing of the database cross the fork that `frame` is about to make."""
        self._writer.before_fork(frame)

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._writer.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Begin anew: what is queued is the parent's to write, and its thread is not here."""
        self._writer.after_fork_in_child()
        self._delivery.reset()
        self._thread.reset()
        self._reset()
