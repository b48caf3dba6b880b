"""Which files of a tree the audit has to look at: one walk, names and folders only."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from foundups_logging.audit.file_names import read_name
from foundups_logging.audit.model import Problem

__all__ = ["Tree", "discover"]

_SKIPPED: Final = frozenset(
    """
    .git .hg .svn .bzr node_modules bower_components __pycache__ .tox .nox .eggs .mypy_cache .pytest_cache .ruff_cache
    .hypothesis .ipynb_checkpoints site-packages dist-packages
    """.split()
)
_PYTHON: Final = (".py", ".pyw")
_SHEBANG: Final = re.compile(rb"#!.*\bpython[\d.]*w?\b")
# A folder that has one of these is a part of the code base by itself, whatever its name.
_PACKAGE_MARKS: Final = frozenset({"__init__.py", "pyproject.toml", "setup.py", "setup.cfg", "package.json"})
_UNIT_MARK: Final = re.compile(r"(readme|interface|modlog|roadmap)(\.\w+)?", re.IGNORECASE)
_HEAD_BYTES: Final = 256


@dataclass(slots=True)
class Tree:
    """What a walk found: paths relative to `root`, sorted.

    `candidates` may be JSON Lines, with their sizes in bytes; `packages` are the folders with a mark of a code base's
    part (`__init__.py`, `pyproject.toml`, …), `units` those with a weaker one (a README, an interface page, a `src`
    folder, Python files).
    """

    root: Path
    candidates: dict[str, int] = field(default_factory=dict)
    python_files: list[str] = field(default_factory=list)
    packages: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def discover(root: Path) -> Tree:
    """Walk `root` once, and tell what may be JSON Lines and what is Python.

    Symbolic links are not followed; folders of version control, dependencies,
    virtual environments, caches and build output are not entered. What can't be
    read or named is among the problems.
    """
    tree = Tree(root)
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(root / folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            tree.problems.append(Problem("unreadable folder", folder or ".", error.strerror or str(error)))
            continue
        names = {entry.name for entry in entries}
        if folder and _is_left_out(root / folder, names):
            continue
        _mark(tree, folder, names)
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not _is_text(path):
                readable = os.fsencode(path).decode(errors="backslashreplace")
                tree.problems.append(Problem("name not UTF-8", readable, "it is left out: rename it"))
            elif entry.is_symlink():
                _look_at_link(tree, path, entry)
            elif entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED and not entry.name.endswith((".egg-info", ".egg", ".dist-info")):
                    waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                _look_at_file(tree, path, entry)
    tree.candidates = dict(sorted(tree.candidates.items()))
    tree.python_files.sort()
    tree.problems.sort(key=lambda problem: problem.where)
    return tree


def _is_left_out(folder: Path, names: set[str]) -> bool:
    """Whether a folder is a virtual environment, a cache or build output by what it holds."""
    if names & {"pyvenv.cfg", "conda-meta", "CACHEDIR.TAG"}:
        return True
    if "bin" in names and (folder / "bin/activate").exists() and (folder / "bin/python").is_symlink():
        return True
    if "Scripts" in names and (folder / "Scripts/activate.bat").exists():
        return True
    if folder.name == "build":
        return any(name == "lib" or name.startswith(("lib.", "bdist.", "temp.")) for name in names)
    return folder.name == "dist" and any(name.endswith((".whl", ".egg", ".tar.gz")) for name in names)


def _mark(tree: Tree, folder: str, names: set[str]) -> None:
    if names & _PACKAGE_MARKS:
        tree.packages.add(folder)
    if "src" in names or any(_UNIT_MARK.fullmatch(name) or name.endswith(_PYTHON) for name in names):
        tree.units.add(folder)


def _look_at_link(tree: Tree, path: str, entry: os.DirEntry[str]) -> None:
    """A link out of the tree hides what it leads to; one into it doesn't, as the walk comes there too."""
    if read_name(entry.name).hint != "jsonl" and not entry.is_dir():
        return
    target = Path(os.path.realpath(entry.path))
    if not target.is_relative_to(os.path.realpath(tree.root)):
        tree.problems.append(Problem("link out of the tree", path, f"not followed: it leads to {target}"))


def _look_at_file(tree: Tree, path: str, entry: os.DirEntry[str]) -> None:
    if entry.name.lower().endswith(_PYTHON):
        tree.python_files.append(path)
        return
    hint = read_name(entry.name).hint
    if hint == "other":
        return
    try:
        size = entry.stat(follow_symlinks=False).st_size
        if hint == "untold":
            with open(entry.path, "rb") as file:  # noqa: PTH123 - a DirEntry's path is text
                head = file.read(_HEAD_BYTES)
            if _SHEBANG.match(head):
                tree.python_files.append(path)
            if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                return
    except OSError as error:
        tree.problems.append(Problem("unreadable", path, error.strerror or str(error)))
        return
    tree.candidates[path] = size


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
