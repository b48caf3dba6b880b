"""A function for the rows of one shape of event: what the common event takes instead of the long way.

Programs log the same events with the same fields again and again. For a plan
and a tuple of field names, the row can be written down as one Python expression,
under the condition that each value is a plain one of its column's type. Where it
isn't, the function returns None and RowBuilder goes the long way, which any
event can go and which gives the same row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from foundups_logging.domains.plan import ALIAS, SKIP, Plan
from foundups_logging.domains.tables import Row
from foundups_logging.encoding import to_json
from foundups_logging.timestamps import whole_text

__all__ = ["RowFunction", "compile_row", "long_way"]

#: Takes the timestamp's text, the `Where` of the event, and the
#: fields' values; returns a row, or None.
RowFunction = Callable[..., Row | None]

# Column type -> the condition under which its converter would hand the value on as it is.
_CONDITIONS: Final = {
    "TEXT": "type({0}) is str and ({0}.isascii() or is_encodable({0}))",
    "REAL": "type({0}) is float and ({0} > 0 or {0} < 0 or ({0} == 0 and copysign(1.0, {0}) > 0))",
    "INTEGER": "type({0}) is int and -0x8000000000000000 <= {0} <= 0x7FFFFFFFFFFFFFFF",
    "BOOLEAN": "type({0}) is bool",
}


def long_way(*_: object) -> None:
    """Stand in for the function of a shape that has none."""


def compile_row(plan: Plan, names: Sequence[object]) -> RowFunction:
    """The function for events of `plan` whose fields have these names, in this order."""
    filled: dict[int, str] = {}  # column's index -> what the source fills it with
    rest: dict[int, object] = {}  # parameter's number -> name of the field, where it has no column
    conditions: list[str] = []
    for number, name in enumerate(names):
        slot = plan.slots.get(name)  # type: ignore[call-overload]
        index = plan.aliases[name] if slot == ALIAS else slot  # type: ignore[index]
        if index is None:
            rest[number] = name
        elif index != SKIP:
            condition = _condition(plan, index, number)
            if condition is None or index in filled:
                return long_way
            conditions.append(condition)
            filled[index] = f"v{number}" if index else "timestamp"
    if any(plan.template[index] is None and index not in filled for index in plan.required):
        return long_way
    if not all(type(name) is str and name[:1] != "$" and is_encodable(name) for name in rest.values()):
        return long_way  # the encoding may have to tag what holds such a name
    if not plan.metadata_words.isdisjoint(rest.values()):
        return long_way
    constants = {f"c{index}": value for index, value in enumerate(plan.template) if value is not None}
    columns = range(1, len(plan.template) - 1)
    values = [filled.get(index) or (f"c{index}" if f"c{index}" in constants else "None") for index in columns]
    metadata = "context_json if where is None else tail(where)[0]"
    if rest:
        members = ", ".join(f"k{number}: v{number}" for number in rest)
        metadata = f"to_json({{{members}}})[:-1] + (context_tail if where is None else tail(where)[1])"
    source = (
        f"def row(timestamp, where{''.join(f', v{number}' for number in range(len(names)))}):\n"
        f"    if {' and '.join(conditions) or 'True'}:\n"
        f"        return table, {', '.join(['timestamp', *values, metadata])}\n"
    )
    # The source holds numbers and words of this module only: names and values are in the scope.
    scope = {**_scope(plan), **constants, **{f"k{number}": name for number, name in rest.items()}}
    exec(_code(source), scope)  # noqa: S102
    function: RowFunction = scope["row"]
    return function


def _condition(plan: Plan, index: int, number: int) -> str | None:
    """When the parameter's value can be handed on to the column as it is; None: never surely."""
    if index < 0 or (index and index == plan.event_index):
        return None
    if index == 0:
        return f"(timestamp := whole_text(v{number})) is not None"
    column = plan.domain.columns[index - 1]
    if column.type not in _CONDITIONS:
        return None
    condition = _CONDITIONS[column.type].format(f"v{number}")
    may_be_null = not column.required and plan.template[index] is None
    return f"({condition} or v{number} is None)" if may_be_null else f"({condition})"


def _scope(plan: Plan) -> dict[str, Any]:
    """What the function's source refers to by name, fields' names and constants aside."""
    return {
        "table": plan.table.number,
        "to_json": to_json,
        "tail": plan.tail,
        "is_encodable": is_encodable,
        "whole_text": whole_text,
        "copysign": math.copysign,
        "context_json": plan.context_json,
        "context_tail": plan.context_tail,
    }


@lru_cache(maxsize=1024)
def _code(source: str) -> CodeType:
    return compile(source, "<row of one shape>", "exec")


def is_encodable(text: str) -> bool:
    """Whether `text` holds no lone surrogate, which SQLite can't store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
