"""How risky a path's writing is, by the rules of docs/audit.md, and why in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from foundups_logging.audit.model import Access, Call, Level
from foundups_logging.audit.overlap import can_be_same
from foundups_logging.audit.phrases import and_more, joined, where
from foundups_logging.audit.traits import details, has
from foundups_logging.audit.watch.sighting import Sighting

__all__ = ["ORDER", "Evidence", "assess"]

#: Risks from the lowest to the highest.
ORDER: Final[Mapping[str, int]] = {"low": 0, "medium": 1, "high": 2}

_ACROSS_PROCESSES: Final = frozenset({"fcntl", "msvcrt", "portalocker", "filelock"})
_ACROSS_TASKS: Final = frozenset({"aiofiles", "anyio"})
_LOWERED: Final[Mapping[Level, Level]] = {"high": "medium", "medium": "low", "low": "low"}

Evidence = Sequence[tuple[Access, Sighting]]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of the writers of one path, each entry in words."""

    modules: list[str]
    processes: list[str]
    threads: list[str]
    instances: list[str]
    own_file: str
    is_one_program: bool  # the processes are those that one program starts


def assess(accesses: Iterable[Access], evidence: Evidence = ()) -> None:
    """Tell each writer's risk together with all others that can write the same file; readers have none.

    `evidence` is what was seen at run time, each with the access that it is of.
    """
    alike: dict[tuple[str, bool, bool], list[Access]] = defaultdict(list)
    for access in accesses:
        if access.mode != "read":
            alike[access.path, has(access, "test"), has(access, "own file")].append(access)
    seen_by: dict[int, list[Sighting]] = defaultdict(list)
    seen_of: dict[str, list[Access]] = defaultdict(list)
    for access, sighting in evidence:
        if access.mode != "read":
            seen_by[id(access)].append(sighting)
            seen_of[sighting.path].append(access)
    for kind, writers in alike.items():
        fitting = [found for known, found in alike.items() if known != kind and _together(kind, known)]
        others = [other for found in fitting for other in found]
        for writer in writers:
            peers = [writer, *others]
            if not kind[1] and can_be_same(kind[0], kind[0]):
                peers += writers
            peers += [other for sighting in seen_by[id(writer)] for other in seen_of[sighting.path]]
            peers = list({id(peer): peer for peer in peers}.values())
            seen = [(peer, sighting) for peer in peers for sighting in seen_by[id(peer)]]
            writer.risk, writer.risk_reason = _risk(writer, peers, seen)


def _together(one: tuple[str, bool, bool], other: tuple[str, bool, bool]) -> bool:
    """Whether writers of two kinds (path, of a test, own file) can write the same file.

    What a test writes is the test's, and part of a name that no other run has is nothing that another's code names.
    """
    return not (one[1] or other[1] or one[2] or other[2]) and can_be_same(one[0], other[0])


def _risk(writer: Access, peers: Sequence[Access], seen: Evidence) -> tuple[Level, str]:
    facts = _facts(peers, seen)
    place = where(writer.place)
    who = f"one module writes it, {place}" if len(peers) == 1 else f"one module writes it ({_places(peers)})"
    if facts.modules:
        return _lowered("high", f"{len(facts.modules)} modules write it: {joined(facts.modules)}", peers, facts)
    if facts.own_file:
        return "low", f"{who}, and each has a file of its own: {facts.own_file}"
    if facts.processes:
        return _lowered("high", f"several processes can write it ({place}): {joined(facts.processes)}", peers, facts)
    if facts.threads:
        return _lowered("medium", f"{who}, from several threads or tasks: {joined(facts.threads)}", peers, facts)
    if facts.instances:
        return _lowered("medium", f"{who}, from several instances: {joined(facts.instances)}", peers, facts)
    if has(writer, "test"):
        return "low", f"only a test writes it, {place}"
    path = "" if writer.path else "; its path isn't known, so neither is who else writes it"
    return "low", f"{who}, from one thread of one process as far as the code tells{path}"


