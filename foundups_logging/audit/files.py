"""All JSON Lines files of a tree: found, read on all cores, owned, judged."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, Final

from foundups_logging.audit.cache import Cache
from foundups_logging.audit.classify import classify
from foundups_logging.audit.discover import Tree, discover
from foundups_logging.audit.families import families
from foundups_logging.audit.file_names import read_name
from foundups_logging.audit.model import JsonlFile, Key, Malformed, Problem
from foundups_logging.audit.owners import owner_of
from foundups_logging.audit.scan import scan, sniff
from foundups_logging.audit.source import Report, hash_of

__all__ = ["FileFindings", "find_files"]

Progress = Callable[[int, int], None]
Outcome = JsonlFile | Problem | None

_KIND: Final = "scan"
# Less than this is read before other processes would have started.
_WORTH_PROCESSES: Final = 16 << 20
# About how many bytes a process is given at once, and most files.
_TASK_BYTES: Final = 4 << 20
_TASK_FILES: Final = 200
_BETWEEN_REPORTS: Final = 0.1  # seconds


@dataclass
class FileFindings:
    """The JSON Lines files of a tree, sorted by path, its Python files, and what was in the way."""

    files: list[JsonlFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    python_files: list[str] = field(default_factory=list)


def find_files(root: Path, *, cache: Cache, progress: Progress | None = None) -> FileFindings:
    """Find, read and judge every JSON Lines file under `root`.

    `progress` is called with the bytes done and the bytes in all. Where there
    is much to read it starts processes, one for each core; a script that calls
    this has to do so below `if __name__ == "__main__":`, or it is read in this
    process only.
    """
    tree = discover(root)
    findings = FileFindings(problems=tree.problems, python_files=tree.python_files)
    for outcome, key in _read_all(tree, cache, progress):
        if isinstance(outcome, JsonlFile):
            findings.files.append(outcome)
        elif outcome is not None:
            findings.problems.append(outcome)
        if key:
            cache.put(_KIND, key, outcome)
    findings.files.sort(key=lambda file: file.path)
    findings.problems.sort(key=lambda problem: problem.where)
    if cache.problem is not None:
        findings.problems.append(cache.problem)
    _judge(findings.files, tree)
    return findings


def _judge(files: list[JsonlFile], tree: Tree) -> None:
    first: dict[str, str] = {}
    for file in files:
        if file.bytes:
            known = first.setdefault(file.sha256, file.path)
            file.duplicate_of = known if known != file.path else ""
        file.module = owner_of(file.path, tree)
        verdict = classify(
            file.path,
            keys=[key.name for key in file.keys],
            event_types=file.event_types,
            has_moments=bool(file.timestamp_key) if file.records else None,
        )
        file.domain, file.domain_confidence = verdict.domain, verdict.domain_confidence
        file.domain_reason = verdict.domain_reason
        file.telemetry, file.telemetry_reason = verdict.telemetry, verdict.telemetry_reason
    families(files)


def _read_all(tree: Tree, cache: Cache, progress: Progress | None) -> Iterator[tuple[Outcome, str]]:
    """The outcome for each candidate, with the key to keep it under ("" where it was kept already)."""
    total = sum(tree.candidates.values())
    tasks = _tasks(tree.candidates)
    workers = min(_cores(), len(tasks))
    if workers > 1 and total > _WORTH_PROCESSES:
        yield from _in_processes(tree.root, tasks, cache, workers, lambda done: progress and progress(done, total))
        return
    done = 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(min(done, total), total)

    for task in tasks:
        yield from _read_some(tree.root, task, cache, report)


def _tasks(candidates: dict[str, int]) -> list[list[str]]:
    """The candidates in portions, the largest files first and alone."""
    tasks: list[list[str]] = []
    size = _TASK_BYTES
    for path in sorted(candidates, key=lambda path: -candidates[path]):
        if size + candidates[path] > _TASK_BYTES or len(tasks[-1]) == _TASK_FILES:
            tasks.append([])
            size = 0
        tasks[-1].append(path)
        size += candidates[path]
    return tasks


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _read_some(root: Path, paths: list[str], cache: Cache, report: Report) -> list[tuple[Outcome, str]]:
    return [_read(root, path, cache, report) for path in paths]


def _read(root: Path, path: str, cache: Cache, report: Report) -> tuple[Outcome, str]:
    name = read_name(path.rpartition("/")[2])
    try:
        if name.hint != "jsonl" and not sniff(root, path):
            report((root / path).stat().st_size)
            return None, ""
        sha256 = hash_of(root / path)
    except OSError as error:
        return Problem("unreadable", path, error.strerror or str(error)), ""
    key = f"{sha256} {name.hint == 'jsonl'} {name.compression}"
    kept = cache.get(_KIND, key)
    if kept is not None:
        try:
            outcome = _restored(kept, path)
        except (TypeError, KeyError, AttributeError):  # damaged: it is made again
            pass
        else:
            report((root / path).stat().st_size)
            return outcome, ""
    found = scan(root, path, report)
    if isinstance(found, JsonlFile) and found.sha256 != sha256:  # it grew meanwhile
        key = f"{found.sha256} {name.hint == 'jsonl'} {name.compression}"
    keeps = isinstance(found, JsonlFile) or (found is not None and found.kind != "unreadable")
    return found, key if keeps else ""


def _restored(kept: Any, path: str) -> Outcome:  # noqa: ANN401 - a JSON value
    if "kind" in kept:
        return Problem(kept["kind"], path, kept["message"])
    keys = [Key(key["name"], key["count"], tuple(key["types"])) for key in kept["keys"]]
    malformed = [Malformed(line["line"], line["reason"]) for line in kept["malformed"]]
    return JsonlFile(**{**kept, "path": path, "keys": keys, "malformed": malformed})


# In a process of the pool: the bytes done by all of them.
_done: Synchronized[int] | None = None


def _begin(done: Synchronized[int]) -> None:
    global _done  # noqa: PLW0603 - how a pool hands its processes what can only be inherited
    _done = done
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the parent answers for Ctrl-C


def _count(count: int) -> None:
    if _done is not None:
        with _done.get_lock():
            _done.value += count


def _read_there(root: Path, paths: list[str], cache: Cache) -> list[tuple[Outcome, str]]:
    return _read_some(root, paths, cache, _count)


def _in_processes(
    root: Path, tasks: list[list[str]], cache: Cache, workers: int, report: Callable[[int], object]
) -> Iterator[tuple[Outcome, str]]:
    """Read in other processes; where they can't start, or one dies, what is left is read in this one."""
    # Not forked: the program may have threads, which a fork would leave with locks that nobody opens.
    context = get_context("spawn")
    done: Synchronized[int] = context.Value("Q", 0)
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(done,))
    try:
        waiting: dict[Future[list[tuple[Outcome, str]]], list[str]] = {}
        for task in tasks:
            waiting[pool.submit(_read_there, root, task, cache)] = task
        while waiting:
            finished, _ = wait(waiting, timeout=_BETWEEN_REPORTS, return_when=FIRST_COMPLETED)
            for future in finished:
                task = waiting.pop(future)
                try:
                    yield from future.result()
                except BrokenProcessPool:
                    yield from _read_some(root, task, cache, _count)
            report(done.value)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
