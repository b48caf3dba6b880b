"""Operators: texts put together, paths joined, items taken out."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from foundups_logging.audit.code import options
from foundups_logging.audit.code.scopes import Scope
from foundups_logging.audit.code.values import (
    GAP,
    Class,
    Config,
    Const,
    Content,
    External,
    Frames,
    Items,
    Lazy,
    Made,
    Mapping,
    Method,
    Opened,
    Text,
    Unknown,
    Value,
    concat,
    join_paths,
    text_of,
    time_or_date,
)

if TYPE_CHECKING:
    from foundups_logging.audit.code.evaluate import Evaluator

__all__ = [
    "at_index",
    "bin_op",
    "bool_op",
    "combine",
    "constant",
    "each",
    "format_texts",
    "formatted",
    "item",
    "joined",
    "none_if",
    "none_if_values",
    "percent",
    "subscript",
]

_MOST_COMBINED = 24
_MOST_CHOSEN = 12  # entries of a dict, where the key isn't known: more are data, not a choice


def constant(value: object) -> Value:
    """A literal."""
    if isinstance(value, str):
        return Text(value)
    if isinstance(value, bytes):
        return Text(value.decode("latin-1"))
    return Const(value)


def combine(options: Iterable[list[Text]]) -> list[tuple[Text, ...]]:
    """Every choice of one text of each, not too many."""
    return list(itertools.islice(itertools.product(*options), _MOST_COMBINED))


def texts(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> list[Text]:
    """The texts that `expr` can be; a gap if it can't be told."""
    found = [text for value in evaluator.values(expr, scope, frames) if (text := text_of(value)) is not None]
    return found or [Text(GAP)]


def bool_op(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> list[Value]:
    """`a or b`, `a and b`."""
    assert isinstance(expr, ast.BoolOp)  # noqa: S101
    if isinstance(expr.op, ast.And):
        return list(evaluator.values(expr.values[-1], scope, frames))
    found: list[Value] = []
    for part in expr.values:
        values = evaluator.values(part, scope, frames)
        sure = [value for value in values if not _false(value)]
        if part is expr.values[-1]:
            found += values if not found else sure
        else:
            found += [value for value in sure if not isinstance(value, Unknown)]
            if sure and len(sure) == len(values) and not any(_open_ended(value) for value in values):
                break
    return found


def _false(value: Value) -> bool:
    return (isinstance(value, Const) and not value.value) or (isinstance(value, Text) and not value.text)


def _is_flag(value: Value) -> bool:
    """Whether a value is on or off: set in the code, it may still be set otherwise."""
    return isinstance(value, Const) and value.value is not None


def _open_ended(value: Value) -> bool:
    return isinstance(value, (Unknown, Method, Made)) or (isinstance(value, Text) and value.text == GAP)


def none_if(evaluator: Evaluator, test: ast.expr, scope: Scope, frames: Frames) -> bool | None:
    """Whether `test` fails (True) or holds (False), as far as that hangs on what a name is; None if it can be both."""
    negated = False
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, negated = test.operand, not negated
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.comparators[0], ast.Constant):
        if test.comparators[0].value is not None:
            return None
        negated ^= isinstance(test.ops[0], (ast.Is, ast.Eq))
        test = test.left
    if not isinstance(test, (ast.Name, ast.Attribute)):
        return None
    none = none_if_values(evaluator.values(test, scope, frames))
    return none if none is None or not negated else not none


def none_if_values(values: Sequence[Value]) -> bool | None:
    """Whether all of `values` are nothing (True) or none is (False); None if it can be both."""
    if not values or any(_open_ended(value) or _is_flag(value) for value in values):
        return None
    nothing = [_false(value) for value in values]
    if all(nothing):
        return True
    return None if any(nothing) else False


