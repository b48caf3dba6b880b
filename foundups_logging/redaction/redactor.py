"""The redactor: what of an event is replaced before it is queued, and what is known to need no look.

A row is looked at when it is made: its texts as texts, its JSON by keys and texts,
all the way down. The usual event has only texts that came before, and fields whose
names were looked at once; `known` and the `passes…` methods are its short way.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from foundups_logging.complaints import complain
from foundups_logging.redaction.documents import DocumentWalk, Finding, redacted_json, tells_nothing
from foundups_logging.redaction.names import NameRules
from foundups_logging.redaction.shapes import HINT, KEY_BLOCK
from foundups_logging.redaction.texts import MARK, redact_assignments, redact_shapes
from foundups_logging.redaction.unredacted import MAX_KNOWN, MAX_KNOWN_LENGTH, SCALARS, Kind, Unredacted

__all__ = ["Redactor", "Rule"]

#: A user's own rule: takes a text, returns it or what is to be stored instead.
Rule = Callable[[str], str]

_MAX_DEPTH: Final = 20  # of containers on the short way
_PAIR: Final = 2  # a header or parameter and its value

# One of these is in every text with a secret that the built-in rules find; each branch begins with one sign (see HINT).
_TRIGGER: Final = re.compile(r"=|:|'|<(?=/)|-(?=-)|b(?=(?i:earer|asic)[ \t])|B(?=(?i:earer|asic)[ \t])|" + HINT.pattern)
_LONG: Final = 16_384  # characters of a text that is looked at in parts
_PART: Final = re.compile(r".{1,8192}+[^\n]*+\n?", re.DOTALL)


class Redactor(Unredacted):
    """Replaces secrets, by the built-in rules and a user's own.

    `count` is called with "redacted" for each value replaced. `keys` and
    `safe_keys` are names, `patterns` expressions of secrets, `rules` functions;
    what a rule left alone it may not be asked about again. One that raises, or
    returns no text, costs the text, never the call; what it logs itself is
    looked at by the built-in rules only.
    """

    def __init__(
        self,
        count: Callable[[str], None],
        keys: Iterable[str] = (),
        safe_keys: Iterable[str] = (),
        patterns: Iterable[re.Pattern[str]] = (),
        rules: Iterable[Rule] = (),
    ) -> None:
        super().__init__()
        self._count = count
        self._names = NameRules(keys, safe_keys)
        self._patterns = tuple(patterns)
        self._rules = tuple(rules)
        self._has_own = bool(self._patterns or self._rules)
        self._inside = threading.local()  # .rule is true while a rule runs in this thread
        self._known_json: set[str] = set()
        self._known_keys: set[str] = set()
        self._walk = DocumentWalk(self._names.is_secret, self._redacted)

    def is_secret(self, name: str) -> bool:
        """Whether what stands under `name` is a secret."""
        return self._names.is_secret(name)

    def passes(self, value: object, left: int = _MAX_DEPTH) -> bool:  # noqa: C901 - the hot path: no calls to spare
        """Whether any value can be stored as it is: plain ones without a secret, all the way down."""
        kind = type(value)
        members: Any = value
        if kind is dict:
            keys = self._known_keys
            for key in members.copy():  # other threads may change it
                if type(key) is not str or not (key in keys or self._passes_key(key)):
                    return False
            members = list(members.values())
        elif kind is not list and kind is not tuple:
            return kind in SCALARS or (kind is str and (value in self.known or self.passes_texts(members)))
        elif len(members) == _PAIR and type(members[0]) is str and self.is_secret(members[0]):
            return False
        if left == 0:
            return False
        known = self.known
        for member in members:
            kind = type(member)
            if kind is str:
                if not (member in known or self.passes_texts(member)):
                    return False
            elif kind not in SCALARS and not self.passes(member, left - 1):
                return False
        return True

    def args(self, args: Any) -> Any:  # noqa: ANN401 - as a record holds them
        """The arguments of a message without secrets; the same object where there are none."""
        if type(args) is tuple:
            for arg in args:
                kind = type(arg)
                if kind not in SCALARS and not (kind is str and (arg in self.known or self.passes_texts(arg))):
                    break
            else:
                return args
        finding = Finding()
        try:
            is_odd = isinstance(args, Mapping) and type(args) is not dict
            if is_odd and any(type(name) is str and self.is_secret(name) for name in args):
                args = dict(args)
            clean = self._clean(args, finding, _MAX_DEPTH)
        except Exception as error:  # noqa: BLE001 - a value's own code may raise anything
            complain(f"a message's arguments could not be looked at for secrets: {type(error).__name__}")
            clean = (MARK,)
        self._add(finding)
        return clean

    def row(self, row: tuple[Any, ...], kinds: Iterable[Kind]) -> tuple[Any, ...]:
        """A row without secrets; the same object where there are none."""
        finding = Finding()
        values: list[Any] | None = None
        for position, is_json, is_secret in kinds:
            value = row[position]
            if type(value) is not str:
                continue
            if not is_secret and (value in self._known_json if is_json else value in self.known):
                continue
            clean = self._looked_at(value, finding, is_json=is_json, is_secret=is_secret)
            if clean is not value:
                values = values or list(row)
                values[position] = clean
        if values is None:
            return row
        for secret in finding.secrets:
            for position, is_json, _ in kinds:
                if type(values[position]) is str:
                    values[position] = _without(values[position], secret, is_json=is_json)
        self._add(finding)
        return tuple(values)

    def json(self, text: str) -> str:
        """JSON text without secrets."""
        finding = Finding()
        text = self._json(text, finding)
        self._add(finding)
        return text

    # --- the long way

    def _looked_at(self, value: str, finding: Finding, *, is_json: bool, is_secret: bool) -> str:
        """A text of a row without secrets; replaced as a whole where that fails."""
        try:
            if is_secret:
                return _hidden(value, finding, is_json=is_json)
            if is_json:
                return self._json(value, finding)
            return value if self.passes_texts(value) else self._redacted(value, finding)
        except Exception as error:  # noqa: BLE001 - whatever fails, nothing unseen is stored
            complain(f"a text could not be looked at for secrets and is replaced: {type(error).__name__}")
            finding.count += 1
            return f'{{"{MARK}":null}}' if is_json else MARK

    def _json(self, text: str, finding: Finding) -> str:
        if text in self._known_json:
            return text
        if self._has_own or self._may_hold(text) or any(sign in text for sign in ("\\u00", "\\/", '"$bytes"')):
            before = finding.count
            text = redacted_json(text, self._walk, finding)
            if finding.count > before:
                return text
        if len(text) <= MAX_KNOWN_LENGTH and not self._rules:
            if len(self._known_json) >= MAX_KNOWN:
                self._known_json.clear()
            self._known_json.add(text)
        return text

    def _redacted(self, text: str, finding: Finding, *, is_key: bool = False) -> str:
        """`text` by all the rules; a key in a document by all but a user's functions."""
        if len(text) > _LONG:
            text = self._long(text, finding)
        elif _TRIGGER.search(text) is not None and self._may_hold(text):
            text = self._by_builtin(text, finding)
        for pattern in self._patterns:
            text = _by_pattern(pattern, text, finding)
        if self._rules and not is_key and not getattr(self._inside, "rule", False):
            text = self._by_rules(text, finding)
        return text

    def _by_builtin(self, text: str, finding: Finding) -> str:
        if text[:1] in {"{", "["}:
            text = redacted_json(text, self._walk, finding, is_sure=False)
        text, count = redact_shapes(text)
        finding.count += count
        text, count = redact_assignments(text, self._names.is_secret)
        finding.count += count
        return text

    def _long(self, text: str, finding: Finding) -> str:
        """A long text by the built-in rules, part by part: few parts of one need more than the quick look."""
        if "-----BEGIN" in text:
            text, count = KEY_BLOCK.subn(MARK, text)
            finding.count += count
        if text[:1] in {"{", "["}:
            text = redacted_json(text, self._walk, finding, is_sure=False)
        parts = [part[0] for part in _PART.finditer(text)]
        clean = [self._by_builtin(part, finding) if self._may_hold(part) else part for part in parts]
        return text if clean == parts else "".join(clean)

    def _may_hold(self, text: str, start: int = 0) -> bool:
        """Whether the built-in rules could find something in a text, whose first trigger is at `start`."""
        if ("://" in text and "@" in text) or HINT.search(text, start) is not None:
            return True
        return self._names.may_name(text.lower())

    def _is_harmless(self, text: str) -> bool:
        if self._has_own:
            if getattr(self._inside, "rule", False):
                return False  # what a rule logs takes the long way, and isn't kept as known to the rules
        else:
            trigger = _TRIGGER.search(text)
            if trigger is None or not self._may_hold(text, trigger.start()):
                return True
        finding = Finding()
        self._redacted(text, finding)
        return not finding.count

    def _passes_key(self, key: str) -> bool:
        if self.is_secret(key) or not self.passes_texts(key):
            return False
        if len(self._known_keys) >= MAX_KNOWN:
            self._known_keys.clear()
        self._known_keys.add(key)
        return True

    def _by_rules(self, text: str, finding: Finding) -> str:
        self._inside.rule = True
        try:
            for rule in self._rules:
                new = rule(text)
                if type(new) is not str:
                    complain(f"the redaction rule {rule!r} returned no text; what it was given is replaced")
                    new = MARK
                finding.count += new != text
                text = new
        except Exception as error:  # noqa: BLE001 - a rule's own code may raise anything
            complain(f"the redaction rule {rule!r} raised {type(error).__name__}; what it was given is replaced")
            finding.count += 1
            return MARK
        finally:
            self._inside.rule = False
        return text

    def _clean(self, value: Any, finding: Finding, left: int) -> Any:  # noqa: ANN401 - any value can be an argument
        """A copy of plain containers without secrets, or the value itself; its text is looked at when it is one."""
        kind = type(value)
        if kind is str:
            return value if value in self.known else self._redacted(value, finding)
        if left == 0 or kind not in {dict, list, tuple}:
            return value
        if kind is dict:
            clean: Any = {}
            for key, member in list(value.items()):
                if type(key) is str and self.is_secret(key) and not tells_nothing(key, member):
                    clean[key] = MARK
                    finding.count += 1
                else:
                    clean[key] = self._clean(member, finding, left - 1)
            is_same = all(clean[key] is member for key, member in value.items() if key in clean)
        else:
            clean = kind(self._clean(member, finding, left - 1) for member in value)
            is_same = all(one is other for one, other in zip(clean, value, strict=False))
        return value if is_same else clean

    def _add(self, finding: Finding) -> None:
        for _ in range(finding.count):
            self._count("redacted")


def _hidden(value: str, finding: Finding, *, is_json: bool) -> str:
    """What stands in a column whose name names a secret."""
    hidden = f'"{MARK}"' if is_json else MARK
    if value in {"", "true", "false", "null", '""', "{}", "[]", hidden}:
        return value
    finding.found(value)
    return hidden


def _without(text: str, secret: str, *, is_json: bool) -> str:
    """`text` without a secret that was found elsewhere under its name."""
    return text.replace(json.dumps(secret)[1:-1], MARK).replace(secret, MARK) if is_json else text.replace(secret, MARK)


def _by_pattern(pattern: re.Pattern[str], text: str, finding: Finding) -> str:
    pieces: list[str] = []
    told = 0
    for match in pattern.finditer(text):
        start, end = match.span(1 if pattern.groups else 0)
        if start < told or start == end:
            continue  # the group took no part, or matched nothing
        pieces += (text[told:start], MARK)
        told = end
        finding.count += text[start:end] != MARK
    return "".join((*pieces, text[told:])) if pieces else text
