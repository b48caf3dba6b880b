"""Which file it is: known content at a known path, moved elsewhere, a copy, or something new.

A file is its content: the bytes that were imported must still be the first ones
of it. Rotation gives them another path; then they are taken on there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from foundups_logging.errors import MigrationError
from foundups_logging.migrate import ledger
from foundups_logging.migrate.ledger import FileRecord
from foundups_logging.migrate.source import Source, chained
from foundups_logging.migrate.store import MigrationStore

__all__ = ["HEAD_BYTES", "Known", "file_number", "has_content", "identify", "moved_to"]

HEAD_BYTES: Final = 4096


@dataclass(frozen=True)
class Known:
    """What the database knows of the file at a path.

    `here` is the record of its content; None where that is new. `is_new_path`
    tells that it had another path. `moved` is the
    record of what was at the path before, now at another path, and `gone` that
    of what was there and is nowhere to be found; `copy_of` the record of another
    file with the same content.
    """

    here: FileRecord | None = None
    is_new_path: bool = False
    moved: FileRecord | None = None
    gone: FileRecord | None = None
    copy_of: FileRecord | None = None


def identify(store: MigrationStore, path: Path, *, quick: bool = False) -> Known:
    """What is known of the file at `path`; `quick` doesn't read again what was imported.

    Raises MigrationError, StorageError.
    """
    known = store.read(lambda connection: ledger.files(connection, "WHERE state <> ?", (ledger.SUPERSEDED,)))
    before = next((record for record in known if record.path == str(path)), None)
    if before is not None and before.state == ledger.ROLLING_BACK:
        raise MigrationError(
            "its rollback was interrupted", operation="import", path=path, hint="run the rollback again, then this"
        )
    if before is not None and has_content(store, before, path, quick=quick):
        return Known(here=before)
    looks_like = _by_head(path)
    others = [
        record
        for record in known
        if record is not before and record.position and record.state != ledger.ROLLING_BACK and looks_like(record)
    ]
    moved = gone = None
    if before is not None:
        moved = moved_to(store, before)
        gone = before if moved is None else None
    for record in others:
        if not has_content(store, record, path):
            continue
        if not has_content(store, record, Path(record.path), quick=True):
            return Known(here=replace(record, path=str(path)), is_new_path=True, moved=moved, gone=gone)
        if record.position == _size(path) and record.state == ledger.ACTIVE:
            return Known(moved=moved, gone=gone, copy_of=record)
    return Known(moved=moved, gone=gone)


def has_content(store: MigrationStore, record: FileRecord, path: Path, *, quick: bool = False) -> bool:
    """Whether the file at `path` begins with what was imported of `record`.

    With `quick`, a file of that number, with the first and last bytes of it, is
    believed to. Raises MigrationError, StorageError.
    """
    if not path.is_file():
        return False
    with Source(path) as source:
        if not source.is_compressed and path.stat().st_size < record.position:
            return False
        head = b"".join(source.chunks(record.head_bytes))
        if hashlib.sha256(head).digest() != record.head:
            return False
        if quick and not source.is_compressed and file_number(path) == (record.device, record.inode):
            return record.tail == tail_of(path, record.position)
    running = b""
    with Source(path) as source:
        for chunk in store.read(lambda connection: ledger.chunks(connection, record)):
            digest, size = hashlib.sha256(), chunk.end_byte - chunk.first_byte
            for data in source.chunks(size):
                digest.update(data)
            running = chained(running, digest.digest())
    return running == record.running_hash


def tail_of(path: Path, position: int) -> bytes:
    """The SHA-256 of the last bytes before `position` of a file that isn't compressed."""
    start = max(0, position - HEAD_BYTES)
    with path.open("rb") as file:
        file.seek(start)
        return hashlib.sha256(file.read(position - start)).digest()


def file_number(path: Path) -> tuple[int, int]:
    """Device and inode of the file at `path`, or of nothing."""
    try:
        found = os.stat(path)  # noqa: PTH116 - beside other calls of os
    except OSError:
        return -1, -1
    return found.st_dev, found.st_ino


def _by_head(path: Path) -> Callable[[FileRecord], bool]:
    """The function that tells whether the file's first bytes are those of a record. Raises MigrationError."""
    if not path.is_file():
        return lambda _: False
    with Source(path) as source:
        head = b"".join(source.chunks(HEAD_BYTES))
    known: dict[int, bytes] = {}

    def looks_like(record: FileRecord) -> bool:
        size = record.head_bytes
        if size not in known:
            known[size] = hashlib.sha256(head[:size]).digest()
        return known[size] == record.head

    return looks_like


def moved_to(store: MigrationStore, record: FileRecord) -> FileRecord | None:
    """The record with the path where its content is now, among the files beside it that rotation may have made.

    None where it is nowhere there. Raises MigrationError, StorageError.
    """
    path = Path(record.path)
    if not record.position or not path.parent.is_dir():
        return None
    taken = {other.path for other in store.read(ledger.files)}
    stem = path.name.split(".")[0]
    beside = [entry for entry in path.parent.iterdir() if entry.name.startswith(stem) and entry != path]
    # What another record has may have moved on as well: those that nobody has first.
    for entry in sorted(beside, key=lambda entry: (str(entry) in taken, entry.name)):
        if has_content(store, record, entry):
            return replace(record, path=str(entry))
    return None


def _size(path: Path) -> int:
    with Source(path) as source:
        if not source.is_compressed:
            return path.stat().st_size
        return sum(map(len, source.chunks(1 << 62)))
