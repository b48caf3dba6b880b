"""What the doctor looks at in a database: journal mode, integrity, tables, dead letters."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from foundups_logging.domains.loading import builtin_domains
from foundups_logging.errors import SchemaError, StorageError
from foundups_logging.operate.findings import NOTE, OK, PROBLEM, Finding, bytes_text, seconds_text, some
from foundups_logging.sinks.connections import READ_PRAGMAS, open_reader
from foundups_logging.sinks.filesystem import network_filesystem
from foundups_logging.sinks.schema import lacks, read_declarations

__all__ = ["faults_of", "look_inside"]

_PRAGMAS: Final = READ_PRAGMAS | {"foreign_key_check", "integrity_check", "journal_mode", "quick_check"}
_BUSY_TIMEOUT: Final = 2.0  # seconds
_SHOWN: Final = 3  # of many faults, tables or reasons
_SET_ASIDE: Final = "restore a backup, or `foundups-logging set-aside` it: running programs then begin a new one"
_CORRUPT: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def look_inside(path: Path, *, full: bool) -> Iterator[Finding]:
    """What is found in the database at `path`, opened for reading only; what can't be read is a finding too."""
    try:
        connection = open_reader(path, _BUSY_TIMEOUT, _PRAGMAS)
    except StorageError as error:
        hint = _SET_ASIDE if _is_corruption(error.__cause__) else error.hint
        yield Finding("database", PROBLEM, error.message, hint)
        return
    checks: tuple[tuple[str, Callable[[sqlite3.Connection], Iterable[Finding]]], ...] = (
        ("database", lambda connection: _database(connection, path)),
        ("integrity", lambda connection: _integrity(connection, full=full)),
        ("tables", lambda connection: _tables(connection, path)),
        ("dead letters", _dead_letters),
    )
    try:
        for name, check in checks:
            try:
                yield from check(connection)
            except (sqlite3.Error, sqlite3.Warning, UnicodeError, ValueError) as error:
                hint = _SET_ASIDE if _is_corruption(error) else "look at what else is told here"
                yield Finding(name, PROBLEM, f"can't be read: {error}", hint)
    finally:
        connection.close()


def faults_of(path: Path) -> str | None:
    """What makes the database at `path` unsound, in a few words; None where nothing does.

    Raises StorageError where that can't be told, as where it is locked.
    """
    try:
        connection = open_reader(path, _BUSY_TIMEOUT, _PRAGMAS)
    except StorageError as error:
        if _is_corruption(error.__cause__):
            return error.message
        raise
    try:
        faults = _check(connection, "quick_check")
    except (sqlite3.Error, UnicodeError) as error:
        if _is_corruption(error):
            return str(error)
        raise StorageError(
            str(error), operation="check database", path=path, hint="see `foundups-logging doctor`"
        ) from error
    finally:
        connection.close()
    return _first(faults) if faults else None


def _database(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    yield Finding("database", OK, f"{path}, {bytes_text(path.stat().st_size)}")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal":
        yield Finding("journal mode", OK, "write-ahead log")
    elif mode == "delete" and network_filesystem(path) is not None:
        yield Finding("journal mode", OK, "rollback journal, as a network file system demands")
    else:
        told = f"rollback journal ({mode}): readers and writers keep each other waiting"
        hint = 'unless that is meant (journal_mode="DELETE"): a handler switches to the write-ahead log at its start'
        yield Finding("journal mode", NOTE, told, hint)


def _integrity(connection: sqlite3.Connection, *, full: bool) -> Iterator[Finding]:
    kind = "integrity_check" if full else "quick_check"
    faults = _check(connection, kind)
    if faults:
        yield Finding("integrity", PROBLEM, _first(faults), _SET_ASIDE)
    else:
        also = "" if full else "; --full looks at the indexes too"
        yield Finding("integrity", OK, f"sound ({kind}{also})")
    if full:
        broken: dict[str, int] = {}
        for table, *_ in connection.execute("PRAGMA foreign_key_check"):
            broken[table] = broken.get(table, 0) + 1
        for table, number in broken.items():
            told = f"{some(number, 'row')} of {table} refer to rows that aren't there (foreign_key_check)"
            yield Finding(
                "integrity", NOTE, told, "the table is its owner's; foundups_logging's have no such references"
            )


def _check(connection: sqlite3.Connection, kind: str) -> list[str]:
    """The faults that SQLite finds. Raises sqlite3.Error."""
    return [line for (line,) in connection.execute(f"PRAGMA {kind}") if line != "ok"]


def _first(lines: list[str]) -> str:
    """The first few of many lines."""
    told = "; ".join(" ".join(line.split()) for line in lines[:_SHOWN])
    return told + (f"; and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else "")


def _tables(connection: sqlite3.Connection, path: Path) -> Iterator[Finding]:
    declared, faults = read_declarations(connection)
    for fault in faults:
        yield Finding("tables", NOTE, fault, "read the database by the version that wrote the declaration")
    if not declared:
        if not faults:
            yield Finding("tables", NOTE, "no program of foundups_logging has written here yet")
        return
    own = {domain.name: domain for domain in builtin_domains()}
    missing: list[str] = []
    for domain in declared:
        try:
            missing += lacks(connection, domain, path)
        except SchemaError as error:
            told = f"{domain.name}: {error.message}, so its events go to dead_letters"
            yield Finding("tables", PROBLEM, told, error.hint)
    if missing:
        hint = "start a program that logs there: it makes what is missing"
        yield Finding("tables", PROBLEM, f"missing: {', '.join(missing)}", hint)
    else:
        others = sorted(domain.name for domain in declared if domain.name not in own)
        told = f"{some(len(declared), 'domain')} declared" + (
            f", of the users' own: {', '.join(others)}" if others else ""
        )
        yield Finding("tables", OK, f"{told}; all there is")


def _dead_letters(connection: sqlite3.Connection) -> Iterator[Finding]:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'dead_letters' AND type = 'table'").fetchone()
    number, newest = (0, None)
    if found:
        number, newest = connection.execute("SELECT count(*), max(timestamp) FROM dead_letters").fetchone()
    if not number:
        yield Finding("dead letters", OK, "none")
        return
    reasons = connection.execute(
        "SELECT count(*), domain, error FROM dead_letters GROUP BY domain, error ORDER BY 1 DESC, 2, 3"
    ).fetchall()
    told = [f"{count} of {domain or 'no domain'}: {' '.join(str(error).split())}" for count, domain, error in reasons]
    yield Finding(
        "dead letters",
        PROBLEM,
        f"{number}, the newest of {seconds_text(newest)}: {_first(told)}",
        "change the programs or the domains, then log again or delete what `foundups-logging query "
        '"SELECT * FROM dead_letters"` shows',
    )


def _is_corruption(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    # sqlite3 decodes messages that quote a corrupt page.
    return isinstance(error, UnicodeError) or (code is not None and code & 0xFF in _CORRUPT)
