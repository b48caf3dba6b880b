"""Syntax of other Pythons, older and newer, written as this one has it; lines keep their numbers.

tree-sitter reads them all (Python 2's print and exec, type parameters, quotes
within quotes in f-strings) and says where in the text they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import tree_sitter
import tree_sitter_python

__all__ = ["modernized"]

Edit = tuple[int, int, bytes]  # from byte, to byte, what stands there instead

_OLD_NUMBER = re.compile(rb"^0(\d+)$|^(\w+)[lL]$")
_OLD_PREFIX = re.compile(rb"^(ur|UR|uR|Ur|t|T|tr|rt|Rt|rT|TR)(?=['\"])")
_OLD_EXCEPT = re.compile(rb"^(except\s+[\w.]+|except\s*\([^()]*\))\s*,\s*([a-z_]\w*)\s*:")
_BARE_EXCEPT = re.compile(rb"^(except\*?\s+)([\w.]+(?:\s*,\s*[\w.]+)+)\s*:")


def modernized(text: str) -> tuple[str, int]:
    """`text` in today's syntax, and how many places were changed."""
    data = text.encode("utf-8", "surrogateescape")
    count = 0
    for _ in range(4):  # an edit within another waits for the next round
        edits = _disjoint(sorted(_edits(_tree(data), data)))
        if not edits:
            break
        count += len(edits)
        for start, end, new in reversed(edits):
            data = data[:start] + new + data[end:]
    return data.decode("utf-8", "surrogateescape"), count


@cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))


def _tree(data: bytes) -> tree_sitter.Node:
    return _parser().parse(data).root_node


def _disjoint(edits: list[Edit]) -> list[Edit]:
    kept: list[Edit] = []
    for edit in edits:
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return kept


def _edits(root: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    stack = [root]
    while stack:
        node = stack.pop()
        handler = _HANDLERS.get(node.type)
        if handler is not None:
            yield from handler(node, data)
        stack.extend(node.children)


def _bytes(node: tree_sitter.Node, data: bytes) -> bytes:
    return data[node.start_byte : node.end_byte]


def _blank(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    yield node.start_byte, node.end_byte, re.sub(rb"[^\n]", b" ", _bytes(node, data))


def _pass(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    text = _bytes(node, data)
    yield node.start_byte, node.end_byte, b"pass" + b"\n" * text.count(b"\n")


def _print(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    """`print >>f, x` and `print x`."""
    file = b""
    parts = []
    for child in node.named_children:
        if child.type == "chevron":
            file = b", file=" + _bytes(child, data)[2:].strip()
        elif child.type != "comment":
            parts.append(_bytes(child, data))
    end = b", end=' '" if _bytes(node, data).rstrip().endswith(b",") else b""
    new = b"print(" + b", ".join(parts) + (end if parts else b"") + file + b")"
    if not parts and file:
        new = b"print(" + file[2:] + b")"
    missing = _bytes(node, data).count(b"\n") - new.count(b"\n")
    yield node.start_byte, node.end_byte, new[:-1] + b"\n" * missing + b")"


def _exec(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    yield (
        node.start_byte,
        node.end_byte,
        b"exec(" + b", ".join(_bytes(child, data) for child in node.named_children) + b")",
    )


def _raise(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    """`raise Error, "text"`."""
    inner = node.named_children[0] if node.named_children else None
    if inner is not None and inner.type == "expression_list":
        name, *rest = (_bytes(child, data) for child in inner.named_children)
        yield inner.start_byte, inner.end_byte, name + b"(" + b", ".join(rest[:1]) + b")"


def _except(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    """`except Error, error:` of Python 2, `except Error, Other:` of 3.14."""
    text = _bytes(node, data)
    if match := _OLD_EXCEPT.match(text):
        yield node.start_byte, node.start_byte + match.end(), match[1] + b" as " + match[2] + b":"
    elif match := _BARE_EXCEPT.match(text):
        yield node.start_byte, node.start_byte + match.end(), match[1] + b"(" + match[2] + b"):"


def _number(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    text = _bytes(node, data)
    if (match := _OLD_NUMBER.match(text)) and text.strip(b"0"):
        new = b"0o" + match[1] if match[1] and not re.search(rb"[89]", match[1]) else match[2]
        if new:
            yield node.start_byte, node.end_byte, new


def _string(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    """Old and new prefixes; and quotes of an f-string's own kind within its fields."""
    text = _bytes(node, data)
    if match := _OLD_PREFIX.match(text):
        yield node.start_byte, node.start_byte + match.end(), b"f" if b"t" in match[1].lower() else b"r"
    quote = _quote(text)
    for field in node.named_children:
        if field.type == "interpolation":
            yield from _within(field, data, quote)


def _within(field: tree_sitter.Node, data: bytes, quote: bytes) -> Iterator[Edit]:
    stack = list(field.children)
    while stack:
        node = stack.pop()
        text = _bytes(node, data)
        if node.type == "string" and _quote(text) == quote:
            other = b"'" if quote == b'"' else b'"'
            swapped = text.replace(other, b" ").replace(quote, other).replace(b"\\n", b" ")
            yield node.start_byte, node.end_byte, swapped
        elif node.type != "string":
            stack.extend(node.children)


def _quote(text: bytes) -> bytes:
    text = text.lstrip(b"rRbBuUfFtT")
    return text[:3] if text[:3] in {b'"""', b"'''"} else text[:1]


def _operator(node: tree_sitter.Node, _data: bytes) -> Iterator[Edit]:
    for child in node.children:
        if child.type == "<>":
            yield child.start_byte, child.end_byte, b"!="


def _parameters(node: tree_sitter.Node, data: bytes) -> Iterator[Edit]:
    """Type parameters of a class or a function; not those of an annotation."""
    if node.parent is not None and node.parent.type in {"class_definition", "function_definition"}:
        yield from _blank(node, data)


_HANDLERS: dict[str, Callable[[tree_sitter.Node, bytes], Iterator[Edit]]] = {
    "type_parameter": _parameters,
    "type_alias_statement": _pass,
    "print_statement": _print,
    "exec_statement": _exec,
    "raise_statement": _raise,
    "except_clause": _except,
    "integer": _number,
    "string": _string,
    "comparison_operator": _operator,
}
