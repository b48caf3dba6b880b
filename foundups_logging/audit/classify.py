"""What a file's records tell, by its name and place, their keys and event types; and whether that is telemetry.

Each domain has words, keys and event types that speak for it (vocabulary.toml).
Their weights are added, with less for a word of a folder than of the file's
name, and the domain with the most wins; where two are equal, the more
particular one, which comes first. The same is done for what speaks against
telemetry. No number is learnt, and the reasons say what was found.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

from foundups_logging.audit.file_names import read_name
from foundups_logging.audit.moments import NAMED_MOMENT
from foundups_logging.audit.words import Patterns, Phrases, phrase, snake_case

__all__ = ["DOMAINS", "OTHER", "TELEMETRY", "Verdict", "classify"]

TELEMETRY: Final = "telemetry"
OTHER: Final = "other"

# How much a word counts where it stands.
_IN_NAME: Final = 1.0
_IN_FOLDERS: Final = (0.6, 0.4, 0.25)  # the nearest first
# A folder of data sets or results holds nothing else.
_MATERIAL_IN_FOLDERS: Final = (0.9, 0.8, 0.7)
_IN_CONTEXT: Final = 0.5
# The most that names and keys can add: many weak signs are no certainty.
_MOST_BY_NAMES: Final = 4.0
_MOST_BY_KEYS: Final = 6.0
_LATER_WORDS: Final = 0.4  # of a second word of the same domain
_ENOUGH: Final = 1.0
_A_MOMENT: Final = 2.0
_ADDED_TO: Final = 1.0
_MOST_SURE: Final = 0.95
_TOLD: Final = 4  # signs of each sort that a reason names


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file's records tell, how sure that is (0 to 1), and whether it is telemetry; with the reasons."""

    domain: str
    domain_confidence: float
    domain_reason: str
    telemetry: bool
    telemetry_reason: str


class _Topic(NamedTuple):
    names: Phrases
    keys: Patterns
    events: Patterns


class _Evidence(NamedTuple):
    weight: float
    signs: tuple[str, ...]

    @property
    def reason(self) -> str:
        return "; ".join(self.signs)


class _Places(NamedTuple):
    """The names that words are looked for in: how each is called, how much it counts, its words."""

    entries: tuple[tuple[str, float, str], ...]


