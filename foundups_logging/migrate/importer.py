"""Import: from a file to rows, exactly once.

What one transaction takes from a file, the chunk, is committed with the rows of
it, the rejected lines and the file's new position. Whenever the importer ends, by
SIGKILL too, the next one goes on at the position that the database has.
"""

from __future__ import annotations

import hashlib
import io
import math
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final, Literal, cast

from foundups_logging import timestamps
from foundups_logging.errors import MigrationError
from foundups_logging.migrate import ledger
from foundups_logging.migrate.chunk import OpenChunk
from foundups_logging.migrate.identity import HEAD_BYTES, file_number, identify
from foundups_logging.migrate.ledger import Chunk, FileRecord
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.moments import zone_resolved
from foundups_logging.migrate.parsing import with_usual_keys
from foundups_logging.migrate.source import Block, Source, encoding_of, lines_of
from foundups_logging.migrate.store import MigrationStore

__all__ = ["FileSource", "ImportResult", "import_file", "import_stream"]

_BYTES_OF_A_MARK: Final = 4
_COMMIT_EVERY: Final = 1.0  # seconds, of what comes through a pipe

#: What to do with a file whose imported content is gone: raise, import what is there now, or leave it.
Rewritten = Literal["stop", "import", "skip"]
#: Called with the position in the file's content, and the result so far.
Progress = Callable[[int, "ImportResult"], object]


@dataclass(frozen=True)
class FileSource:
    """A file to import: its absolute path, the name it is told by, and how its objects become rows."""

    path: Path
    name: str
    mapping: FileMapping


@dataclass
class ImportResult:
    """What an import did with a file.

    `state` is "imported", "duplicate" (of the file named `duplicate_of`, so
    nothing was imported), "rewritten" or "truncated" (so nothing was). The counts
    are of this import: `lines` of the file, of which `blank` were; `records` that
    became rows; `rejected` entries of rejected_lines. `waiting_bytes` belong to
    a last line that isn't finished. `rotated` are the results for what was at the
    path before and was found elsewhere. `record` is what the database knows now.
    """

    path: Path
    name: str
    domain: str
    state: str = "imported"
    lines: int = 0
    blank: int = 0
    records: int = 0
    rejected: int = 0
    bytes: int = 0
    waiting_bytes: int = 0
    duplicate_of: str = ""
    seconds: float = 0.0
    rotated: list[ImportResult] = field(default_factory=list)
    record: FileRecord | None = None

    def count(self, chunk: Chunk | None) -> None:
        """Count a chunk that is committed."""
        if chunk is not None:
            self.lines += chunk.lines
            self.blank += chunk.blank
            self.records += chunk.records
            self.rejected += chunk.rejected
            self.bytes += chunk.end_byte - chunk.first_byte


def import_file(  # noqa: PLR0913 - each is its own question
    store: MigrationStore,
    source: FileSource,
    *,
    migration: str,
    is_final: bool = False,
    rewritten: Rewritten = "stop",
    keeps_duplicates: bool = False,
    quick: bool = False,
    progress: Progress | None = None,
) -> ImportResult:
    """Import what isn't imported yet of a file into the table of its domain.

    `migration` names what it belongs to, for rolling back; a file goes on to
    belong to the one that imported it first, with the mapping it had then. An
    unfinished last line waits, unless `is_final` or the file is compressed.
    `keeps_duplicates` imports a file that has the same content as another one.
    `quick` trusts a file that has the same number, first and last bytes to begin
    with what was imported; without it, that is read again.

    Raises MigrationError, StorageError, SchemaError and ConfigurationError;
    what was committed before stays, and the next call goes on there.
    """
    started = time.perf_counter()
    if source.path.exists() and not source.path.is_file():
        raise MigrationError(
            "it is no regular file", operation="import", path=source.path, hint='give "-" to import from a pipe'
        )
    store.prepare([source.mapping.domain])
    known = identify(store, source.path, quick=quick)
    result = ImportResult(source.path, source.name, source.mapping.domain.name)
    if known.moved is not None:
        result.rotated.append(_follow(store, known.moved, is_final=is_final))
    record = known.here
    if record is not None and known.is_new_path:
        here = record
        record = store.write(lambda connection: ledger.save(connection, here))
    if known.gone is not None:
        result.state = _replaced(store, known.gone, source.path, rewritten)
    if result.state == "imported":
        if record is None and known.copy_of is not None and not keeps_duplicates:
            record = _duplicate(store, source, known.copy_of, migration)
        record = record or _new_record(store, source, migration, is_final=is_final)
        if record is not None:
            _check_domain(record, source)
            _go_on(store, record, result, is_final=is_final, progress=progress)
    result.seconds = time.perf_counter() - started
    return result


