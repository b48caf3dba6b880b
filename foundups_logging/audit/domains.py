"""What the report tells of each domain: its files, its risk, and where its records could go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from foundups_logging.audit.classify import DOMAINS, OTHER
from foundups_logging.audit.model import Access, JsonlFile
from foundups_logging.audit.phrases import and_more, joined, plural
from foundups_logging.audit.proposals import proposed, schema_of
from foundups_logging.audit.risk import ORDER

__all__ = ["Group", "candidates", "grouped", "overview", "risks"]

_PURPOSES: Final = {
    "permissions": "who was allowed or refused what",
    "confidence_tracking": "how far an agent or a pattern is trusted",
    "chat_history": "messages between people, or between people and a program",
    "daemon_health": "that long-running programs are alive",
    "errors": "errors, exceptions, failures",
    "metrics": "figures measured",
    "sessions": "what happened in one session or run, step by step",
    "telemetry": "events of the system that no other domain tells",
    OTHER: "what is no telemetry, or can't be told",
}
_RANKS: Final = ("low", "medium", "high")
_QUERIED_ACROSS: Final = frozenset({"chat_history", "sessions"})  # of more worth beside the others than alone
_FEW_FILES, _SOME_FILES = 3, 20


@dataclass(slots=True)
class Group:
    """The files of a domain and the writers of it, whether their files are there or not."""

    name: str
    files: list[JsonlFile] = field(default_factory=list)
    writers: list[Access] = field(default_factory=list)

    @property
    def riskiest(self) -> Access | None:
        """The writer of the highest risk; a place that is sure before one that is not."""
        if not self.writers:
            return None
        return min(self.writers, key=lambda writer: (-ORDER[writer.risk], -writer.confidence))

    @property
    def telemetry(self) -> tuple[list[JsonlFile], list[Access]]:
        """The files and writers that are telemetry."""
        return [file for file in self.files if file.telemetry], [writer for writer in self.writers if writer.telemetry]


def grouped(files: Iterable[JsonlFile], writers: Iterable[Access]) -> dict[str, Group]:
    """The domains that there are, the built-in ones first and `other` last."""
    groups: dict[str, Group] = {}
    for file in files:
        groups.setdefault(file.domain, Group(file.domain)).files.append(file)
    for writer in writers:
        groups.setdefault(writer.domain, Group(writer.domain)).writers.append(writer)
    order = {name: number for number, name in enumerate(DOMAINS)}
    names = sorted(groups, key=lambda name: (name == OTHER, order.get(name, len(order)), name))
    return {name: groups[name] for name in names}


def overview(group: Group) -> dict[str, Any]:
    """An entry of `files_by_domain`."""
    riskiest = group.riskiest
    folders = sorted({file.path.rpartition("/")[0] or "." for file in group.files})
    return {
        "count": len(group.files),
        "location": and_more([f"{folder}/" for folder in folders]),
        "purpose": _PURPOSES.get(group.name, "records of one shape that no other domain fits"),
        "concurrency_risk": riskiest.risk if riskiest else "unknown",
        "consolidation_priority": _priority(group),
        "files": [file.path for file in group.files],
    }


def risks(groups: Mapping[str, Group]) -> list[dict[str, Any]]:
    """The entries of `concurrency_risks`: domains of a risk above low, the highest first."""
    entries = []
    for group in groups.values():
        riskiest = group.riskiest
        if riskiest is None or riskiest.risk == "low":
            continue
        risky = [writer for writer in group.writers if writer.risk == riskiest.risk]
        locks = sorted({lock for writer in risky for lock in writer.locks})
        more = {(writer.place.file, writer.place.line) for writer in risky} - {
            (riskiest.place.file, riskiest.place.line)
        }
        entries.append(
            {
                "domain": group.name,
                "risk_level": riskiest.risk,
                "reason": f"{riskiest.path or 'a path that is not known'}: {riskiest.risk_reason}"
                + (f" (and {plural(len(more), 'more place')} of this risk)" if more else ""),
                "impact": _impact(risky),
                "current_mitigation": f"{joined(locks)} at some of the places" if locks else "none",
                "recommendation": _recommendation(group),
            }
        )
    return sorted(entries, key=lambda entry: -ORDER[entry["risk_level"]])


def candidates(groups: Mapping[str, Group]) -> list[dict[str, Any]]:
    """The entries of `consolidation_candidates`, the most urgent first."""
    entries = []
    for group in groups.values():
        files, writers = group.telemetry
        if group.name == OTHER or not (files or writers):
            continue
        table = proposed(group.name, files)
        entries.append(
            {
                "domain": group.name,
                "current_files": _current(files, writers),
                "proposed_table": table.name,
                "schema": schema_of(table),
                "benefits": _benefits(group),
                "migration_effort": _effort(files, writers),
                "priority": _priority(group),
            }
        )
    return sorted(entries, key=lambda entry: -_RANKS.index(entry["priority"]))


def _priority(group: Group) -> str:
    """Risks first, then what is asked for beside other domains, then simple logs."""
    files, writers = group.telemetry
    if group.name == OTHER or not (files or writers):
        return "none"
    risk = max((ORDER[writer.risk] for writer in writers), default=0)
    return _RANKS[max(risk, 1 if group.name in _QUERIED_ACROSS else 0)]


def _impact(writers: Sequence[Access]) -> str:
    if any(writer.mode != "append" for writer in writers):
        return "a writer that writes the file anew loses what others added meanwhile; readers may see half a file"
    return "long lines of two writers can end up in each other and be read by nobody"


def _recommendation(group: Group) -> str:
    files, writers = group.telemetry
    if group.name == OTHER or not (files or writers):
        return "let one writer own each file, or take a lock that reaches as far as the writers do"
    return f"move its records to the table {proposed(group.name, files).name}, which takes any number of writers"


def _current(files: Sequence[JsonlFile], writers: Iterable[Access]) -> list[str]:
    """The files, and the paths that writers have for files which aren't there."""
    paths = {writer.path for writer in writers if writer.path and not writer.matches}
    return [*(file.path for file in files), *sorted(paths - {file.path for file in files})]


def _benefits(group: Group) -> list[str]:
    files, writers = group.telemetry
    told = [
        f"one table in place of {plural(len(files), 'file')}, with an index by time",
        "queries across this and all other domains",
    ]
    if any(writer.risk != "low" for writer in writers):
        told.append("any number of threads and processes can write at once")
    if damaged := sum(file.malformed_count for file in files):
        told.append(f"no more lines like the {damaged:,} malformed ones")
    return told


def _effort(files: Sequence[JsonlFile], writers: Sequence[Access]) -> str:
    places = len({(writer.place.file, writer.place.line) for writer in writers})
    shapes = sum(file.shapes for file in files)
    most = max(len(files), places)
    level = "low" if most <= _FEW_FILES else "medium" if most <= _SOME_FILES else "high"
    return f"{level}: {plural(len(files), 'file')} of {plural(shapes, 'shape')}, {plural(places, 'place')} in the code"
