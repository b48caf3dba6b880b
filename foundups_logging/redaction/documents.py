"""Secrets in JSON text: under keys that name them, and in the texts, at any depth."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any, Final

import orjson

from foundups_logging.redaction.texts import MARK, is_working_directory

__all__ = ["DocumentWalk", "Finding", "redacted_json", "tells_nothing"]

_MIN_ECHO: Final = 7  # characters of a secret that is looked for where it has no name
_PAIR: Final = 2
_NAME: Final = re.compile(r"[\w.-]{1,80}")  # of a header or parameter, not a sentence


class Finding:
    """What was found in one event: how many values were replaced, and secrets that may be repeated elsewhere."""

    __slots__ = ("count", "secrets")

    def __init__(self) -> None:
        self.count = 0
        self.secrets: list[str] = []

    def found(self, secret: object) -> None:
        """Count a value that stood under a secret's name; a text that can't be a usual word is kept to look for."""
        self.count += 1
        if type(secret) is str and len(secret) >= _MIN_ECHO and any(map(str.isdigit, secret)):
            self.secrets.append(secret)


def tells_nothing(name: str, value: object) -> bool:
    """Whether a value under a secret's name tells no secret: nothing, or only whether there is one."""
    kind = type(value)
    if kind is str:
        return value in {"", MARK} or is_working_directory(name, value)
    return value is None or kind is bool or (kind in {int, float, dict, list, tuple} and not value)


class DocumentWalk:
    """Walks what JSON text says, tags of the encoding included.

    `is_secret` tells a secret's name; `redacted` takes a text, a Finding and
    whether it is a key (`is_key`), and returns the text without secrets.
    """

    def __init__(self, is_secret: Callable[[str], bool], redacted: Callable[..., str]) -> None:
        self._is_secret = is_secret
        self._redacted = redacted

    def text(self, text: str, finding: Finding) -> str:
        """A text without secrets."""
        return self._redacted(text, finding)

    def redacted(self, value: Any, finding: Finding) -> Any:  # noqa: ANN401 - any JSON value
        """`value` without secrets; containers are changed in place. Raises RecursionError where it is too deep."""
        if type(value) is str:
            return self._redacted(value, finding)
        if type(value) is list:
            take = self._pair if _is_pairs(value) else self.redacted
            value[:] = [take(member, finding) for member in value]
            return value
        if type(value) is not dict:
            return value
        if len(value) == 1:
            ((key, member),) = value.items()
            tagged = self._tagged(key, member, finding) if key[:1] == "$" else None
            if tagged is not None:
                return {key: tagged}
        return self._dict(value, finding)

    def _dict(self, value: dict[str, Any], finding: Finding) -> dict[str, Any]:
        clean: dict[str, Any] = {}
        for key, member in value.items():
            new_key = self._redacted(key, finding, is_key=True)
            while new_key in clean:
                new_key += "_"
            clean[new_key] = self._member(key, member, finding)
        return clean

    def _member(self, key: str, member: Any, finding: Finding) -> Any:  # noqa: ANN401 - any JSON value
        if not self._is_secret(key):
            return self.redacted(member, finding)
        if tells_nothing(key, member):
            return member
        finding.found(member)
        return MARK

    def _pair(self, pair: list[Any], finding: Finding) -> list[Any]:
        """A header or parameter with its value, if these aren't two names."""
        name, value = pair
        is_named = _NAME.fullmatch(name) is not None and self._is_secret(name)
        if is_named and type(value) is str and not self._is_secret(value):
            return [name, self._member(name, value, finding)]
        return [self.redacted(member, finding) for member in pair]

    def _tagged(self, tag: str, value: Any, finding: Finding) -> Any:  # noqa: ANN401 - any JSON value
        """What the encoding's tag holds (see foundups_logging.encoding), without secrets; None where it is no tag."""
        if tag == "$bytes" and type(value) is str:
            try:
                text = base64.b64decode(value, validate=True).decode("latin-1")
            except (binascii.Error, ValueError):
                return None
            clean = self._redacted(text, finding)
            return value if clean == text else base64.b64encode(clean.encode("latin-1", "replace")).decode()
        if tag == "$items" and type(value) is list:
            for pair in value:
                if type(pair) is list and len(pair) == _PAIR:
                    is_named = type(pair[0]) is str
                    pair[1] = self._member(pair[0], pair[1], finding) if is_named else self.redacted(pair[1], finding)
                    pair[0] = self.redacted(pair[0], finding)
            return value
        if tag == "$json" and type(value) is str:
            return redacted_json(value, self, finding)
        if tag == "$text" and type(value) is list:
            text = "".join(part for part in value if type(part) is str)
            clean = self._redacted(text, finding)
            return value if clean == text else [clean]
        return None


def _is_pairs(members: list[Any]) -> bool:
    """Whether a list is one of pairs, as headers are told."""
    return all(type(member) is list and len(member) == _PAIR and type(member[0]) is str for member in members)


def redacted_json(text: str, walk: DocumentWalk, finding: Finding, *, is_sure: bool = True) -> str:
    """JSON text without secrets, the same object where there are none.

    What is too deep to be read, or is no JSON after all (where `is_sure` is
    false, any text may be given), is left to the rules for texts.
    """
    inner = Finding()
    try:
        value = walk.redacted(json.loads(text), inner)
    except (ValueError, RecursionError):
        return walk.text(text, finding) if is_sure else text
    if not inner.count:
        return text
    finding.count += inner.count
    finding.secrets += inner.secrets
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        return json.dumps(value, separators=(",", ":"))
