"""The lines of a spool's segment: how a row is written down, checked and read back.

A segment is a text file of JSON objects, one a line, each guarded by a CRC-32
of the rest of its line, which comes first:

    {"crc":"…","format":"foundups-logging spool 1","writer":"…"}      the first line
    {"crc":"…","domain":"…","declaration":{…}}                        before a domain's first row
    {"crc":"…","table":"…","row":{"timestamp":"…",…}}                 a row
    {"crc":"…","batch":7,"table":"…","row":{…}}                       a row that the database may hold already

    {"crc":"…","ended":{…}}                                           at the end: the writer's last totals

A row of the last kind but one is in the database if the writer's batch 7 is (see sinks/ledger.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from foundups_logging import timestamps
from foundups_logging.domains.loading import declaration, load_domains
from foundups_logging.domains.model import Domain
from foundups_logging.domains.tables import DEAD_LETTERS, NULL, Row, TableSpec, as_dict, table_numbered, table_of
from foundups_logging.encoding import from_json, to_json
from foundups_logging.errors import DomainError
from foundups_logging.sinks.ledger import Identity, LastWords

__all__ = ["SpooledEnd", "SpooledRow", "domain_line", "end_line", "guarded", "head_line", "read", "row_line"]

_FORMAT: Final = "foundups-logging spool 1"
_CRC_BYTES: Final = len(b'{"crc":"00000000",')


class SpooledRow(NamedTuple):
    """A row read back.

    `end` is where its line ends in the segment, in bytes; `batch` the batch of
    its writer that may have stored it, or None; `domain` its table's domain,
    None for a dead letter.
    """

    end: int
    row: Row
    batch: int | None
    domain: Domain | None


class SpooledEnd(NamedTuple):
    """The end of the segment's writer read back; `end` is where its line ends."""

    end: int
    last: LastWords


def head_line(writer: str) -> bytes:
    """A segment's first line."""
    return _line({"format": _FORMAT, "writer": writer})


def domain_line(domain: Domain) -> bytes:
    """What must be known of a domain to make its table."""
    return _line({"domain": domain.name, "declaration": declaration(domain)})


def row_line(row: Row, batch: int | None) -> bytes:
    """A row; `batch` is the number of the batch that may have stored it."""
    entry = {"table": table_numbered(row[0]).name, "row": as_dict(row)}
    return _line(entry if batch is None else {"batch": batch, **entry})


def end_line(last: LastWords) -> bytes:
    """What a writer tells at its end."""
    identity = last.identity._asdict()
    return _line({"ended": {**last._asdict(), "identity": identity, "counts": list(last.counts)}})


def read(path: Path, position: int = 0) -> Iterator[SpooledRow | SpooledEnd]:
    """What a segment holds in the lines that begin at byte `position` or after.

    A line that is torn or changed becomes a dead letter that holds its text; so
    does a row whose domain the segment doesn't tell. Raises OSError.
    """
    domains: dict[str, Domain] = {}
    end = 0
    with path.open("rb") as file:
        for line in file:
            end += len(line)
            entry = _entry(line)
            if entry is not None and "domain" in entry:
                _learn(domains, entry)
            elif end > position and entry is not None and "ended" in entry:
                yield SpooledEnd(end, _last_words(entry["ended"]))
            elif end > position and (entry is None or "row" in entry):
                yield _row(end, line, entry, domains)


def _line(entry: dict[str, Any]) -> bytes:
    rest = to_json(entry).encode()[1:]
    return b'{"crc":"%08x",%s\n' % (zlib.crc32(rest), rest)


def guarded(line: bytes) -> bytes | None:
    """What a line says, as JSON without the CRC before it; None where it is torn or was changed."""
    rest = line[_CRC_BYTES:-1]
    is_whole = line[:_CRC_BYTES] + b"\n" == b'{"crc":"%08x",\n' % zlib.crc32(rest) and line[-1:] == b"\n"
    return b"{" + rest if is_whole else None


def _entry(line: bytes) -> dict[str, Any] | None:
    """What a line says; None for one that is not as it was written."""
    text = guarded(line)
    if text is None:
        return None
    try:
        entry = from_json(text)
    except ValueError:  # can't be, short of a CRC that fits by chance
        return None
    return entry if isinstance(entry, dict) else None


def _last_words(told: dict[str, Any]) -> LastWords:
    return LastWords(Identity(**told["identity"]), told["ended"], told["last_error"], tuple(told["counts"]))


def _learn(domains: dict[str, Domain], entry: dict[str, Any]) -> None:
    name = str(entry["domain"])
    try:
        known = {domain.name: domain for domain in load_domains({name: entry["declaration"]})}
    except DomainError:  # of another version: its rows become dead letters
        return
    domains[name] = known[name]


def _row(end: int, line: bytes, entry: dict[str, Any] | None, domains: dict[str, Domain]) -> SpooledRow:
    if entry is None:
        return SpooledRow(end, _dead(None, "a line of the spool is torn or was changed", line), None, None)
    name = str(entry["table"])
    domain = domains.get(name)
    if name == DEAD_LETTERS.name:
        table: TableSpec = DEAD_LETTERS
    elif domain is not None:
        table = table_of(domain)
    else:
        return SpooledRow(end, _dead(name, "the spool doesn't tell the domain's columns", line), None, None)
    values = [entry["row"].get(column) for column in table.column_names]
    row = (table.number, *[NULL if value is None else value for value in values])
    return SpooledRow(end, row, entry.get("batch"), domain)


def _dead(domain: str | None, reason: str, line: bytes) -> Row:
    text = to_json({"line": line.decode(errors="backslashreplace")})
    return DEAD_LETTERS.number, timestamps.now(), NULL if domain is None else domain, reason, text
