"""Temporary files that are put in the place of the real one."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.openings import Opening
from foundups_logging.audit.code.scopes import Module, Scope, Used
from foundups_logging.audit.code.values import GAP, External, Frames, Made, Opened, Text, Unknown, Value, text_of

__all__ = ["Replacement", "replacement_of", "replacements"]

_FUNCTIONS = {"os.replace", "os.rename", "os.renames", "shutil.move"}


@dataclass(frozen=True, slots=True)
class Replacement:
    """A call that puts the file `source` in the place of `target`."""

    used: Used
    source: ast.expr
    target: ast.expr


def replacements(evaluator: Evaluator, modules: Iterable[Module]) -> dict[Scope, list[Replacement]]:
    """All such calls, by the function that they are in."""
    found: dict[Scope, list[Replacement]] = {}
    for module in modules:
        for name in ("replace", "rename", "renames", "move"):
            for used in module.calls.get(name, ()):
                replacement = _replacement(evaluator, used)
                if replacement is not None:
                    found.setdefault(used.scope, []).append(replacement)
    return found


def _replacement(evaluator: Evaluator, used: Used) -> Replacement | None:
    call = used.call
    if not isinstance(call.func, ast.Attribute):
        if isinstance(call.func, ast.Name) and len(call.args) == 2:  # noqa: PLR2004
            names = [v.name for v in evaluator.values(call.func, used.scope) if isinstance(v, External)]
            return Replacement(used, call.args[0], call.args[1]) if _FUNCTIONS & set(names) else None
        return None
    if len(call.args) == 2:  # noqa: PLR2004 - source and target
        known = ast.unparse(call.func) in _FUNCTIONS
        return Replacement(used, call.args[0], call.args[1]) if known else None
    if len(call.args) == 1 and call.func.attr in {"replace", "rename"}:
        return Replacement(used, call.func.value, call.args[0])
    return None


def replacement_of(
    evaluator: Evaluator, opening: Opening, known: dict[Scope, list[Replacement]], frames: Frames
) -> Replacement | None:
    """The call that puts the file opened in the place of another; None if it stays where it is."""
    cls = opening.scope.enclosing_class
    for scope, calls in known.items():
        near = scope is opening.scope or (cls is not None and scope.enclosing_class is cls)
        for replacement in calls if near else ():
            later = scope is not opening.scope or replacement.used.node.lineno > opening.used.node.lineno
            if later and _same(evaluator, opening, replacement, frames):
                return replacement
    return None


def _same(evaluator: Evaluator, opening: Opening, replacement: Replacement, frames: Frames) -> bool:
    source = evaluator.values(replacement.source, replacement.used.scope, frames)
    if any(isinstance(value, Opened) and value.used.node is opening.used.node for value in source):
        return True
    if opening.path is None:
        return False
    if replacement.used.scope is opening.scope and ast.dump(replacement.source) == ast.dump(opening.path):
        return True
    mine = evaluator.values(opening.path, opening.scope, frames)
    if any(isinstance(value, Made) and value.name == "tempfile.mkstemp" and value in source for value in mine):
        return True
    return bool(_certain(mine) & _certain(source))


def _certain(values: Iterable[Value]) -> set[str]:
    texts = [value if isinstance(value, Text) else text_of(value) for value in values if not isinstance(value, Unknown)]
    return {text.text for text in texts if text is not None and text.text.strip(GAP + "/.")}
