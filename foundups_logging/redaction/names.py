"""Which names name secrets: of fields, keys, headers, parameters and variables.

A name is split into its words (db_password, dbPassword, DB-PASSWORD and
db.password are all "db password") and is searched for a term that means a secret.
A term says nothing where what follows makes it something about the secret
(token_count, password_reset_url), or what precedes it does (has_password, next_page_token).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

__all__ = ["NameRules", "words_of"]

_MAX_KNOWN: Final = 4096  # names whose answer is kept; names can be made up at run time
_MAX_LENGTH: Final = 200  # characters of a name that are looked at
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")

# A text in lower case that has none of these names no secret; "basic" is for the scheme of that name.
_STEMS: Final = (
    "key", "token", "pass", "auth", "secret", "code", "conn", "cookie", "cred", "pwd", "sess", "jwt", "otp", "cv",
    "srf", "bearer", "psk", "phrase", "mnemonic", "signature", "assertion", "identified", "basic",
)  # fmt: skip

_KEYS: Final = (
    "api|private|secret|access|auth|signing|encryption|decryption|master|account|session|ssh|pgp|gpg|hmac|jwt|"
    "crypto|cipher|wallet|deploy|app|application|client|consumer|subscription|admin|server|service|license|shared|"
    "recovery|preshared|pre shared|webhook|bot"
)
_TERM: Final = re.compile(
    rf"""\b(?:
      \w*(?:pass\s?word|passwd|pass\s?phrase|pass\s?code|credential)s? | \w*pwd
    | \w*secrets? | \w*token
    | \w*(?:access|refresh|auth|csrf|session)\s?tokens | (?:api|bearer|id|secret|device|oauth|personal)\stokens
    | (?:{_KEYS})\skeys? | \w*(?:api|private|secret|access|signing|encryption|master|auth|account)keys?
    | (?:db|database|user|smtp|imap|ftp|sftp|mail|email|mysql|postgres|pg|redis|mongo|admin|root|proxy|ldap|ssh|
       keystore|truststore|login|http|my|rabbitmq|amqp|mqtt|sudo|vault)\spass | (?:db|user|smtp|ftp)pass | pgpass
    | cookies? | phpsessid | jsessionid | sessid | aspsessionid\w* | asp\snet\ssessionid
    | authorization | auth(?=$|\sheaders?\b|\sstring\b|\svalue\b|\sdata\b)
    | jwts? | bearer | [th]?otp | cvv | cvc | csrf | xsrf | psk | mnemonic | creds?
    | (?:seed|secret|recovery)\sphrase
    | (?:security|verification|auth|one\stime|two\sfactor|mfa|recovery|backup|access)\scodes? | code\sverifier
    | client\sassertion | (?:amz|goog)\ssignature | connection\sstring | conn\sstr
    )\b""",
    re.VERBOSE,
)
# Words after a term that make the name one of something else, and words just before it.
_ABOUT: Final = frozenset(
    """
    count counts counter len length size bytes bits chars type types kind class name names id ids uuid guid arn
    limit limits usage used per total sum max min avg mean rate cost costs price prices budget window quota expires
    expired expiry expiration ttl age at date time timestamp created updated changed rotated rotation reset resets
    revoked issued last next url uri urls uris endpoint endpoints link path paths file files filename dir directory
    folder location policy strength score hint field fields input column enabled disabled required optional present
    missing exists set valid invalid validity validated verified verify verification status state ok error errors
    exception warning failure failures failed fail attempts attempt retries retry version index idx position pos
    offset order rank format prefix suffix scheme method mode provider providers issuer source origin store manager
    service backend handler parser reader writer factory generator validator helper utils util middleware module
    domain domains scope scopes audience permission permissions role roles owner consent banner notice accepted
    declined allowed blocked settings algorithm algo alg ms seconds sec latency duration delay interval throughput
    ratio probability prob logprob logprobs entropy embedding embeddings vocab stream bucket ring economics economy
    symbol address balance supply amount pair pairs decimals contract holder holders recipe santa monster py js ts
    go java rs rb log md txt action event events task test tests checker check checks scanner leak leaks support
    flow
    """.split()
)
_ALL_HEADS: Final = "has is was no non not num n nb count total max min avg without uses use needs need requires show"
_BEFORE: Final = frozenset(f"{_ALL_HEADS} require should can allow allows supports hide forgot public missing".split())
_BEFORE_TOKEN: Final = frozenset(
    """
    page next prev previous continuation cursor pagination eos bos pad sep unk mask cls stop special start end
    first cancellation unexpected expected prompt completion output generated sub lex lexer syntax
    """.split()
)
_HASHED: Final = "public key"  # .NET's PublicKeyToken is a hash of a public key


def words_of(name: str) -> str:
    """A name's words in lower case, with a space between."""
    return " ".join(_WORD.findall(name[:_MAX_LENGTH])).lower()


class NameRules:
    """The built-in rules, with a user's own names that do or don't name secrets before them.

    Own names are compared by their words: "session_id" is also sessionId and Session-Id.
    """

    def __init__(self, keys: Iterable[str] = (), safe_keys: Iterable[str] = ()) -> None:
        self._keys = frozenset(map(words_of, keys))
        self._safe = frozenset(map(words_of, safe_keys))
        self._known: dict[str, bool] = {}
        stems = (*_STEMS, *{words.partition(" ")[0] for words in self._keys} - {""})
        #: Whether a text in lower case may hold the name of a secret: twice as fast written out as in a loop.
        self.may_name: Callable[[str], bool] = eval(  # noqa: S307 - of texts as Python writes them
            f"lambda text: {' or '.join(f'{stem!r} in text' for stem in stems)}"
        )

    def is_secret(self, name: str) -> bool:
        """Whether what stands under `name` is a secret."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            known = self._asked(name)
            if len(name) <= _MAX_LENGTH:
                self._known[name] = known
        return known

    def _asked(self, name: str) -> bool:
        words = words_of(name)
        if words in self._safe:
            return False
        return words in self._keys or _names_secret(words)


def _names_secret(words: str) -> bool:
    for match in _TERM.finditer(words):
        before = words[: match.start()].split()
        if not _ABOUT.isdisjoint(words[match.end() :].split()):
            continue
        if before and (before[-1] in _BEFORE or (match[0] == "token" and before[-1] in _BEFORE_TOKEN)):
            continue
        if match[0] == "token" and words[: match.start()].strip().endswith(_HASHED):
            continue
        return True
    return False
