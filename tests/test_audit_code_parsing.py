"""Code that this Python can't parse is read all the same, and named."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundups_logging.audit.code import find_accesses
from foundups_logging.audit.code.source import parse, read
from foundups_logging.audit.code.tolerant import parsable

WRITER = "import json\n\n\ndef log(x):\n    with open('a.jsonl', 'a') as f:\n        f.write(json.dumps(x) + '\\n')\n"

BROKEN = {
    "an unclosed bracket": "y = (1 + \n",
    "an unclosed text": "def g():\n    print('never closed)\n",
    "an if without a condition": "def g():\n    if\n        pass\n    return 1\n",
    "a wrong indentation": "def g():\n        a = 1\n    b = 2\n",
    "a lonely else": "def g():\n    pass\nelse:\n    pass\n",
    "print of Python 2": "def g():\n    print 'a', 1\n    print >>out\n    exec 'x' in y\n",
    "raise and except of Python 2": "try:\n    raise ValueError, 'text'\nexcept ValueError, error:\n    pass\n",
    "numbers of Python 2": "mode = 0777\nlong = 10L\nif 1 <> 2:\n    pass\n",
    "type parameters": "class Box[T]:\n    def get[U](self, u: U) -> T: ...\ntype Rows = list[int]\n",
    "a merge": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> branch\n",
}


def fails(text):
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return True
    return False


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("place", ["before", "after"])
def test_a_writer_beside_it_is_found_in_its_line(tmp_path, name, place):
    text = BROKEN[name] + "\n" + WRITER if place == "before" else WRITER + "\n\n" + BROKEN[name]
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    findings = find_accesses(tmp_path, ["a.py"], [])
    (access,) = findings.accesses
    assert access.path == "a.jsonl"
    assert "open(" in text.split("\n")[access.place.line - 1]
    assert [problem.kind for problem in findings.problems] == (["syntax"] if fails(text) else [])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([line for text in BROKEN.values() for line in text.split("\n")] + WRITER.split("\n"))))
def test_any_text_can_be_mended_and_keeps_its_lines(lines):
    text = "\n".join(lines)
    mended, _ = parsable(text, fails)
    assert mended.count("\n") == text.count("\n")


def test_what_no_parser_reads_is_named_with_its_lines(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\n\xff\xfe\x00 'a.jsonl' (((\n")
    findings = find_accesses(tmp_path, ["a.py"], [])
    assert {problem.where.partition(":")[0] for problem in findings.problems} == {"a.py"}


def test_a_file_that_is_gone_is_named(tmp_path):
    findings = find_accesses(tmp_path, ["gone.py"], [])
    assert [(problem.kind, problem.where) for problem in findings.problems] == [("unreadable", "gone.py")]


def test_a_text_says_its_encoding(tmp_path):
    (tmp_path / "a.py").write_bytes("# -*- coding: latin-1 -*-\nname = 'caf\xe9.jsonl'\n".encode("latin-1"))
    source = read(tmp_path, "a.py")
    tree, problem = parse(source)
    assert "café.jsonl" in source.text
    assert problem is None
    assert len(tree.body) == 1
