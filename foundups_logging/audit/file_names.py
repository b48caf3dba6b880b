"""What a file's name tells of its content, before anyone has looked into it."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

__all__ = ["Name", "read_name"]

#: "jsonl": named as JSON Lines; "text": may hold them; "untold": the name says nothing; "other": holds something else.
Hint = Literal["jsonl", "text", "untold", "other"]

_JSONL: Final = frozenset({".jsonl", ".ndjson", ".jsonlines", ".ldjson"})
_TEXT: Final = frozenset({".json", ".log", ".txt"})
# Suffixes that records are kept under as well as anything else.
_UNTOLD: Final = frozenset(
    {"", ".jl", ".out", ".dat", ".data", ".trace", ".traces", ".event", ".events", ".journal", ".history", ".audit"}
)
_COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd", ".bz2": "bzip2", ".xz": "xz"}
# What rotation and copying put behind a name: ".1", ".2025-10-01_12-00-00", "-20251001", ".old", ….
_ROTATED: Final = re.compile(
    r"[.-](\d{1,4}|\d{8}|\d{4}-\d\d(-\d\d)?([T_-][\d_:.-]*)?|old|bak|backup|orig|prev|tmp)$|~$"
)


class Name(NamedTuple):
    """What a name tells: `hint`, the `compression` ("" for none), and the `stem` without suffixes and rotation."""

    hint: Hint
    compression: str
    stem: str


def read_name(name: str) -> Name:
    """Read the name of a file (no folders), or a pattern of such names.

    >>> read_name("events.jsonl.2.gz")
    Name(hint='jsonl', compression='gzip', stem='events')
    """
    rest, compression = name, ""
    lowered = name.lower()
    for suffix, kind in _COMPRESSIONS.items():
        if lowered.endswith(suffix) and len(name) > len(suffix):
            rest, compression = name[: -len(suffix)], kind
    stem, suffix = _split(_without_rotation(rest))
    if suffix in _JSONL:
        return Name("jsonl", compression, _without_rotation(stem))
    if suffix in _TEXT:
        return Name("text", compression, _without_rotation(stem))
    if suffix in _UNTOLD and not compression:
        return Name("untold", compression, stem)
    return Name("other", compression, stem)


def _without_rotation(name: str) -> str:
    while (found := _ROTATED.search(name)) and found.start() > 0:
        name = name[: found.start()]
    return name


def _split(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix.lower()) if stem else (name, "")
