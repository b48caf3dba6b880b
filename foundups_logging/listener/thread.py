"""The listener's thread: it sleeps, lets events gather, and has them written, spooled or replayed."""

from __future__ import annotations

import contextlib
import sys
import threading

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.errors import SpoolError, StorageError
from foundups_logging.listener.delivery import Delivery
from foundups_logging.owned_lock import OwnedLock

__all__ = ["ListenerThread"]

_LINGER_SLICE = 0.05  # seconds between looks at the queue while events gather
_IDLE_AFTER = 1.0  # seconds without an event until the checkpoint
_INLINE_ROUNDS = 3  # transactions for one call at the program's end
_INLINE_PATIENCE = 1.0  # seconds that a call at the program's end waits for another's transaction
_END_AFTER = 5.0  # seconds more until the thread ends; the next event starts another
_LOOK_AGAIN = 0.1  # seconds between looks at a spool that another process is replaying
_PINNED_EVERY = 5.0  # seconds between checkpoints while a reader keeps them from finishing


class ListenerThread:
    """Delivers in a thread of its own, which starts when it is first woken, and again whenever it is gone.

    Where no thread can start any more it `is_inline`: whoever logs delivers.
    """

    def __init__(self, name: str, delivery: Delivery) -> None:
        self._name = name
        self._delivery = delivery
        self._writer = delivery.writer
        self.reset()

    def reset(self) -> None:
        """Begin without a thread: at first, and in a forked child."""
        self.is_inline = False  # no thread can start any more: whoever logs writes
        self._is_last = False  # the present thread is the last one
        self._is_stuck = False  # a thread that had the writer is gone, or hangs
        self.is_asleep = True  # nobody looks at the queue: whoever appends to it wakes the thread
        self._thread: threading.Thread | None = None
        self._urgent = False  # somebody waits: no lingering
        self._stopping = False
        self._is_idle = False
        self._has_backlog = False  # the spool may hold what can be replayed
        self._signal = threading.Lock()  # released to wake the thread, which acquires it to sleep
        self._signal.acquire()
        self._starting = OwnedLock()  # held while the thread is started

    # --- for others

    def is_current(self) -> bool:
        """Whether the caller runs in the thread."""
        return threading.current_thread() is self._thread

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wake(self, *, urgent: bool = False) -> None:
        """See to it that somebody looks at the queue; at once, if it is urgent."""
        if self.is_inline:
            self.drain_inline()
            return
        if urgent:
            self._urgent = True
        if not self._is_running():
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
        with contextlib.suppress(RuntimeError):  # it is just being started
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
        self.drain_inline()

    def drain_inline(self) -> None:
        """Write what waits in the calling thread, and what that has logged itself, but not for ever."""
        writer = self._writer
        for _ in range(_INLINE_ROUNDS):
            if not (writer.queue or writer.commits or writer.batch) or not self._write_inline():
                return

    def _write_inline(self) -> bool:
        """Write what waits now, or else spool or drop it; False where another thread has the writer."""
        delivery = self._delivery
        if self._writer.is_in_my_hands():  # the call that this one interrupts looks again when it is done
            return False
        with self._writer.held(0 if self._is_stuck else _INLINE_PATIENCE) as is_ours:
            if not is_ours:
                self._is_stuck = True
                return False
            try:
                if not delivery.is_down and not self._writer.must_replay:
                    delivery.write(len(self._writer.queue))
                    return True
            except StorageError as error:
                delivery.is_down = True
                delivery.note(error)
            delivery.spool_or_drop()
            return True

    # --- the thread

    def _start(self) -> None:
        if self._starting.is_mine():
            return
        try:
            if self._is_last:
                self.is_inline = True
            elif self._starting.take(0, sys._getframe()) and not self._is_running():  # noqa: SLF001
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
                except Exception as error:  # noqa: BLE001 - whatever fails, the thread goes on
                    if not isinstance(error, StorageError):
                        self._writer.totals.add("listener_failures")
                    self._recover(error)
        except BaseException as error:  # noqa: BLE001 - nobody is there to hear it; a new thread goes on
            self._writer.totals.add("listener_failures")
            self._delivery.note(error)
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
        delivery = self._delivery
        with self._writer.held() as is_ours:
            if not is_ours:
                return
            urgent, self._urgent = self._urgent, False
            if delivery.is_down and not urgent and delivery.back_off.left():
                delivery.spool()
                return
            if delivery.is_down or self._writer.must_replay or (urgent and self._writer.has_spooled):
                delivery.replay_own()
            delivery.write(len(self._writer.queue))
            if self._has_backlog or self._writer.has_spooled:
                self._has_backlog = self._writer.replay_some()
        delivery.succeed()

    def _has_work(self) -> bool:
        writer = self._writer
        return bool(writer.queue or writer.commits or writer.batch or self._has_backlog)

    def _sleep(self) -> None:
        """Sleep until there is something to do; after a while of that, make a checkpoint, and in the end go home.

        A sleeping thread would keep a process alive that was forked in a thread.
        """
        self.is_asleep = True
        self._delivery.since = None
        if self._has_work() or self._stopping:  # came before it could see that we sleep
            self.is_asleep = False
            return
        is_waiting = self._delivery.is_down or self._writer.has_spooled
        if self._signal.acquire(
            timeout=max(_LOOK_AGAIN, self._delivery.back_off.left()) if is_waiting else _IDLE_AFTER
        ):
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
        self._delivery.since = self._delivery.since or now
        deadline = now + writer.settings.flush_interval
        half = writer.settings.queue_size // 2
        while not (self._urgent or self._stopping or writer.commits or writer.batch):
            left = deadline - monotonic()
            if (
                left <= 0
                or len(writer.queue) > half
                or (self._has_backlog and not self._delivery.is_down and not writer.queue)
            ):
                return
            self._signal.acquire(timeout=min(left, _LINGER_SLICE))

    def _recover(self, error: Exception) -> None:
        """Pause, to try again; or spool, where that has gone on for long enough."""
        delivery = self._delivery
        delivery.fail(error)
        if delivery.is_down:
            self._has_backlog = False  # until the next try
            try:
                with self._writer.held() as is_ours:
                    if is_ours:
                        delivery.spool()
            except SpoolError as failure:
                complain(f"{failure}; events wait in memory, and are lost if the program ends before")
            else:
                return
        if not self._stopping:
            self._signal.acquire(timeout=delivery.back_off.left())
