"""The analysis of a whole tree, step by step."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from foundups_logging.audit.code.accesses import Found, Judge
from foundups_logging.audit.code.callers import Callers
from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.keys import keys_of
from foundups_logging.audit.code.locks import Locks
from foundups_logging.audit.code.logfiles import configured_files
from foundups_logging.audit.code.matching import Files, is_jsonl_name, says_a_name
from foundups_logging.audit.code.modules import Modules, enclosing_function
from foundups_logging.audit.code.openings import openings_in
from foundups_logging.audit.code.replaced import replacements
from foundups_logging.audit.code.scopes import Module, Scope
from foundups_logging.audit.code.traits import Traits
from foundups_logging.audit.code.uses import collect
from foundups_logging.audit.code.values import Site
from foundups_logging.audit.code.watches import Watches
from foundups_logging.audit.model import Access, Call

__all__ = ["Analysis"]

_OPENS = re.compile(
    r"open|write_text|write_bytes|read_text|read_bytes|FileIO|Handler|[Jj]sonl|ndjson|to_json|read_json|NamedTemp|"
    r"atomic_write|load_dataset|GzipFile|BZ2File|LZMAFile|loguru|dictConfig|basicConfig|shutil"
)
_USES = re.compile(r"\.write\(|\.writelines\(|dumps?\b|loads?\b|file=|\.seek\(|LoggerFactory|\.replace\(|\.write\b")


class Analysis:
    """Everything found out about the files under `root`."""

    def __init__(self, root: Path, python_files: Sequence[str], jsonl_files: Sequence[str]) -> None:
        self.modules = Modules(root, python_files)
        self.files = Files(jsonl_files)
        self.evaluator = Evaluator(self.modules)
        self.callers = Callers(self.evaluator)
        self.evaluator.callers = self.callers
        self.locks = Locks(self.evaluator, self.callers)
        self.traits = Traits(self.evaluator, self.callers)

    def run(self, progress: Callable[[int, int], None]) -> list[Access]:
        """The accesses, by place, then path."""
        # Syntax trees are many objects that all stay: looking for garbage among them takes half the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return self._run(progress)
        finally:
            if collecting:
                gc.enable()

    def _run(self, progress: Callable[[int, int], None]) -> list[Access]:
        opening, using = self._candidates()
        uses = collect(self.evaluator, using)
        judge = Judge(
            self.evaluator, self.files, replacements(self.evaluator, opening), Watches(self.evaluator, opening)
        )
        found: list[Found] = []
        for done, module in enumerate(opening):
            progress(done, len(opening))
            for one in openings_in(self.evaluator, module):
                found += judge.judge(one, uses.get(id(one.used.node), ()))
            configured = map(judge.configured, configured_files(self.evaluator, module.calls))
            found += [one for one in configured if one is not None]
        progress(len(opening), len(opening))
        accesses = [self._access(one) for one in self._kept(found)]
        return sorted(accesses, key=lambda access: (access.place.file, access.place.line, access.path, access.mode))

    def _candidates(self) -> tuple[list[Module], list[Module]]:
        """The modules that may open files, and those that may use files opened."""
        opening: list[Module] = []
        using: list[Module] = []
        for path, source in self.modules.sources.items():
            if _OPENS.search(source.text):
                opening.append(self.modules.get(path))
            if _USES.search(source.text) and (_OPENS.search(source.text) or "json" in source.text):
                using.append(self.modules.get(path))
        return opening, using

    def _kept(self, found: list[Found]) -> list[Found]:
        """What is sure, and what touches a path that a sure writer writes or that holds JSON Lines on disk."""
        written = {one.path for one in found if one.mode != "read" and not one.maybe and one.path}
        kept = []
        for one in found:
            if one.maybe and not is_jsonl_name(one.path):
                module = one.opening.scope.module.path
                if not says_a_name(one.path):
                    continue  # a tool for any file
                if one.path in written:
                    one.reason = one.reason or "opens a file that JSON Lines are written to"
                elif self.files.matching(one.path, module):
                    one.reason = one.reason or "opens a file that holds JSON Lines"
                else:
                    continue
            kept.append(one)
        return kept

    def _access(self, one: Found) -> Access:
        opening = one.opening
        scope = opening.scope
        return Access(
            place=_place(scope, opening.used.node.lineno),
            mode=one.mode,
            mechanism=one.mechanism,
            path=one.path,
            via=tuple(_site_place(site) for site in one.via),
            keys=keys_of(self.evaluator, one.records, one.frames) if one.mode != "read" else (),
            matches=self.files.matching(one.path, scope.module.path),
            locks=self.locks.around(one) if one.mode != "read" else (),
            traits=self.traits.of(one),
            confidence=one.confidence,
            reason=one.reason,
        )


def _place(scope: Scope, line: int) -> Call:
    return Call(scope.module.path, line, enclosing_function(scope).qualname, scope.module.name)


def _site_place(site: Site) -> Call:
    return _place(site.scope, site.node.lineno)
