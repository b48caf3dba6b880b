"""What a redactor is where redaction is off, and what both have in common: the texts known to need no look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from foundups_logging.domains.tables import MAX_SHORT_TEXT
from foundups_logging.encoding import is_encodable

__all__ = ["MAX_KNOWN", "MAX_KNOWN_LENGTH", "SCALARS", "Kind", "Unredacted"]

#: A text of a row to look at: its position, whether it is JSON, and whether its column's name names a secret.
Kind = tuple[int, bool, bool]

#: Types whose values hold no text of anybody's.
SCALARS: Final = frozenset({int, float, bool, type(None), datetime, date, time, timedelta, UUID, Decimal})

MAX_KNOWN: Final = 4096  # texts
MAX_KNOWN_LENGTH: Final = 256  # characters of one, or of several new in one event


class Unredacted:
    """Lets every text pass as it is, if SQLite can hold it; what redaction is where it is off."""

    _has_own = False

    def __init__(self) -> None:
        #: Texts that have passed, and None: whoever finds a text here needs no look at it.
        self.known: set[str | None] = {None}

    def is_secret(self, name: str) -> bool:  # noqa: ARG002 - a Redactor looks
        """Whether what stands under `name` is a secret."""
        return False

    def passes_texts(self, *texts: str | None) -> bool:
        """Whether the texts can be stored as they are: short, encodable and without a secret."""
        known = self.known
        new = [text for text in texts if text not in known and text is not None]
        if len(new) == 1:
            joined = new[0]
        elif self._has_own:  # a user's own rules are for one text
            return all(map(self.passes_texts, new))
        else:
            joined = "\n".join(new)
        if len(joined) <= MAX_SHORT_TEXT and self._is_harmless(joined):
            if not joined.isascii() and not is_encodable(joined):
                return False
            if len(joined) <= MAX_KNOWN_LENGTH:
                if len(known) >= MAX_KNOWN:
                    known.clear()
                    known.add(None)
                known.update(new)
            return True
        return len(new) > 1 and all(map(self.passes_texts, new))

    def passes(self, value: object) -> bool:
        """Whether any value can be stored as it is, on the short way."""
        return type(value) is not str or value in self.known or self.passes_texts(value)

    def args(self, args: Any) -> Any:  # noqa: ANN401 - as a record holds them
        """The arguments of a message without secrets."""
        return args

    def row(self, row: tuple[Any, ...], kinds: Iterable[Kind]) -> tuple[Any, ...]:  # noqa: ARG002
        """A row without secrets."""
        return row

    def json(self, text: str) -> str:
        """JSON text without secrets."""
        return text

    def _is_harmless(self, text: str) -> bool:  # noqa: ARG002
        return True
