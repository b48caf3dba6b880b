"""All files of a tree: read on several cores, kept between runs, judged."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from foundups_logging.audit import files as audited_files
from foundups_logging.audit.cache import Cache
from foundups_logging.audit.files import FileFindings, find_files

SHARED = Path(os.environ.get("FOUNDUPS_LOGGING_SHARED") or Path(__file__).resolve().parents[1].parent / "shared")
EVENT = {"timestamp": "2025-10-21T19:06:40Z", "event_type": "started", "agent_id": "gemma"}


def line(**more: object) -> str:
    return json.dumps({**EVENT, **more}) + "\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for path in (
        "a/README.md",
        "a/logs/heartbeat.jsonl",
        "b/src/x.py",
        "b/memory/heartbeat.jsonl",
        "b/memory/notes.txt",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(line(uptime=1) * 3 if path.endswith("jsonl") else "text\n")
    (root / "b/memory/empty.jsonl").touch()
    (root / "b/memory/empty2.jsonl").touch()
    (root / "bad.jsonl").write_text("text\n")
    return root


def test_files_are_found_with_owner_domain_and_duplicates(root, tmp_path):
    found = find_files(root, cache=Cache(tmp_path / "cache"))
    assert found.python_files == ["b/src/x.py"]
    assert [(problem.kind, problem.where) for problem in found.problems] == [("not json lines", "bad.jsonl")]
    told = [(file.path, file.module, file.domain, file.duplicate_of) for file in found.files if file.records]
    assert told == [
        ("a/logs/heartbeat.jsonl", "a", "daemon_health", ""),
        ("b/memory/heartbeat.jsonl", "b", "daemon_health", "a/logs/heartbeat.jsonl"),
    ]
    assert all(not file.duplicate_of for file in found.files if not file.records)


def test_progress_ends_at_the_whole(root, tmp_path):
    total = sum(path.stat().st_size for path in root.rglob("*") if path.suffix in (".jsonl", ".txt"))
    calls: list[tuple[int, int]] = []
    for _ in range(2):
        calls.clear()
        find_files(root, cache=Cache(tmp_path / "cache"), progress=lambda done, total: calls.append((done, total)))
        assert calls[-1] == (total, total)
        assert calls == sorted(calls)


def refuse(*_: object) -> None:
    pytest.fail("it was read again")


def test_what_has_not_changed_is_not_read_again(root, tmp_path, monkeypatch):
    cache = Cache(tmp_path / "cache")
    first = find_files(root, cache=cache)
    monkeypatch.setattr(audited_files, "scan", refuse)
    assert find_files(root, cache=cache) == first
    shutil.move(root / "a", root / "c")
    assert [file.path for file in find_files(root, cache=cache).files][-1] == "c/logs/heartbeat.jsonl"


def test_what_has_changed_is_read_again(root, tmp_path):
    cache = Cache(tmp_path / "cache")
    find_files(root, cache=cache)
    with (root / "a/logs/heartbeat.jsonl").open("a") as file:
        file.write(line(uptime=2))
    found = {file.path: file for file in find_files(root, cache=cache).files}
    assert found["a/logs/heartbeat.jsonl"].records == 4
    assert found["b/memory/heartbeat.jsonl"].duplicate_of == ""


def test_the_same_content_under_a_name_that_says_less_is_judged_by_that_name(root, tmp_path):
    cache = Cache(tmp_path / "cache")
    (root / "one.jsonl").write_text("{}\n")
    assert "one.jsonl" in [file.path for file in find_files(root, cache=cache).files]
    (root / "one.jsonl").rename(root / "one.json")
    assert "one.json" not in [file.path for file in find_files(root, cache=cache).files]


def test_a_cache_entry_of_another_form_is_made_again(root, tmp_path):
    cache = Cache(tmp_path / "cache")
    first = find_files(root, cache=cache)
    for entry in cache.folder.glob("*/??/*.json"):
        kept = json.loads(entry.read_bytes())
        for value in ({"path": "x"}, [1], "text", {**kept["value"], "more": 1}, {"kind": 5}):
            entry.write_text(json.dumps({**kept, "value": value}))
            assert find_files(root, cache=cache) == first


def test_without_a_cache_the_same_is_found_and_the_reason_told(root, tmp_path):
    first = find_files(root, cache=Cache(tmp_path / "cache"))
    (tmp_path / "file").write_text("in the way")
    found = find_files(root, cache=Cache(tmp_path / "file/cache"))
    assert found.files == first.files
    assert found.problems[-1].kind == "cache unusable"


def test_on_several_cores_the_same_is_found(root, tmp_path, monkeypatch):
    first = find_files(root, cache=Cache(tmp_path / "one"))
    monkeypatch.setattr(audited_files, "_WORTH_PROCESSES", 0)
    monkeypatch.setattr(audited_files, "_TASK_FILES", 1)
    monkeypatch.setattr(audited_files, "_cores", lambda: 2)
    calls: list[tuple[int, int]] = []
    found = find_files(root, cache=Cache(tmp_path / "two"), progress=lambda done, total: calls.append((done, total)))
    assert found == first
    assert calls[-1][0] == calls[-1][1]
    assert find_files(root, cache=Cache(tmp_path / "two")) == first


SCRIPT = """
from pathlib import Path
import sys
from foundups_logging.audit import files
from foundups_logging.audit.cache import Cache
files._WORTH_PROCESSES, files._TASK_FILES, files._cores = 0, 1, lambda: 2
print(len(files.find_files(Path(sys.argv[1]), cache=Cache(Path(sys.argv[2]))).files))
"""


def test_a_script_that_no_process_can_be_started_from_reads_all_itself(root, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)  # has no `if __name__ == "__main__":`
    done = subprocess.run(
        [sys.executable, script, root, tmp_path / "cache"], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-1] == "4"


# What a person says who has read them.
JUDGED = {
    "WSP_agentic/agentic_journals/rESP_Historical_Emergence_Log.jsonl": "chat_history",
    "campaign_results/gpt-5_20250819-015323/task_1_3_collapse/run_2_CCCH/detector_events.jsonl": "other",
    "campaign_results/gpt-5_20250819-015323/task_1_3_collapse/run_3_CCCCH/detector_events.jsonl": "other",
    "data/gemma_noise_labels.jsonl": "other",
    "holo_index/agent_monitoring/interventions_20250926.jsonl": "telemetry",
    "holo_index/holo_index/output/holo_output_history.jsonl": "telemetry",
    "holo_index/telemetry/holo-20251002-133052.jsonl": "telemetry",
    "modules/ai_intelligence/ai_overseer/data/nested_module_violations.jsonl": "errors",
    "modules/ai_intelligence/pqn_alignment/data/qwen_wsp_audits.jsonl": "telemetry",
    "modules/communication/moltbot_bridge/reports/openclaw_ironclaw_daily_audit_history.jsonl": "telemetry",
    "modules/infrastructure/wre_core/recursive_improvement/metrics/doc_dae_cleanup_skill_metrics.jsonl": "metrics",
    "modules/infrastructure/wre_core/reports/daemon_self_audit_tasks.jsonl": "telemetry",
    "modules/platform_integration/antifafm_broadcaster/telemetry.jsonl": "daemon_health",
}


@pytest.mark.skipif(not (SHARED / "data/foundups").is_dir(), reason="the shared data is elsewhere")
def test_the_real_files_are_judged_as_a_person_would(tmp_path):
    found: FileFindings = find_files(SHARED / "data/foundups", cache=Cache(tmp_path / "cache"))
    assert {file.path: file.domain for file in found.files} == JUDGED
    assert {file.path for file in found.files if not file.telemetry} == {
        p for p, domain in JUDGED.items() if domain == "other"
    }
    assert [problem.where for problem in found.problems] == ["WSP_agentic/wsp39_zen_coding.jsonl"]
    assert sum(file.malformed_count for file in found.files) == 0
