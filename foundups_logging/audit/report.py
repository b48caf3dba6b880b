"""The report: what an audit found, as the JSON object that report.schema.json describes."""

from __future__ import annotations

import dataclasses
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, Final

from foundups_logging.audit import domains
from foundups_logging.audit.model import Access, Call, JsonlFile, Problem
from foundups_logging.audit.phrases import plural
from foundups_logging.audit.risk import ORDER, Evidence

__all__ = ["FORMAT", "Found", "build"]

#: The form of the report; another number where a program that reads it would have to change.
FORMAT: Final = 1


@dataclass(slots=True)
class Found:
    """All that an audit has found. The accesses are judged already: domain, telemetry and risk."""

    root: str
    files: Sequence[JsonlFile]
    accesses: Sequence[Access]
    problems: Sequence[Problem] = ()
    evidence: Evidence = ()
    python_files: int = 0
    watched: bool = False
    readers: list[Access] = field(init=False)
    writers: list[Access] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = [access for access in self.accesses if access.mode == "read"]
        self.writers = [access for access in self.accesses if access.mode != "read"]


def build(found: Found) -> dict[str, Any]:
    """The report; the same each time for the same findings, but for `audit_id` and `audit_timestamp`."""
    by_domain = domains.grouped(found.files, found.writers)
    seen: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for access, sighting in found.evidence:
        told = {"path": sighting.path, "process": sighting.process, "thread": sighting.thread}
        seen[id(access)].append({**told, "program": sighting.program})
    return {
        "format": FORMAT,
        "tool_version": _version(),
        "audit_id": f"audit_{uuid.uuid4().hex}",
        "audit_timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "root": found.root,
        "total_jsonl_files": len(found.files),
        "summary": _summary(found, by_domain),
        "files_by_domain": {name: domains.overview(domain) for name, domain in by_domain.items()},
        "concurrency_risks": domains.risks(by_domain),
        "consolidation_candidates": domains.candidates(by_domain),
        "storage_analysis": _storage(found.files, by_domain),
        "files": _files(found),
        "writers": [_writer(access, seen[id(access)]) for access in found.writers],
        "readers": [_access(access, seen[id(access)]) for access in found.readers],
        "problems": [dataclasses.asdict(problem) for problem in found.problems],
    }


def _version() -> str:
    try:
        return metadata.version("foundups-logging")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _files(found: Found) -> list[dict[str, Any]]:
    writers, readers = _by_file(found.writers), _by_file(found.readers)
    entries = []
    for file in found.files:
        entry = dataclasses.asdict(file)
        entry["keys"] = [{**key, "types": list(key["types"])} for key in entry["keys"]]
        riskiest = max(writers[file.path], key=lambda writer: ORDER[writer.risk], default=None)
        entry["writers"] = sorted({_place(writer.place) for writer in writers[file.path]})
        entry["readers"] = sorted({_place(reader.place) for reader in readers[file.path]})
        entry["concurrency_risk"] = riskiest.risk if riskiest else "unknown"
        entry["reason"] = riskiest.risk_reason if riskiest else "no Python code that was found writes it"
        entries.append(entry)
    return entries


def _by_file(accesses: Iterable[Access]) -> defaultdict[str, list[Access]]:
    found: defaultdict[str, list[Access]] = defaultdict(list)
    for access in accesses:
        for path in access.matches:
            found[path].append(access)
    return found


def _place(place: Call) -> str:
    return f"{place.file}:{place.line}"


def _access(access: Access, sightings: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "file": access.place.file,
        "line": access.place.line,
        "function": access.place.function,
        "module": access.place.module,
        "mode": access.mode,
        "mechanism": access.mechanism,
        "path": access.path,
        "matches": list(access.matches),
        "via": [dataclasses.asdict(call) for call in access.via],
        "keys": list(access.keys),
        "traits": list(access.traits),
        "domain": access.domain,
        "domain_confidence": access.domain_confidence,
        "domain_reason": access.domain_reason,
        "telemetry": access.telemetry,
        "confidence": access.confidence,
        "evidence": access.reason,
        "seen": access.seen,
        "sightings": sightings,
    }


def _writer(access: Access, sightings: list[dict[str, Any]]) -> dict[str, Any]:
    risk = {"locks": list(access.locks), "concurrency_risk": access.risk, "reason": access.risk_reason}
    return {**_access(access, sightings), **risk}


def _storage(files: Sequence[JsonlFile], by_domain: Mapping[str, domains.Group]) -> dict[str, Any]:
    sizes = {name: sum(file.bytes for file in group.files) for name, group in by_domain.items() if group.files}
    total = sum(sizes.values())
    return {
        "total_jsonl_files": len(files),
        "total_bytes": total,
        "total_size_mb": round(total / 1e6, 1),
        "telemetry_bytes": sum(file.bytes for file in files if file.telemetry),
        "duplicate_bytes": sum(file.bytes for file in files if file.duplicate_of),
        "lines": sum(file.lines for file in files),
        "records": sum(file.records for file in files),
        "malformed_lines": sum(file.malformed_count for file in files),
        "bytes_by_domain": sizes,
        "largest_domain": max(sizes, key=lambda name: (sizes[name], name), default=""),
    }


def _summary(found: Found, by_domain: Mapping[str, domains.Group]) -> dict[str, Any]:
    telemetry = [file for file in found.files if file.telemetry]
    risks = {level: sum(writer.risk == level for writer in found.writers) for level in ORDER}
    first = next(iter(domains.risks(by_domain)), None)
    candidates = domains.candidates(by_domain)
    kinds: dict[str, int] = defaultdict(int)
    for problem in found.problems:
        kinds[problem.kind] += 1
    return {
        "critical_finding": (
            f"{plural(len(found.files), 'JSON Lines file')}, {len(telemetry):,} of them telemetry; "
            f"{plural(risks['high'], 'place')} of {len(found.writers):,} that write such files at a high risk"
        ),
        "primary_risk": f"{first['domain']}: {first['reason']}" if first else "none was found",
        "consolidation_benefit": (
            f"{plural(len(candidates), 'domain')} in one database that many processes can write at once, "
            "with an index by time and by agent, and queries across all of them"
        ),
        "recommendation": (
            f"begin with {candidates[0]['domain']} ({candidates[0]['priority']} priority)"
            if candidates
            else "there is no telemetry to consolidate"
        ),
        "jsonl_files": len(found.files),
        "telemetry_files": len(telemetry),
        "python_files": found.python_files,
        "writers": len(found.writers),
        "readers": len(found.readers),
        "writers_by_risk": dict(reversed(risks.items())),
        "problems_by_kind": dict(sorted(kinds.items())),
        "watched": found.watched,
    }
