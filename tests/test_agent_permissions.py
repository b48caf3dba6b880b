"""The example of a migrated module: the same tests under both of its logging configs."""

from __future__ import annotations

import json
import logging
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from freezegun import freeze_time

import foundups_logging

EXAMPLES = Path(__file__).parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

from agent_permissions.confidence import ConfidenceTracker  # noqa: E402
from agent_permissions.permissions import LADDER, PermissionManager  # noqa: E402
from agent_permissions.storage import configure  # noqa: E402


@pytest.fixture(params=["config_jsonl.json", "config_database.json"])
def module(request, tmp_path):
    with freeze_time("2025-10-21 12:00:00") as clock:
        history = configure(EXAMPLES / "agent_permissions" / request.param, tmp_path)
        tracker = ConfidenceTracker(history)
        yield tracker, PermissionManager(history, tracker), clock, history
        logger = logging.getLogger("agent_permissions")
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()


# Outcomes as (day, success), the day of the question, and the confidence then: 21 cases.
def _w(*ages):
    return sum(math.exp(-0.05 * age) for age in ages)


CONFIDENCE = {
    "unknown": ([], 0, 0.5),
    "one success": ([(0, True)], 0, 1.0),
    "one failure": ([(0, False)], 0, 0.0),
    "half": ([(0, True), (0, False)], 0, 0.5),
    "order on one day does not count": ([(0, False), (0, True)], 0, 0.5),
    "three of four": ([(0, True)] * 3 + [(0, False)], 0, 0.75),
    "one of four": ([(0, False)] * 3 + [(0, True)], 0, 0.25),
    "nine of ten": ([(0, True)] * 9 + [(0, False)], 0, 0.9),
    "only successes at any age": ([(0, True), (10, True)], 20, 1.0),
    "only failures at any age": ([(0, False), (10, False)], 20, 0.0),
    "one day decays": ([(0, True), (1, False)], 1, _w(1) / _w(1, 0)),
    "ten days decay": ([(0, True), (10, False)], 10, _w(10) / _w(10, 0)),
    "a failure decays": ([(0, False), (10, True)], 10, _w(0) / _w(10, 0)),
    "three ages": ([(0, True), (5, False), (10, True)], 10, _w(10, 0) / _w(10, 5, 0)),
    "waiting alone changes no share": ([(0, True), (0, False)], 20, 0.5),
    "the 30th day counts": ([(0, False)], 30, 0.0),
    "the 31st does not": ([(0, False)], 31, 0.5),
    "a failure leaves the window": ([(0, False), (10, True)], 31, 1.0),
    "a success leaves the window": ([(0, True), (10, False)], 31, 0.0),
    "all leave the window": ([(0, True), (10, False)], 41, 0.5),
    "half a day": ([(0, True), (0.5, False)], 0.5, _w(0.5) / _w(0.5, 0)),
}


@pytest.mark.parametrize("case", CONFIDENCE)
def test_confidence(case, module):
    outcomes, asked, expected = CONFIDENCE[case]
    tracker, _, clock, _ = module
    today = 0.0
    for day, success in outcomes:
        clock.tick((day - today) * 86_400)
        today = day
        tracker.record("gemma", success=success, validation="tests")
    tracker.record("another", success=False, validation="tests")
    clock.tick((asked - today) * 86_400)
    assert tracker.confidence("gemma") == pytest.approx(expected)


def _climb(module, level):
    tracker, manager, _, _ = module
    tracker.record("gemma", success=True, validation="tests")
    for rung in list(LADDER)[1 : list(LADDER).index(level) + 1]:
        manager.grant("gemma", rung, granted_by="0102", justification="earned")


@pytest.mark.parametrize("level", LADDER)
def test_an_agent_climbs_to(level, module):
    _climb(module, level)
    assert module[1].level("gemma") == level
    assert module[1].level("another") == "read_only"


