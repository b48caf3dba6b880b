"""From openings and what is done with them to the places that write and read JSON Lines files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from foundups_logging.audit.code.arguments import site_of
from foundups_logging.audit.code.evaluate import Evaluator, Resolution
from foundups_logging.audit.code.logfiles import Configured, handler_content
from foundups_logging.audit.code.matching import Files, is_jsonl_name, says_a_name
from foundups_logging.audit.code.openings import Opening
from foundups_logging.audit.code.operators import texts
from foundups_logging.audit.code.replaced import Replacement, replacement_of
from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.uses import Use
from foundups_logging.audit.code.values import NO_FRAMES, Frames, Lazy, Site, Text, normal_path
from foundups_logging.audit.code.watches import Watches
from foundups_logging.audit.code.written import Written, written
from foundups_logging.audit.model import Mode

__all__ = ["Found", "Judge"]

#: Names of files that hold something else, whatever is written to them.
_NEVER = re.compile(
    r"\.(md|html?|py|ya?ml|toml|ini|cfg|csv|tsv|svg|png|jpe?g|gif|xml|css|js|ts|pid|sh|ipynb|pdf|rst|pkl|npy|env)$"
)


@dataclass(slots=True)
class Found:
    """One path of one opening, judged; `Access` is made of it."""

    opening: Opening
    mode: Mode
    mechanism: str
    path: str
    via: tuple[Site, ...]
    frames: Frames
    why: tuple[str, ...]  # the gaps in the path
    confidence: float
    reason: str
    records: tuple[Lazy, ...] = ()
    uses: Sequence[Use] = ()
    kinds: dict[str, None] = field(default_factory=dict)
    maybe: bool = False  # a reader, if something else writes or is found at the path


@dataclass(frozen=True, slots=True)
class _Target:
    path: Text
    mode: str
    mechanism: str


class Judge:
    """Judges openings."""

    def __init__(
        self, evaluator: Evaluator, files: Files, replacements: dict[Scope, list[Replacement]], watches: Watches
    ) -> None:
        self.watches = watches
        self.evaluator = evaluator
        self.files = files
        self.replacements = replacements

    def judge(self, opening: Opening, uses: Sequence[Use]) -> list[Found]:
        """What `opening` is, for each path that it opens; empty if it has nothing to do with JSON Lines."""
        found: dict[tuple[str, str], Found] = {}
        targets, wanted = self.evaluator.ask(lambda frames: self._targets(opening, frames))
        if not wanted and targets and all(_NEVER.search(target.path.text) for target in targets):
            return []
        content = self._content(opening, uses, NO_FRAMES)
        keep = None if _has_evidence(opening, content, uses) else _names_jsonl
        for resolution in self.evaluator.resolve(lambda frames: self._targets(opening, frames), keep=keep):
            for target in resolution.result:
                one = self._one(opening, uses, target, resolution, content)
                if one is None:
                    continue
                known = found.setdefault((one.path, one.mode), one)
                if known is not one:
                    known.via = tuple(dict.fromkeys((*known.via, *one.via)))
                    known.records = tuple(dict.fromkeys((*known.records, *one.records)))
        return _without_vaguer(list(found.values()))

    def _targets(self, opening: Opening, frames: Frames) -> list[_Target]:
        evaluator = self.evaluator
        modes = [Text(opening.default)]
        scope, inner = opening.scope, frames
        if opening.within is not None:
            scope, inner = (
                opening.within,
                frames.bind(opening.within, site_of(opening.used.call, opening.scope, frames)),
            )
        if opening.mode is not None:
            modes = texts(evaluator, opening.mode, scope, inner)
        paths = [Text("*")] if opening.path is None else texts(evaluator, opening.path, scope, inner)
        mechanism = opening.mechanism
        if any("w" in mode.text or "x" in mode.text or opening.action == "write" for mode in modes):
            replacement = replacement_of(evaluator, opening, self.replacements, frames)
            if replacement is not None:
                mechanism = "os.replace"
                paths = texts(evaluator, replacement.target, replacement.used.scope, frames)
        return [_Target(path, mode.text, mechanism) for path in paths for mode in modes]

    def _one(
        self,
        opening: Opening,
        uses: Sequence[Use],
        target: _Target,
        resolution: Resolution[list[_Target]],
        content: Written,
    ) -> Found | None:
        path = normal_path(target.path.text, str(self.evaluator.modules.root))
        mode = _mode(opening, target.mode)
        uses = [use for use in uses if use.is_of(resolution.frames, opening.scope)]
        base = Found(
            opening,
            mode,
            target.mechanism,
            path,
            resolution.via,
            resolution.frames,
            target.path.why,
            1.0,
            "",
            uses=uses,
        )
        if target.mechanism == "tempfile":
            return None  # it goes when the program does
        if opening.action == "copy":
            return self._copied(base)
        if mode == "read":
            return self._reader(base)
        if opening.action == "handler" and not target.path.text.strip("*") and opening.mechanism == "loguru":
            return None  # a sink that is no path
        if content.depends:
            content = self._content(opening, uses, resolution.frames)
        return self._told(base, content)

    def _copied(self, base: Found) -> Found | None:
        base.kinds["copy"] = None
        base.mode = "read"
        base.reason = "copies the file whole"
        base.confidence = 0.8
        base.maybe = not is_jsonl_name(base.path)
        return base

    def _reader(self, base: Found) -> Found | None:
        named = is_jsonl_name(base.path)
        kinds = [use.kind for use in base.uses if use.how == "reader"]
        if base.opening.mechanism in {"jsonlines", "pandas", "polars"} or base.opening.function.startswith("srsly"):
            kinds.insert(0, "parses")
        if base.opening.function == "datasets.load_dataset" and not named:
            return None
        base.kinds.update(dict.fromkeys(kinds))
        if self.watches.of(base.opening, base.frames):
            base.kinds["size or time"] = None
        if "parses" in base.kinds:
            base.confidence = 0.98 if named else 0.85
            base.reason = "parses its lines as JSON" + (", and the name says so" if named else "")
            return base
        if named:
            base.confidence = 0.75
            base.reason = "opens a file that its name says is JSON Lines"
            return base
        base.maybe = True
        base.confidence = 0.7
        return base if base.path else None

    def _told(self, base: Found, content: Written) -> Found | None:
        """The writer that `base` is, going by what is written."""
        opening = base.opening
        named = is_jsonl_name(base.path)
        base.records = content.records
        matched = self.files.matching(base.path, opening.scope.module.path) if base.path else ()
        known = named or (bool(matched) and says_a_name(base.path))
        if content.kind in {"records", "one record"}:
            whole = (
                content.kind == "one record" and base.mode == "rewrite" and not base.mechanism.startswith("jsonlines")
            )
            if whole and not known:
                return None  # a JSON document that ends with a newline
            base.confidence = 0.98 if named else 0.9
            base.reason = "writes JSON and a newline for each record"
            return base
        if content.kind == "structlog":
            base.confidence = 0.9 if named else 0.75
            base.reason = "structlog's rendered events go to it"
            return base
        cut = any(use.how == "truncate" for use in base.uses)
        emptied = opening.text is not None or (base.mode == "rewrite" and self._is_emptied(base))
        if content.kind == "nothing" and (cut or emptied):
            base.mode = "truncate"
        if base.mode == "truncate":
            base.maybe = not known
            base.confidence = 0.8
            base.reason = "empties or shortens the file"
            return base if base.path else None
        if not known or content.kind == "text":
            return None
        base.confidence = 0.75 if content.kind in {"unknown", "document"} else 0.6
        base.reason = "opened for writing, and " + ("its name says" if named else "its content shows") + " JSON Lines"
        return base

    def _is_emptied(self, base: Found) -> bool:
        if base.opening.text is not None:
            return True
        return not any(use.how == "given" for use in base.uses) and is_emptying(base.opening)

    def configured(self, configured: Configured) -> Found | None:
        """The log file that a configuration opens."""
        opening = Opening(configured.used, "logging", "handler", None, None, "a")
        path = normal_path(configured.path.text, str(self.evaluator.modules.root))
        mode: Mode = "rewrite" if "w" in configured.mode else "append"
        base = Found(opening, mode, "logging", path, (), NO_FRAMES, configured.path.why, 1.0, "")
        return self._told(base, configured.written)

    def _content(self, opening: Opening, uses: Sequence[Use], frames: Frames) -> Written:
        """What is written, for those callers that `frames` tell of."""
        if opening.action == "handler":
            return handler_content(self.evaluator, opening)
        if opening.mechanism in {"pandas", "polars"} or opening.function.startswith("srsly"):
            argument = opening.used.call.args[1:2] if opening.function.startswith("srsly") else []
            return Written("records", tuple(Lazy(arg, opening.scope) for arg in argument), several=True)
        content = written(self.evaluator, opening, uses, frames)
        if opening.mechanism == "jsonlines":
            writes = [use for use in uses if use.how in {"write", "lines"} and use.text is not None]
            records = tuple(Lazy(use.text, use.used.scope, NO_FRAMES) for use in writes if use.text is not None)
            return Written("records", records, several=True)
        return content


def _without_vaguer(found: list[Found]) -> list[Found]:
    """Without `*/a.jsonl` where `logs/a.jsonl` is known of another caller, and without what nothing is known of."""
    kept = []
    for one in found:
        others = [other for other in found if other is not one and other.mode == one.mode and other.path != one.path]
        clearer = next(
            (
                other
                for other in others
                if not one.path or (one.path.startswith("*/") and f"/{other.path}".endswith(one.path[1:]))
            ),
            None,
        )
        if clearer is None or (clearer.path.startswith("*/") and not one.path.startswith("*/") and one.path):
            kept.append(one)
        else:
            clearer.via = tuple(dict.fromkeys((*clearer.via, *one.via)))
    return kept


def _has_evidence(opening: Opening, content: Written, uses: Sequence[Use]) -> bool:
    """Whether something else than the name says that the file opened holds JSON Lines."""
    known = opening.mechanism in {"jsonlines", "pandas", "polars", "loguru"}
    written = content.kind in {"records", "one record", "structlog"}
    return known or written or any(use.kind == "parses" and use.how == "reader" for use in uses)


def _names_jsonl(site: Site) -> bool:
    return "jsonl" in site.scope.module.text or "ndjson" in site.scope.module.text


def is_emptying(opening: Opening) -> bool:
    """Whether a file is opened for nothing else than to be empty: `open(p, "w").close()`, `with open(p, "w"): pass`."""
    import ast  # noqa: PLC0415

    call = opening.used.call
    for used in opening.scope.module.calls.get("close", ()):
        if isinstance(used.call.func, ast.Attribute) and used.call.func.value is call:
            return True
    context = opening.used.context[-1:] if opening.used.context else ()
    for stmt in context:
        if isinstance(stmt, (ast.With, ast.AsyncWith)) and any(item.context_expr is call for item in stmt.items):
            return all(
                isinstance(inner, ast.Pass) or (isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant))
                for inner in stmt.body
            )
    return any(
        isinstance(stmt, ast.Expr) and stmt.value is call
        for stmt in ast.walk(opening.scope.node)
        if isinstance(stmt, ast.Expr)
    )


def _mode(opening: Opening, mode: str) -> Mode:
    if opening.action in {"read", "copy"}:
        return "read"
    if opening.action == "truncate":
        return "truncate"
    if opening.action == "write":
        return "append" if mode == "a" else "rewrite"
    if opening.mechanism == "os.open" or "O_" in mode:
        return _flags_mode(mode)
    if "a" in mode:
        return "append"
    if "w" in mode or "x" in mode or "+" in mode:
        return "rewrite"
    if opening.action == "handler":
        return "append"
    return "read"


def _flags_mode(flags: str) -> Mode:
    if "O_APPEND" in flags:
        return "append"
    if "O_WRONLY" in flags or "O_RDWR" in flags or "O_TRUNC" in flags:
        return "rewrite"
    return "read"
