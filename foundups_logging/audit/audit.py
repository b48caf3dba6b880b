"""An audit from end to end: files, code, what was seen, risks, the report."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from foundups_logging.audit import report, risk
from foundups_logging.audit.cache import Cache
from foundups_logging.audit.code import find_accesses
from foundups_logging.audit.files import FileFindings, find_files
from foundups_logging.audit.findings import findings
from foundups_logging.audit.judge import judge
from foundups_logging.audit.model import Access, Call, Problem
from foundups_logging.audit.watch.merge import merge
from foundups_logging.audit.watch.watching import Watched
from foundups_logging.errors import ConfigurationError

__all__ = ["Progress", "audit", "checked"]

#: Is told a stage ("files" or "code"), how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]

_CODE: Final = "code"
# What a program's paths may be configured by: the analysis of the code reads such files where the code names them.
_CONFIGURATION: Final = (".json", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".env")
_LEFT_OUT: Final = frozenset({".git", "node_modules", "__pycache__"})


def audit(
    root: str | os.PathLike[str],
    *,
    cache_folder: str | os.PathLike[str] | None = None,
    use_cache: bool = True,
    progress: Progress | None = None,
    observations: Watched | None = None,
) -> dict[str, Any]:
    """Find the JSON Lines files under `root` and the Python code that writes and reads them; change nothing there.

    Returns the report, as audit/report.schema.json describes it.
    `observations` are what `watch` returned. What is found in a file is kept in
    `cache_folder` (by default the user's cache folder) until the file's content
    changes. Raises ConfigurationError where `root` is no folder.
    """
    folder = checked(root)
    if use_cache:
        cache = Cache(None if cache_folder is None else Path(cache_folder))
        return _audited(folder, cache, progress, observations)
    with TemporaryDirectory(prefix="foundups-logging-") as temporary:
        return _audited(folder, Cache(Path(temporary)), progress, observations)


def checked(root: str | os.PathLike[str]) -> Path:
    """The folder that `root` names, behind links. Raises ConfigurationError."""
    try:
        folder = Path(root).resolve(strict=True)
        is_folder = folder.is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(reason, operation="audit", path=root, hint="give the folder to look into") from error
    if not is_folder:
        raise ConfigurationError("is no folder", operation="audit", path=root, hint="give the folder it lies in")
    return folder


def _audited(root: Path, cache: Cache, progress: Progress | None, observations: Watched | None) -> dict[str, Any]:
    tell = progress or (lambda _stage, _done, _all: None)
    found = find_files(root, cache=cache, progress=lambda done, total: tell("files", done, total))
    accesses, problems = _accesses(root, found, cache, lambda done, total: tell("code", done, total))
    seen = observations or Watched(0, [], [])
    evidence = merge(accesses, seen.sightings, [file.path for file in found.files])
    accesses.sort(key=_order)
    judge(accesses, {file.path: file for file in found.files})
    risk.assess(accesses, evidence)
    return report.build(
        report.Found(
            root=str(root),
            files=found.files,
            accesses=accesses,
            problems=[*found.problems, *problems, *findings(found.files, accesses), *seen.problems],
            evidence=evidence,
            python_files=len(found.python_files),
            watched=observations is not None,
        )
    )


def _order(access: Access) -> tuple[str, int, str, str]:
    return access.place.file, access.place.line, access.path, access.mode


def _accesses(
    root: Path, found: FileFindings, cache: Cache, progress: Callable[[int, int], None]
) -> tuple[list[Access], list[Problem]]:
    """The writers and readers, by the analysis or as kept from one of the same content."""
    jsonl_files = [file.path for file in found.files]
    key = _key(root, found.python_files, jsonl_files)
    kept = cache.get(_CODE, key)
    if kept is None:
        analysed = find_accesses(root, found.python_files, jsonl_files, progress=progress)
        accesses = [dataclasses.asdict(access) for access in analysed.accesses]
        kept = {"accesses": accesses, "problems": [dataclasses.asdict(problem) for problem in analysed.problems]}
        cache.put(_CODE, key, kept)
        return analysed.accesses, analysed.problems
    return [_restored(entry) for entry in kept["accesses"]], [Problem(**entry) for entry in kept["problems"]]


def _restored(entry: dict[str, Any]) -> Access:
    access = Access(**entry)
    access.place = Call(**entry["place"])
    access.via = tuple(Call(**call) for call in entry["via"])
    access.keys, access.matches = tuple(entry["keys"]), tuple(entry["matches"])
    access.locks, access.traits = tuple(entry["locks"]), tuple(entry["traits"])
    return access


def _key(root: Path, python_files: Sequence[str], jsonl_files: Sequence[str]) -> str:
    """A hash of all that the analysis of the code depends on."""
    total = hashlib.sha256()
    for path in (*python_files, *_configuration(root)):
        try:
            content = (root / path).read_bytes()
        except OSError as error:
            content = str(error.errno).encode()
        total.update(f"{path}\0{hashlib.sha256(content).hexdigest()}\0".encode(errors="surrogateescape"))
    total.update("\0".join(jsonl_files).encode(errors="surrogateescape"))
    return total.hexdigest()


def _configuration(root: Path) -> Iterable[str]:
    most = 1 << 20  # bytes: configuration is small
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.endswith(_CONFIGURATION) and path.is_file() and path.stat().st_size <= most:
                yield path.relative_to(root).as_posix()
