"""Which files found on disk a path or pattern of the code fits."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["Files", "is_jsonl_name", "says_a_name"]

_JSONL = re.compile(
    r"\.(jsonl|ndjson|jsonlines|ldjson|jl)(\.\d+|\.[*]|\.bak|\.old)?(\.(gz|zst|bz2|xz|lz4))?$", re.IGNORECASE
)


def is_jsonl_name(path: str) -> bool:
    """Whether a file's name says that it holds JSON Lines."""
    return _JSONL.search(path) is not None


def says_a_name(path: str) -> bool:
    """Whether anything is known of the file's own name, besides its suffix."""
    return re.search(r"[A-Za-z0-9]", posixpath.splitext(posixpath.basename(path))[0]) is not None


@lru_cache(4096)
def _pattern(path: str) -> re.Pattern[str]:
    lead = ""
    if path.startswith("*/"):
        lead, path = "(?:.*/)?", path[2:]
    return re.compile(lead + "[^/]*".join(re.escape(part) for part in path.split("*")))


class Files:
    """The JSON Lines files found."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = sorted(paths)
        self._known = set(paths)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for path in self.paths:
            self._by_name[posixpath.basename(path)].append(path)

    def matching(self, path: str, module: str) -> tuple[str, ...]:
        """The files that `path`, as code in the file `module` has it, can mean."""
        if not path or path.startswith("~") or not re.search(r"[A-Za-z0-9]", posixpath.splitext(path)[0]):
            return ()
        if path in self._known:
            return (path,)
        if "*" in path:
            found = [file for file in self.paths if _pattern(path).fullmatch(file)]
            return tuple(found)
        # The program may run in another folder than the root.
        ends = [file for file in self._by_name.get(posixpath.basename(path), ()) if file.endswith("/" + path)]
        if len(ends) > 1:
            near = [file for file in ends if module.startswith(file.removesuffix(path))]
            ends = near or ends
        return tuple(ends)
