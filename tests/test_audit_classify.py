"""What a file is said to be about, as a careful reader would say."""

from __future__ import annotations

import pytest

from foundups_logging.audit.classify import DOMAINS, OTHER, classify
from foundups_logging.audit.families import families
from foundups_logging.audit.model import JsonlFile, Key
from foundups_logging.domains.model import is_identifier

TELEMETRY = [
    (
        "modules/agents/memory/permission_events.jsonl",
        "event agent_id permission_level granted_by granted_at",
        "permissions",
    ),
    ("data/approvals.jsonl", "ts tool requested_action approved approved_by reason", "permissions"),
    ("acl/audit.jsonl", "timestamp user permission allowed deny_reason", "permissions"),
    ("memory/confidence_events.jsonl", "timestamp agent_id confidence_before confidence_after", "confidence_tracking"),
    ("state/trust.jsonl", "ts agent old_score new_score reason", "confidence_tracking"),
    ("logs/chat_messages.jsonl", "timestamp video_id user_id username message", "chat_history"),
    ("conversations/2025-10-21.jsonl", "ts role content model", "chat_history"),
    ("data/inbox_log.jsonl", "received_at sender subject body channel", "chat_history"),
    ("logs/youtube_dae_heartbeat.jsonl", "timestamp status uptime_seconds errors_detected", "daemon_health"),
    ("state/health.jsonl", "ts pid state restarts", "daemon_health"),
    ("logs/errors.jsonl", "timestamp module error_type message stack_trace duration_ms", "errors"),
    ("var/crash_reports.jsonl", "time exception traceback version", "errors"),
    ("data/nested_violations.jsonl", "scan_timestamp violations_found violations", "errors"),
    ("metrics/performance.jsonl", "timestamp metric_name value unit", "metrics"),
    ("logs/llm_costs.jsonl", "ts model input_tokens output_tokens cost_usd", "metrics"),
    ("logs/latency.jsonl", "timestamp endpoint p50 p95 p99", "metrics"),
    ("logs/selenium_sessions.jsonl", "timestamp url screenshot_hash annotated_path", "sessions"),
    ("traces/run.jsonl", "ts run_id step tool_name tool_input tool_output", "sessions"),
    ("logs/tool_calls.jsonl", "timestamp session_id tool args result duration_ms", "sessions"),
    ("logs/audit.jsonl", "timestamp actor action details", "telemetry"),
    ("logs/decisions.jsonl", "ts decision rationale inputs", "telemetry"),
    ("logs/app.jsonl", "timestamp level logger message", "telemetry"),
    ("logs/notifications.jsonl", "sent_at title kind", "telemetry"),
    ("ops/activity.jsonl", "ts event agent", "telemetry"),
]

MATERIAL = [
    ("data/gemma_noise_labels.jsonl", "file_path label category confidence"),
    ("datasets/train.jsonl", "prompt completion"),
    ("data/sft/messages.jsonl", "messages"),
    ("evals/cases.jsonl", "id input expected_output"),
    ("benchmarks/results.jsonl", "model task score latency_ms"),
    ("campaign_results/run_3/detector_events.jsonl", "t step sym purity"),
    ("tests/fixtures/events.jsonl", "event user"),
    ("cache/embeddings.jsonl", "text embedding"),
    ("knowledge/facts.jsonl", "id text source tags"),
    ("state/queue.jsonl", "id priority payload"),
    ("data/questions.jsonl", "question answer choices difficulty"),
]


@pytest.mark.parametrize(("path", "keys", "domain"), TELEMETRY, ids=[path for path, *_ in TELEMETRY])
def test_telemetry_is_told_with_its_domain(path, keys, domain):
    verdict = classify(path, keys=keys.split())
    assert (verdict.domain, verdict.telemetry) == (domain, True), verdict
    assert 0 < verdict.domain_confidence < 1
    assert verdict.domain_reason
    assert verdict.telemetry_reason


@pytest.mark.parametrize(("path", "keys"), MATERIAL, ids=[path for path, _ in MATERIAL])
def test_data_sets_results_caches_and_queues_are_no_telemetry(path, keys):
    verdict = classify(path, keys=keys.split())
    assert (verdict.domain, verdict.telemetry) == (OTHER, False), verdict
    assert "against it" in verdict.telemetry_reason


