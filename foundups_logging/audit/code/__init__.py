"""Which places in Python code write or read JSON Lines files, and which files: found without running any of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from foundups_logging.audit.code.analysis import Analysis
from foundups_logging.audit.model import Access, Problem

__all__ = ["CodeFindings", "find_accesses"]


@dataclass(slots=True)
class CodeFindings:
    """The writers (mode append, rewrite, truncate) and readers found, by place, then path."""

    accesses: list[Access]
    problems: list[Problem]  # files that this Python can't parse or nobody can read
    python_files: int


def find_accesses(
    root: Path,
    python_files: Sequence[str],
    jsonl_files: Sequence[str],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> CodeFindings:
    """What the `python_files` under `root` do with JSON Lines files.

    Paths are relative to `root`, with "/". `jsonl_files` are those found on
    disk: they tell of files whose names don't say what they hold. `progress`
    is called with the number of files done and of all files. No code is run,
    and a file that can't be read or parsed is named in `problems`.
    """
    analysis = Analysis(root, python_files, jsonl_files)
    accesses = analysis.run(progress or (lambda _done, _all: None))
    problems = sorted(set(analysis.modules.problems), key=lambda problem: (problem.where, problem.kind))
    return CodeFindings(accesses, problems, len(python_files))
