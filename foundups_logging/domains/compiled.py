"""A function for the rows of one shape of event: what the common event takes instead of the long way.

Programs log the same events with the same fields again and again. For a plan
and a tuple of field names, the row can be written down as one Python expression,
under the condition that each value is a plain one of its column's type. Where it
isn't, the function returns None and RowBuilder goes the long way, which any
event can go and which gives the same row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, Final

from foundups_logging.domains.columns import CONVERTERS
from foundups_logging.domains.plan import ALIAS, SKIP, Plan
from foundups_logging.domains.tables import MAX_SHORT_TEXT, NULL, Row, sized
from foundups_logging.encoding import is_encodable, to_json
from foundups_logging.events import Where
from foundups_logging.redaction.unredacted import SCALARS, Unredacted
from foundups_logging.timestamps import whole_text

__all__ = ["RowFunction", "compile_row", "long_way"]

#: Takes the timestamp's text, the `Where` of the event and a dict that holds the fields; returns a row, or None.
RowFunction = Callable[[str, Where | None, Mapping[str, Any]], Row | None]

# Column type -> when a value can be stored without a look at it by the column's converter, and as what.
_PLAIN: Final = {
    "TEXT": ("type({0}) is str", "{0}"),
    "REAL": (
        (
            "type({0}) is float and ({0} > 0 or {0} < 0 or ({0} == 0 and copysign(1.0, {0}) > 0))"
            " or type({0}) is int and -0x20000000000000 <= {0} <= 0x20000000000000"
        ),
        "float({0})",
    ),
    "INTEGER": ("type({0}) is int and -0x8000000000000000 <= {0} <= 0x7FFFFFFFFFFFFFFF", "{0}"),
    "BOOLEAN": ("type({0}) is bool", "int({0})"),
    "JSON": ("{0} is not None and passes({0})", "json_text({0})[0]"),
}


def long_way(*_: object) -> None:
    """Stand in for the function of a shape that has none."""


def compile_row(  # noqa: C901 - the reasons why a shape has no short way
    plan: Plan, names: Sequence[object], otherwise: RowFunction, redactor: Unredacted
) -> RowFunction:
    """The function for events of `plan` whose fields have these names.

    It is given only dicts with as many fields; where one has other names,
    `otherwise` is asked. What `redactor` doesn't let pass goes the long way.
    """
    filled: dict[int, str] = {}  # column's index -> the expression that fills it
    rest: dict[int, object] = {}  # variable's number -> name of the field, where it has no column
    conditions: list[str] = []
    texts: list[str] = []  # variables that hold text or None
    for number, name in enumerate(names):
        slot = plan.slots.get(name)  # type: ignore[call-overload]
        index = plan.aliases[name] if slot == ALIAS else slot  # type: ignore[index]
        if index is None:
            rest[number] = name
        elif index != SKIP:
            if index < 0 or index in filled or (index and index == plan.event_index):
                return otherwise
            condition, filled[index] = _plain(plan, index, f"v{number}")
            conditions.append(condition)
            if index and plan.texts[index]:
                texts.append(f"v{number}")
    if any(plan.template[index] is None and index not in filled for index in plan.required):
        return otherwise
    if not all(type(name) is str and name[:1] != "$" and is_encodable(name) for name in rest.values()):
        return otherwise  # the encoding may have to tag what holds such a name
    if len(plan.context_json or "") > MAX_SHORT_TEXT or not redactor.passes_texts(
        *(value for value in plan.template if value is not None),
        *rest.values(),  # type: ignore[arg-type]
    ):
        return otherwise
    if any(type(name) is str and redactor.is_secret(name) for name in names):
        return otherwise
    if not plan.metadata_words.isdisjoint(rest.values()):
        return otherwise
    constants = {f"c{index}": NULL if value is None else value for index, value in enumerate(plan.template)}
    values = ["timestamp", *(filled.get(index, f"c{index}") for index in range(1, len(plan.template) - 1))]
    metadata = "context_json if where is None else tail(where)[0] or NULL"
    if rest:
        members = ", ".join(f"k{number}: v{number}" for number in rest)
        metadata = f"to_json({{{members}}})[:-1] + (context_tail if where is None else tail(where)[1])"
    # What the front door has read itself is there, as an event dict's name is; only its number counts.
    looked_at = [number for number, name in enumerate(names) if name != "event" or plan.slots.get(name) != SKIP]
    source = (
        "def row(timestamp, where, fields):\n"
        "    try:\n"
        f"        {'; '.join(f'v{number} = fields[k{number}]' for number in looked_at) or 'pass'}\n"
        "    except KeyError:\n"
        "        return otherwise(timestamp, where, fields)\n"
        f"    if {' and '.join(conditions) or 'True'} and ({_passing(texts, rest)}):\n"
        f"        row = table, {', '.join([*values, metadata])}\n"
        f"        return {_sized(plan, filled, rest)}\n"
    )
    # The source holds numbers and words of this module only: names and values are in the scope.
    keys = {f"k{number}": name for number, name in enumerate(names)}
    scope = {**_scope(plan, redactor), **constants, **keys, "otherwise": otherwise}
    exec(_code(source), scope)  # noqa: S102
    function: RowFunction = scope["row"]
    return function


def _plain(plan: Plan, index: int, variable: str) -> tuple[str, str]:
    """When the variable's value can go to the column without a further look, and as what expression."""
    if index == 0:
        return f"(timestamp := whole_text({variable})) is not None", "timestamp"
    column = plan.domain.columns[index - 1]
    condition, stored = (text.format(variable) for text in _PLAIN[column.type])
    if not column.required and plan.template[index] is None:
        return f"({condition} or {variable} is None)", f"(NULL if {variable} is None else {stored})"
    return f"({condition})", stored


def _passing(texts: Iterable[str], rest: Iterable[int]) -> str:
    """When the texts among the variables can be stored as they are: they are known to be, or are looked at together."""
    others = [f"v{number}" for number in rest]
    known = [f"{text} in known" for text in texts]
    known += [f"({v} in known if type({v}) is str else type({v}) in scalars or passes({v}))" for v in others]
    if not known:
        return "True"
    looked_at = [*texts, *(f"{v} if type({v}) is str else None" for v in others)]
    again = "".join(f" and (type({v}) is str or passes({v}))" for v in others)
    return f"{' and '.join(known)} or passes_texts({', '.join(looked_at)}){again}"


def _sized(plan: Plan, filled: Iterable[int], rest: Collection[int]) -> str:
    """The row, as a LargeRow where it is one."""
    if any(index and plan.domain.columns[index - 1].type == "JSON" for index in filled):
        return "sized(row)"
    if rest:
        return f"row if len(row[-1]) <= {MAX_SHORT_TEXT} else sized(row)"
    return "row if where is None else sized(row)"


def _scope(plan: Plan, redactor: Unredacted) -> dict[str, Any]:
    """What the function's source refers to by name, fields' names and constants aside."""
    return {
        "table": plan.table.number,
        "to_json": to_json,
        "tail": plan.tail,
        "NULL": NULL,
        "json_text": CONVERTERS["JSON"],
        "known": redactor.known,
        "passes": redactor.passes,
        "passes_texts": redactor.passes_texts,
        "scalars": SCALARS,
        "sized": sized,
        "whole_text": whole_text,
        "copysign": math.copysign,
        "context_json": NULL if plan.context_json is None else plan.context_json,
        "context_tail": plan.context_tail,
    }


@lru_cache(maxsize=1024)
def _code(source: str) -> CodeType:
    return compile(source, "<row of one shape>", "exec")
