"""Group commit: rows whose sender waits until they are durable.

The first sender that finds the sink free writes for all that wait; who comes
meanwhile is in the next transaction. Nothing passes through the listener's
thread, unless the database fails.
"""

from __future__ import annotations

import contextlib
import sys
import threading

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.tables import Row
from foundups_logging.errors import SpoolError, StorageError
from foundups_logging.listener.delivery import Delivery
from foundups_logging.listener.thread import ListenerThread
from foundups_logging.sinks.ticket import Ticket

__all__ = ["GroupCommit"]

_LOOP_TIMEOUT = 0.25  # seconds: about a commit, which a call on an event loop's thread may wait for
_GATHER_TIMEOUT = 0.001  # seconds to wait for those who shared the last transaction
_GRACE = 0.5  # seconds that whoever has taken a ticket may need to store or spool it


class GroupCommit:
    """Sees rows committed, or spooled, before it returns."""

    def __init__(self, delivery: Delivery, thread: ListenerThread) -> None:
        self._delivery = delivery
        self._writer = delivery.writer
        self._thread = thread
        self._siblings = 1  # how many shared the last transaction
        self._is_gathering = False  # the one who writes waits for as many
        self._all_here = threading.Lock()  # released to end that
        self._all_here.acquire()

    def commit(self, row: Row) -> None:
        """Return when the row is committed, or else spooled: after `commit_timeout` seconds."""
        timeout = _LOOP_TIMEOUT if _is_on_event_loop() else self._writer.settings.commit_timeout
        self._send(Ticket(row, deadline=monotonic() + timeout), row)

    def record(self, row: Row, timeout: float) -> Ticket:
        """Return when the row is committed or refused, or after `timeout` seconds spooled: the ticket tells."""
        ticket = Ticket(row, wants_id=True, deadline=monotonic() + timeout)
        self._send(ticket, row)
        return ticket

    def _send(self, ticket: Ticket, row: Row) -> None:
        writer, thread = self._writer, self._thread
        if thread.is_inline or writer.is_in_my_hands() or thread.is_current():
            # The interrupted call, or this very thread, writes it next.
            writer.queue.append(ticket if ticket.wants_id else row)
            thread.wake()
            return
        if self._delivery.is_down:
            writer.totals.take_in_hand()
        else:
            writer.commits.append(ticket)
            self._see_through(ticket)
            if ticket.is_done or not self._withdraw(ticket):
                return
        self._spool(ticket, row)

    def _see_through(self, ticket: Ticket) -> None:
        """Wait for the ticket, and write for all that wait while it is this one's turn."""
        while not ticket.is_done:
            self._lead(ticket)
            if not ticket.is_done and not ticket.wait(ticket.deadline - monotonic()):
                return

    def _lead(self, ticket: Ticket) -> None:
        """Commit what waits, where no other does; where that fails it is the thread's to try again."""
        writer = self._writer
        is_to_be_seen_to = True
        try:
            if not writer.hold(timeout=0):
                is_to_be_seen_to = False
                self._join()
            elif not writer.batch and not writer.must_replay:
                writer.accounts.has_ended = False  # a closed listener goes on
                while not ticket.is_done:
                    self._await_siblings()
                    self._siblings = writer.write_from(writer.commits)
                is_to_be_seen_to = False
        except StorageError as error:
            writer.totals.last_error = str(error)
        finally:  # also after a KeyboardInterrupt
            writer.release()
            if is_to_be_seen_to:
                self._thread.wake(urgent=True)

    def _await_siblings(self) -> None:
        """Wait a moment for as many as came last time: each that joins spares a transaction."""
        if len(self._writer.commits) < self._siblings:
            self._is_gathering = True
            self._all_here.acquire(timeout=_GATHER_TIMEOUT)
            self._is_gathering = False

    def _join(self) -> None:
        """Tell the one who writes, where it waits, that all are here."""
        if self._is_gathering and len(self._writer.commits) >= self._siblings:
            with contextlib.suppress(RuntimeError):  # told already
                self._all_here.release()

    def _withdraw(self, ticket: Ticket) -> bool:
        """Take back a ticket whose time is over; False where another has taken it meanwhile, and seen to it."""
        writer = self._writer
        with writer.totals.lock:
            try:
                writer.commits.remove(ticket)
            except ValueError:
                is_ours = False
            else:
                is_ours = True
                writer.totals.take_in_hand()
        writer.pass_on()  # it may have been this one's turn
        if not is_ours and not ticket.is_done:
            ticket.wait(_GRACE)
        return is_ours

    def _spool(self, ticket: Ticket, row: Row) -> None:
        writer = self._writer
        try:
            writer.spool_rows([row])
        except SpoolError as error:
            complain(f"{error}; the event waits in memory")
            with writer.totals.lock:
                writer.totals.put_down(None)
                writer.queue.append(row)
        else:
            writer.totals.put_down("spooled")
        ticket.confirm(is_stored=False)
        if self._thread.is_asleep:
            self._thread.wake()


def _is_on_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")  # where nobody has imported it, no loop runs
    # Unlike get_running_loop() it raises nothing, which would be dearer than the rest.
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001
