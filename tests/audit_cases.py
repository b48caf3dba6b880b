"""The cases of audit_corpus/, and what a careful reader of their code would find in them.

Each folder below audit_corpus/ is a small tree that is audited by itself. What is to be found stands as a comment on
the line of the place, which is the line that its call begins on:

    with open(path, "a") as f:  # WRITER append open logs/a.jsonl | logs/b.jsonl; keys=ts,event; locks=fcntl
    for line in open(path):  # READER open logs/a.jsonl [parses, line count]

    # WRITER mode mechanism path            one place, as docs/audit.md defines it; several paths with " | " between
    # READER mechanism path [kind, …]       the kinds: parses, or what it would break by
    ; keys=a,b  locks=a,b  traits=a,b       facts, each behind a semicolon; "locks=none" where none is held
    ; risk=high

A path of "?" is one of which nothing is known; a mechanism of "*" is one that docs/audit.md has no name for.
Whatever has no such comment is not to be found; "# nothing" marks what looks like it. What can't be told by a comment
stands in the case's expected.toml: `findings` with `file`, `line` and the text of the comment, and `problems` with
`kind` and `file`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CORPUS = Path(__file__).parent / "audit_corpus"
CASES = sorted(folder.name for folder in CORPUS.iterdir() if folder.is_dir())
KINDS = frozenset({"parses", "text scan", "line count", "byte offset", "tail", "size or time", "copy"})
LOOKS_LIKE_ONE = re.compile(r"#\s*(WRITER|READER)\b")
COMMENT = re.compile(
    r"#\s(?:WRITER\s(?P<mode>append|rewrite|truncate)|READER)\s(?P<mechanism>\S+)\s(?P<paths>[^;\[]+?)"
    r"(?:\s\[(?P<kinds>[^]]+)])?(?P<facts>(?:;\s(?:keys|locks|traits|risk)=[^;]+)*)$"
)


@dataclass(frozen=True)
class Finding:
    """One path of one place; a fact that isn't stated is None."""

    file: str
    line: int
    mode: str  # "read" of a reader
    mechanism: str
    path: str
    kinds: frozenset[str] | None = None
    keys: frozenset[str] | None = None
    locks: frozenset[str] | None = None
    traits: frozenset[str] | None = None
    risk: str | None = None


@dataclass(frozen=True)
class Case:
    """A tree to audit, and what is to be found in it."""

    root: Path
    python_files: tuple[str, ...]  # relative to the root
    jsonl_files: tuple[str, ...]
    findings: tuple[Finding, ...]
    problems: frozenset[tuple[str, str]]  # kind, file


def _names(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    return frozenset() if text == "none" else frozenset(name.strip() for name in text.split(","))


def parse_comment(text: str, file: str, line: int) -> list[Finding]:
    """The findings that a comment states; ValueError where it is none."""
    if not (match := COMMENT.search(text)):
        raise ValueError(f"{file}:{line}: no such comment: {text.strip()}")
    kinds = _names(match["kinds"])
    if (kinds is None) != (match["mode"] is not None) or (kinds and not kinds <= KINDS):
        raise ValueError(f"{file}:{line}: a reader has kinds, of those that are known, and a writer none")
    facts = dict(fact.strip().split("=", 1) for fact in match["facts"].split(";")[1:])
    return [
        Finding(
            file,
            line,
            match["mode"] or "read",
            match["mechanism"],
            "" if path == "?" else path,
            kinds,
            _names(facts.get("keys")),
            _names(facts.get("locks")),
            _names(facts.get("traits")),
            facts.get("risk"),
        )
        for path in match["paths"].split(" | ")
    ]


def _lines(path: Path) -> list[str]:
    """As Python counts them: a form feed ends none."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@cache
def load(name: str) -> Case:
    """The case of that name."""
    root = CORPUS / name
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    files = [file for file in files if "__pycache__" not in file]
    python_files = tuple(file for file in files if file.endswith((".py", ".pyw")))
    findings: list[Finding] = []
    problems: set[tuple[str, str]] = set()
    for file in python_files:
        for number, line in enumerate(_lines(root / file), start=1):
            if LOOKS_LIKE_ONE.search(line):
                findings += parse_comment(line, file, number)
    if (root / "expected.toml").exists():
        expected = tomllib.loads((root / "expected.toml").read_text(encoding="utf-8"))
        for finding in expected.get("findings", []):
            findings += parse_comment(finding["text"], finding["file"], finding["line"])
        problems = {(problem["kind"], problem["file"]) for problem in expected.get("problems", [])}
    documents = {*python_files, "expected.toml"}
    jsonl_files = tuple(file for file in files if file not in documents and _is_jsonl(root / file))
    return Case(root, python_files, jsonl_files, tuple(findings), frozenset(problems))


def _is_jsonl(path: Path) -> bool:
    """Of the corpus's own small files: each line an object."""
    lines = path.read_bytes().splitlines()
    return bool(lines) and all(line.startswith(b"{") and line.endswith(b"}") for line in lines)
