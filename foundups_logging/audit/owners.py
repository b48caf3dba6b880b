"""Which part of the code base a file belongs to."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from foundups_logging.audit.discover import Tree
from foundups_logging.audit.words import phrase

__all__ = ["owner_of"]

# The last word of folders that hold what programs keep, not programs.
_STORES: Final = frozenset(
    """
    archive artifact backup cache data database db dump export history journal log memory metric out output record
    report result run session state storage store telemetry temp tmp trace transcript var
    """.split()
)
_DATED: Final = re.compile(r"\d{6}|\d{4}-\d\d")


def owner_of(path: str, tree: Tree) -> str:
    """The folder of the part of the code base that `path` belongs to, "." for the root's own.

    That is the nearest folder above the file that is a package or project
    (`__init__.py`, `pyproject.toml`, `setup.py`, `package.json`), or that has
    a README, an interface page, a `src` folder or Python files and isn't named
    as a store of data (data, logs, memory, output, reports, telemetry, …; a
    date; a hidden folder). Where no folder above has any of these, it is the
    nearest one that isn't named as a store.
    """
    folders = [str(folder) for folder in PurePosixPath(path).parents]
    outside = [folder for folder in folders if not _is_store(folder)]
    for folder in folders:
        key = "" if folder == "." else folder
        if key in tree.packages or (folder in outside and key in tree.units):
            return folder
    return outside[0] if outside else "."


def _is_store(folder: str) -> bool:
    name = folder.rpartition("/")[2]
    words = phrase(name).strip("_").split("_")
    return folder != "." and (name.startswith(".") or words[-1] in _STORES or bool(_DATED.search(name)))
