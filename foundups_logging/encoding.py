"""Any Python value as JSON text that loses nothing, and back.

What JSON knows is written as JSON. Values with a usual text (datetime, date,
UUID, Path, Decimal, the value of an Enum) are written as that text. What JSON
would bend is tagged, as an object with one key:

    {"$float": "nan"}            also "inf" and "-inf"
    {"$bytes": "aGk="}           base64
    {"$int": "0x…"}              integers of more than 4,000 digits
    {"$items": [[key, value]]}   mappings whose keys are no text or would collide
    {"$json": "…"}               what lies deeper than 100 levels, as JSON text
    {"$cycle": "list"}           a container that contains itself, where it recurs
    {"$text": ["…", "…"]}        text in which two lone surrogates would join to one character

The text is valid JSON (RFC 8259), so SQLite's JSON functions read it.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson

__all__ = ["escaped", "from_json", "is_encodable", "plain", "safe_str", "to_json"]

_MAX_DEPTH = 100
_MAX_DIGITS_BITS = 13_000  # about 4,000 decimal digits: int() and str() refuse above 4,300
# orjson leaves out a dataclass's fields whose names begin with an underscore, rounds a time zone's
# offset to minutes, and follows subclasses of containers where `_is_shallow` doesn't look.
_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
_CONTAINERS = frozenset({dict, list, tuple})
_SURROGATE_PAIR = re.compile("(?<=[\ud800-\udbff])(?=[\udc00-\udfff])")
_PLAIN_SCALARS = frozenset({str, int, bool, type(None)})


def to_json(value: object) -> str:
    """Encode any value as JSON text; never raises for what the value holds."""
    if not _is_shallow(value):
        return _encode(value)
    try:
        data = orjson.dumps(value, _shallow_plain, _OPTIONS)
    except (TypeError, ValueError, RecursionError):
        return _encode(value)
    # orjson writes NaN and infinities as null, and a dict that looks like a tag as it is.
    if (b"null" in data and not _is_finite(value)) or b'"$' in data:
        return _encode(value)
    return data.decode()


def from_json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Decode JSON text, tags included, integers of any size exactly. Raises ValueError."""
    # orjson reads integers beyond 64 bits as floats and refuses lone surrogates.
    return json.loads(text, object_hook=_untag)


def safe_str(value: object, convert: Callable[[Any], str] = str) -> str:
    """`str(value)`, or a stand-in that names the type where that raises."""
    try:
        return convert(value)
    except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
        return f"<{type(value).__qualname__} whose text raised {type(error).__qualname__}>"


def is_encodable(text: str) -> bool:
    """Whether `text` holds no lone surrogate, which SQLite can't store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def escaped(text: str) -> str:
    """`text` with its lone surrogates as backslash, u and digits."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _is_shallow(value: object, left: int = _MAX_DEPTH) -> bool:
    """Whether orjson may be given `value`: 3.12 and 3.13 write beyond their buffer for tuples 255 deep."""
    kind = type(value)
    if kind is dict:
        members: Any = list(value.values())  # type: ignore[attr-defined]  # other threads may change the dict
    elif kind is list or kind is tuple:
        members = value
    else:
        return True
    for member in members:
        if type(member) in _CONTAINERS and (left == 0 or not _is_shallow(member, left - 1)):
            return False
    return True


def _shallow_plain(value: object) -> object:
    simpler = plain(value)
    if not _is_shallow(simpler):
        raise TypeError
    return simpler


def plain(value: object) -> object:  # noqa: C901, PLR0912 - a list of cases
    """One step from `value` towards what JSON knows: text, number, list, dict or a tag."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (Decimal, UUID, timedelta, complex)):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, (set, frozenset)):
        try:
            return sorted(value)
        except TypeError:
            return list(value)
    if isinstance(value, (tuple, deque)):
        return list(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    # numpy without importing it: its scalars and arrays turn into Python's own by tolist().
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        in_nanoseconds = getattr(value, "dtype", None) in ("M8[ns]", "m8[ns]")  # tolist() makes bare numbers of those
        simpler: object = value.astype(str).tolist() if in_nanoseconds else value.tolist()  # type: ignore[attr-defined]
        return simpler if type(simpler) is not type(value) else safe_str(value, repr)
    # A subclass of a basic type says by its type only what its value says already.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, list):
        return list.copy(value)
    return safe_str(value, repr)


def _is_finite(value: object) -> bool:
    """Whether `value` is made of plain values only, with no NaN or infinity among them."""
    kind = type(value)
    if kind in _PLAIN_SCALARS:
        return True
    if kind is float:
        return math.isfinite(value)  # type: ignore[arg-type]
    if kind is dict:
        return all(map(_is_finite, value.values()))  # type: ignore[attr-defined]
    if kind is list or kind is tuple:
        return all(map(_is_finite, value))  # type: ignore[call-overload]
    return False


def _text(value: str) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate: written as \udXXX
        return json.dumps(value)


def _scalar(value: object) -> str | None:
    """The JSON text of a scalar, or None where `value` is none."""
    kind = type(value)
    if kind is str:
        parts = _SURROGATE_PAIR.split(value)  # type: ignore[call-overload]
        if len(parts) > 1:
            return f'{{"$text":[{",".join(map(_text, parts))}]}}'
        return _text(value)  # type: ignore[arg-type]
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if kind is int:
        if value.bit_length() > _MAX_DIGITS_BITS:  # type: ignore[attr-defined]
            return f'{{"$int":"{value:#x}"}}'
        return str(value)
    if kind is float:
        return repr(value) if math.isfinite(value) else f'{{"$float":"{value}"}}'  # type: ignore[arg-type]
    return None


class _Leave:
    """On the encoder's stack: the container with this id ends here."""

    __slots__ = ("container",)

    def __init__(self, container: int) -> None:
        self.container = container


