"""Rollback: the rows of a migration, and what the database knows of it, are removed; what was logged stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from foundups_logging.errors import MigrationError
from foundups_logging.migrate import ledger
from foundups_logging.migrate.ledger import FileRecord
from foundups_logging.migrate.store import MigrationStore

__all__ = ["RolledBack", "rollback"]

_OPERATION: Final = "roll back"


@dataclass
class RolledBack:
    """What a rollback removed: files' records, rows of domain tables, and entries of rejected_lines.

    `missing` rows of the migration had been deleted before.
    """

    files: int = 0
    records: int = 0
    rejected: int = 0
    missing: int = 0


def rollback(store: MigrationStore, migration: str, *, paths: Collection[Path] | None = None) -> RolledBack:
    """Remove exactly the rows of a migration, or of those of its files that are at `paths`, and its progress.

    Each of its transactions is undone in one; where a rollback is interrupted,
    the next goes on with the rest. Raises MigrationError where there is no such
    migration, and where another one has files that are copies of its own.
    """
    store.prepare(())
    chosen = store.read(lambda connection: _files(connection, migration, paths, store.path))
    done = RolledBack()
    for record in chosen:
        while (removed := store.write(partial(_remove_chunk, record=record))) is not None:
            done.records += removed.records
            done.rejected += removed.rejected
            done.missing += removed.missing
        done.files += 1
    if paths is None:
        store.write(lambda connection: connection.execute("DELETE FROM migrations WHERE name = ?", (migration,)))
    return done


def _files(
    connection: sqlite3.Connection, migration: str, paths: Collection[Path] | None, database: Path
) -> list[FileRecord]:
    """The files to remove, copies before what they are copies of. Raises MigrationError, sqlite3.Error."""
    found = connection.execute("SELECT id FROM migrations WHERE name = ?", (migration,)).fetchone()
    if found is None:
        names = [name for (name,) in connection.execute("SELECT name FROM migrations ORDER BY id")]
        raise MigrationError(
            f"there is no migration {migration!r}",
            operation=_OPERATION,
            path=database,
            hint=f"there are: {', '.join(names)}" if names else "nothing was migrated into it",
        )
    records = ledger.files(connection, "WHERE migration_id = ?", found)
    if paths is not None:
        wanted = {str(path) for path in paths}
        unknown = wanted - {record.path for record in records}
        if unknown:
            raise MigrationError(
                f"{min(unknown)} is no file of migration {migration!r}",
                operation=_OPERATION,
                path=database,
                hint="give the path that it was imported from",
            )
        records = [record for record in records if record.path in wanted]
    ids = {record.id for record in records}
    for copy in ledger.files(connection, "WHERE duplicate_of IS NOT NULL"):
        if copy.duplicate_of in ids and copy.id not in ids:
            raise MigrationError(
                f"{copy.path} was taken for a copy of one of its files, and has no rows of its own",
                operation=_OPERATION,
                path=database,
                hint="roll that file back first",
            )
    return sorted(records, key=lambda record: (record.duplicate_of is None, record.id))


def _remove_chunk(connection: sqlite3.Connection, record: FileRecord) -> RolledBack | None:
    """Remove the last transaction of a file; None where none was left, and the file's record is removed."""
    last = connection.execute(
        "SELECT id, first_byte, end_byte, records, first_row FROM migration_chunks "
        "WHERE file_id = ? ORDER BY first_byte DESC LIMIT 1",
        (record.id,),
    ).fetchone()
    if last is None:
        connection.execute("DELETE FROM migration_files WHERE id = ?", (record.id,))
        return None
    number, first_byte, end_byte, records, first_row = last
    # An import that goes on meanwhile, or before the rest is removed, must not take the file for whole.
    sql = "UPDATE migration_files SET state = ?, position = ? WHERE id = ?"
    connection.execute(sql, (ledger.ROLLING_BACK, first_byte, record.id))
    deleted = 0
    if records:
        sql = f'DELETE FROM "{record.domain}" WHERE id BETWEEN ? AND ?'
        deleted = connection.execute(sql, (first_row, first_row + records - 1)).rowcount
    sql = "DELETE FROM rejected_lines WHERE file_id = ? AND byte_offset >= ? AND byte_offset < ?"
    rejected = connection.execute(sql, (record.id, first_byte, end_byte)).rowcount
    connection.execute("DELETE FROM migration_chunks WHERE id = ?", (number,))
    return RolledBack(0, deleted, rejected, records - deleted)
