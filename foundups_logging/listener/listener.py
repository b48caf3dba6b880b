"""The queue and the thread that empties it into the database, batch by batch."""

from __future__ import annotations

import contextlib
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import Row
from foundups_logging.errors import StorageError
from foundups_logging.listener.settings import Settings
from foundups_logging.listener.writer import Writer
from foundups_logging.sinks.ticket import Ticket

__all__ = ["Listener"]

_JITTER = random.Random()  # noqa: S311 - no secret; of our own, since programs seed the shared one
_LINGER_SLICE = 0.05  # seconds between looks at the queue while events gather
_IDLE_AFTER = 1.0  # seconds without an event until the checkpoint
_BACK_OFF = (0.05, 2.0)  # seconds: the first and the longest pause after a failed batch
_BLOCK_TIMEOUT = 1.0  # seconds a call waits for room in a full queue


class Listener:
    """One database's queue, thread and connection in this process.

    `put` is the hot path and takes no lock. The thread starts with the first
    event, and again whenever it is gone and an event comes. Nothing here raises
    into a logging call.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.settings = Settings()
        self._queue_size = self.settings.queue_size
        self._writer = Writer(path)
        self._users: weakref.WeakSet[Any] = weakref.WeakSet()
        self._inline = False  # the program is ending: whoever logs writes
        self._has_given_up = False  # and the database can't be written
        self._reset()

    def _reset(self) -> None:
        """Begin with an empty queue and no thread: at first, and in a forked child."""
        self._queue: deque[Row | Ticket] = deque()
        self._thread: threading.Thread | None = None
        self._asleep = True  # nobody looks at the queue: whoever appends to it wakes the thread
        self._urgent = False  # somebody waits: no lingering
        self._stopping = False
        self._signal = threading.Lock()  # released to wake the thread, which acquires it to sleep
        self._signal.acquire()
        self._starting = threading.Lock()  # held while the thread is started
        self._setting_up = threading.Lock()  # held while users and domains change

    # --- the caller's side

    def put(self, row: Row) -> None:
        """Queue a row; never raises. It waits only where the queue is full and `when_full` is "block"."""
        queue = self._queue
        if len(queue) >= self._queue_size and not self._make_room():
            return
        queue.append(row)
        if self._asleep:
            self._wake()

    def send(self, ticket: Ticket, timeout: float) -> bool:
        """Queue a ticket and wait until its batch is committed; False where `timeout` seconds don't suffice."""
        self._queue.append(ticket)
        self._urgent = True
        self._wake()
        return ticket.wait(timeout)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was queued before is committed; False where `timeout` seconds don't suffice."""
        if not self._queue and not self._writer.is_writing:
            return True
        if self._has_given_up or threading.current_thread() is self._thread:  # would wait for itself
            return False
        return self.send(Ticket(), timeout)

    def configure(self, **given: Any) -> None:  # noqa: ANN401 - checked by Settings
        """Change the settings that are given and not None. Raises ConfigurationError."""
        self.settings = self.settings.updated(**given)
        self._queue_size = self.settings.queue_size

    def declare(self, domains: Iterable[Domain]) -> None:
        """Add to the domains whose tables this database must have."""
        with self._setting_up:
            self._writer.declare(domains)

    def attach(self, user: object) -> None:
        """Count `user`, a handler or processor, among those that keep the database open."""
        with self._setting_up:
            self._users.add(user)

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

    def count(self, what: str) -> None:
        """Add one to a total."""
        self._writer.totals.add(what)

    def stats(self) -> dict[str, int]:
        """The totals of this process: events emitted, stored, dead_lettered, dropped, queued, unknown_domain."""
        waiting = [*self._writer.pending, *self._queue]
        queued = sum(not isinstance(item, Ticket) or item.row is not None for item in waiting)
        return self._writer.totals.told(queued)

    def close(self, timeout: float = 5.0) -> bool:
        """Write what is queued, end the thread and close the database; a later event opens it again.

        Returns False where `timeout` seconds don't suffice; what is left stays queued.
        """
        if self._has_given_up:
            return False
        deadline = monotonic() + timeout
        done = self.flush(timeout)
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            self._stopping = True
            self._wake()
            thread.join(max(0.0, deadline - monotonic()))
        self._writer.close(max(0.0, deadline - monotonic()))
        self._stopping = False
        if self._queue:  # other threads went on logging
            self._wake()
        return done

    # --- exit and fork

    def finish(self, timeout: float) -> None:
        """At the process's exit: write what is queued; from here on each event is written by its own call."""
        if self._has_given_up:
            return
        done = self.close(timeout)
        self._inline = self._asleep = True
        if done:
            self._drain_inline()
        else:
            self._has_given_up = True
            left = self.stats()["queued"]
            complain(f"{left} events could not be written to {self.path} within {timeout:g} s of the program's end")

    def before_fork(self) -> None:
        """Let nothing of the database cross the fork."""
        self._writer.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._writer.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Begin anew: what is queued is the parent's to write, and its thread is not here."""
        self._writer.after_fork_in_child()
        self._inline = self._has_given_up = False
        self._reset()

    # --- the thread's side

    def _wake(self) -> None:
        if self._inline:
            self._drain_inline()
            return
        if self._thread is None:
            self._start()
        if self._thread is not None:  # another call may be starting it: it looks at the queue first
            self._asleep = False
            with contextlib.suppress(RuntimeError):  # awake already
                self._signal.release()

    def _start(self) -> None:
        if not self._starting.acquire(blocking=False):
            return  # another call is starting it
        try:
            if self._thread is None:
                self._stopping = False
                thread = threading.Thread(target=self._run, name=f"foundups-logging {self.path.name}", daemon=True)
                self._thread = thread
                thread.start()
        except RuntimeError:  # the interpreter is ending and lets no thread start
            self._thread = None
            self._inline = True
        finally:
            self._starting.release()
        if self._inline:
            self._drain_inline()

    def _run(self) -> None:
        """The thread: sleep, linger, write, for as long as the process lives."""
        pause = 0.0
        while not self._stopping:
            try:
                if not self._queue and not self._writer.pending:
                    self._sleep()
                    continue
                self._linger()
                self._write_gathered()
                pause = 0.0
            except StorageError as error:
                complain(f"{error}; events wait in the queue and are tried again")
                pause = min(max(pause * 2, _BACK_OFF[0]), _BACK_OFF[1])
            except Exception as error:  # noqa: BLE001 - whatever fails, the thread goes on
                complain(f"the listener failed and goes on: {type(error).__name__}: {error}")
                pause = _BACK_OFF[1]
            if pause and not self._stopping:
                time.sleep(pause * _JITTER.uniform(0.5, 1.0))
        self._thread = None
        self._asleep = True
        if self._queue and not self._stopping:
            self._wake()  # an event came between the last look and here

    def _sleep(self) -> None:
        """Sleep until there is something to do; after a while of that, make a checkpoint."""
        self._asleep = True
        if self._queue:  # came before it could see that we sleep
            self._asleep = False
            return
        if self._signal.acquire(timeout=_IDLE_AFTER):
            return
        self._writer.checkpoint()
        if not self._queue:
            self._signal.acquire()

    def _linger(self) -> None:
        """Let events gather until `flush_interval` is over, somebody waits or the queue is half full.

        A burst is over before its first event is written, so the two don't contend for the interpreter.
        """
        deadline = monotonic() + self.settings.flush_interval
        while not (self._urgent or self._stopping or self._writer.pending):
            left = deadline - monotonic()
            if left <= 0 or len(self._queue) * 2 >= self._queue_size:
                return
            self._signal.acquire(timeout=min(left, _LINGER_SLICE))

    def _write_gathered(self) -> None:
        """Write all that waits now, batch by batch; what comes meanwhile gathers again. Raises StorageError."""
        self._urgent = False
        left = len(self._writer.pending) + len(self._queue)
        while left > 0:
            with self._writer.held() as is_ours:
                if not is_ours:
                    return
                written = self._writer.write_batch(self._queue, self.settings.batch_size)
                if not written:  # another call was faster
                    return
                left -= written

    def _drain_inline(self) -> None:
        """Write what waits in the calling thread: where there is no other any more."""
        writer = self._writer
        while (self._queue or writer.pending) and not self._has_given_up:
            with writer.held(timeout=0) as is_ours:
                if not is_ours:
                    return  # another call is at it, and looks again when it is done
                try:
                    while self._queue or writer.pending:
                        writer.write_batch(self._queue, self.settings.batch_size)
                except StorageError as error:
                    complain(str(error))
                    return

    def _make_room(self) -> bool:
        """Wait for room in the full queue, as `when_full` says; False where the event has to be dropped."""
        if self.settings.when_full == "block" and threading.current_thread() is not self._thread:
            deadline = monotonic() + _BLOCK_TIMEOUT
            while monotonic() < deadline:
                if self._asleep:
                    self._wake()
                if len(self._queue) < self._queue_size:
                    return True
                time.sleep(0.001)
        self._writer.totals.add("dropped")
        complain(f"the queue for {self.path} is full ({self._queue_size} events): events are dropped, counted")
        return False
