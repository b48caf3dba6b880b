"""What was seen at run time, beside what the code tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from foundups_logging.audit.code.matching import is_jsonl_name
from foundups_logging.audit.model import Access, Call
from foundups_logging.audit.overlap import fits
from foundups_logging.audit.watch.sighting import Sighting

__all__ = ["merge"]

# Libraries that open the file in a thread or a process of their own, or later than they are asked to.
_ELSEWHERE: Final = frozenset({"aiofiles", "anyio", "logging", "loguru", "pandas", "polars", "jsonlines", "library"})


def merge(
    accesses: list[Access], sightings: Iterable[Sighting], jsonl_files: Iterable[str]
) -> list[tuple[Access, Sighting]]:
    """Mark the accesses that were seen, and add those that the code doesn't tell.

    Opens of files that hold no JSON Lines, by their names or by being none of
    `jsonl_files`, are left out unless the code says that the place writes or
    reads such. Returns each sighting with the accesses that it is of.
    """
    modules = {access.place.file: access.place.module for access in accesses if access.place.module}
    files = set(jsonl_files)
    evidence = []
    for sighting in sightings:
        alike = [access for access in accesses if (access.mode == "read") == (sighting.mode == "read")]
        found = _found(alike, sighting)
        is_jsonl = sighting.path in files or is_jsonl_name(sighting.path)
        if not found and is_jsonl and not _is_foreign(sighting):
            found = [_added(alike, sighting, modules, files)]
            accesses += found
        for access in found:
            if access.seen == "static only":
                access.seen = "seen"
            if sighting.path in files and sighting.path not in access.matches:
                access.matches = (*access.matches, sighting.path)
            evidence.append((access, sighting))
    return evidence


def _is_foreign(sighting: Sighting) -> bool:
    """Whether neither the file nor the code lies in the audited tree."""
    return _is_outside(sighting.path) and _is_outside(sighting.place.file)


def _is_outside(path: str) -> bool:
    return not path or path.startswith(("/", "<")) or path[1:2] == ":"


def _found(alike: Sequence[Access], sighting: Sighting) -> list[Access]:
    """The accesses that a sighting is of: by line, else by function, else by path where a library opens it."""
    place = sighting.place
    here = [access for access in alike if access.place.file == place.file]
    for group in (
        [access for access in here if access.place.line == place.line],
        [access for access in here if _name(access.place) == _name(place)],
        [access for access in alike if access.mechanism in _ELSEWHERE] if _is_outside(place.file) or not here else [],
        [access for access in alike if any((via.file, via.line) == (place.file, place.line) for via in access.via)],
    ):
        for is_it in (_is_named, _is_matched, _can_be):
            found = [access for access in group if is_it(access, sighting.path)]
            if found:
                return found
    return []


def _name(place: Call) -> str:
    return place.function.rpartition(".")[2]


def _is_named(access: Access, path: str) -> bool:
    return access.path == path


def _is_matched(access: Access, path: str) -> bool:
    return path in access.matches


def _can_be(access: Access, path: str) -> bool:
    """Whether the path is one that the code's can be; the program may run in another folder than the root."""
    return access.path in {"", "*"} or fits(access.path, path) or fits(f"*/{access.path}", path)


def _added(alike: Sequence[Access], sighting: Sighting, modules: dict[str, str], files: set[str]) -> Access:
    """An access that only the run has told."""
    place = replace(sighting.place, module=modules.get(sighting.place.file, _module(sighting.place.file)))
    does = "read" if sighting.mode == "read" else "written"
    matches = (sighting.path,) if sighting.path in files else ()
    for access in alike:
        if (access.place.file, access.place.line) == (place.file, place.line):
            reason = f"seen being {does} at run time by a place that the code gives other paths"
            return replace(
                access, path=sighting.path, mode=sighting.mode, via=(), matches=matches, seen="seen only", reason=reason
            )
    reason = f"seen being {does} at run time; the code doesn't tell by what means"
    return Access(
        place, sighting.mode, "library", sighting.path, matches=matches, seen="seen only", reason=reason, confidence=1.0
    )


def _module(file: str) -> str:
    if _is_outside(file):
        return ""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
