"""What a person should know besides the files, writers and readers themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from foundups_logging.audit.model import Access, JsonlFile, Problem
from foundups_logging.audit.phrases import and_more, joined, plural
from foundups_logging.audit.traits import details, has

__all__ = ["findings"]

# What a reader depends on besides the records, and what that means for it.
_BREAKS: Final = {
    "text scan": "searches the lines as text",
    "line count": "counts lines",
    "byte offset": "goes by byte offsets",
    "tail": "reads the end of the file",
    "size or time": "watches the file's size or time",
    "copy": "copies or sends the file as a whole",
}
_NAMED: Final = 3  # lines
_MIXED: Final = ("torn", "fused")  # how reasons begin that tell of writers that got in each other's way


def findings(files: Sequence[JsonlFile], accesses: Sequence[Access]) -> list[Problem]:
    """Dual writers, damaged lines, readers that would break, files without writers, writers without files."""
    found = [
        *_dual_writers(accesses),
        *_damaged(files),
        *_breaking_readers(accesses),
        *_without_writers(files, accesses),
        *_without_files(accesses),
    ]
    return list(dict.fromkeys(found))


def _dual_writers(accesses: Iterable[Access]) -> Iterator[Problem]:
    for access in accesses:
        if access.mode != "read" and has(access, "sqlite"):
            at = and_more(details([access], "sqlite"))
            message = f"writes {_path(access)} and SQLite too ({at}): two accounts of one thing"
            yield Problem("dual writer", _where(access), message)


def _damaged(files: Iterable[JsonlFile]) -> Iterator[Problem]:
    for file in files:
        if not file.malformed_count:
            continue
        reasons = Counter(line.reason for line in file.malformed)
        told = joined([f"{count:,} {reason}" for reason, count in reasons.most_common()])
        first = ", ".join(f"{line.line:,}" for line in file.malformed[:_NAMED])
        more = ", …" if file.malformed_count > _NAMED else ""
        told += f" of the first {len(file.malformed)}" if file.malformed_count > len(file.malformed) else ""
        is_mixed = any(line.reason.startswith(_MIXED) and line.line < file.lines for line in file.malformed)
        kind = "interleaved lines" if is_mixed else "malformed lines"
        note = "; writers got in each other's way, or one was killed" if is_mixed else ""
        message = f"{file.malformed_count:,} of {plural(file.lines, 'line')} ({first}{more}): {told}{note}"
        yield Problem(kind, file.path, message)


def _breaking_readers(accesses: Iterable[Access]) -> Iterator[Problem]:
    for access in accesses:
        breaks = [text for trait, text in _BREAKS.items() if has(access, trait)]
        if access.mode == "read" and breaks and not has(access, "test"):
            yield Problem("reader that would break", _where(access), f"reads {_path(access)} and {joined(breaks)}")


def _without_writers(files: Iterable[JsonlFile], accesses: Iterable[Access]) -> Iterator[Problem]:
    written = {path for access in accesses if access.mode != "read" for path in access.matches}
    for file in files:
        if file.telemetry and file.path not in written:
            yield Problem("file without writer", file.path, "no Python code that was found writes it")


def _without_files(accesses: Iterable[Access]) -> Iterator[Problem]:
    for access in accesses:
        if access.mode == "append" and not access.matches and access.telemetry and not has(access, "test"):
            yield Problem("writer without file", _where(access), f"writes {_path(access)}, which isn't there")


def _path(access: Access) -> str:
    return access.path or "a path that isn't known"


def _where(access: Access) -> str:
    return f"{access.place.file}:{access.place.line}"
