"""The lines that the hook wrote, read: what was opened, by whom, where."""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from foundups_logging.audit.model import Call, Mode, Problem
from foundups_logging.audit.watch.sighting import Sighting

__all__ = ["read_evidence"]

_TEMPORARY: Final = re.compile(r"tmp|\.(temp|part|new)\b", re.IGNORECASE)


class _Note(NamedTuple):
    """A line of the hook; `source` is what was renamed to `path`. No path: a start (flags -1) or a cut."""

    process: int
    thread: str
    program: str
    flags: int
    path: str
    source: str
    file: str
    line: int
    function: str


def read_evidence(evidence: Path, root: Path) -> tuple[list[Sighting], list[Problem]]:
    """The sightings, each once and sorted, and what could not be watched. Raises OSError."""
    notes = [note for line in evidence.read_text("ascii").splitlines() if (note := _parsed(line))]
    problems = []
    if not notes:
        message = "no Python that can be watched was started: not by -I, -E or -S, and with PYTHONPATH as it was given"
        problems.append(Problem("not watched", "", message))
    problems += [
        Problem("watched in part", note.program, "one process opened too many different files")
        for note in notes
        if not note.path and note.flags != -1
    ]
    written: dict[tuple[int, str], _Note] = {}
    found: dict[Sighting, None] = {}
    for note in filter(lambda note: note.path, notes):
        if note.source:
            if not _TEMPORARY.search(os.path.basename(note.source)):  # noqa: PTH119
                continue  # a rotation
            opened = written.pop((note.process, note.source), note)
            found.pop(_sighting(opened, root, opened.path), None)
            found[_sighting(note._replace(file=opened.file, line=opened.line, function=opened.function), root)] = None
            continue
        written[note.process, note.path] = note
        found[_sighting(note, root)] = None
    return sorted(found, key=_order), problems


def _order(seen: Sighting) -> tuple[str, str, int, str, int]:
    return seen.path, seen.place.file, seen.place.line, seen.mode, seen.process


def _parsed(line: str) -> _Note | None:
    """The note of a line; None for what a killed process left half written."""
    try:
        return _Note(*ast.literal_eval(line))
    except (ValueError, SyntaxError, TypeError):
        return None


def _sighting(note: _Note, root: Path, path: str = "") -> Sighting:
    function = "" if note.function == "<module>" else note.function.replace(".<locals>", "")
    file = note.file if note.file.startswith("<") or not note.file else os.path.realpath(note.file)
    place = Call(_relative(file, root), note.line, function)
    program = os.path.basename(note.program) or note.program  # noqa: PTH119
    if program in {"__main__.py", "__init__.py"}:
        program = _relative(note.program, root)
    opened = os.path.realpath(path or note.path)
    return Sighting(_relative(opened, root), _mode(note), place, note.process, note.thread, program)


def _relative(path: str, root: Path) -> str:
    folder = str(root)
    if path.startswith(folder + os.sep):
        path = path[len(folder) + 1 :]
    return path.replace(os.sep, "/")


def _mode(note: _Note) -> Mode:
    if note.source:
        return "rewrite"
    if not note.flags & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC):
        return "read"
    if note.flags & os.O_APPEND:
        return "append"
    return "rewrite" if note.flags & (os.O_WRONLY | os.O_RDWR) else "truncate"
