"""Whether what is written to a file are JSON records, a line each: told from all that is written, put together."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from foundups_logging.audit.code.encoders import json_text
from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.openings import Opening
from foundups_logging.audit.code.operators import combine, texts
from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.uses import Use
from foundups_logging.audit.code.values import (
    DOCUMENT,
    GAP,
    RECORD,
    Content,
    Frames,
    Items,
    Lazy,
    Text,
    concat,
    text_of,
)

__all__ = ["Written", "written"]

_MOST_CHAINS = 24
_MOST_TEXTS = 4
_RECORD_LINE = re.compile(rf"(?:^|\n)[\s,]*{RECORD}[ \t]*\r?\n")
_RECORDS = re.compile(rf"{RECORD}\s*\n\s*{RECORD}")
_BY_HAND = re.compile(r'(?:^|\n)\{\s*"[\w*.-]+"\s*:[^\n]*\}[ \t]*\n')


@dataclass(frozen=True, slots=True)
class Written:
    """What is written: `kind` is "records", "one record", "document", "text", "unknown", "nothing" or "structlog"."""

    kind: str
    records: tuple[Lazy, ...] = ()
    several: bool = False
    depends: bool = False  # on who calls


def written(evaluator: Evaluator, opening: Opening, uses: Sequence[Use], frames: Frames) -> Written:
    """What the uses of `opening` write, for those callers that `frames` tell of."""
    writes = [use for use in uses if use.how in {"write", "lines", "print", "dump", "record"}]
    if any(use.how == "record" for use in writes):
        return Written("structlog")
    if opening.text is None and not writes:
        return Written("nothing")
    best: Written | None = None
    depends = any(use.by is not None for use in writes)
    for resolution in evaluator.resolve(lambda now: _texts(evaluator, opening, writes, now), frames, most=_MOST_CHAINS):
        verdict = _verdict(resolution.result, several=_several(opening, writes))
        depends = depends or resolution.frames is not frames
        if best is None or _RANK[verdict.kind] > _RANK[best.kind]:
            best = verdict
        if best.kind == "records":
            break
    return replace(best, depends=depends) if best else Written("unknown", depends=depends)


_RANK = {"unknown": 0, "text": 1, "document": 2, "one record": 3, "records": 4, "nothing": -1}


def _texts(evaluator: Evaluator, opening: Opening, writes: Sequence[Use], frames: Frames) -> list[Text]:
    """All that can come to stand in the file, by the functions that write."""
    if opening.text is not None:
        return _some(evaluator, opening.text, opening.scope, frames)
    found: list[Text] = []
    ordered = sorted(writes, key=_order)
    for _, group in itertools.groupby(ordered, key=lambda use: use.used.scope):
        parts = [_text(evaluator, use, frames)[:_MOST_TEXTS] or [Text(GAP)] for use in group]
        found += [concat(*choice) for choice in combine(parts[:8])]
        found += [text for part in parts for text in part]
    return found


def _order(use: Use) -> tuple[str, int, int, int]:
    scope, node = use.used.scope, use.used.node
    return scope.module.path, getattr(scope.node, "lineno", 0), node.lineno, node.col_offset


def _text(evaluator: Evaluator, use: Use, frames: Frames) -> list[Text]:
    call = use.used.call
    scope = use.used.scope
    own = Frames({**use.frames.bound, **frames.bound}) if use.frames.bound else frames
    if use.how == "dump":
        return [json_text(evaluator, call, scope, own)]
    if use.how == "print":
        parts = [_some(evaluator, arg, scope, own) or [Text(GAP)] for arg in call.args]
        ends = [keyword.value for keyword in call.keywords if keyword.arg == "end"]
        end = texts(evaluator, ends[0], scope, own) if ends else [Text("\n")]
        return [concat(*choice) for choice in combine([*parts, end])]
    if use.text is None:
        return []
    return _some(evaluator, use.text, scope, own)


def _some(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> list[Text]:
    """The texts that `expr` can be, those of a list put together."""
    found: list[Text] = []
    for value in evaluator.values(expr, scope, frames):
        if isinstance(value, Items):
            parts = [
                [text_of(part) or Text(GAP) for part in evaluator.force(element)][:_MOST_TEXTS] or [Text(GAP)]
                for element in value.elements[:6]
            ]
            found += [concat(*choice) for choice in combine(parts)]
        elif isinstance(value, Content):
            found.append(Text(GAP, ("what was read",)))
        elif (text := text_of(value)) is not None:
            found.append(text)
    return found


def _verdict(found: Sequence[Text], *, several: bool) -> Written:
    records = tuple(dict.fromkeys(record for text in found for record in text.records))
    for text in found:
        if _RECORDS.search(text.text):
            return Written("records", records, several=True)
    for text in found:
        if _RECORD_LINE.search(text.text) or _BY_HAND.search(text.text):
            return Written("records" if several else "one record", records, several)
    if any(DOCUMENT in text.text or RECORD in text.text for text in found):
        whole = any(re.match(rf"\s*[{RECORD}{DOCUMENT}]", text.text) for text in found)
        return Written("document" if whole else "text", records)
    if found and all(text.text and GAP not in text.text.strip() for text in found):
        return Written("text")
    if found and all(not text.text for text in found):
        return Written("nothing")
    return Written("unknown")


def _several(opening: Opening, writes: Sequence[Use]) -> bool:
    """Whether more than one record can be written through one opening: in a loop, or by a call of its own."""
    inside = set(opening.used.context)
    for use in writes:
        if use.used.scope is not opening.scope or use.how == "lines":
            return True
        if any(
            isinstance(stmt, (ast.For, ast.AsyncFor, ast.While)) and stmt not in inside for stmt in use.used.context
        ):
            return True
    return False
