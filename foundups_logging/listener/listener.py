"""One database's listener in this process: the queue that logging calls put rows into, and who empties it."""

from __future__ import annotations

import sys
import threading
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import LargeRow, Row, table_of
from foundups_logging.errors import SpoolError, StorageError
from foundups_logging.listener.settings import Settings
from foundups_logging.listener.thread import ListenerThread
from foundups_logging.listener.writer import Writer
from foundups_logging.sinks.ticket import Ticket

__all__ = ["Listener"]

_SMALL_ROW = 1 << 10  # bytes that a row without large texts is taken for
_LOOP_TIMEOUT = 0.25  # seconds: about a commit, which a call on an event loop's thread may wait for
_GRACE = 1.5  # seconds beyond its deadline that a try to write may take to end


class Listener:
    """One database's queue, thread and connection in this process.

    `put` is the hot path and takes no lock. Nothing here raises into a logging
    call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = Settings()
        self._writer = Writer(path, self.settings)
        self._thread = ListenerThread(f"foundups-logging {path.name}", self._writer)
        self._users: weakref.WeakSet[Any] = weakref.WeakSet()
        self._commit_tables: frozenset[int] = frozenset()
        self._reset()

    def _reset(self) -> None:
        """Begin with an empty queue: at first, and in a forked child."""
        self._queue = self._writer.queue
        self._setting_up = threading.RLock()  # held while users and domains change
        self._fit_room()

    # --- the caller's side

    def put(self, row: Row) -> None:
        """Queue a row, or see it committed, as its domain wants it; never raises."""
        queue = self._queue
        if row[0] in self._commit_tables or type(row) is not tuple or len(queue) >= self._room:
            self._put_with_care(row)
            return
        queue.append(row)
        if self._thread.is_asleep:
            self._thread.wake()

    def record(self, row: Row, timeout: float) -> Ticket:
        """Write a row and wait until it is committed, for `timeout` seconds, or refused; else it is spooled."""
        ticket = Ticket(row, wants_id=True, deadline=monotonic() + timeout)
        self._commit(ticket)
        return ticket

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
            writer.flushes += 1
            self._queue.append(ticket)
        thread.wake(urgent=True)
        return ticket.wait(timeout) and ticket.is_stored

    def stats(self) -> dict[str, Any]:
        """What became of this process's events, and how the listener does: the keys are told in README."""
        writer, totals = self._writer, self._writer.totals
        with totals.lock:
            counts = totals.counts()
            queued = writer.queued()
            emitted = totals.left + queued
        written = counts["stored"] + counts["dead_lettered"] - counts["replayed"]
        since = self._thread.since
        return {
            "emitted": emitted,
            **counts,
            "queued": queued,
            "batch_mean": round(written / counts["commits"], 1) if counts["commits"] else 0.0,
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
        self.settings = self.settings.updated(**given)
        self._writer.configure(self.settings)
        self._fit_room()

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
        timeout = self.settings.close_timeout if timeout is None else timeout
        deadline = monotonic() + timeout
        self._thread.spool_by = deadline
        done = self.flush(timeout + _GRACE)
        has_ended = self._thread.stop(max(0.0, deadline - monotonic()) + _GRACE)
        self._thread.spool_by = None
        if has_ended and (self._queue or self._writer.batch or self._writer.commits) and not done:
            self._spool_rest()
        self._writer.close(max(0.0, deadline - monotonic()) + _GRACE)
        if self._queue or self._writer.commits:  # other threads went on logging
            self._thread.wake()
        return done

    def _spool_rest(self) -> None:
        with self._writer.held() as is_ours:
            if is_ours:
                try:
                    self._thread.spool_gathered()
                except SpoolError as error:
                    complain(f"{error}; events wait in memory, and are lost if the program ends before")

    # --- exit and fork

    def finish(self) -> None:
        """At the process's exit: write what is queued, or spool it; from here on each event is written by its call."""
        done = self.close()
        if not done and self._writer.queued():
            self._thread.is_down = True
        self._thread.end_inline()
        lost = self._writer.queued()
        if lost:
            complain(f"{lost} events for {self.path} were in the hands of a thread that didn't end; they may be lost")

    def before_fork(self) -> None:
        """Let nothing of the database cross the fork."""
        self._writer.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._writer.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Begin anew: what is queued is the parent's to write, and its thread is not here."""
        self._writer.after_fork_in_child()
        self._thread.is_inline = False
        self._thread.reset()
        self._reset()

    # --- rows that aren't just queued

    def _put_with_care(self, row: Row) -> None:
        writer = self._writer
        if row[0] in self._commit_tables:
            timeout = _LOOP_TIMEOUT if _is_on_event_loop() else self.settings.commit_timeout
            self._commit(Ticket(row, deadline=monotonic() + timeout))
            return
        if len(self._queue) >= self._room and not self._make_room(row):
            return
        with writer.totals.lock:
            if type(row) is LargeRow:
                writer.large_bytes += row.weight
            self._queue.append(row)
        self._fit_room()
        if self._thread.is_asleep:
            self._thread.wake()

    def _fit_room(self) -> None:
        """Say how many rows may wait: fewer while large ones do."""
        left = self.settings.queue_bytes - self._writer.large_bytes
        self._room = max(1, min(self.settings.queue_size, left // _SMALL_ROW))

    def _make_room(self, row: Row) -> bool:
        """Do with a full queue as `when_full` says; False where the row has met its fate."""
        how = self.settings.when_full
        # Whoever writes can't wait for it.
        if how == "block" and not self._thread.is_current() and not self._writer.is_in_my_hands():
            deadline = monotonic() + self.settings.block_timeout
            while monotonic() < deadline:
                if self._thread.is_asleep:
                    self._thread.wake()
                self._fit_room()
                if len(self._queue) < self._room:
                    return True
                time.sleep(0.001)
        if how == "drop_oldest":
            return self._drop_oldest()
        if how == "drop_newest":
            self._drop(f"the queue for {self.path} is full: the newest events are dropped, and counted")
            return False
        self._spool(row)
        return False

    def _drop_oldest(self) -> bool:
        """Make room by dropping; False where there is nothing to drop."""
        totals = self._writer.totals
        complain(f"the queue for {self.path} is full: the oldest events are dropped, and counted")
        while len(self._queue) >= self._room:
            with totals.lock:
                try:
                    oldest = self._queue.popleft()
                except IndexError:
                    return True
                if type(oldest) is Ticket:  # a flush's: it waits for nothing any more
                    self._writer.flushes -= 1
                    oldest.confirm(is_stored=True)
                    continue
                if type(oldest) is LargeRow:
                    self._writer.large_bytes -= oldest.weight
                totals.leave(dropped=1)
            self._fit_room()
        return True

    def _drop(self, reason: str) -> None:
        self._writer.totals.leave(dropped=1)
        complain(reason)

    def _spool(self, row: Row) -> None:
        """Spool a row that isn't in the queue; one that can't be is dropped."""
        totals = self._writer.totals
        totals.take_in_hand()
        fate = "dropped"
        try:
            self._writer.spool_rows([row], fsync=False)
            self._writer.has_spooled = True
            fate = "spooled"
        except SpoolError as error:
            complain(f"{error}; the queue is full too, so events are dropped, and counted")
        finally:
            totals.put_down(fate)

    # --- rows whose sender waits

    def _commit(self, ticket: Ticket) -> None:
        """See a ticket committed, together with those of other threads, or else spooled."""
        writer, thread = self._writer, self._thread
        row = ticket.row
        assert row is not None  # noqa: S101 - only flushes have none
        if thread.is_inline or thread.is_current() or writer.is_in_my_hands():
            # The interrupted call, or this very thread, writes it next.
            self._queue.append(ticket if ticket.wants_id else row)
            thread.wake()
            return
        if not thread.is_down:
            writer.commits.append(ticket)
            self._see_through(ticket)
            if ticket.is_done:
                return
            with writer.totals.lock:
                try:
                    writer.commits.remove(ticket)
                except ValueError:  # taken: whoever has it stores or spools it in a moment
                    is_taken = True
                else:
                    is_taken = False
                    writer.totals.take_in_hand()
            writer.pass_on()  # it may have been this one's turn
            if is_taken:
                ticket.wait(_GRACE)
                return
        else:
            writer.totals.take_in_hand()
        self._spool_ticket(ticket, row)

    def _see_through(self, ticket: Ticket) -> None:
        """Wait for the ticket, and write for all that wait while it is this one's turn."""
        while not ticket.is_done:
            self._lead(ticket)
            if not ticket.is_done and not ticket.wait(ticket.deadline - monotonic()):
                return

    def _lead(self, ticket: Ticket) -> None:
        """Commit what waits, where no other does; where that fails it is the thread's to try again."""
        writer = self._writer
        try:
            if not writer.hold(timeout=0):
                return
            try:
                if not writer.batch and not writer.must_replay:
                    while not ticket.is_done and writer.write_from(writer.commits):
                        pass
                    return
            finally:
                writer.release()
        except StorageError as error:
            writer.totals.last_error = str(error)
        except BaseException:
            self._thread.wake(urgent=True)
            raise
        self._thread.wake(urgent=True)

    def _spool_ticket(self, ticket: Ticket, row: Row) -> None:
        totals = self._writer.totals
        try:
            self._writer.spool_rows([row])
        except SpoolError as error:
            complain(f"{error}; the event waits in memory")
            with totals.lock:
                totals.put_down(None)
                self._queue.append(row)
            self._thread.wake()
        else:
            self._writer.has_spooled = True
            totals.put_down("spooled")
            ticket.confirm(is_stored=False)
            if self._thread.is_asleep:
                self._thread.wake()


def _is_on_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")  # where nobody has imported it, no loop runs
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
