"""Whether two paths that are known in part can be the same file.

`*` stands for what is only known when the program runs. As a whole component
(`logs/*/events.jsonl`) it may be one folder or several, beside other text
(`logs/events-*.jsonl`) it is part of one name.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["can_be_same", "fits"]

_SUFFIXES = re.compile(r"(\.(jsonl|ndjson|json|log|txt|gz|bz2|xz|zst|tmp|temp|part))+$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]{2,}")


@lru_cache(maxsize=65536)
def can_be_same(one: str, other: str) -> bool:
    """Whether both can be one file, and enough of both is known to say so.

    Where nothing but a suffix is known of either's name, they would fit any
    other: then the same folder has to be named in both.
    """
    if one == other:
        return _is_known_in_part(one) if "*" in one or not one else True
    if "*" not in one and "*" not in other:
        return False
    names = one.rpartition("/")[2], other.rpartition("/")[2]
    if not all(map(_has_word, names)) and not (set(_folders(one)) & set(_folders(other))):
        return False
    return fits(one, other)


def fits(one: str, other: str) -> bool:
    """Whether some path fits both."""
    return _fits(tuple(one.split("/")), tuple(other.split("/")))


def _is_known_in_part(path: str) -> bool:
    """Whether a path has a word of its own: a name, or a folder."""
    return _has_word(path.rpartition("/")[2]) or bool(_folders(path))


def _has_word(name: str) -> bool:
    return _WORD.search(_SUFFIXES.sub("", name)) is not None


def _folders(path: str) -> list[str]:
    return [part for part in path.split("/")[:-1] if part and "*" not in part]


@lru_cache(maxsize=65536)
def _fits(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the components of both can be the same."""
    if not one or not other:
        return one == other
    if _meets(one[0], other[0]) and _fits(one[1:], other[1:]):
        return True
    # A component that isn't known may be several folders, but the last one is a name.
    return (one[0] == "*" and len(one) > 1 and _fits(one, other[1:])) or (
        other[0] == "*" and len(other) > 1 and _fits(one[1:], other)
    )


@lru_cache(maxsize=65536)
def _meets(one: str, other: str) -> bool:
    """Whether some name fits both of two names with `*`."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return _meets(one[1:], other) or _meets(one, other[1:])
    if other[0] == "*":
        return _meets(one, other[1:]) or _meets(one[1:], other)
    return one[0] == other[0] and _meets(one[1:], other[1:])