def import_stream(
    store: MigrationStore, stream: BinaryIO, mapping: FileMapping, *, migration: str, progress: Progress | None = None
) -> ImportResult:
    """Import what comes through a pipe, to its end; it is committed about once a second.

    It is imported whenever it comes, since nothing tells what of it came before;
    a file with the same content is known by it later. Raises as `import_file`.
    """
    started = time.perf_counter()
    store.prepare([mapping.domain])
    name = f"(stdin, {timestamps.now()})"
    result = ImportResult(Path(name), name, mapping.domain.name)
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream))
    encoding = encoding_of(buffered.peek(_BYTES_OF_A_MARK))
    source = Source(Path(name), buffered)
    blocks = source.blocks(encoding, takes_open_line=True)
    first = next(blocks, None)
    if first is not None:
        usual = with_usual_keys(mapping, lines_of(first.raw, encoding))
        record = _write_record(store, Path(name), name, usual, encoding, migration)
        _take(OpenChunk(store, record, b"", b""), chain([first], blocks), result, progress, _COMMIT_EVERY)
    result.seconds = time.perf_counter() - started
    return result


def _follow(store: MigrationStore, record: FileRecord, *, is_final: bool) -> ImportResult:
    """Take on what is at another path now."""
    result = ImportResult(Path(record.path), Path(record.path).name, record.domain)
    saved = store.write(lambda connection: ledger.save(connection, record))
    _go_on(store, saved, result, is_final=is_final, progress=None)
    return result


def _replaced(store: MigrationStore, gone: FileRecord, path: Path, rewritten: Rewritten) -> str:
    """What becomes of a path whose imported content is nowhere to be found. Raises MigrationError."""
    is_empty = path.is_file() and path.stat().st_size == 0
    if not is_empty and path.is_file() and rewritten == "skip":
        return "rewritten"
    if not is_empty and rewritten != "import":
        raise MigrationError(
            f"its first {gone.position:,} bytes, which were imported, aren't there any more"
            if path.is_file()
            else "it was imported in part and is gone",
            operation="import",
            path=path,
            hint='see what rewrote it; then rewritten="import" takes what is there now as well, "skip" leaves it',
        )
    store.write(lambda connection: ledger.save(connection, replace(gone, state=ledger.SUPERSEDED)))
    return "truncated" if is_empty else "imported"


def _duplicate(store: MigrationStore, source: FileSource, original: FileRecord, migration: str) -> FileRecord:
    """Write down that the file is a copy of one that is imported."""

    def write(connection: sqlite3.Connection) -> FileRecord:
        there = _at_path(connection, source.path)  # by another process, meanwhile
        if there is not None:
            return there
        device, inode = file_number(source.path)
        copy = replace(
            original,
            id=0,
            migration_id=ledger.begin_migration(connection, migration),
            path=str(source.path),
            name=source.name,
            state=ledger.DUPLICATE,
            duplicate_of=original.id,
            device=device,
            inode=inode,
            records=0,
            rejected=0,
            started=timestamps.now(),
        )
        return ledger.save(connection, copy)

    return store.write(write)


