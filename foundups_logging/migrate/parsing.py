"""From blocks of lines to rows: runs of lines of a known shape the fast way, each other line the careful one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

from foundups_logging.encoding import is_encodable
from foundups_logging.migrate.ledger import Rejected
from foundups_logging.migrate.lines import Piece, may_be_tagged, pieces_of
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.rows import RowMaker
from foundups_logging.migrate.shapes import Shape, Shapes
from foundups_logging.migrate.source import Block, codec_of, lines_of, offsets_of

__all__ = ["BlockLines", "Parser", "Run", "Single", "walk", "with_usual_keys"]

Row = tuple[Any, ...]


class Run(NamedTuple):
    """Lines of one shape that follow each other: the first one's place in the block, their flat rows and their text."""

    place: int
    rows: list[Row]
    text: str
    shape: Shape


class Single(NamedTuple):
    """A line that went the careful way: its place in the block, its text and what becomes of it."""

    place: int
    line: str
    pieces: list[Piece]


class BlockLines:
    """A block's lines: `first_line` is the number of the first."""

    def __init__(self, block: Block, encoding: str, first_line: int) -> None:
        self.block = block
        self.first_line = first_line
        self._encoding = encoding

    @cached_property
    def text(self) -> str | None:
        """The block's text; None where it isn't all text in the file's encoding."""
        try:
            return self.block.raw.decode(self._encoding)
        except UnicodeDecodeError:
            return None

    @cached_property
    def _places(self) -> tuple[list[bytes], list[int]]:
        return offsets_of(self.block.raw, self._encoding)

    def lines(self) -> list[str]:
        """The lines without their ends, with lone surrogates for bytes that are no text."""
        return lines_of(self.block.raw, self._encoding)

    def rejected(self, single: Single, piece: Piece) -> Rejected:
        """A piece of a line as an entry of rejected_lines."""
        lines, offsets = self._places
        start, content = self.block.start + offsets[single.place], lines[single.place]
        if piece.start or piece.end < len(single.line):
            codec = codec_of(content, self._encoding)
            start += len(single.line[: piece.start].encode(*codec))
            content = single.line[piece.start : piece.end].encode(*codec)
        return Rejected(self.first_line + single.place, start, piece.reason, content)


def walk(lines: BlockLines, maker: RowMaker, shapes: Shapes, *, singly: bool = False) -> Iterator[Run | Single]:
    """What becomes of a block's lines, in order; with `singly` each goes the careful way."""
    text = lines.text
    if text is not None and not singly and not may_be_tagged(text):
        yield from _walk_text(text, maker, shapes)
        return
    for place, line in enumerate(lines.lines()):
        if not singly and not may_be_tagged(line) and is_encodable(line):
            rows: list[Row] = []
            if shapes.take(f"{line}\n", 0, rows.append, may_have_escapes=True) and shapes.last is not None:
                yield Run(place, rows, f"{line}\n", shapes.last)
                continue
        yield Single(place, line, pieces_of(line, maker))


def _walk_text(text: str, maker: RowMaker, shapes: Shapes) -> Iterator[Run | Single]:
    may_have_escapes = "\\" in text
    position = place = 0
    while position < len(text):
        rows: list[Row] = []
        end = shapes.take(text, position, rows.append, may_have_escapes=may_have_escapes)
        if end > position and shapes.last is not None:
            yield Run(place, rows, text[position:end], shapes.last)
            place += len(rows)
            position = end
            continue
        end = text.find("\n", position)
        line = text[position : end if end >= 0 else len(text)]
        pieces = pieces_of(line, maker)
        yield Single(place, line, pieces)
        if len(pieces) == 1 and pieces[0].found is not None and pieces[0].built is not None:
            shapes.learn(line, pieces[0].found, pieces[0].built)
        place += 1
        position += len(line) + 1


class Parser:
    """Takes blocks, and gathers the rows and rejected lines of a chunk until they are fetched.

    `origins` tells for each row its line's number, and its object's place in the
    content and bytes, where that is asked for.
    """

    def __init__(self, maker: RowMaker, encoding: str, *, keeps_origins: bool = False) -> None:
        self._maker = maker
        self._encoding = encoding
        self._shapes = Shapes(maker)
        self._keeps_origins = keeps_origins
        self.clear()

    def clear(self) -> None:
        """Begin a new chunk."""
        self.rows: list[Row] = []
        self.rejected: list[Rejected] = []
        self.origins: list[Rejected] = []
        self.lines = 0
        self.blank = 0

    def add(self, block: Block, first_line: int, *, continues_line: bool = False) -> None:
        """Take a block whose first line has that number; `continues_line`: which was imported in part already."""
        lines = BlockLines(block, self._encoding, first_line)
        for found in walk(lines, self._maker, self._shapes, singly=self._keeps_origins):
            if isinstance(found, Run):
                self.rows += found.rows
                self.lines += len(found.rows)
                continue
            self.lines += 1
            if not found.pieces:
                self.blank += not (continues_line and not found.place)
            for piece in found.pieces:
                if piece.built is None:
                    self.rejected.append(lines.rejected(found, piece))
                    continue
                self.rows.append(self._maker.flat(piece.built.row))
                if self._keeps_origins:
                    self.origins.append(lines.rejected(found, piece))
        self.lines -= continues_line


def with_usual_keys(mapping: FileMapping, lines: Iterable[str]) -> FileMapping:
    """The mapping with the keys that fill the columns of the first object that becomes a row."""
    if mapping.keys is not None:
        return mapping
    maker = RowMaker(replace(mapping, keys={}))
    for line in lines:
        for piece in pieces_of(line, maker):
            if piece.built is not None:
                used = sorted(piece.built.used.items())
                keys = {maker.names[index]: member.key for index, member in used if member.key != maker.names[index]}
                return replace(mapping, keys=keys)
    return maker.mapping
