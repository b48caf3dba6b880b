"""The report of an audit: its form, what it says of a small tree, and that the same tree gives the same report."""

from __future__ import annotations

import json
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from audit_cases import CASES, load

from foundups_logging import ConfigurationError
from foundups_logging.audit import audit

SEED_KEYS = {
    "audit_id", "audit_timestamp", "total_jsonl_files", "files_by_domain", "concurrency_risks",
    "consolidation_candidates", "storage_analysis", "summary",
}  # fmt: skip
SHARED = Path(os.environ.get("FOUNDUPS_LOGGING_SHARED") or Path(__file__).parents[2] / "shared") / "data" / "foundups"

APPENDS = """
import json, time
def note(agent, level):
    with open("memory/permission_events.jsonl", "a") as f:
        f.write(json.dumps({"timestamp": time.time(), "agent_id": agent, "permission_level": level}) + "\\n")
"""


def check(report: dict[str, Any]) -> None:
    """Check a report against the schema in the package."""
    schema = json.loads((files("foundups_logging.audit") / "report.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(json.loads(json.dumps(report)))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two modules that write one file, a file whose writer is elsewhere, a data set, and what isn't sound."""
    root = tmp_path / "tree"
    (root / "memory").mkdir(parents=True)
    (root / "data").mkdir()
    for name in ("one.py", "two.py"):
        (root / name).write_text(APPENDS)
    line = '{"timestamp": 1761073600.5, "agent_id": "gemma", "permission_level": "read_only"}\n'
    torn = '{"timestamp": 17610' + line
    (root / "memory" / "permission_events.jsonl").write_text(line * 3 + torn + line)
    (root / "memory" / "heartbeat.jsonl").write_text('{"timestamp": "2025-10-21T10:00:00", "status": "alive"}\n' * 2)
    (root / "data" / "labels.jsonl").write_text('{"text": "a", "label": 1}\n{"text": "b", "label": 0}\n')
    (root / "memory" / "big.jsonl").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
    )
    return root


@pytest.fixture
def report(tree: Path, tmp_path: Path) -> dict[str, Any]:
    return audit(tree, cache_folder=tmp_path / "cache")


def problems_of(report: dict[str, Any], kind: str) -> list[str]:
    return [problem["where"] for problem in report["problems"] if problem["kind"] == kind]


def test_the_report_has_the_decisions_keys_and_the_form_that_its_schema_tells(report: dict[str, Any]) -> None:
    assert report.keys() >= SEED_KEYS
    check(report)


def test_two_modules_that_append_to_one_file_are_its_writers_and_its_risk_is_high(report: dict[str, Any]) -> None:
    writers = [(writer["file"], writer["line"], writer["path"]) for writer in report["writers"]]
    path = "memory/permission_events.jsonl"
    assert writers == [("one.py", 4, path), ("two.py", 4, path)]
    assert {writer["concurrency_risk"] for writer in report["writers"]} == {"high"}
    (file,) = [file for file in report["files"] if file["path"] == path]
    assert (file["domain"], file["concurrency_risk"], file["writers"]) == (
        "permissions",
        "high",
        ["one.py:4", "two.py:4"],
    )
    assert "one.py:4" in file["reason"]
    assert "two.py:4" in file["reason"]
    assert report["concurrency_risks"][0]["domain"] == "permissions"
    (candidate,) = [entry for entry in report["consolidation_candidates"] if entry["domain"] == "permissions"]
    assert (candidate["proposed_table"], candidate["priority"]) == ("permission_events", "high")
    assert candidate["schema"]["create_table"].startswith('CREATE TABLE IF NOT EXISTS "permission_events"')


def test_what_is_no_telemetry_is_counted_and_said_to_be_none(report: dict[str, Any]) -> None:
    assert report["files_by_domain"]["other"]["files"] == ["data/labels.jsonl"]
    assert report["files_by_domain"]["other"]["consolidation_priority"] == "none"
    assert report["summary"]["telemetry_files"] == 2
    assert all(entry["domain"] != "other" for entry in report["consolidation_candidates"])


def test_torn_lines_pointers_and_files_without_a_writer_are_told(report: dict[str, Any]) -> None:
    assert problems_of(report, "interleaved lines") == ["memory/permission_events.jsonl"]
    assert problems_of(report, "lfs pointer") == ["memory/big.jsonl"]
    assert problems_of(report, "file without writer") == ["memory/heartbeat.jsonl"]


def test_an_audit_that_is_repeated_says_the_same_from_what_it_kept(tree: Path, tmp_path: Path) -> None:
    def told() -> dict[str, Any]:
        report = audit(tree, cache_folder=tmp_path / "cache")
        return {name: value for name, value in report.items() if name not in {"audit_id", "audit_timestamp"}}

    first = told()
    assert told() == first
    (tree / "two.py").write_text("")
    assert [writer["file"] for writer in told()["writers"]] == ["one.py"]
    (tree / "two.py").write_text(APPENDS)
    assert told() == first


def test_an_audit_changes_nothing_in_the_tree(tree: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in tree.rglob("*")}
    audit(tree, cache_folder=tmp_path / "cache")
    assert {path: path.stat().st_mtime_ns for path in tree.rglob("*")} == before


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file or directory"):
        audit(tmp_path / "nothing")


def test_an_empty_tree_has_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = audit(tmp_path / "empty", cache_folder=tmp_path / "cache")
    check(report)
    assert (report["files"], report["writers"], report["files_by_domain"]) == ([], [], {})


@pytest.mark.parametrize("name", CASES)
def test_the_report_of_any_program_of_the_corpus_has_the_form(name: str, tmp_path: Path) -> None:
    report = audit(load(name).root, cache_folder=tmp_path / "cache")
    check(report)
    assert all(writer["reason"] for writer in report["writers"])


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real telemetry is not here; FOUNDUPS_LOGGING_SHARED can name it")
def test_the_real_files_are_found_and_go_to_five_domains_or_more(tmp_path: Path) -> None:
    report = audit(SHARED, cache_folder=tmp_path / "cache")
    check(report)
    assert report["total_jsonl_files"] >= 10
    assert len(report["files_by_domain"]) >= 5
