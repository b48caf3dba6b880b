"""Secrets inside a text: a message, a traceback, a URL, a header, a line of code or JSON.

Only the secret is replaced: `password=hunter2` becomes `password=[redacted]`. What
stands where a secret would but is none (`token: expired`, `password=os.environ[...]`,
`api_key=%s`) is left alone. All expressions take time in proportion to the text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Final

from foundups_logging.redaction.shapes import SHAPE

__all__ = ["MARK", "redact_assignments", "redact_shapes"]

#: What stands in a secret's place.
MARK: Final = "[redacted]"

# scheme://user:password@host: what is between the slashes and the @ that ends the authority.
_URL: Final = re.compile(r"""(?<=://)([^\s/?#"'<>\\@:]{0,200}+):([^\s/?#"'<>\\]{1,1000})@(?=[\w\[.%{$-])""")
_SCHEME: Final = re.compile(
    r"""\b(?:(bearer)[ \t]{1,3}([\w.~+/-]{6,}=*)|(basic)[ \t]{1,3}([A-Za-z0-9+/]{6,}={0,2}))(?![\w.~+/-])""",
    re.IGNORECASE,
)
_OBVIOUS_LENGTH: Final = 24  # characters in a row after "Bearer" that are no word any more

# A name, what may close it (a quote, escaped or not, and a bracket) and what assigns; an option may have a space.
_ASSIGNED: Final = re.compile(
    r"""(?<![\w.\-])(?:(?P<dashes>--)|-)?+(?P<name>\w[\w.\-]{1,79}+)(?P<quote>\\{0,8}+["'])?+\]?+
        (?:[ \t]{0,4}+(?:=>|:=|=(?!=)|:(?![:=]|//))[ \t]{0,4}+|(?(dashes)[ ](?=[^\s-])|(?!)))""",
    re.VERBOSE,
)
_QUOTED: Final = re.compile(
    r"""[bBuUrRfF]{0,2}+(?:
        (?P<escape>\\{1,8}+["'])(?P<escaped>.*?)(?:(?P=escape)|\Z)
      | "(?P<double>(?:[^"\\]|\\.)*+)(?:"|\\?\Z)
      | '(?P<single>(?:[^'\\]|\\.)*+)(?:'|\\?\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_BARE: Final = re.compile(
    r"""(?:(?:bearer|basic|negotiate|ntlm)[ \t]{1,3}+(?=\w)
            |(?:token|apikey|jwt|key)[ \t]{1,3}+(?=[^\s"'<>,;&|)\]}]{6}))?
        [^\s"'<>,;&|)\]}]++""",
    re.VERBOSE | re.IGNORECASE,
)
# ('authorization', '...'), as headers are told; <password>...</password>; and SQL's PASSWORD '...'.
_PAIR: Final = re.compile(r"\([bu]?'([\w.:-]{2,80}+)', [bu]?(['\"])((?:[^'\"\\]|\\.){1,4000}+)\2\)")
_ELEMENT: Final = re.compile(r"<([\w:.-]{2,80}+)(?:\s[^<>]{0,200}+)?>([^<>]{1,4000}+)</")
_SQL: Final = re.compile(r"\b(?:password|identified\s{1,9}by)\s{1,9}'((?:[^'\\]|\\.)++)'", re.IGNORECASE)
_LINE: Final = re.compile(r"""(?:="[^"\r\n]*+"|[^\r\n"'<>])++""")
_HEADER_SCHEME: Final = re.compile(r"(?:digest|aws4-hmac-sha256|oauth|hawk|signature)\s", re.IGNORECASE)
_CLOSING: Final = {"{": "}", "[": "]", "(": ")"}
_MAX_NESTED: Final = 10_000  # characters of a container in a text

_PLACEHOLDER: Final = re.compile(
    r"""(?:(?:bearer|basic|token)\s*+)?+
        (?:%[sdr]|%\(\w+\)?[sdr]?|\{[\w.!:]*\}?|\$\{?[A-Za-z_]\w*\}?|\*+|x{3,}|\.{2,}|…|-+|_+|<[\w\ -]+>?
        |\[?(?:redacted|filtered|scrubbed|masked|hidden|removed)\b.*)?""",
    re.VERBOSE | re.IGNORECASE,
)
# `get_token(`, `environ[`: the value is worked out, not told.
_CALL: Final = re.compile(r"\{?[A-Za-z_][\w.]*[(\[]")
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
# What follows a secret's name in prose and in code's annotations.
_PROSE: Final = frozenset(
    """
    a an the is was are were be been not no none null nil true false yes on off ok okay n/a na nan undefined unknown
    missing required optional invalid valid expired expires expiring incorrect wrong empty blank unset set unchanged
    changed rotated rotating revoked refreshed refreshing renewed rejected accepted denied granted failed failure
    fails failing success succeeded error errors unavailable available must should cannot can could does did do has
    have had please this that it for from in of to at by and or with without str int bytes bool float string any dict
    list found using use used uses never too only enabled disabled default authentication authorization
    unauthorized unauthenticated authenticated authorized forbidden access request created deleted updated removed
    added loaded loading saved present absent provided given got getting verified unverified verifying checked
    checking mismatch mismatched malformed ready refresh retry retrying unexpected expected limit exceeded optional
    secretstr secretbytes await new self lambda because if when while after before as you your we our there still
    """.split()
)


def redact_shapes(text: str) -> tuple[str, int]:
    """`text` without what looks like a secret by itself or in a URL, and how many were replaced."""
    text, count = SHAPE.subn(MARK, text)
    if "://" in text:
        text, more = _replaced(_URL, text, _url)
        count += more
    text, more = _replaced(_SCHEME, text, _credentials)
    return text, count + more


def redact_assignments(text: str, is_secret: Callable[[str], bool]) -> tuple[str, int]:
    """`text` without the values that stand after names for which `is_secret` is true, and how many those were."""
    pieces: list[str] = []
    told = position = count = 0
    while (match := _ASSIGNED.search(text, position)) is not None:
        position = match.end()
        name = match["name"]
        if not is_secret(name):
            continue
        start, end = _value(text, position, name, is_quoted=match["quote"] is not None)
        if end <= start or _tells_nothing(name, text[start:end], text[start - 1], is_secret):
            continue
        pieces += (text[told:start], MARK)
        told = position = end
        count += 1
    if count:
        text = "".join((*pieces, text[told:]))

    def element(match: re.Match[str]) -> str:
        is_told = not is_secret(match[1]) or _tells_nothing(match[1], match[2], "", is_secret)
        return match[0] if is_told else f"{match[0][: match.start(2) - match.start()]}{MARK}</"

    def pair(match: re.Match[str]) -> str:
        is_told = not is_secret(match[1]) or is_secret(match[3]) or MARK in match[3]
        return match[0] if is_told else match[0].replace(match[3], MARK)

    if "('" in text or "(b'" in text:
        text, more = _replaced(_PAIR, text, pair)
        count += more
    if "</" in text:
        text, more = _replaced(_ELEMENT, text, element)
        count += more
    if "'" in text:
        text, more = _replaced(_SQL, text, _sql)
        count += more
    return text, count


def _replaced(pattern: re.Pattern[str], text: str, replace: Callable[[re.Match[str]], str]) -> tuple[str, int]:
    count = 0

    def counted(match: re.Match[str]) -> str:
        nonlocal count
        new = replace(match)
        count += new != match[0]
        return new

    return pattern.sub(counted, text), count


def _url(match: re.Match[str]) -> str:
    return match[0] if _PLACEHOLDER.fullmatch(match[2]) else f"{MARK}@"


def _sql(match: re.Match[str]) -> str:
    return match[0] if _PLACEHOLDER.fullmatch(match[1]) else match[0].replace(match[1], MARK)


def _credentials(match: re.Match[str]) -> str:
    """`Bearer` or `Basic` with what follows, where that is no word."""
    if match[1]:
        value = match[2]
        has_digit = any(character.isdigit() for character in value)
        is_token = has_digit or len(value) >= _OBVIOUS_LENGTH
        return f"{match[1]} {MARK}" if is_token else match[0]
    try:
        decoded = base64.b64decode(match[4] + "=" * (-len(match[4]) % 4))
    except (binascii.Error, ValueError):
        return match[0]
    return f"{match[3]} {MARK}" if b":" in decoded and decoded.isascii() else match[0]


def _value(text: str, start: int, name: str, *, is_quoted: bool) -> tuple[int, int]:
    """Where the value that begins at `start` stands, without its quotes."""
    quoted = _QUOTED.match(text, start)
    if quoted is not None:
        return quoted.span(quoted.lastgroup or 0)
    if is_quoted and text[start : start + 1] in _CLOSING:
        return start, _end_of_container(text, start)
    lowered = name.lower()
    if lowered.endswith("cookie") or (lowered.endswith("authorization") and _HEADER_SCHEME.match(text, start)):
        line = _LINE.match(text, start)
        return line.span() if line is not None else (start, start)
    bare = _BARE.match(text, start)
    return bare.span() if bare is not None else (start, start)


def _end_of_container(text: str, start: int) -> int:
    """Where the brackets that open at `start` are closed, quotes aside."""
    open_brackets: list[str] = []
    position = start
    limit = min(len(text), start + _MAX_NESTED)
    while position < limit:
        character = text[position]
        if character in "\"'":
            quoted = _QUOTED.match(text, position)
            position = quoted.end() if quoted is not None else position + 1
            continue
        if character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
            if not open_brackets:
                return position + 1
        position += 1
    return len(text)


def _tells_nothing(name: str, value: str, before: str, is_secret: Callable[[str], bool]) -> bool:
    """Whether `value` is no secret for all that its name says."""
    if _PLACEHOLDER.fullmatch(value) or MARK[:-1] in value:
        return True
    if before not in {'"', "'"}:
        bare = value.rstrip(".,:!?")
        if not bare or bare.partition(" ")[0].lower() in _PROSE or _CALL.match(value):
            return True
        if bare == name or name.endswith((f".{bare}", f"_{bare}")):  # password=password
            return True
        if _DOTTED.fullmatch(bare) and any(map(is_secret, bare.split("."))):  # password=settings.password
            return True
    return is_working_directory(name, value)


def is_working_directory(name: str, value: object) -> bool:
    """Whether this is a shell's PWD, not a password."""
    return type(value) is str and value[:1] in ("/", "~") and name.lower().endswith("pwd")
