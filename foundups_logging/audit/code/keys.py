"""The keys of the records that are written, where the code tells them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from foundups_logging.audit.code.arguments import field_names
from foundups_logging.audit.code.evaluate import Evaluator
from foundups_logging.audit.code.values import Frames, Instance, Items, Lazy, Mapping, Value

__all__ = ["keys_of"]

_MOST_KEYS = 60
_MOST_CHAINS = 12


def keys_of(evaluator: Evaluator, records: Iterable[Lazy], frames: Frames) -> tuple[str, ...]:
    """The keys of those records, in the order in which they are first put in."""
    found: dict[str, None] = {}
    for record in islice(records, 8):
        start = Frames({**record.frames.bound, **frames.bound})

        def question(now: Frames, record: Lazy = record) -> tuple[Value, ...]:
            return evaluator.values(record.expr, record.scope, now)

        for resolution in evaluator.resolve(question, start, most=_MOST_CHAINS, longest=3):
            for value in resolution.result:
                found.update(dict.fromkeys(_keys(evaluator, value)))
    return tuple(islice(found, _MOST_KEYS))


def _keys(evaluator: Evaluator, value: Value) -> list[str]:
    if isinstance(value, Mapping):
        return [key for key, _ in value.entries if key is not None and "*" not in key]
    if isinstance(value, Instance):
        classes = reversed(evaluator.lineage(value.cls))
        return [name for cls in classes for name in field_names(cls) if not name.startswith("_")]
    if isinstance(value, Items):
        return [
            key for element in value.elements[:4] for part in evaluator.force(element) for key in _keys(evaluator, part)
        ]
    return []