def test_the_reason_names_what_was_found_and_where():
    verdict = classify(
        "m/permission_events.jsonl", keys=["permissionLevel", "timestamp"], event_types=["permission_granted"]
    )
    assert "file name has 'permission'" in verdict.domain_reason
    assert "keys permission_level" in verdict.domain_reason
    assert "event types permission_granted" in verdict.domain_reason
    assert "its records tell when" in verdict.telemetry_reason


@pytest.mark.parametrize(
    ("path", "context", "domain"),
    [
        ("*", ["agents.permissions", "PermissionManager", "_record_event"], "permissions"),
        ("*/*.jsonl", ["bot.livechat", "ChatLogger", "log_message"], "chat_history"),
        ("logs/*.jsonl", ["monitor", "HeartbeatWriter", "beat"], "daemon_health"),
        ("*.jsonl", ["core.errors", "ErrorStore", "append"], "errors"),
    ],
)
def test_a_writer_whose_path_says_little_is_told_by_its_code(path, context, domain):
    assert classify(path, context=context).domain == domain


def test_of_a_file_that_nothing_tells_of_it_is_said_that_nothing_does():
    verdict = classify("*")
    assert (verdict.domain, verdict.domain_confidence <= 0.5, verdict.telemetry) == (OTHER, True, False)
    assert verdict.telemetry_reason == "nothing tells that it is"


def test_more_evidence_is_more_confidence():
    little = classify("logs/a.jsonl", keys=["timestamp", "uptime"])
    much = classify("logs/heartbeat.jsonl", keys=["timestamp", "uptime", "last_heartbeat", "health_state"])
    assert little.domain == much.domain == "daemon_health"
    assert little.domain_confidence < much.domain_confidence


@pytest.mark.parametrize("path", ["", "/", "a", "*", "..", "é/ü.jsonl", "C:\\x\\chat.jsonl", "a" * 10_000])
def test_any_path_is_judged(path):
    assert classify(path, keys=["", "*", "Ä", "x" * 9999], event_types=["", "?"]).domain in {*DOMAINS, OTHER}


def file(path: str, keys: str, domain: str = "telemetry") -> JsonlFile:
    made = [Key(name, 10, ("string",)) for name in keys.split()]
    reason = "keys event"
    return JsonlFile(path, 1, "", records=10, keys=made, domain=domain, domain_reason=reason, telemetry=domain != OTHER)


def test_files_of_one_shape_that_fit_no_particular_domain_get_one_of_their_own():
    one = file("a/logs/trade_journal_1.jsonl", "ts symbol side price")
    two = file("b/logs/trade_journal_2.jsonl", "ts symbol side price note")
    alone = file("c/logs/moves.jsonl", "ts player board")
    assert families([one, two, alone]) == {"trade_journal": [one, two]}
    assert (one.domain, two.domain, alone.domain) == ("trade_journal", "trade_journal", "telemetry")
    assert one.domain_reason == "1 other file of this shape (keys ts, symbol, side, price); else telemetry: keys event"


def test_particular_domains_and_material_are_no_families():
    files = [file(f"x/{n}.jsonl", "ts a b", domain) for n, domain in enumerate(["errors", "errors", OTHER, OTHER])]
    assert families(files) == {}


@pytest.mark.parametrize(
    "paths",
    [
        ("events_1.jsonl", "events_2.jsonl"),
        ("a/1.jsonl", "b/2.jsonl"),
        ("a/select.jsonl", "b/select.jsonl"),
        ("a/metrics_events.jsonl", "b/metrics_events.jsonl"),
        ("日本/ログ.jsonl", "日本/ログ2.jsonl"),
        (f"{'very_' * 30}long.jsonl", f"{'very_' * 30}long2.jsonl"),
        ("logs/log.jsonl", "logs/log.1.jsonl"),
    ],
)
def test_a_familys_name_can_be_a_tables_and_is_nobody_elses(paths):
    made = [file(path, keys) for path in paths for keys in ("ts symbol side", "when who what where")]
    names = list(families(made))
    assert len(names) == 2
    assert all(is_identifier(name) for name in names)
    assert not {"events", "metrics_events", "select", *DOMAINS} & set(names)
