"""Code that looks at a file's size or time of change."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable

from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.openings import Opening
from foundups_logging.audit.code.scopes import Module, Scope, Used
from foundups_logging.audit.code.values import GAP, Frames

__all__ = ["Watches"]

_FUNCTIONS = {"os.path.getsize", "os.path.getmtime", "os.path.getctime", "os.stat", "getsize", "getmtime"}


class Watches:
    """Such calls, by the function that they are in."""

    def __init__(self, evaluator: Evaluator, modules: Iterable[Module]) -> None:
        self.evaluator = evaluator
        self._by_place: dict[Scope, list[tuple[Used, ast.expr]]] = defaultdict(list)
        for module in modules:
            for name in ("getsize", "getmtime", "getctime", "stat"):
                for used in module.calls.get(name, ()):
                    subject = _subject(used.call)
                    if subject is not None:
                        self._by_place[used.scope].append((used, subject))

    def of(self, opening: Opening, frames: Frames) -> bool:
        """Whether the code around `opening` looks at the size or time of the file that it opens."""
        calls = self._by_place.get(opening.scope, ())
        if opening.path is None or not calls:
            return False
        said = ast.dump(opening.path)
        mine = set(self.evaluator.texts(opening.path, opening.scope, frames))
        for used, subject in calls:
            if ast.dump(subject) == said:
                return True
            if mine & {text for text in self.evaluator.texts(subject, used.scope, frames) if text.strip(GAP + "/.")}:
                return True
        return False


def _subject(call: ast.Call) -> ast.expr | None:
    if ast.unparse(call.func) in _FUNCTIONS:
        return call.args[0] if call.args else None
    return call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "stat" else None
