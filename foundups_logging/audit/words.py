"""How names are taken apart into words, and how a vocabulary finds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import translate
from functools import lru_cache
from typing import Final

__all__ = ["Patterns", "Phrases", "phrase", "snake_case"]

#: What the words of a vocabulary's lists weigh.
WEIGHTS: Final = {"strong": 3, "fair": 2, "weak": 1}

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD: Final = re.compile(r"[a-z]+")
_SHORTEST_PLURAL: Final = 4


def snake_case(name: str) -> str:
    """A key in snake case: "parentUuid" becomes "parent_uuid"."""
    return re.sub(r"[^a-z0-9@*]+", "_", _CAMEL.sub("_", name).lower())


@lru_cache(maxsize=10_000)
def phrase(name: str) -> str:
    """The words of a name, in the singular, with "_" between and around them: "ErrorLogs2" becomes "_error_log_"."""
    found = _WORD.findall(_CAMEL.sub("_", name).lower())
    return "_" + "".join(f"{_singular(word)}_" for word in found)


def _singular(word: str) -> str:
    if len(word) < _SHORTEST_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    return word[:-3] + "y" if word.endswith("ies") and word != "series" else word.removesuffix("s")


class Phrases:
    """Words and pairs of words, each with a weight, that names are searched for."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        # A word is looked for as names are: in the singular ("analytics" is "analytic" there).
        self._weights = {
            phrase(word): (word, WEIGHTS[strength]) for strength, words in lists.items() for word in words.split()
        }

    def find(self, words: str) -> dict[str, int]:
        """Which of them are in a phrase, with their weights."""
        if words == "_":
            return {}
        return {word: weight for key, (word, weight) in self._weights.items() if key in words}


class Patterns:
    """Names with "*" for anything, each with a weight, that a name is matched with."""

    def __init__(self, lists: Mapping[str, str]) -> None:
        self._ranks = [
            (WEIGHTS[strength], re.compile("|".join(translate(pattern) for pattern in words.split())))
            for strength, words in sorted(lists.items(), key=lambda entry: -WEIGHTS[entry[0]])
        ]

    def weigh(self, name: str) -> int:
        """The weight of the heaviest that fits, or 0."""
        return next((weight for weight, pattern in self._ranks if pattern.match(name)), 0)

    def find(self, names: Iterable[str]) -> dict[str, int]:
        """Those of `names` that fit, with their weights."""
        return {name: weight for name in names if (weight := self.weigh(name))}
