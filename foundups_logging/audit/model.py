"""What an audit finds: files, the code that writes and reads them, and what it could not make out.

The words are explained in docs/audit.md. Paths are text, relative to the audited
root and with "/" between folders; lines are counted from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Access", "Call", "JsonlFile", "Key", "Malformed", "Problem"]

Mode = Literal["append", "rewrite", "truncate", "read"]
Level = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Call:
    """A place in the code: `file`, `line`, the function it is in ("" for a module's own code)."""

    file: str
    line: int
    function: str = ""
    module: str = ""  # dotted, as it would be imported from the root


@dataclass(slots=True)
class Access:
    """A place that writes or reads one path: where one place serves several paths, one entry for each."""

    place: Call
    mode: Mode
    mechanism: str  # one of those in docs/audit.md
    path: str  # or pattern, with "*" for what isn't known; "" where nothing is
    via: tuple[Call, ...] = ()  # the callers that the path came from, the outermost last
    keys: tuple[str, ...] = ()  # of the records, where they can be told
    matches: tuple[str, ...] = ()  # the files found that fit the path
    locks: tuple[str, ...] = ()  # held around the writing: "fcntl", "threading.Lock", …
    traits: tuple[str, ...] = ()  # facts that the risk is told from: see audit/code
    confidence: float = 1.0  # that this is what it is said to be, 0 to 1
    reason: str = ""  # why it is taken for one, in words
    domain: str = ""
    domain_confidence: float = 0.0
    domain_reason: str = ""
    telemetry: bool = True
    risk: Level = "low"
    risk_reason: str = ""
    seen: str = "static only"  # or "seen", "seen only": by --watch


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a file's records: in how many it is, and its JSON types ("string", "integer", …)."""

    name: str
    count: int
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is no record: its number, and why."""

    line: int
    reason: str


@dataclass(slots=True)
class JsonlFile:
    """A JSON Lines file and what its content tells."""

    path: str
    bytes: int  # on disk
    sha256: str  # of the content on disk
    compression: str = ""  # "gzip", "zstd", …
    encoding: str = "utf-8"  # or "utf-16", …
    lines: int = 0
    records: int = 0
    blank: int = 0
    malformed: list[Malformed] = field(default_factory=list)  # the first hundred
    malformed_count: int = 0
    oddities: dict[str, int] = field(default_factory=dict)  # what other readers may refuse, in how many lines
    keys: list[Key] = field(default_factory=list)  # by first appearance, the first thousand
    shapes: int = 0  # how many different sets of keys with types; counting ends at 100,000
    timestamp_key: str = ""
    timestamp_kind: str = ""  # "naive", "offset", "epoch s", "epoch ms", "date", …
    first: str = ""  # the earliest timestamp, ISO-8601, UTC where the offset is known
    last: str = ""
    event_types: dict[str, int] = field(default_factory=dict)  # the hundred most frequent
    duplicate_of: str = ""  # the first path with the same content
    module: str = ""  # who owns it
    domain: str = "other"
    domain_confidence: float = 0.0
    domain_reason: str = ""
    telemetry: bool = False
    telemetry_reason: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person should know besides: `kind` is a word, `where` a path or path:line."""

    kind: str
    where: str
    message: str
