"""Families: files of one shape that fit none of the particular domains get one of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, count
from typing import Final

from foundups_logging.audit.classify import DOMAINS, OTHER, TELEMETRY
from foundups_logging.audit.file_names import read_name
from foundups_logging.audit.model import JsonlFile
from foundups_logging.audit.words import phrase
from foundups_logging.domains import builtin_domains
from foundups_logging.domains.model import RESERVED_TABLES

__all__ = ["families"]

# Keys in common, of all the keys of two files.
_ALIKE: Final = 0.6
# Keys that are in fewer of the records don't make the shape.
_FREQUENT: Final = 0.2
_FEWEST_KEYS: Final = 2
_LONGEST_NAME: Final = 48
# A name that ends like this is a table's as it is; others get "_events".
_ENDINGS: Final = frozenset({"log", "history", "journal", "event"})
_SAYS_NOTHING: Final = frozenset(
    {"data", "file", "log", "json", "jsonl", "txt", "record", "entry", "event", "module", "src", "new", "old"}
)
_WORD: Final = re.compile(r"[a-z]{2,}")


def families(files: Iterable[JsonlFile]) -> dict[str, list[JsonlFile]]:
    """Give each family of two or more telemetry files a domain, and return them by its name.

    A family is files that no particular domain fits (their domain is
    `telemetry`) and whose frequent keys are mostly the same. Its domain's name
    is a table's, made of the words that its files' names or folders share; the
    files' `domain_reason` keeps what was said before.
    """
    found: dict[str, list[JsonlFile]] = {}
    for group in _groups([file for file in files if file.telemetry and file.domain in (TELEMETRY, OTHER)]):
        if len(group) > 1:
            name = _name(group, found)
            found[name] = group
            for file in group:
                others = f"{len(group) - 1} other file{'s' if len(group) > 2 else ''} of this shape"  # noqa: PLR2004
                file.domain_reason = f"{others} ({_common_keys(group)}); else {file.domain}: {file.domain_reason}"
                file.domain = name
    return found


def _groups(files: list[JsonlFile]) -> list[list[JsonlFile]]:
    """Files with like keys together, by comparison with the first of each group."""
    groups: dict[frozenset[str], list[JsonlFile]] = {}
    for file in files:
        keys = frozenset(key.name for key in file.keys if key.count >= _FREQUENT * file.records)
        if len(keys) < _FEWEST_KEYS:
            continue
        home = keys if keys in groups else next((other for other in groups if _alike(keys, other)), keys)
        groups.setdefault(home, []).append(file)
    return list(groups.values())


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


def _common_keys(group: list[JsonlFile]) -> str:
    common = set.intersection(*({key.name for key in file.keys} for file in group))
    shown = [key.name for key in group[0].keys if key.name in common][:4]
    return "keys " + ", ".join(shown)


def _name(group: list[JsonlFile], taken: Mapping[str, object]) -> str:
    """A table's name from what the paths share: words of the file names, else of the nearest folder, and so on."""
    parts = [["", *file.path.split("/")[:-1], read_name(file.path.rpartition("/")[2]).stem] for file in group]
    depth = min(map(len, parts))
    said = next(filter(None, (_shared([names[-back] for names in parts]) for back in range(1, depth))), "shared")
    base = said[:_LONGEST_NAME].strip("_")
    if base.rpartition("_")[2] not in _ENDINGS:
        base += "_events"
    elif base in _ENDINGS:
        base = f"shared_{base}"
    refused = {*taken, *DOMAINS, *RESERVED_TABLES, *(domain.name for domain in builtin_domains())}
    return next(name for name in chain([base], (f"{base}_{number}" for number in count(2))) if name not in refused)


def _shared(names: list[str]) -> str:
    """The words that all of the names have, in the order of the first; "" where they say nothing."""
    counts = Counter(word for name in names for word in set(_WORD.findall(phrase(name))))
    words = [word for word in _WORD.findall(phrase(names[0])) if counts[word] == len(names)]
    return "_".join(dict.fromkeys(words)) if any(word not in _SAYS_NOTHING for word in words) else ""
