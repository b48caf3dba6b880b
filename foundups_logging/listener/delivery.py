"""Delivery: how what waits gets out of memory. Into the database; where that fails for long, into the spool."""

from __future__ import annotations

from foundups_logging.clock import monotonic
from foundups_logging.complaints import complain
from foundups_logging.errors import SpoolError, StorageError, WriteError
from foundups_logging.listener.back_off import BackOff
from foundups_logging.listener.writer import Writer
from foundups_logging.sinks.ticket import Ticket

__all__ = ["Delivery"]

_RETRY_FOR = 2.0  # seconds a batch is tried again until it is spooled


class Delivery:
    """Has a writer write, spool or replay what waits, while the caller holds it.

    While the database fails it is tried again for a while; then `is_down`: what
    comes is spooled, until a try succeeds.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.reset()

    def reset(self) -> None:
        """Begin anew: at first, and in a forked child."""
        self.is_down = self.writer.sink.is_barred
        self.spool_by: float | None = None  # on the monotonic clock: from when on there is no trying again
        self.since: float | None = None  # when the oldest of what waits came, about
        self.back_off = BackOff()

    def write(self, left: int) -> None:
        """Write what waits: of the queue the first `left` items, what comes meanwhile gathers again.

        Raises StorageError.
        """
        writer = self.writer
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

    def spool(self) -> None:
        """Spool all that waits. Raises SpoolError."""
        writer = self.writer
        while writer.commits or writer.queue or writer.batch:
            writer.spool_from(writer.commits or writer.queue)
        self.since = None

    def spool_or_drop(self) -> None:
        """Spool all that waits, while the writer is held; what can't be is lost, counted and told."""
        try:
            self.spool()
        except SpoolError as error:
            number = sum(self.writer.drop_from(queue) for queue in (self.writer.commits, self.writer.queue))
            complain(f"{error}; {number} events are lost")

    def replay_own(self) -> None:
        """Bring in what this process has spooled, before anything else is written. Raises StorageError."""
        writer = self.writer
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

    def fail(self, error: BaseException) -> None:
        """Note a failure; from the time on when it has gone on for long enough, all goes to the spool."""
        self.back_off.fail()
        if monotonic() >= self._patience():
            self.is_down = True
        self.note(error)

    def succeed(self) -> None:
        """Note that all that waited is in the database."""
        self.is_down = False
        self.back_off.succeed()

    def _patience(self) -> float:
        """Until when to try: not longer than those wait whose rows the batch holds, or than the program's end."""
        since = self.back_off.since
        assert since is not None  # noqa: S101 - something has failed
        batch = self.writer.batch
        tickets = [item for item in batch.items if type(item) is Ticket and item.row] if batch else []
        spool_by = [] if self.spool_by is None else [self.spool_by]
        return min([since + _RETRY_FOR, *spool_by, *(ticket.deadline for ticket in tickets)])

    def note(self, error: BaseException) -> None:
        """Tell an error once, and keep it for whoever asks."""
        text = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
        self.writer.totals.last_error = text
        if isinstance(error, WriteError) and not self.is_down:
            return  # others have the database: that may last a moment, and is worth no word
        if isinstance(error, SpoolError):
            complain(text)
        elif isinstance(error, StorageError):
            complain(f"{text}; events are tried again, then spooled to {self.writer.spool.directory}")
        else:
            complain(f"the listener failed and goes on: {text}")
