"""A chunk: what is read of a file and not committed yet, then what one transaction writes."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from foundups_logging.domains.tables import TableSpec, table_of
from foundups_logging.errors import MigrationError
from foundups_logging.migrate import ledger
from foundups_logging.migrate.identity import HEAD_BYTES, file_number
from foundups_logging.migrate.ledger import Chunk, FileRecord, Rejected
from foundups_logging.migrate.parsing import Parser
from foundups_logging.migrate.rows import RowMaker
from foundups_logging.migrate.source import Block, Source, chained
from foundups_logging.migrate.store import MigrationStore
from foundups_logging.sinks.inserts import ROWS_FAULTS
from foundups_logging.sinks.statements import insert_one, insert_rows

__all__ = ["REFUSED", "OpenChunk"]

#: Rows of one transaction: other writers wait for a seventh of a second.
ROWS_A_TRANSACTION: Final = 50_000
#: What the reason begins with where it was the table that rejected an object.
REFUSED: Final = "the table refuses it"
_BYTES_A_TRANSACTION: Final = 32 << 20
_ROWS_A_STATEMENT: Final = 1024  # fit the processor's cache


class OpenChunk:
    """What is read of a file and not committed yet."""

    def __init__(self, store: MigrationStore, record: FileRecord, head: bytes, tail: bytes) -> None:
        mapping = record.file_mapping()
        self._store = store
        self._maker = RowMaker(mapping)
        self._table: TableSpec = table_of(mapping.domain)
        self._parser = Parser(self._maker, record.encoding)
        #: The file's record as it was committed last.
        self.record = record
        self._head, self._tail = head, tail
        self._begin()

    def _begin(self) -> None:
        self._parser.clear()
        self._hash = hashlib.sha256()
        self._end = self.record.position
        self._is_open = self.record.is_open

    @property
    def is_full(self) -> bool:
        """Whether it is time for a transaction."""
        size = self._end - self.record.position
        return len(self._parser.rows) >= ROWS_A_TRANSACTION or size >= _BYTES_A_TRANSACTION

    def add(self, block: Block) -> None:
        """Take a block."""
        continues_line = bool(self._is_open)
        first_line = self.record.lines + self._parser.lines + (not continues_line)
        self._parser.add(block, first_line, continues_line=continues_line)
        self._hash.update(block.raw)
        if block.start < HEAD_BYTES:
            self._head = (self._head[: block.start] + block.raw)[:HEAD_BYTES]
        self._tail = (self._tail + block.raw[-HEAD_BYTES:])[-HEAD_BYTES:]
        self._end = block.start + len(block.raw)
        self._is_open = int(block.is_open)

    def commit(self) -> Chunk | None:
        """Commit what there is; None where there is nothing. Raises MigrationError, StorageError."""
        if self._end == self.record.position:
            return None
        try:
            chunk = self._commit(self._parser.rows, self._parser.rejected)
        except _RefusedRowsError:
            chunk = self._commit(*self._accepted())
        self._begin()
        return chunk

    def _commit(self, rows: Sequence[tuple[Any, ...]], rejected: Sequence[Rejected]) -> Chunk:
        old, parser = self.record, self._parser
        chunk = Chunk(
            old.position, self._end, self._hash.digest(), old.is_open, old.lines + (not old.is_open),
            parser.lines, parser.blank, len(rejected), len(rows),
        )  # fmt: skip
        device, inode = file_number(Path(old.path))
        new = replace(
            old,
            position=self._end,
            running_hash=chained(old.running_hash, chunk.hash),
            head_bytes=len(self._head),
            head=hashlib.sha256(self._head).digest(),
            tail=hashlib.sha256(self._tail).digest(),
            is_open=self._is_open,
            device=device,
            inode=inode,
            lines=old.lines + chunk.lines,
            blank=old.blank + chunk.blank,
            records=old.records + chunk.records,
            rejected=old.rejected + chunk.rejected,
        )
        self.record = self._store.write(lambda connection: self._write(connection, old, new, chunk, rows, rejected))
        return chunk

    def _write(  # noqa: PLR0913 - what belongs into one transaction
        self,
        connection: sqlite3.Connection,
        old: FileRecord,
        new: FileRecord,
        chunk: Chunk,
        rows: Sequence[tuple[Any, ...]],
        rejected: Sequence[Rejected],
    ) -> FileRecord:
        state = ledger.files(connection, "WHERE id = ?", (old.id,))
        there = (state[0].position, state[0].running_hash) if state else None
        if there == (new.position, new.running_hash):
            return state[0]  # a commit that was reported to have failed, and hadn't
        if there != (old.position, old.running_hash):
            raise MigrationError(
                "another process has imported or rolled back this file meanwhile",
                operation="import",
                path=new.path,
                hint="wait for it, then run this again",
            )
        first = ledger.next_row(connection, self._table.name)
        try:
            for start in range(0, len(rows), _ROWS_A_STATEMENT):
                insert_rows(connection, self._table, rows[start : start + _ROWS_A_STATEMENT])
        except ROWS_FAULTS as error:
            raise _RefusedRowsError from error
        if rows and ledger.next_row(connection, self._table.name) != first + len(rows):
            raise MigrationError(
                f"the rows of {self._table.name} got other ids than the next ones",
                operation="import into",
                path=self._store.path,
                hint="remove the triggers from that table",
            )
        ledger.add_rejected(connection, new, rejected)
        ledger.add_chunk(connection, new.id, chunk._replace(first_row=first))
        return ledger.save(connection, new)

    def _accepted(self) -> tuple[list[tuple[Any, ...]], list[Rejected]]:
        """The rows that the table takes, and with the rejected lines those that it refuses: each is tried by itself."""
        record = self.record
        parser = Parser(self._maker, record.encoding, keeps_origins=True)
        with Source(Path(record.path)) as source:
            source.advance(record.position)
            raw = b"".join(source.chunks(self._end - record.position))
        block = Block(record.position, raw, is_open=bool(self._is_open))
        parser.add(block, record.lines + (not record.is_open), continues_line=bool(record.is_open))

        refused: dict[int, str] = {}

        def try_each(connection: sqlite3.Connection) -> None:
            for place, row in enumerate(parser.rows):
                connection.execute("SAVEPOINT one_row")
                try:
                    insert_one(connection, self._table, row)
                except ROWS_FAULTS as error:
                    connection.execute("ROLLBACK TO one_row")
                    refused[place] = f"{REFUSED}: {error}"
            raise _RefusedRowsError  # to undo it all

        with contextlib.suppress(_RefusedRowsError):
            self._store.write(try_each)
        rows = [row for place, row in enumerate(parser.rows) if place not in refused]
        more = [parser.origins[place]._replace(reason=reason) for place, reason in refused.items()]
        return rows, sorted((*parser.rejected, *more), key=lambda entry: entry.byte_offset)


class _RefusedRowsError(Exception):
    """The table refused a row, and the transaction is undone."""
