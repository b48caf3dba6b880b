"""Values as columns hold them: converted where nothing is lost, refused where it would be.

A converter takes any value and returns the pair (what SQLite is given, whether
that tells all the value told), or None where the column can't hold it. What a
column can't tell whole is kept in metadata beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from foundups_logging import timestamps
from foundups_logging.encoding import is_encodable, plain, to_json

__all__ = ["CONVERTERS", "Converter", "convert_timestamp"]

Converted = tuple[str | int | float | None, bool] | None
Converter = Callable[[object], Converted]

_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**63 - 1
_MAX_EXACT_REAL = 2**53  # beyond it, not every integer has a float of its own
_NULL: Final = (None, True)
_SIMPLE: Final = frozenset({bool, int, float, str})


def _simple(value: object) -> object:
    """`value` as None, bool, int, float or str where it is one in other clothes (Enum, numpy).

    What is none keeps its type: converters ask for exact types only, since
    isinstance() runs code of the value's own.
    """
    if value is None or type(value) in _SIMPLE:
        return value
    try:
        simpler = plain(value)
    except Exception:  # noqa: BLE001 - a value's own code may raise anything; metadata tells it
        return value
    return simpler if simpler is None or type(simpler) in _SIMPLE else value


def _is_negative_zero(value: float) -> bool:
    return value == 0 and math.copysign(1, value) < 0


def _text(value: object) -> Converted:
    value = _simple(value)
    if value is None:
        return _NULL
    if type(value) is str:
        return (value, True) if is_encodable(value) else None
    if type(value) in _SIMPLE:
        # 42 reads "42" in the column; that it was a number is kept beside it.
        text = to_json(value)
        return None if text.startswith("{") else (text, False)
    return None


def _integer(value: object) -> Converted:
    value = _simple(value)
    if value is None:
        return _NULL
    if type(value) is float and value.is_integer() and not _is_negative_zero(value):
        value = int(value)
    if type(value) is int and _MIN_INTEGER <= value <= _MAX_INTEGER:
        return value, True
    return None


def _real(value: object) -> Converted:
    value = _simple(value)
    if value is None:
        return _NULL
    if type(value) is int and abs(value) <= _MAX_EXACT_REAL:
        return float(value), True
    # SQLite stores NaN as NULL and -0.0 as 0.0.
    if type(value) is float and not math.isnan(value) and not _is_negative_zero(value):
        return value, True
    return None


def _boolean(value: object) -> Converted:
    value = _simple(value)
    if value is None:
        return _NULL
    if type(value) is bool:
        return int(value), True
    if (type(value) is int or type(value) is float) and value in (0, 1) and not _is_negative_zero(value):
        return int(value), True
    return None


def _json(value: object) -> Converted:
    if value is None:
        return _NULL
    if type(value) is str and value[:1] in ("{", "["):
        try:
            json.loads(value, parse_constant=_refuse)
            value.encode()
        except (ValueError, RecursionError):
            return to_json(value), True
        return value, True  # JSON text already
    return to_json(value), True


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def convert_timestamp(value: object) -> Converted:
    """A timestamp in any usual form as the tables' text."""
    return timestamps.normalize(_simple(value) if type(value).__module__ == "numpy" else value)


#: Declared type -> converter.
CONVERTERS: Final[Mapping[str, Converter]] = MappingProxyType(
    {"TEXT": _text, "INTEGER": _integer, "REAL": _real, "BOOLEAN": _boolean, "JSON": _json}
)