def _facts(peers: Sequence[Access], seen: Evidence) -> _Facts:
    first: dict[str, Call] = {}
    for peer in sorted(peers, key=lambda peer: (peer.place.file, peer.place.line)):
        first.setdefault(peer.place.module or peer.place.file, peer.place)
    modules = [where(place) for place in first.values()] if len(first) > 1 else []
    handed = details(peers, "process")
    programs = details(peers, "program")
    processes = [f"handed to other processes at {and_more(handed)}"] if handed else []
    if len(programs) > 1:
        processes.append(f"{len(programs)} programs reach it, {and_more(programs)}")
    processes += _seen_processes(seen)
    threads = [f"handed to threads at {and_more(found)}"] if (found := details(peers, "thread")) else []
    if served := details(peers, "server"):
        threads.append(f"called for requests of a web server at {and_more(served)}")
    tasks = [peer for peer in peers if has(peer, "async") and peer.mechanism in _ACROSS_TASKS]
    threads += [f"{tasks[0].mechanism} lets other tasks run meanwhile"] if tasks else []
    threads += _seen_threads(seen)
    sites = [site for site in details(peers, "instances") if site.rpartition(":")[0] not in first]
    instances = [f"used at {and_more(sites)}"] if len(sites) > 1 else []
    own = details(peers, "own file") if all(has(peer, "own file") for peer in peers) else []
    is_one_program = len(programs) <= 1 and not _seen_processes(seen)
    return _Facts(modules, processes, threads, instances, joined(own), is_one_program)


def _seen_processes(seen: Evidence) -> list[str]:
    by_path: dict[str, dict[int, str]] = defaultdict(dict)
    for _, sighting in seen:
        by_path[sighting.path].setdefault(sighting.process, sighting.program)
    for path, processes in sorted(by_path.items()):
        if len(processes) > 1:
            programs = sorted(set(filter(None, processes.values())))
            return [f"{len(processes)} were seen writing {path}" + (f" ({and_more(programs)})" if programs else "")]
    return []


def _seen_threads(seen: Evidence) -> list[str]:
    by_process: dict[tuple[str, int], set[str]] = defaultdict(set)
    for _, sighting in seen:
        by_process[sighting.path, sighting.process].add(sighting.thread)
    for (path, _), threads in sorted(by_process.items()):
        if len(threads) > 1:
            return [f"{len(threads)} were seen writing {path} ({and_more(sorted(threads))})"]
    return []


def _lowered(level: Level, reason: str, peers: Sequence[Access], facts: _Facts) -> tuple[Level, str]:
    """The risk with the locks that all of the writers take."""
    common = set.intersection(*(set(peer.locks) for peer in peers))
    across = sorted(common & _ACROSS_PROCESSES)
    if across:
        note = ", which every writer has to take and readers don't" if level == "high" else ""
        return _LOWERED[level], f"{reason}; lowered by {joined(across)} around the writing{note}"
    if "multiprocessing.Lock" in common and not facts.modules and facts.is_one_program:
        return _LOWERED[level], f"{reason}; lowered by multiprocessing.Lock, which the program's own processes share"
    local = sorted(common - _ACROSS_PROCESSES)
    if local and level == "medium" and facts.threads:
        if not facts.instances:
            return "low", f"{reason}; {joined(local)} keeps them apart"
        among = joined(facts.instances)
        return "medium", f"{reason}; {joined(local)} doesn't reach from one instance to another ({among})"
    if local:
        reach = "across processes" if facts.processes else "from one module to another"
        reach = "from one instance to another" if level == "medium" else reach
        return level, f"{reason}; {joined(local)} doesn't reach {reach}"
    some = sorted({lock for peer in peers for lock in peer.locks})
    if some:
        without = [peer for peer in peers if not peer.locks]
        if without:
            return level, f"{reason}; {joined(some)} is taken by some of them, but not at {_places(without)}"
        return level, f"{reason}; they take different locks, {joined(some)}"
    return level, f"{reason}; no lock keeps them apart"


def _places(peers: Sequence[Access]) -> str:
    return and_more(sorted({f"{peer.place.file}:{peer.place.line}" for peer in peers}))