class _Literal(str):
    """On the encoder's stack: text to write as it is."""

    __slots__ = ()


def _encode(value: object) -> str:
    """The careful encoder: with a stack of its own, so no depth exhausts Python's."""
    out: list[str] = []
    stack: list[object] = [value]
    open_ids: dict[int, object] = {}  # id -> container, kept alive so ids stay unique
    deep_from: tuple[int, int] | None = None  # (length of out, open containers) where "$json" began
    while stack:
        item = stack.pop()
        if type(item) is _Literal:
            out.append(item)
            continue
        if type(item) is _Leave:
            open_ids.pop(item.container, None)
            if deep_from is not None and len(open_ids) == deep_from[1]:
                inner = "".join(out[deep_from[0] :])
                out[deep_from[0] :] = ['{"$json":', _text(inner), "}"]
                deep_from = None
            continue
        text = _scalar(item)
        if text is not None:
            out.append(text)
            continue
        if id(item) in open_ids:
            out.append(f'{{"$cycle":{_text(type(item).__name__)}}}')
            continue
        if deep_from is None and len(open_ids) >= _MAX_DEPTH:
            deep_from = (len(out), len(open_ids))
        open_ids[id(item)] = item
        stack.append(_Leave(id(item)))
        stack.extend(reversed(list(_pieces(item))))
    return "".join(out)


def _pieces(item: object) -> Iterator[object]:
    """A container as literals and members; any other value as its plain form."""
    if type(item) is dict:
        yield from _dict_pieces(item)
    elif type(item) is list:
        yield from _joined("[", item, "]")
    else:
        try:
            simpler = plain(item)
            is_bytes = isinstance(item, (bytes, bytearray, memoryview))
        except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
            simpler = f"<{type(item).__qualname__} that raised {type(error).__qualname__}>"
            is_bytes = False
        if is_bytes and type(simpler) is dict:
            yield _Literal(f'{{"$bytes":"{simpler["$bytes"]}"}}')
        else:
            yield simpler


def _joined(start: str, members: Iterable[object], end: str) -> Iterator[object]:
    separator = start
    for member in members:
        yield _Literal(separator)
        yield member
        separator = ","
    if separator == start:
        yield _Literal(start)
    yield _Literal(end)


def _dict_pieces(item: dict[object, object]) -> Iterator[object]:
    pairs = list(item.items())
    keys = [_key(key) for key, _ in pairs]
    looks_like_tag = len(pairs) == 1 and keys[0] is not None and keys[0].startswith("$")
    if looks_like_tag or None in keys or len(set(keys)) < len(keys):
        yield _Literal('{"$items":')
        yield from _joined("[", [list(pair) for pair in pairs], "]")
        yield _Literal("}")
        return
    separator = "{"
    for key, (_, member) in zip(keys, pairs, strict=True):
        yield _Literal(f"{separator}{_text(key)}:")  # type: ignore[arg-type]
        yield member
        separator = ","
    yield _Literal("{}" if separator == "{" else "}")


def _key(key: object) -> str | None:
    """The text JSON's custom gives a key (1 -> "1", None -> "null"), None where there is none."""
    if isinstance(key, str):
        plain_key = str.__str__(key)
        return None if _SURROGATE_PAIR.search(plain_key) else plain_key
    if key is None or isinstance(key, (bool, int, float)):
        text = _scalar(key)
        return text if text is not None and not text.startswith("{") else None
    if isinstance(key, (UUID, datetime, date)):
        return str(plain(key))
    return None


def _untag(item: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    if len(item) != 1:
        return item
    ((tag, value),) = item.items()
    if not tag.startswith("$"):
        return item
    try:
        if tag == "$float":
            return float(value)
        if tag == "$int":
            return int(value, 16)
        if tag == "$bytes":
            return base64.b64decode(value, validate=True)
        if tag == "$json":
            return from_json(value)
        if tag == "$items":
            return dict(value)
        if tag == "$text":
            return "".join(value)
    except (TypeError, ValueError, RecursionError):
        return item
    return item
