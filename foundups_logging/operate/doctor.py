"""The doctor: looks at a database and all around it, changes nothing, and says what needs doing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from foundups_logging.errors import FoundupsLoggingError, QueryError
from foundups_logging.operate.accounts import Account, read_accounts, read_progress
from foundups_logging.operate.contents import look_inside
from foundups_logging.operate.findings import NOTE, OK, PROBLEM, Finding, bytes_text, seconds_text, some
from foundups_logging.operate.surroundings import look_around
from foundups_logging.operate.waiting import waiting
from foundups_logging.spool.segment import segments

__all__ = ["examine"]

_SHOWN: Final = 3  # of many writers
_LONG_WAIT: Final = timedelta(minutes=1)  # after which something must be in a writer's way


def examine(path: Path, spool: Path, *, full: bool = False) -> list[Finding]:
    """All that is found about the database at `path` and its spool; whatever is wrong with it is a finding too.

    With `full`, integrity_check instead of quick_check. The database is opened
    for reading only, in this process, which should be one of its own: beside its
    writers, Linux's locks would be told less of. Waits up to two seconds where
    somebody holds a lock.
    """
    found = _guarded("surroundings", look_around(path, spool))
    inside = _guarded("database", _inside(path, full=full))
    accounts, reason = None, inside[0].message
    if inside[0].level != PROBLEM:  # else it can't be opened; to try again would only take time
        try:
            accounts, reason = read_accounts(path, spool), ""
        except (QueryError, OSError) as error:
            reason = error.message if isinstance(error, QueryError) else str(error)
    told = [Finding("writers", NOTE, f"their accounts can't be read: {reason}")] if reason else _writers(accounts)
    return [*inside, *found, *told, *_guarded("spool", _spool(path, spool, accounts))]


def _inside(path: Path, *, full: bool) -> Iterator[Finding]:
    if path.is_file():
        yield from look_inside(path, full=full)
    else:
        yield Finding("database", PROBLEM, f"there is no {path}", "give the path, or start a program that logs there")


def _guarded(check: str, findings: Iterator[Finding]) -> list[Finding]:
    """The findings, and as one more what the system refuses to tell."""
    found: list[Finding] = []
    try:
        found.extend(findings)
    except OSError as error:
        hint = "let this user read it, or ask as its owner"
        found.append(Finding(check, PROBLEM, f"can't be looked at: {error.filename}: {error.strerror}", hint))
    except FoundupsLoggingError as error:
        found.append(Finding(check, PROBLEM, f"can't be read: {error.message}", error.hint))
    return found


def _writers(accounts: Sequence[Account] | None) -> Iterator[Finding]:
    if accounts is None:
        yield Finding("writers", NOTE, "the database has no accounts: no program that keeps them has written here yet")
        return
    missing = [account for account in accounts if account.unaccounted or account.spool_gap]
    for account in missing:
        hint = "compare with what that program logged; once it is clear, delete its row from writer_stats"
        yield Finding("writers", PROBLEM, f"{_name(account)}: {'; '.join(account.gaps)}", hint)
    gone = [account for account in accounts if account.state == "gone"]
    if gone:
        told = f"{some(len(gone), 'writer')} ended without a last word, killed perhaps: {_names(gone)}"
        hint = "each may have lost up to one flush interval of events; `foundups-logging stats` shows them"
        yield Finding("writers", NOTE, told, hint)
    dropping = [account for account in accounts if account.counts["dropped"]]
    if dropping:
        number = sum(account.counts["dropped"] for account in dropping)
        hint = 'unless that is meant: a larger queue_size, or when_full="spool"'
        yield Finding("writers", NOTE, f"{some(number, 'event')} dropped by {_names(dropping)}", hint)
    if not missing and not gone and not dropping:
        yield Finding("writers", OK, f"{some(len(accounts), 'account')}; all add up")


def _spool(path: Path, spool: Path, accounts: Sequence[Account] | None) -> Iterator[Finding]:
    found = segments(spool)
    progress: dict[str, dict[str, Any]] = {}
    if found and accounts is not None:
        with contextlib.suppress(QueryError):  # nothing was ever replayed
            progress = read_progress(path)
    rows_waiting = torn = size = 0
    oldest = None
    for segment in found:
        try:
            size += segment.path.stat().st_size
            left = waiting(segment, progress.get(segment.path.name, {}).get("position") or 0)
        except FileNotFoundError:  # replayed meanwhile
            continue
        rows_waiting += left.rows
        torn += left.torn
        oldest = min(filter(None, (oldest, left.oldest)), default=None)
    if not rows_waiting and not torn:
        yield Finding("spool", OK, f"nothing waits in {spool}")
        return
    told = f"{some(rows_waiting, 'row')} in {some(len(found), 'segment')} ({bytes_text(size)}) of {spool}"
    if oldest:
        told += f", the oldest of {seconds_text(oldest)}"
    states = {account.writer: account for account in accounts or ()}
    running = [states[name] for name in {segment.writer for segment in found} if name in states]
    running = [account for account in running if account.state == "running"]
    if running and not _is_long_ago(oldest):
        hint = "the running programs write them once the database takes them"
        yield Finding("spool", NOTE, told, hint)
    elif running:
        errors = {account.last_error for account in running if account.last_error}
        hint = "something is in the running programs' way; what stands above, or their last error, may say what"
        yield Finding("spool", PROBLEM, told + "".join(f"; last error: {error}" for error in sorted(errors)), hint)
    else:
        hint = "start a program that logs to this database: it writes them"
        yield Finding("spool", PROBLEM, told, hint)
    if torn:
        told = f"{some(torn, 'line')} of the spool torn or changed"
        yield Finding("spool", NOTE, told, "they become dead letters, with their text, when the spool is replayed")


def _is_long_ago(timestamp: str | None) -> bool:
    try:
        return timestamp is not None and datetime.now(UTC) - datetime.fromisoformat(timestamp) > _LONG_WAIT
    except (ValueError, TypeError):
        return False


def _names(accounts: Sequence[Account]) -> str:
    """The newest few by name."""
    names = [_name(account) for account in reversed(accounts[-_SHOWN:])]
    return ", ".join(names) + (f" and {len(accounts) - _SHOWN} more" if len(accounts) > _SHOWN else "")


def _name(account: Account) -> str:
    return f"{account.program or account.writer} (process {account.pid}, begun {seconds_text(account.started)})"
