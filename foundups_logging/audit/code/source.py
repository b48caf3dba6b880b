"""Python files read and parsed, those too that this Python can't parse."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

from foundups_logging.audit.code.tolerant import parsable
from foundups_logging.audit.model import Problem

__all__ = ["Source", "parse", "read"]

_JSONL = re.compile(r"\.(jsonl|ndjson)\b")


@dataclass(slots=True)
class Source:
    """A file's text, and what was wrong with it (None if nothing)."""

    path: str
    text: str
    problem: Problem | None = None


def read(root: Path, path: str) -> Source:
    """The text of the file at `path` under `root`; a file that can't be read has none and says why."""
    try:
        data = (root / path).read_bytes()
    except OSError as error:
        return Source(path, "", Problem("unreadable", path, error.strerror or str(error)))
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return Source(path, data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff"))
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        # Latin-1 takes any bytes, and what matters here is mostly ASCII.
        text = data.decode("latin-1").replace("\r\n", "\n")
        return Source(path, text, Problem("encoding", path, f"read as Latin-1, for it isn't what it says: {error}"))


def parse(source: Source) -> tuple[ast.Module, Problem | None]:
    """The syntax tree of `source`; where this Python can't parse it, what a tolerant parser makes of it, and why."""
    try:
        return _tree(source.text), None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = f"{getattr(error, 'msg', None) or error}"
    text, mended = parsable(source.text, _fails)
    problem = Problem("syntax", f"{source.path}:{line}", f"{reason}; read by a tolerant parser, {mended}")
    try:
        return _tree(text), problem
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        named = [str(number) for number, text in enumerate(source.text.split("\n"), 1) if _JSONL.search(text)]
        lines = f"; JSON Lines files are named on lines {', '.join(named)}" if named else ""
        problem = Problem("syntax", f"{source.path}:{line}", f"{reason}; no parser can read it{lines}")
        return ast.Module(body=[], type_ignores=[]), problem


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes and the like in the audited code
        return ast.parse(text)


def _fails(text: str) -> bool:
    """Whether Python's own parser refuses `text`."""
    try:
        _tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return False