def bin_op(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> list[Value]:
    """`a + b`, `a / b`, `a % b`; other operators give what isn't known."""
    assert isinstance(expr, ast.BinOp)  # noqa: S101
    if isinstance(expr.op, ast.Add):
        return _add(evaluator, expr, scope, frames)
    if isinstance(expr.op, ast.Div):
        return [join_paths(*pair) for pair in combine(_sides(evaluator, expr, scope, frames))]
    if isinstance(expr.op, ast.Mod):
        return percent(evaluator, expr, scope, frames)
    if isinstance(expr.op, ast.BitOr):
        left = evaluator.values(expr.left, scope, frames)
        right = evaluator.values(expr.right, scope, frames)
        if any(isinstance(value, Mapping) for value in (*left, *right)):
            return [
                Mapping((*a.entries, *b.entries))
                for a in left
                for b in right
                if isinstance(a, Mapping) and isinstance(b, Mapping)
            ]
        return _flags(left, right)
    return [Unknown("number")]


def _flags(left: Iterable[Value], right: Iterable[Value]) -> list[Value]:
    """`os.O_APPEND | os.O_CREAT`: the names, as a text."""
    names = [
        value.name if isinstance(value, External) else value.text
        for value in (*left, *right)
        if isinstance(value, (External, Text))
    ]
    return [Text(" ".join(names))] if names else [Unknown("flags")]


def _sides(evaluator: Evaluator, expr: ast.BinOp, scope: Scope, frames: Frames) -> tuple[list[Text], list[Text]]:
    return texts(evaluator, expr.left, scope, frames), texts(evaluator, expr.right, scope, frames)


def _add(evaluator: Evaluator, expr: ast.BinOp, scope: Scope, frames: Frames) -> list[Value]:
    left = evaluator.values(expr.left, scope, frames)
    right = evaluator.values(expr.right, scope, frames)
    if any(isinstance(value, Items) for value in (*left, *right)):
        elements = [value.elements for value in (*left, *right) if isinstance(value, Items)]
        return [Items(tuple(itertools.chain.from_iterable(elements)), ordered=False)]
    return [concat(*pair) for pair in combine(_sides(evaluator, expr, scope, frames))]


_PERCENT = re.compile(r"%(?:\((\w+)\))?[-+ #0]*(?:\d+|\*)?(?:\.\d+)?[a-zA-Z%]")


def percent(evaluator: Evaluator, expr: ast.BinOp, scope: Scope, frames: Frames) -> list[Value]:
    """`"…%s" % x`."""
    found: list[Value] = []
    for template in texts(evaluator, expr.left, scope, frames):
        if "%" not in template.text:
            found.append(Text(GAP, template.why))
            continue
        given: list[list[Text]] = []
        named: dict[str, list[Text]] = {}
        for value in evaluator.values(expr.right, scope, frames):
            if isinstance(value, Items):
                given = [_texts_of(evaluator, element) for element in value.elements]
            elif isinstance(value, Mapping):
                named = {key: _texts_of(evaluator, element) for key, element in value.entries if key}
            else:
                given = [[text_of(value) or Text(GAP)]]
        found += format_texts(template, _PERCENT, given, named)
    return found


def _texts_of(evaluator: Evaluator, element: Lazy | Value) -> list[Text]:
    return [text_of(value) or Text(GAP) for value in evaluator.force(element)] or [Text(GAP)]


def format_texts(
    template: Text, field: re.Pattern[str], given: list[list[Text]], named: dict[str, list[Text]]
) -> list[Value]:
    """`template` with its fields filled in, those in order by `given`, those with a name by `named`."""
    parts: list[list[Text]] = []
    at = 0
    position = 0
    for match in field.finditer(template.text):
        parts.append([Text(template.text[at : match.start()], template.why, template.path)])
        at = match.end()
        name = match[1] or ""
        if match[0] in {"%%", "{{", "}}"}:
            parts.append([Text(match[0][0])])
        elif name.isdigit() and int(name) < len(given):
            parts.append(given[int(name)])
        elif name and not name.isdigit():
            parts.append(named.get(re.split(r"[.\[!]", name)[0], [Text(GAP, (name,))]))
        else:
            parts.append(given[position] if position < len(given) else [Text(GAP)])
            position += 1
    parts.append([Text(template.text[at:], template.why, template.path)])
    return [concat(*choice) for choice in combine(parts)]


def joined(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> list[Value]:
    """An f-string."""
    assert isinstance(expr, ast.JoinedStr)  # noqa: S101
    return [concat(*choice) for choice in combine([texts(evaluator, part, scope, frames) for part in expr.values])]


def formatted(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> list[Value]:
    """A field of an f-string."""
    assert isinstance(expr, ast.FormattedValue)  # noqa: S101
    found = texts(evaluator, expr.value, scope, frames)
    why = ast.unparse(expr.value)
    if expr.format_spec is not None and any("time" in text.why for text in found):
        forms = texts(evaluator, expr.format_spec, scope, frames)
        return [Text(GAP, (time_or_date(form.text),)) for form in forms]
    if expr.format_spec is not None and not all(text.text == GAP for text in found):
        return [Text(GAP, (why,)) if text.text.isdigit() else text for text in found]
    return [Text(text.text, (*text.why, why), text.path, text.records) if text.text == GAP else text for text in found]


def subscript(evaluator: Evaluator, expr: ast.expr, scope: Scope, frames: Frames) -> list[Value]:
    """`a[b]`."""
    assert isinstance(expr, ast.Subscript)  # noqa: S101
    found: list[Value] = []
    for container in evaluator.values(expr.value, scope, frames):
        if isinstance(expr.slice, ast.Slice):
            found.append(container if isinstance(container, (Items, Content)) else _gap(container))
            continue
        for index in evaluator.values(expr.slice, scope, frames) or (Unknown(),):
            found += item(evaluator, container, index, ast.unparse(expr))
    return found


def _gap(value: Value) -> Value:
    text = text_of(value)
    return Text(GAP, text.why) if text is not None else Unknown("slice")


def item(evaluator: Evaluator, container: Value, index: Value, what: str) -> list[Value]:
    """The item of `container` at `index`; all, where that isn't known."""
    key = text_of(index)
    if isinstance(container, Mapping):
        known = [entry for name, entry in container.entries if key is not None and name == key.text]
        chosen = known or [entry for name, entry in container.entries if key is None or key.text == GAP or name is None]
        if not known and len(chosen) > _MOST_CHOSEN:
            return [Unknown(what)]
        return [value for entry in chosen for value in evaluator.force(entry)] or [Unknown(what)]
    if isinstance(container, Items):
        number = index.value if isinstance(index, Const) and isinstance(index.value, int) else None
        if number is not None and container.ordered and -len(container.elements) <= number < len(container.elements):
            return list(evaluator.force(container.elements[number]))
        return [value for element in container.elements for value in evaluator.force(element)]
    if isinstance(container, External) and container.name == "os.environ":
        return [Unknown(f"environment {key.text if key else ''}")]
    if isinstance(container, Config) and key is not None:
        inner = Config(container.path, (*container.keys, key.text))
        return [options.configured(evaluator, inner) or inner]
    if isinstance(container, Content):
        return [Content(container.opened, "line")] if container.kind in {"lines", "line"} else [container]
    if isinstance(container, Class) and key is not None:
        from foundups_logging.audit.code import attributes  # noqa: PLC0415

        return attributes.attribute(evaluator, container, key.text, container.scope, Frames())
    text = text_of(container)
    return [Unknown(" ".join((*text.why, what)) if text else what)]


def at_index(evaluator: Evaluator, value: Value, index: int) -> list[Value]:
    """Part `index` of an unpacked value."""
    if isinstance(value, Opened) or (isinstance(value, Made) and value.name == "tempfile.mkstemp"):
        return [value]  # mkstemp's descriptor and path stand for the file alike
    if isinstance(value, Items) and not value.ordered:
        return [part for element in value.elements for part in evaluator.force(element)]
    return item(evaluator, value, Const(index), "")


def each(evaluator: Evaluator, value: Value) -> tuple[Value, ...]:
    """What iterating over a value gives."""
    if isinstance(value, Items):
        return tuple(part for element in value.elements for part in evaluator.force(element))
    if isinstance(value, Mapping):
        return tuple(Text(key) if key is not None else Unknown("key") for key, _ in value.entries)
    if isinstance(value, Opened):
        return (Content(value, "line"),)
    if isinstance(value, Content):
        return (Content(value.opened, "line" if value.kind in {"lines", "line"} else "character"),)
    text = text_of(value)
    return (Unknown(" ".join(text.why)) if text else Unknown("item"),)
