"""A text that Python can parse, made of one that it can't: what is broken is left out, in the smallest piece.

A file is cut into statements by how far its lines are indented, which holds also
where brackets and quotes don't close. What doesn't parse is cut again, within; a statement
that can't be cut is replaced by `pass`. Lines keep their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from foundups_logging.audit.code.modern import modernized

__all__ = ["parsable"]

_MARKER = re.compile(r"^(<{7}|={7}|>{7}|\|{7})( .*)?$", re.MULTILINE)  # of a merge that isn't finished
_CONTINUES = re.compile(r"\s*([)\]}]|(else|elif|except|finally)\b)")
_LONGEST_HEADER = 12
_MOST_JOINED = 40


def parsable(text: str, fails: Callable[[str], bool]) -> tuple[str, str]:
    """`text` mended so that it no longer `fails`, and what was done, in words."""
    text = _MARKER.sub("", text.replace("\0", " "))
    text, rewritten = modernized(text)
    left_out = 0
    if fails(text):
        lines = text.expandtabs(8).split("\n")
        left_out = _Salvage(lines, fails).block(0, len(lines), 0)
        text = "\n".join(lines)
    return text, f"{rewritten} places rewritten, {left_out} lines left out"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


class _Salvage:
    """Mends `lines` in place."""

    def __init__(self, lines: list[str], fails: Callable[[str], bool]) -> None:
        self.lines = lines
        self.fails = fails

    def block(self, start: int, end: int, indent: int) -> int:
        """Mends the statements of a block; how many lines were left out."""
        left_out = 0
        statements = list(self.statements(start, end, indent))
        at = 0
        while at < len(statements):
            first, last = statements[at]
            self.reindent(first, last, indent)
            joined = self.joined(statements, at)
            if joined is not None:
                at = joined
                continue
            left_out += self.statement(first, last, indent)
            at += 1
        return left_out

    def reindent(self, start: int, end: int, indent: int) -> None:
        """Moves a statement that begins at no level to that of its block."""
        surplus = _indent(self.lines[start]) - indent
        for at in range(start, end) if surplus else ():
            line = self.lines[at]
            self.lines[at] = line[min(surplus, _indent(line)) :] if surplus > 0 else " " * -surplus + line

    def statements(self, start: int, end: int, indent: int) -> Iterator[tuple[int, int]]:
        """The spans of lines that begin at `indent`."""
        begun: int | None = None
        for at in range(start, end):
            line = self.lines[at]
            if not line.strip() or _indent(line) > indent or (_CONTINUES.match(line) and begun is not None):
                continue
            if begun is not None:
                yield begun, at
            begun = at
        if begun is not None:
            yield begun, end

    def joined(self, statements: list[tuple[int, int]], at: int) -> int | None:
        """The statement after that at `at`, if this parses, with following lines if need be; None if it doesn't."""
        first, last = statements[at]
        if self.parses(first, last):
            return at + 1
        text = "\n".join(self.lines[first:last])
        if text.count('"""') % 2 == 0 and text.count("'''") % 2 == 0 and not text.lstrip().startswith("@"):
            return None
        for further in range(at + 1, min(at + _MOST_JOINED, len(statements))):
            if self.parses(first, statements[further][1]):
                return further + 1
        return None

    def parses(self, start: int, end: int) -> bool:
        text = "\n".join(self.lines[start:end])
        return not self.fails(f"if 1:\n{text}" if text.startswith(" ") else text)

    def statement(self, start: int, end: int, indent: int) -> int:
        """Mends one statement: the body of a compound one by itself."""
        for header_end in range(start + 1, min(start + _LONGEST_HEADER, end) + 1):
            header = "\n".join(self.lines[start:header_end])
            if not self.lines[header_end - 1].rstrip().endswith(":"):
                continue
            if self.fails(("if 1:\n" if indent else "") + header + " pass"):
                continue
            return self.compound(start, header_end, end)
        inner = [at for at in range(start + 1, end) if self.lines[at].strip() and _indent(self.lines[at]) > indent]
        if inner and self.lines[start].rstrip().endswith(":"):
            self.lines[start] = " " * indent + "if 1:"
            return 1 + self.compound(start, start + 1, end)
        return self.leave_out(start, end, indent)

    def compound(self, start: int, header_end: int, end: int) -> int:
        body = [at for at in range(header_end, end) if self.lines[at].strip()]
        own = _indent(self.lines[start])
        if not body or _indent(self.lines[body[0]]) <= own:
            self.lines[header_end - 1] = self.lines[header_end - 1].rstrip() + " pass"
            return 0 if not body else self.block(header_end, end, own)
        inner = _indent(self.lines[body[0]])
        until = next((at for at in body if _indent(self.lines[at]) <= own), end)
        left_out = self.block(header_end, until, inner)
        if until < end:  # an else, an except
            left_out += self.clause(start, until, end, own)
        return left_out

    def clause(self, start: int, until: int, end: int, own: int) -> int:
        """A clause that follows: kept if it and what it follows parse together."""
        following = next(
            (at for at in range(until + 1, end) if self.lines[at].strip() and _indent(self.lines[at]) <= own), end
        )
        if self.lines[until].rstrip().endswith(":"):
            left_out = self.compound_body(until, following, own)
            if self.parses(start, following):
                return left_out + (self.clause(start, following, end, own) if following < end else 0)
        self.lines[until] = " " * own + "if 1:"
        left_out = 1 + self.compound_body(until, following, own)
        return left_out + (self.clause(until, following, end, own) if following < end else 0)

    def compound_body(self, header: int, end: int, own: int) -> int:
        body = [at for at in range(header + 1, end) if self.lines[at].strip()]
        if not body:
            self.lines[header] = self.lines[header].rstrip() + " pass"
            return 0
        inner = _indent(self.lines[body[0]])
        return self.block(header + 1, end, inner) if inner > own else 0

    def leave_out(self, start: int, end: int, indent: int) -> int:
        count = 0
        for at in range(start, end):
            if self.lines[at].strip():
                self.lines[at] = " " * indent + "pass"
                count += 1
        return count
