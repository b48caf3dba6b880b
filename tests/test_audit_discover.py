"""What the audit's walk finds, leaves out and can't read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from foundups_logging.audit.discover import discover
from foundups_logging.audit.file_names import read_name
from foundups_logging.audit.owners import owner_of

links = pytest.mark.skipif(os.name == "nt", reason="making links there takes a privilege")
LINES = '{"a": 1}\n{"a": 2}\n'


def make(root: Path, *paths: str, text: str = LINES) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def kinds(root: Path) -> dict[str, str]:
    return {problem.where: problem.kind for problem in discover(root).problems}


def test_json_lines_are_looked_for_under_telling_and_other_names(tmp_path):
    found = (
        "a.jsonl",
        "A.JSONL",
        "a.ndjson",
        "a.jsonl.1",
        "a.jsonl.2025-10-01",
        "a.jsonl.gz",
        "a.jsonl.3.zst",
        "a.json",
        "deep/er/a.log",
        "a.log.1.gz",
        "a.txt",
        "a.log-20251001",
        "audit",
        "a.events",
    )
    other = ("a.md", "a.csv", "a.html", "a.tar.gz", "a.py")
    make(tmp_path, *found, *other)
    assert set(discover(tmp_path).candidates) == set(found)


def test_a_file_without_a_telling_name_is_looked_into(tmp_path):
    make(tmp_path, "events.dat")
    make(tmp_path, "LICENSE", "numbers.dat", text="Copyright\n")
    assert list(discover(tmp_path).candidates) == ["events.dat"]


def test_sizes_are_told(tmp_path):
    make(tmp_path, "a.jsonl")
    assert discover(tmp_path).candidates == {"a.jsonl": len(LINES)}


def test_python_is_found_by_suffix_and_by_its_first_line(tmp_path):
    make(tmp_path, "a.py", "b/c.pyw", text="x = 1\n")
    make(tmp_path, "bin/run", text="#!/usr/bin/env python3\nx = 1\n")
    make(tmp_path, "bin/other", text="#!/bin/sh\necho python\n")
    assert discover(tmp_path).python_files == ["a.py", "b/c.pyw", "bin/run"]


@pytest.mark.parametrize(
    "folder",
    [
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        "__pycache__",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".pytest_cache",
        "x.egg-info",
    ],
)
def test_folders_of_tools_are_not_entered(tmp_path, folder):
    make(tmp_path, f"{folder}/a.jsonl", f"deep/{folder}/deeper/a.jsonl", "mine.jsonl")
    assert list(discover(tmp_path).candidates) == ["mine.jsonl"]


def test_a_virtual_environment_is_not_entered_whatever_its_name(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "my stuff"], check=True)
    make(tmp_path, "my stuff/a.jsonl", "venv/notes.jsonl", "lib/site-packages/a.jsonl")
    assert list(discover(tmp_path).candidates) == ["venv/notes.jsonl"]


@links
def test_a_virtual_environment_of_old_and_a_conda_environment_are_not_entered(tmp_path):
    make(tmp_path, "old/a.jsonl", "old/bin/activate", "conda/conda-meta/history", "conda/a.jsonl")
    (tmp_path / "old/bin/python").symlink_to(sys.executable)
    assert discover(tmp_path).candidates == {}


def test_build_output_and_tagged_caches_are_not_entered_but_code_called_build_is(tmp_path):
    make(tmp_path, "build/lib/a.jsonl", "dist/x-1.0.whl", "dist/a.jsonl", "warm/CACHEDIR.TAG", "warm/a.jsonl")
    make(tmp_path, "src/build/steps.py", "src/build/log.jsonl", "src/dist/log.jsonl")
    assert list(discover(tmp_path).candidates) == ["src/build/log.jsonl", "src/dist/log.jsonl"]


@links
def test_links_are_not_followed_and_those_that_lead_out_are_told(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    make(root, "a/x.jsonl")
    make(outside, "y.jsonl")
    (root / "a/loop").symlink_to(root, target_is_directory=True)
    (root / "inside.jsonl").symlink_to(root / "a/x.jsonl")
    (root / "out").symlink_to(outside, target_is_directory=True)
    (root / "out.jsonl").symlink_to(outside / "y.jsonl")
    (root / "dangling.jsonl").symlink_to(root / "nowhere")
    assert list(discover(root).candidates) == ["a/x.jsonl"]
    assert kinds(root) == {"out": "link out of the tree", "out.jsonl": "link out of the tree"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_a_folder_that_cannot_be_read_is_a_problem(tmp_path):
    make(tmp_path, "shut/a.jsonl", "b.jsonl")
    (tmp_path / "shut").chmod(0)
    try:
        assert kinds(tmp_path) == {"shut": "unreadable folder"}
        assert list(discover(tmp_path).candidates) == ["b.jsonl"]
    finally:
        (tmp_path / "shut").chmod(0o700)


def test_a_root_that_is_not_there_is_a_problem(tmp_path):
    assert kinds(tmp_path / "gone") == {".": "unreadable folder"}


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are UTF-8 there")
def test_a_name_that_is_not_utf8_is_a_problem(tmp_path):
    (tmp_path / os.fsdecode(b"bad\xff.jsonl")).write_text(LINES)
    assert kinds(tmp_path) == {"bad\\xff.jsonl": "name not UTF-8"}
    assert discover(tmp_path).candidates == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in Windows' folders")
def test_what_is_no_regular_file_is_left_alone(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert discover(tmp_path).candidates == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", ("jsonl", "", "a")),
        ("a.b.jsonl.2025-10-01_12-00-00.zst", ("jsonl", "zstd", "a.b")),
        ("events.1.jsonl", ("jsonl", "", "events")),
        ("events.jsonl.bak~", ("jsonl", "", "events")),
        ("session-20251001.jsonl", ("jsonl", "", "session")),
        (".jsonl", ("untold", "", ".jsonl")),
        ("a.log.xz", ("text", "xz", "a")),
        ("a.tar.gz", ("other", "gzip", "a")),
        (".gz", ("untold", "", ".gz")),
        ("*.jsonl", ("jsonl", "", "*")),
    ],
)
def test_a_name_is_read_without_rotation_and_compression(name, expected):
    assert read_name(name) == expected


def test_a_file_belongs_to_the_nearest_part_of_the_code_base(tmp_path):
    make(tmp_path, "README.md", "modules/ai/chat/README.md", "modules/ai/chat/memory/README.md", text="about\n")
    make(tmp_path, "modules/ai/trust/src/tracker.py", "pkg/metrics/__init__.py", "scripts/run.py", text="x = 1\n")
    tree = discover(tmp_path)
    assert owner_of("modules/ai/chat/memory/logs/2025-10-01/a.jsonl", tree) == "modules/ai/chat"
    assert owner_of("modules/ai/trust/data/a.jsonl", tree) == "modules/ai/trust"
    assert owner_of("modules/ai/trust/src/a.jsonl", tree) == "modules/ai/trust/src"
    assert owner_of("pkg/metrics/a.jsonl", tree) == "pkg/metrics"  # a package, whatever its name
    assert owner_of("scripts/output/a.jsonl", tree) == "scripts"
    assert owner_of("data/a.jsonl", tree) == "."


def test_a_file_far_from_all_code_belongs_to_the_nearest_folder_that_is_no_store(tmp_path):
    tree = discover(tmp_path)
    assert owner_of("modules/chat/logs/a.jsonl", tree) == "modules/chat"
    assert owner_of("logs/.hidden/a.jsonl", tree) == "."
