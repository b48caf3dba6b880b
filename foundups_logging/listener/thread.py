"""The listener's thread: it sleeps, lets events gather, and has them written, spooled or replayed."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
from pathlib import Path

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.errors import SpoolError, StorageError
from foundups_logging.listener.writer import Writer
from foundups_logging.owned_lock import OwnedLock
from foundups_logging.sinks.ticket import Ticket

__all__ = ["ListenerThread"]

_JITTER = random.Random()  # noqa: S311 - no secret; of our own, since programs seed the shared one
_LINGER_SLICE = 0.05  # seconds between looks at the queue while events gather
_IDLE_AFTER = 1.0  # seconds without an event until the checkpoint
_INLINE_PATIENCE = 1.0  # seconds that a call at the program's end waits for another's transaction
_END_AFTER = 5.0  # seconds more until the thread ends; the next event starts another
_PINNED_EVERY = 5.0  # seconds between checkpoints while a reader keeps them from finishing
_RETRY_FOR = 2.0  # seconds a batch is tried again until it is spooled
_BACK_OFF = (0.05, 2.0)  # seconds: the first and the longest pause after a failure


class ListenerThread:
    """Runs a writer in a thread of its own, which starts when it is first woken, and again whenever it is gone.

    While the database fails it tries again for a while, then `is_down`: what
    comes is spooled, until a try succeeds and the spool can be replayed.
    """

    def __init__(self, name: str, writer: Writer) -> None:
        self._name = name
        self._writer = writer
        self.reset()

    def reset(self) -> None:
        """Begin without a thread: at first, and in a forked child."""
        self.is_inline = False  # no thread can start any more: whoever logs writes
        self._is_last = False  # the present thread is the last one
        self._is_stuck = False  # a thread that had the writer is gone, or hangs
        self.is_asleep = True  # nobody looks at the queue: whoever appends to it wakes the thread
        self.is_down = self._writer.sink.is_barred  # the database can't be written: spool
        self.spool_by: float | None = None  # on the monotonic clock: from when on there is no trying again
        self.since: float | None = None  # when the oldest of what waits came, about
        self._thread: threading.Thread | None = None
        self._urgent = False  # somebody waits: no lingering
        self._stopping = False
        self._is_idle = False
        self._has_backlog = False  # the spool may hold what can be replayed
        self._failing_since: float | None = None
        self._pause = 0.0
        self._try_at = 0.0  # when the database is tried next, while it is down
        self._signal = threading.Lock()  # released to wake the thread, which acquires it to sleep
        self._signal.acquire()
        self._starting = OwnedLock()  # held while the thread is started

    # --- for others

    def is_current(self) -> bool:
        """Whether the caller runs in the thread."""
        return threading.current_thread() is self._thread

    def wake(self, *, urgent: bool = False) -> None:
        """See to it that somebody looks at the queue; at once, if it is urgent."""
        if self.is_inline:
            self.drain_inline()
            return
        if urgent:
            self._urgent = True
        if self._thread is None:
            self._start()
        if self._thread is not None:  # another call may be starting it: it looks at the queue first
            self.is_asleep = False
            with contextlib.suppress(RuntimeError):  # awake already
                self._signal.release()

    def replay(self) -> None:
        """See to it that what waits in the spool is replayed."""
        self._has_backlog = True
        self.wake()

    def stop(self, timeout: float) -> bool:
        """End the thread; False where it is busy for longer than `timeout` seconds."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        self._stopping = True
        self.wake()
        thread.join(max(0.0, timeout))
        self._stopping = False
        return not thread.is_alive()

    def begin_end(self) -> None:
        """Let no thread follow the present one: when that is gone, each event is written by its own call."""
        self._is_last = True

    def end_inline(self) -> None:
        """From here on each event is written by its own call, and what waits now is written first.

        Other threads may go on logging for as long as they live: their events are
        theirs to write.
        """
        self.is_inline = self.is_asleep = True
        self._write_inline()

    def drain_inline(self) -> None:
        """Write what waits in the calling thread."""
        writer = self._writer
        while (writer.queue or writer.commits or writer.batch) and self._write_inline():
            pass

    def _write_inline(self) -> bool:
        """Write what waits now, or else spool or drop it; False where another thread has the writer."""
        if self._writer.is_in_my_hands():  # the call that this one interrupts looks again when it is done
            return False
        with self._writer.held(0 if self._is_stuck else _INLINE_PATIENCE) as is_ours:
            if not is_ours:
                self._is_stuck = True
                return False
            try:
                if not self.is_down and not self._writer.must_replay:
                    self._write_gathered(len(self._writer.queue))
                    return True
            except StorageError as error:
                self._note(error)
            self.is_down = True
            self.spool_or_drop()
            return True

    def spool_or_drop(self) -> None:
        """Spool all that waits, while the writer is held; what can't be is lost, counted and told."""
        try:
            self.spool_gathered()
        except SpoolError as error:
            number = sum(self._writer.drop_from(queue) for queue in (self._writer.commits, self._writer.queue))
            complain(f"{error}; {number} events are lost")

    # --- the thread

    def _start(self) -> None:
        if self._starting.is_mine():
            return
        try:
            if self._is_last:
                self.is_inline = True
            elif self._starting.take(0, sys._getframe()) and self._thread is None:  # noqa: SLF001
                self._writer.accounts.has_ended = False
                self._has_backlog = self._has_backlog or self._writer.replay.waits()
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread = thread
                thread.start()
        except RuntimeError:  # the interpreter is ending and lets no thread start
            self._thread = None
            self.is_inline = True
        finally:
            self._starting.give_back()
        if self.is_inline:
            self.drain_inline()

    def _run(self) -> None:
        thread = threading.current_thread()
        try:
            self._is_idle = False
            while not self._stopping and not self._is_idle:
                try:
                    self._turn()
                except StorageError as error:
                    self._failed(error)
                except Exception as error:  # noqa: BLE001 - whatever fails, the thread goes on
                    self._writer.totals.add("listener_failures")
                    self._failed(error)
        except BaseException as error:  # noqa: BLE001 - nobody is there to hear it; a new thread goes on
            self._writer.totals.add("listener_failures")
            self._note(error)
        finally:
            if self._thread is thread:
                self._thread = None
                self.is_asleep = True
                if self._has_work() and not self._stopping:
                    self.wake()

    def _turn(self) -> None:
        """One round: sleep or gather, then write. Raises StorageError."""
        if not self._has_work():
            self._sleep()
            return
        self._gather()
        with self._writer.held() as is_ours:
            if not is_ours:
                return
            urgent, self._urgent = self._urgent, False
            if self.is_down and not urgent and monotonic() < self._try_at:
                self.spool_gathered()
                return
            if self.is_down or self._writer.must_replay or (urgent and self._writer.has_spooled):
                self._replay_own()
            self._write_gathered(len(self._writer.queue))
            if self._has_backlog or self._writer.has_spooled:
                self._has_backlog = self._writer.replay_some()
        self.is_down = False
        self._failing_since = None
        self._pause = 0.0

    def _has_work(self) -> bool:
        writer = self._writer
        return bool(writer.queue or writer.commits or writer.batch or self._has_backlog)

    def _sleep(self) -> None:
        """Sleep until there is something to do; after a while of that, make a checkpoint, and in the end go home.

        A sleeping thread would keep a process alive that was forked in a thread.
        """
        self.is_asleep = True
        self.since = None
        if self._has_work() or self._stopping:  # came before it could see that we sleep
            self.is_asleep = False
            return
        is_waiting = self.is_down or self._writer.has_spooled
        if self._signal.acquire(timeout=self._pause_left() if is_waiting else _IDLE_AFTER):
            return
        if is_waiting:  # nothing comes, but the spool is to be emptied
            self.is_asleep = False
            self._has_backlog = True
            return
        is_whole = self._writer.checkpoint()
        self._has_backlog = self._writer.replay.waits()  # another process may have ended and left its spool
        if self._has_work() or self._stopping:
            self.is_asleep = False
        elif not self._signal.acquire(timeout=_END_AFTER if is_whole else _PINNED_EVERY):
            self._is_idle = is_whole

    def _gather(self) -> None:
        """Let events gather until `flush_interval` is over, somebody waits or the queue is half full.

        A burst is over before its first event is written, so the two don't contend for the interpreter.
        """
        writer = self._writer
        now = monotonic()
        self.since = self.since or now
        deadline = now + writer.settings.flush_interval
        half = writer.settings.queue_size // 2
        while not (self._urgent or self._stopping or writer.commits or writer.batch):
            left = deadline - monotonic()
            if left <= 0 or len(writer.queue) > half or (self._has_backlog and not self.is_down and not writer.queue):
                return
            self._signal.acquire(timeout=min(left, _LINGER_SLICE))

    def _write_gathered(self, left: int) -> None:
        """Write what waits: of the queue the first `left` items, what comes meanwhile gathers again.

        Raises StorageError.
        """
        writer = self._writer
        left += len(writer.batch.items) if writer.batch else 0
        while True:
            if writer.commits and not writer.batch:
                writer.write_from(writer.commits)
            if left <= 0:
                break
            self.since = monotonic()
            written = writer.write_from(writer.queue)
            left = left - written if written else 0
        if not writer.queue:
            self.since = None

    def spool_gathered(self) -> None:
        """Spool all that waits. Raises SpoolError."""
        writer = self._writer
        while writer.commits or writer.queue or writer.batch:
            writer.spool_from(writer.commits or writer.queue)
        self.since = None

    def _replay_own(self) -> None:
        """Bring in what this process has spooled, before anything else is written. Raises StorageError."""
        writer = self._writer
        if self.is_down:
            writer.sign_off()  # to see whether it is any use
        while writer.has_spooled:
            if not writer.replay_some() and writer.has_spooled:
                raise SpoolError(
                    "another process is replaying this one's spool",
                    operation="replay spool",
                    path=writer.spool.directory,
                    hint="wait for it",
                )
            self.is_down = False

    def _failed(self, error: Exception) -> None:
        """Pause, to try again; or spool, where that has gone on for long enough."""
        self._note(error)
        now = monotonic()
        if self._failing_since is None:
            self._failing_since = now
        patience = min([self._failing_since + _RETRY_FOR, *self._deadlines()])
        self._pause = min(max(self._pause * 2, _BACK_OFF[0]), _BACK_OFF[1])
        self._try_at = now + self._pause * _JITTER.uniform(0.5, 1.0)
        if self.is_down or now >= patience:
            self.is_down = True
            self._has_backlog = False  # until the next try
            try:
                with self._writer.held() as is_ours:
                    if is_ours:
                        self.spool_gathered()
            except SpoolError as failure:
                complain(f"{failure}; events wait in memory, and are lost if the program ends before")
            else:
                return
        if not self._stopping:
            self._signal.acquire(timeout=self._pause_left())

    def _deadlines(self) -> list[float]:
        """When those stop waiting who wait for the batch that failed; or the program."""
        batch = self._writer.batch
        tickets = [item for item in batch.items if type(item) is Ticket and item.row] if batch else []
        return [ticket.deadline for ticket in tickets] + ([] if self.spool_by is None else [self.spool_by])

    def _pause_left(self) -> float:
        return max(0.0, self._try_at - monotonic())

    def _note(self, error: BaseException) -> None:
        text = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
        self._writer.totals.last_error = text
        if isinstance(error, StorageError):
            complain(f"{text}; events are tried again, then spooled to {Path(self._writer.spool.directory).name}")
        else:
            complain(f"the listener failed and goes on: {text}")
