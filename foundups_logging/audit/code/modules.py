"""The modules of a tree: parsed when asked for, found by the words in them and by what imports name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from foundups_logging.audit.code.scopes import Module, Scope
from foundups_logging.audit.code.source import Source, parse, read
from foundups_logging.audit.code.walk import scan
from foundups_logging.audit.model import Problem

__all__ = ["Modules", "is_test_path"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_TEST = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|[^/]*_tests?|conftest)\.py$")


def is_test_path(path: str) -> bool:
    """Whether a file is a test by its path."""
    return _TEST.search(path) is not None


class Modules:
    """All Python files of the tree under `root`, by path relative to it."""

    def __init__(self, root: Path, paths: Sequence[str]) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.sources: dict[str, Source] = {}
        self._modules: dict[str, Module] = {}
        self._words: dict[str, list[str]] = defaultdict(list)
        self._definitions: Counter[str] = Counter()
        self._by_last: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        for path in sorted(paths):
            source = self.sources[path] = read(root, path)
            if source.problem:
                self.problems.append(source.problem)
            for word in set(_WORD.findall(source.text)):
                self._words[word].append(path)
            self._definitions.update(_DEFINED.findall(source.text))
            parts = _dotted(path)
            if parts:
                self._by_last[parts[-1]].append((parts, path))

    def get(self, path: str) -> Module:
        """The module at `path`, parsed."""
        module = self._modules.get(path)
        if module is None:
            tree, problem = parse(self.sources[path])
            if problem:
                self.problems.append(problem)
            module = scan(path, ".".join(_dotted(path)), tree, self.sources[path].text, is_test=is_test_path(path))
            self._modules[path] = module
        return module

    def with_word(self, word: str) -> list[Module]:
        """The modules in whose text `word` stands, by path."""
        return [self.get(path) for path in self._words.get(word, ())]

    def count_definitions(self, name: str) -> int:
        """How many functions of that name the tree defines."""
        return self._definitions[name]

    def find(self, dotted: str, level: int, importer: Module) -> Module | None:
        """The module that `importer` gets by importing `dotted` with `level` leading dots; None if it isn't ours."""
        parts = tuple(dotted.split(".")) if dotted else ()
        if level:
            folder = PurePosixPath(importer.path).parent.parts
            kept = folder[: len(folder) - (level - 1)] if level > 1 else folder
            return self._at((*kept, *parts))
        exact = self._at(parts)
        if exact is not None:
            return exact
        candidates = [
            path for known, path in self._by_last.get(parts[-1] if parts else "", ()) if known[-len(parts) :] == parts
        ]
        if not candidates:
            return None
        # A script finds what lies beside it, a package what lies under the same source folder.
        mine = PurePosixPath(importer.path).parts
        best = max(candidates, key=lambda path: (_common(mine, PurePosixPath(path).parts), -len(path), path))
        if len(parts) == 1 and not _near(mine, PurePosixPath(best).parts):
            return None
        return self.get(best)

    def submodule(self, module: Module, name: str) -> Module | None:
        """The module `name` in the package `module`."""
        if not module.path.endswith("__init__.py"):
            return None
        return self._at((*PurePosixPath(module.path).parent.parts, name))

    def _at(self, parts: tuple[str, ...]) -> Module | None:
        for path in ("/".join(parts) + ".py", "/".join((*parts, "__init__.py"))):
            if path in self.sources:
                return self.get(path)
        return None


def _dotted(path: str) -> tuple[str, ...]:
    parts = PurePosixPath(path).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _near(importer: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Whether a module of one name can be meant: it lies in a folder on the way to the importer, or in src or lib."""
    common = _common(importer, found)
    rest = found[common:]
    return len(rest) <= 2 or rest[0] in {"src", "lib", "scripts"}  # noqa: PLR2004


def enclosing_function(scope: Scope) -> Scope:
    """The scope itself, or the function around a lambda."""
    while scope.name == "<lambda>" and scope.parent is not None:
        scope = scope.parent
    return scope
