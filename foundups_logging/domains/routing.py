"""Routing: which domain an event belongs to."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence

from foundups_logging.domains.model import Domain

__all__ = ["Router", "is_event_name"]

_EVENT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*")

#: The domain of whatever has no other.
FALLBACK = "log_events"


def is_event_name(text: str) -> bool:
    """Whether `text` names an event (`permission_granted`) and is no sentence."""
    return _EVENT_NAME.fullmatch(text) is not None


class Router:
    """Finds an event's domain among `domains`.

    In this order: the explicit domain; the event's name; the logger's name;
    the level (or an exception, which counts as an error); the fallback. An
    exact name beats a pattern, a longer pattern a shorter one; case is ignored.
    """

    def __init__(self, domains: Iterable[Domain]) -> None:
        self.domains = {domain.name: domain for domain in domains}
        self.fallback = self.domains[FALLBACK]
        self._names: dict[str, Domain] = {}
        name_patterns: list[tuple[str, Domain]] = []
        logger_patterns: list[tuple[str, Domain]] = []
        by_level: list[tuple[int, Domain]] = []
        for domain in self.domains.values():
            for name in domain.events:
                if "*" in name:
                    name_patterns.append((name, domain))
                else:
                    self._names[name.lower()] = domain
            logger_patterns += [(name, domain) for name in domain.loggers]
            if domain.min_level is not None:
                by_level.append((logging.getLevelNamesMapping()[domain.min_level], domain))
        self._name_patterns = _compiled(name_patterns)
        self._logger_patterns = _compiled(logger_patterns)
        self._by_level = sorted(by_level, key=lambda entry: entry[0], reverse=True)

    def candidates(
        self, name: str, logger: str, level: int, *, asked: object = None, has_error: bool = False
    ) -> list[Domain]:
        """The domains for an event, best first; `asked` is its explicit domain.

        A domain found by the logger's name alone is followed by others, because
        it takes only events that have its required fields: other lines of the
        same module are log lines. Any other domain found ends the list.
        """
        if asked is not None:
            return [self.domains.get(asked, self.fallback) if type(asked) is str else self.fallback]
        found: list[Domain] = []
        if is_event_name(name):
            lowered = name.lower()
            domain = self._names.get(lowered) or _match(self._name_patterns, lowered)
            if domain is not None:
                return [domain]
        domain = _match(self._logger_patterns, logger.lower())
        if domain is not None:
            found.append(domain)
        if has_error:
            level = max(level, logging.ERROR)
        found.append(next((domain for limit, domain in self._by_level if level >= limit), self.fallback))
        return found


def _compiled(patterns: Iterable[tuple[str, Domain]]) -> list[tuple[re.Pattern[str], Domain]]:
    """The patterns, those with the most letters of their own first."""
    ordered = sorted(patterns, key=lambda entry: (-len(entry[0].replace("*", "")), entry[0]))
    return [(_pattern(text.lower()), domain) for text, domain in ordered]


def _pattern(text: str) -> re.Pattern[str]:
    # As in logging's own tree, "a.b.*" is the logger a.b and all below it.
    tail = ""
    if text.endswith(".*"):
        text, tail = text[:-2], r"(\..*)?"
    return re.compile(".*".join(map(re.escape, text.split("*"))) + tail, re.DOTALL)


def _match(patterns: Sequence[tuple[re.Pattern[str], Domain]], text: str) -> Domain | None:
    return next((domain for pattern, domain in patterns if pattern.fullmatch(text)), None)
