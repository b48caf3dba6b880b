"""The `redact` setting: on, off, or a user's own rules beside the built-in ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from foundups_logging.errors import ConfigurationError
from foundups_logging.redaction.redactor import Redactor, Rule
from foundups_logging.redaction.unredacted import Unredacted

__all__ = ["redactor_for"]

_KEYS: Final = ("keys", "safe_keys", "patterns", "rules")


def redactor_for(redact: object, count: Callable[[str], None]) -> Unredacted:
    """What replaces secrets as `redact` says; `count` is called with "redacted" for each one.

    True (or None) is the built-in rules, False none at all. A mapping adds to the
    built-in ones: `keys` are names of secrets, `safe_keys` names of none (both by
    their words, so session_id is sessionId too); `patterns` are regular
    expressions of secrets, of which the first group is replaced where they have
    one, else the whole match; `rules` are functions that are given a text and
    return it, or what is to be stored instead. Raises ConfigurationError.
    """
    if redact is False:
        return Unredacted()
    if redact is None or redact is True:
        return Redactor(count)
    if not isinstance(redact, Mapping):
        raise _error(f"redact is {redact!r}", "give True, False or a dict")
    unknown = [key for key in redact if key not in _KEYS]
    if unknown:
        raise _error(f"redact has the unknown entry {unknown[0]!r}", f"known: {', '.join(_KEYS)}")
    return Redactor(
        count,
        keys=_texts(redact, "keys"),
        safe_keys=_texts(redact, "safe_keys"),
        patterns=[_compiled(pattern) for pattern in _members(redact, "patterns")],
        rules=[_rule(rule) for rule in _members(redact, "rules")],
    )


def _members(redact: Mapping[str, Any], key: str) -> list[object]:
    members = redact.get(key)
    if members is None:
        return []
    if not isinstance(members, (list, tuple, set, frozenset)):
        raise _error(f"redact's {key} is {members!r}", "give a list")
    if isinstance(members, (set, frozenset)):
        return list(members)
    return [members[index] for index in range(len(members))]  # by index, dictConfig resolves what begins with ext://


def _texts(redact: Mapping[str, Any], key: str) -> list[str]:
    members = _members(redact, key)
    for member in members:
        if not isinstance(member, str) or not member:
            raise _error(f"redact's {key} hold {member!r}", "give names")
    return cast("list[str]", members)


def _compiled(pattern: object) -> re.Pattern[str]:
    if isinstance(pattern, re.Pattern) and isinstance(pattern.pattern, str):
        return pattern
    if not isinstance(pattern, str) or not pattern:
        raise _error(f"redact's patterns hold {pattern!r}", "give regular expressions")
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise _error(f"redact's pattern {pattern!r} is no regular expression: {error}", "correct it") from error


def _rule(rule: object) -> Rule:
    if not callable(rule):
        raise _error(f"redact's rules hold {rule!r}", "give functions that take a text and return one")
    return cast("Rule", rule)


def _error(message: str, hint: str) -> ConfigurationError:
    return ConfigurationError(message, operation="configure redaction", hint=hint)