@cache
def _vocabulary() -> tuple[dict[str, _Topic], _Topic]:
    text = (files("foundups_logging.audit") / "vocabulary.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    return {name: _topic(table) for name, table in tables["domains"].items()}, _topic(tables["material"])


def _topic(table: Mapping[str, Any]) -> _Topic:
    return _Topic(Phrases(table["names"]), Patterns(table["keys"]), Patterns(table.get("events", {})))


#: The domains, the more particular first; `other` is what none of them fits.
DOMAINS: Final = (
    "permissions", "confidence_tracking", "chat_history", "daemon_health", "errors", "metrics", "sessions", TELEMETRY,
)  # fmt: skip


def classify(  # noqa: PLR0913 - what there is to go by
    path: str,
    *,
    keys: Iterable[str] = (),
    event_types: Iterable[str] = (),
    context: Iterable[str] = (),
    has_moments: bool | None = None,
    is_added_to: bool = False,
) -> Verdict:
    """Judge a file by its path (or a pattern with "*"), relative to the root, and what is known of its records.

    `keys` are those of the records, `event_types` the values of their event
    type, `context` the names of the module, class and function that write it, `has_moments` whether the records tell
    when they were made (None: by the names of the keys), `is_added_to` whether code appends to it as it goes.
    """
    topics, material = _vocabulary()
    context = list(context)
    places = _places(path, context, _IN_FOLDERS)
    own = [snake_case(key) for key in keys]
    events = [snake_case(event) for event in event_types]
    evidence = {name: _weigh(topic, places, own, events) for name, topic in topics.items()}
    ranked = sorted(evidence, key=lambda name: (-evidence[name].weight, DOMAINS.index(name)))
    best, second = evidence[ranked[0]], evidence[ranked[1]]
    against = _weigh(material, _places(path, context, _MATERIAL_IN_FOLDERS), own, ())
    if has_moments is None and own:
        has_moments = any(map(NAMED_MOMENT.search, own))
    is_telemetry, why = _is_telemetry(best, against, has_moments, is_added_to=is_added_to)
    if not is_telemetry:
        reason = (
            f"no telemetry; its {best.reason} would make it {ranked[0]}" if best.weight >= _ENOUGH else "no telemetry"
        )
        return Verdict(OTHER, 0.5 if not best.weight else 0.7, reason, telemetry=False, telemetry_reason=why)
    if best.weight < _ENOUGH:
        reason = f"nothing tells more than that it is telemetry{': ' if best.signs else ''}{best.reason}"
        return Verdict(TELEMETRY, 0.3, reason, telemetry=True, telemetry_reason=why)
    sure = round(min(_MOST_SURE, best.weight / (best.weight + second.weight * 0.7 + 1)), 2)
    return Verdict(ranked[0], sure, best.reason, telemetry=True, telemetry_reason=why)


def _places(path: str, context: Iterable[str], in_folders: tuple[float, ...]) -> _Places:
    *folders, name = path.replace("\\", "/").split("/")
    entries = [("file name", _IN_NAME, phrase(read_name(name).stem))]
    for count, folder in enumerate(reversed(folders)):
        weight = in_folders[min(count, len(in_folders) - 1)]
        entries.append((f"folder {folder!r}", weight, phrase(folder)))
    entries += [(f"{name!r}", _IN_CONTEXT, phrase(name)) for name in context]
    return _Places(tuple(entries))


def _weigh(topic: _Topic, places: _Places, keys: list[str], events: Iterable[str]) -> _Evidence:
    signs = []
    found: dict[str, tuple[float, str]] = {}
    for called, factor, words in places.entries:
        for word, weight in topic.names.find(words).items():
            if weight * factor > found.get(word, (0.0, ""))[0]:
                found[word] = (weight * factor, called)
    weights = sorted((weight for weight, _ in found.values()), reverse=True)
    by_names = min(_MOST_BY_NAMES, sum(weights[:1]) + _LATER_WORDS * sum(weights[1:]))
    for word, (_, called) in sorted(found.items(), key=lambda entry: -entry[1][0])[:_TOLD]:
        signs.append(f"{called} has {word!r}")
    by_key = topic.keys.find(keys)
    if by_key:
        signs.append("keys " + ", ".join(sorted(by_key, key=lambda key: -by_key[key])[:_TOLD]))
    by_keys = min(_MOST_BY_KEYS, float(sum(by_key.values())))
    events = list(events)
    by_event = topic.events.find(events)
    by_events = sum(by_event.values()) / len(events) if events else 0.0
    if by_event:
        signs.append("event types " + ", ".join(sorted(by_event, key=lambda event: -by_event[event])[:_TOLD]))
    return _Evidence(by_names + by_keys + by_events, tuple(signs))


def _is_telemetry(
    best: _Evidence,
    material: _Evidence,
    has_moments: bool | None,  # noqa: FBT001 - told or not
    *,
    is_added_to: bool,
) -> tuple[bool, str]:
    """Whether more speaks for telemetry than for material, and why."""
    pros, cons = list(best.signs), list(material.signs)
    weight_for, weight_against = best.weight * 0.6, material.weight
    if has_moments:
        weight_for += _A_MOMENT
        pros.insert(0, "its records tell when")
    elif is_added_to:
        weight_for += _ADDED_TO
        pros.insert(0, "code adds to it as it goes")
    elif has_moments is False:
        weight_against += _A_MOMENT
        cons.insert(0, "its records don't tell when")
    if not weight_for and not weight_against:
        return False, "nothing tells that it is"
    said_for = "for it: " + "; ".join(pros) if pros else "nothing for it"
    said_against = "against it: " + "; ".join(cons) if cons else "nothing against it"
    if weight_for > weight_against:
        return True, f"{said_for}; {said_against}" if cons else said_for
    return False, f"{said_against}; {said_for}" if pros else said_against
