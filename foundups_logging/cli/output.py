"""Rows as the commands print them: a table or records for the eye, JSON and CSV for programs.

What is stored may hold anything. Where the eye reads, whatever a terminal would
obey is written as an escape: ESC as backslash, x, 1, b.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Mapping, Sequence

import click
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foundups_logging.encoding import to_json

__all__ = ["echo_csv", "echo_json", "echo_records", "echo_table", "printable"]

_GAP = 3  # spaces between columns, as many as SIMPLE_HEAD has
_NARROWEST = 12  # characters a column is folded to; where that isn't enough, rows become records
# ASCII's and Latin-1's control characters, the separators and directions of Unicode, lone surrogates.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """`text` in one line, with escapes for what a terminal would obey."""
    return _OBEYED.sub(lambda match: ascii(match[0])[1:-1], text)


def echo_json(rows: Iterable[Mapping[str, object]]) -> None:
    """Print a JSON array of objects, one a line; what JSON can't hold is tagged, as in metadata_json."""
    lines = []
    for row in rows:
        members = ",".join(f"{to_json(name)}:{to_json(value)}" for name, value in row.items())
        lines.append(_OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", f"{{{members}}}"))
    click.echo("[" + ",\n ".join(lines) + "]")


def echo_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print CSV with a header; NULL is an empty field."""
    show = printable if _is_terminal() else str
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow([show(name) for name in names])
    writer.writerows([show(_text(value)) for value in row] for row in rows)
    # Without color=True click would take escape sequences out of the data.
    click.echo("".join(lines.text), nl=False, color=True)


def echo_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table: as wide as it is for a program, folded for a terminal, and as records where it is too narrow."""
    heads = [printable(name) for name in names]
    cells = [[printable(_text(value)) for value in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(heads, *cells, strict=True)]
    if not widths:
        return
    if not _is_terminal():
        rules = ["-" * width for width in widths]
        click.echo("\n".join(_line(texts, widths) for texts in (heads, rules, *cells)))
        return
    console = Console()
    if sum(min(width, _NARROWEST) + _GAP for width in widths) - _GAP > console.width:
        echo_records([list(zip(heads, texts, strict=True)) for texts in cells])
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    for texts in cells:
        table.add_row(*map(Text, texts))
    console.print(table)


def echo_records(records: Iterable[Sequence[tuple[str, str]]]) -> None:
    """Print each record as lines of name and text, with an empty line between records."""
    is_terminal = _is_terminal()
    console = Console()
    for number, record in enumerate(records):
        if number:
            click.echo()
        lines = [(printable(name), printable(text)) for name, text in record]
        if is_terminal:
            grid = Table.grid(padding=(0, _GAP, 0, 0))
            grid.add_column(style="bold", no_wrap=True)
            grid.add_column(overflow="fold")
            for name, text in lines:
                grid.add_row(Text(name), Text(text))
            console.print(grid)
        else:
            width = max(cell_len(name) for name, _ in lines)
            click.echo("\n".join(_line(line, (width, 0)) for line in lines))


class _Lines:
    """The file csv writes to: csv is told that records end with CR LF, and so quotes either; here they end with LF."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def write(self, line: str) -> None:
        """Take one record."""
        self.text.append(line.removesuffix("\r\n") + "\n")


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _text(value: object) -> str:
    """A stored value as text; NULL is empty."""
    if value is None:
        return ""
    return to_json(value) if isinstance(value, bytes) else str(value)


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    """The texts, each padded to its width."""
    pairs = zip(texts, widths, strict=True)
    return (" " * _GAP).join(text + " " * (width - cell_len(text)) for text, width in pairs).rstrip()