def _new_record(store: MigrationStore, source: FileSource, migration: str, *, is_final: bool) -> FileRecord | None:
    """Write a file down that isn't known; None where it has too little content yet to tell its encoding."""
    with Source(source.path) as opened:
        head = b"".join(opened.chunks(HEAD_BYTES))
        if len(head) < _BYTES_OF_A_MARK and not (is_final or opened.is_compressed):
            return None
    encoding = encoding_of(head)
    with Source(source.path) as opened:
        first = next(opened.blocks(encoding, takes_open_line=True), None)
    mapping = with_usual_keys(source.mapping, lines_of(first.raw, encoding) if first else ())
    return _write_record(store, source.path, source.name, mapping, encoding, migration)


def _write_record(  # noqa: PLR0913 - a record's parts
    store: MigrationStore, path: Path, name: str, mapping: FileMapping, encoding: str, migration: str
) -> FileRecord:
    def write(connection: sqlite3.Connection) -> FileRecord:
        there = _at_path(connection, path)  # by another process, meanwhile
        if there is not None:
            return there
        number = ledger.begin_migration(connection, migration)
        # So that the rows can be verified on another machine.
        text = replace(mapping, timezone=zone_resolved(mapping.timezone)).to_text()
        record = FileRecord(number, str(path), name, text, mapping.domain.name, encoding)
        return ledger.save(connection, record)

    return store.write(write)


def _at_path(connection: sqlite3.Connection, path: Path) -> FileRecord | None:
    found = ledger.files(connection, "WHERE path = ? AND state <> ?", (str(path), ledger.SUPERSEDED))
    return found[0] if found else None


def _check_domain(record: FileRecord, source: FileSource) -> None:
    if record.domain != source.mapping.domain.name:
        raise MigrationError(
            f"it was imported into {record.domain} already",
            operation="import",
            path=source.path,
            hint=f"roll that back first, or import it into {record.domain}",
        )


def _go_on(
    store: MigrationStore, record: FileRecord, result: ImportResult, *, is_final: bool, progress: Progress | None
) -> None:
    """Import from the record's position to the end of the file, in chunks."""
    path = Path(record.path)
    store.prepare([record.file_mapping().domain])
    with Source(path) as source:
        head = b"".join(source.chunks(min(HEAD_BYTES, record.position)))
    with Source(path) as source:
        tail = source.advance(record.position, HEAD_BYTES)
        if hashlib.sha256(tail).digest() != record.tail:
            raise MigrationError(
                "it was moved or rewritten at this moment", operation="import", path=path, hint="run this again"
            )
        blocks = source.blocks(record.encoding, takes_open_line=is_final or source.is_compressed)
        record = _take(OpenChunk(store, record, head, tail), blocks, result, progress)
        result.waiting_bytes = source.position - record.position
    if record.state == ledger.DUPLICATE and not result.bytes:
        result.state, result.duplicate_of = "duplicate", _name_of(store, record)


def _take(
    chunk: OpenChunk,
    blocks: Iterable[Block],
    result: ImportResult,
    progress: Progress | None,
    commit_every: float = math.inf,
) -> FileRecord:
    """Import the blocks, and return the file's record then."""
    due = time.monotonic() + commit_every
    for block in blocks:
        chunk.add(block)
        if chunk.is_full or time.monotonic() > due:
            result.count(chunk.commit())
            due = time.monotonic() + commit_every
            if progress is not None:
                progress(chunk.record.position, result)
    result.count(chunk.commit())
    result.record = chunk.record
    if progress is not None:
        progress(chunk.record.position, result)
    return chunk.record


def _name_of(store: MigrationStore, record: FileRecord) -> str:
    """The name of the file that this one is a copy of."""
    found = store.read(lambda connection: ledger.files(connection, "WHERE id = ?", (record.duplicate_of,)))
    return found[0].name if found else ""