@pytest.mark.parametrize(
    ("level", "failures"), [("metrics_write", 1), ("edit_access_tests", 1), ("edit_access_src", 1)]
)
def test_an_agent_falls_from(level, failures, module):
    _climb(module, level)
    module[0].record("gemma", success=False, validation="tests")
    assert module[1].review("gemma") == module[1].level("gemma") == "read_only"
    last = module[3].events("permission_events", "gemma")[-1]
    assert (last["event_type"], last["confidence"]) == ("permission_downgrade", 0.5)


@pytest.mark.parametrize("level", ["edit_access_tests", "edit_access_src", "read_only"])
def test_no_rung_is_skipped_to(level, module):
    module[0].record("gemma", success=True, validation="tests")
    with pytest.raises(ValueError, match="not the rung"):
        module[1].grant("gemma", level, granted_by="0102", justification="none")


def test_an_unknown_rung_is_refused(module):
    with pytest.raises(ValueError, match="root"):
        module[1].grant("gemma", "root", granted_by="0102", justification="none")


def test_confidence_that_is_short_is_refused(module):
    with pytest.raises(PermissionError, match=r"0\.75"):
        module[1].grant("gemma", "metrics_write", granted_by="0102", justification="none")
    assert module[3].events("permission_events", "gemma") == []


def test_a_fall_ends_at_the_rung_that_confidence_bears(module):
    _climb(module, "edit_access_src")
    for success in [True] * 8 + [False]:
        module[0].record("gemma", success=success, validation="tests")
    assert module[1].review("gemma") == "edit_access_tests"


def test_a_review_of_a_trusted_agent_changes_nothing(module):
    _climb(module, "metrics_write")
    assert module[1].review("gemma") == "metrics_write"
    assert len(module[3].events("permission_events", "gemma")) == 1


def test_a_rung_allows_those_below(module):
    _climb(module, "metrics_write")
    assert [module[1].may("gemma", rung) for rung in LADDER] == [True, True, False, False]


def test_the_module_knows_no_storage():
    for name in ("confidence.py", "permissions.py", "history.py"):
        text = (EXAMPLES / "agent_permissions" / name).read_text("utf-8")
        assert not any(word in text for word in ("foundups_logging", "json", "sqlite", "open("))


@pytest.mark.parametrize("module", ["config_jsonl.json"], indirect=True)
def test_the_old_file_has_its_old_keys(module, tmp_path):
    module[0].record("gemma", success=True, validation="tests")
    line = json.loads((tmp_path / "confidence_events.jsonl").read_text())
    assert list(line) == "timestamp agent_id confidence_before confidence_after event_type success validation".split()


_LOADED = """
import hashlib, sys
from pathlib import Path
from agent_permissions.confidence import ConfidenceTracker
from agent_permissions.permissions import PermissionManager
from agent_permissions.storage import configure
history = configure(Path(sys.argv[1]), Path(sys.argv[2]))
ConfidenceTracker(history).record("gemma", success=True, validation="tests")
assert len(history.events("confidence_events", "gemma")) == 1
for name, module in sorted(sys.modules.items()):
    if name.startswith("agent_permissions"):
        print(name, hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest())
"""


def test_the_module_files_are_the_same_under_both_configs(tmp_path):
    import_path = os.pathsep.join([str(Path(foundups_logging.__file__).parents[1]), str(EXAMPLES)])
    loaded = []
    for config in ("config_jsonl.json", "config_database.json"):
        folder = tmp_path / config
        folder.mkdir()
        command = [sys.executable, "-c", _LOADED, str(EXAMPLES / "agent_permissions" / config), str(folder)]
        environment = {**os.environ, "PYTHONPATH": import_path}
        loaded.append(subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout)
    assert loaded[0] == loaded[1]
    assert "agent_permissions.permissions " in loaded[0]


def test_the_demo_shows_the_climb_and_the_fall(tmp_path):
    demo = EXAMPLES / "agent_permissions" / "demo.py"
    environment = {**os.environ, "PYTHONPATH": str(Path(foundups_logging.__file__).parents[1])}
    command = [sys.executable, str(demo), str(tmp_path)]
    done = subprocess.run(command, check=True, env=environment, capture_output=True, text=True)
    assert done.stdout.count("permission_granted") == 3
    assert "permission_downgrade" in done.stdout.splitlines()[-1]
