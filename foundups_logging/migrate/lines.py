"""Lines as what becomes of them: rows, and pieces that are rejected."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from foundups_logging.encoding import is_encodable
from foundups_logging.migrate.json_text import NotJSONError, Object, scan_object, scan_value
from foundups_logging.migrate.rows import Built, RefusedError, RowMaker, differences

__all__ = ["Piece", "may_be_tagged", "pieces_of"]

_SKIPPED: Final = " \t\r\n\ufeff"  # between objects, without a word: white space, and the mark that begins a file
_OBJECT: Final = re.compile(r'\{[ \t\r\n]*["}]')
_NULS: Final = re.compile("\0+")
_MAX_TRIES: Final = 100  # to find an object in a line that is none, and fewer in one that is very long
_MAX_CHARACTERS: Final = 50_000_000
_BEFORE: Final = 200  # characters that are looked at before an object
_WORDS: Final = {"{": "object", "[": "array", '"': "string", "t": "boolean", "f": "boolean", "n": "null"}


class Piece(NamedTuple):
    """A part of a line, in characters: the row that an object became, or the reason why there is none."""

    start: int
    end: int
    found: Object | None = None
    built: Built | None = None
    reason: str = ""


def may_be_tagged(text: str) -> bool:
    """Whether a key in it may begin with "$", which metadata keeps for tags."""
    # One character is found many times as fast as two, and most texts have neither.
    return ("$" in text and '"$' in text) or ("\\" in text and "\\u0024" in text)


def pieces_of(line: str, maker: RowMaker) -> list[Piece]:
    """What becomes of a line: none for a blank one; one that is rejected where no object in it becomes a row."""
    pieces: list[Piece] = []
    position = 0
    while True:
        while position < len(line) and line[position] in _SKIPPED:
            position += 1
        if position == len(line):
            break
        pieces.append(_next_piece(line, position, maker))
        position = pieces[-1].end
    if pieces and not any(piece.built for piece in pieces):
        reasons = dict.fromkeys(piece.reason for piece in pieces)
        return [Piece(0, len(line), reason="; ".join(list(reasons)[:3]))]
    return pieces


def _next_piece(line: str, start: int, maker: RowMaker) -> Piece:
    if line[start] == "\0":
        end = _NULS.match(line, start).end()  # type: ignore[union-attr]
        return Piece(start, end, reason="NUL bytes")
    try:
        if line[start] == "{":
            found = scan_object(line, start)
            return _object_piece(line, start, found, maker)
        end, _ = scan_value(line, start)
    except NotJSONError as error:
        return Piece(start, _next_object(line, start), reason=f"torn: {error}" if error.is_cut else str(error))
    word = _WORDS.get(line[start], "number")
    return Piece(start, end, reason=f"no object but {'an' if word[0] in 'ao' else 'a'} {word}")


def _object_piece(line: str, start: int, found: Object, maker: RowMaker) -> Piece:
    text = line[start : found.end]
    if not is_encodable(text):
        return Piece(start, found.end, reason="bytes that are no text in the file's encoding")
    try:
        built = maker.build(found.members, text)
        if not built.has_line and differences(((m.key, m.text) for m in found.members), maker.rebuild(built.row)):
            built = maker.build(found.members, text, keeps_line=True)
    except RefusedError as error:
        return Piece(start, found.end, reason=str(error))
    return Piece(start, found.end, found, built)


def _next_object(line: str, start: int) -> int:
    """Where, in what begins as no JSON, a whole object begins that isn't part of a torn one; else the line's end."""
    position = start
    for _ in range(min(_MAX_TRIES, 1 + _MAX_CHARACTERS // len(line))):
        match = _OBJECT.search(line, position + 1)
        if match is None:
            break
        position = match.start()
        before = line[max(start, position - _BEFORE) : position].rstrip(" \t\r\n")
        if before[-1:] in {",", "["} or before.endswith('":') or re.search(r'"[ \t]*:$', before):
            continue  # a value of what is torn
        try:
            end = scan_object(line, position).end
        except NotJSONError:
            continue
        if end == len(line) or line[end] in _SKIPPED + "\0{":
            return position
    return len(line)
