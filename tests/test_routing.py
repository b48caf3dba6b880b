"""Routing: which table an event goes to, and why."""

from __future__ import annotations

import logging
import sqlite3

import pytest

import foundups_logging
from foundups_logging import DomainTableHandler, fields
from foundups_logging.encoding import from_json
from foundups_logging.timestamps import normalize

USERS = {
    "deploys": {
        "events": ["deploy", "deploy_*", "deploy_failed_*", "*.finished"],
        "loggers": ["ops.*"],
        "columns": {"host": "TEXT NOT NULL"},
    },
    "rollbacks": {"events": ["deploy_rolled_*", "deploy_failed_badly"], "columns": {"host": "TEXT"}},
    "night_jobs": {"loggers": ["ops.night.*", "*cron"], "columns": {"job": "TEXT"}},
    "warnings": {"min_level": "WARNING", "columns": {"reason": "TEXT"}},
}
HOST = {"host": "a"}
AGENT = {"agent_id": "gemma"}


@pytest.fixture
def routed(database):
    """Log one event with the fields given; tells the table it went to and its row."""
    handlers = {}

    def log(message, level="INFO", logger="app", *, domains=None, args=(), exc_info=None, **given):  # noqa: PLR0913
        key = domains is not None
        if key not in handlers:
            handlers[key] = DomainTableHandler(database, domains)
        number = level if isinstance(level, int) else logging.getLevelName(level)
        record = logging.LogRecord(logger, number, "", 0, message, args, exc_info)
        record.__dict__.update(fields(**given))
        handlers[key].handle(record)
        assert foundups_logging.flush(10)
        names = [*(domain.name for domain in foundups_logging.load_domains(domains)), "dead_letters"]
        found = []
        connection = sqlite3.connect(database)
        connection.row_factory = sqlite3.Row
        for name in names:
            found += [(name, dict(row)) for row in connection.execute(f'SELECT * FROM "{name}"')]
            connection.execute(f'DELETE FROM "{name}"')
        connection.commit()
        connection.close()
        (row,) = found
        return row

    yield log
    for handler in handlers.values():
        handler.close()


@pytest.fixture
def table(routed):
    return lambda *args, **kwargs: routed(*args, **kwargs)[0]


@pytest.mark.parametrize(
    ("event", "given", "expected"),
    [
        ("permission_granted", AGENT, "permission_events"),
        ("permission", AGENT, "permission_events"),
        ("PERMISSION_DOWNGRADE", AGENT, "permission_events"),
        ("Permission_Granted", AGENT, "permission_events"),
        ("confidence_updated", AGENT, "confidence_events"),
        ("chat_message", {}, "chat_messages"),
        ("chat_joined", {}, "chat_messages"),
        ("selenium_session", {"url": "u"}, "selenium_sessions"),
        ("heartbeat", {}, "daemon_health"),
        ("broadcaster_heartbeat", {}, "daemon_health"),
        ("daemon_started", {}, "daemon_health"),
        ("error", {}, "error_events"),
        ("metric", {"metric_name": "m"}, "metrics_events"),
        ("metric_sampled", {"metric_name": "m"}, "metrics_events"),
        ("permissions", AGENT, "log_events"),
        ("my_permission_granted", AGENT, "log_events"),
        ("search_request", AGENT, "log_events"),
    ],
)
def test_an_events_name_decides_whatever_its_case(table, event, given, expected):
    assert table(event, **given) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("deploy", "deploys"),
        ("deploy_started", "deploys"),
        ("deploy_failed_softly", "deploys"),
        ("deploy_failed_badly", "rollbacks"),
        ("deploy_rolled_back", "rollbacks"),
        ("DEPLOY_ROLLED_BACK", "rollbacks"),
        ("chat_room.finished", "deploys"),
        ("chat_room", "chat_messages"),
        ("deployed", "log_events"),
    ],
)
def test_an_exact_name_beats_a_pattern_and_a_longer_pattern_a_shorter_one(table, event, expected):
    assert table(event, domains=USERS, host="a") == expected


@pytest.mark.parametrize(
    ("logger", "given", "expected"),
    [
        ("ops", HOST, "deploys"),
        ("ops.web", HOST, "deploys"),
        ("OPS.Web", HOST, "deploys"),
        ("ops.night", HOST, "night_jobs"),
        ("ops.night.backup", HOST, "night_jobs"),
        ("anacron", {}, "night_jobs"),
        ("operations", HOST, "log_events"),
        ("my.ops", HOST, "log_events"),
        ("agent_permissions", AGENT, "permission_events"),
        ("agent_permissions.manager", AGENT, "permission_events"),
        ("modules.agent_permissions.manager", AGENT, "permission_events"),
        ("my_agent_permissions.manager", AGENT, "log_events"),
    ],
)
def test_a_loggers_name_decides_where_the_events_does_not(table, logger, given, expected):
    assert table("something_else", logger=logger, domains=USERS, **given) == expected
    assert table("a sentence, not a name", logger=logger, domains=USERS, **given) == expected


@pytest.mark.parametrize("message", ["loaded_settings", "3 permissions loaded"])
@pytest.mark.parametrize(("level", "expected"), [("INFO", "log_events"), ("ERROR", "error_events")])
def test_a_logger_takes_only_events_with_its_required_fields_others_are_log_lines(table, message, level, expected):
    assert table(message, level, "agent_permissions") == expected
    assert table(message, level, "agent_permissions", agent_id=None) == expected
    assert table(message, level, "agent_permissions", **AGENT) == "permission_events"


def test_the_events_name_beats_the_loggers(table):
    assert table("confidence_updated", logger="agent_permissions", **AGENT) == "confidence_events"


@pytest.mark.parametrize("level", ["ERROR", "CRITICAL", 45])
def test_an_error_without_another_domain_is_an_error_event(table, level):
    assert table("disk_full", level) == "error_events"
    assert table("the disk is full", level) == "error_events"
    assert table("permission_denied", level, **AGENT) == "permission_events"


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", 35, 39])
def test_below_an_error_it_is_a_log_event(table, level):
    assert table("disk_full", level) == "log_events"
    assert table("the disk is full", level) == "log_events"


@pytest.mark.parametrize("message", ["retrying", "it went wrong, retrying"])
def test_an_exception_makes_it_an_error_event_at_any_level(routed, message):
    error = ValueError("wrong")
    name, row = routed(message, "DEBUG", exc_info=(ValueError, error, None))
    assert name == "error_events"
    assert (row["error_type"], row["message"]) == ("ValueError", "wrong")
    assert routed("metric", exc_info=(ValueError, error, None), metric_name="m")[0] == "metrics_events"


def test_an_exception_of_one_event_says_nothing_of_the_next_of_its_name(table):
    for _ in range(3):
        assert table("retrying") == "log_events"
        assert table("retrying", exc_info=(ValueError, ValueError(), None)) == "error_events"
        assert table("some text") == "log_events"
        assert table("some text", exc_info=(ValueError, ValueError(), None)) == "error_events"


def test_a_domain_may_claim_a_level_of_its_own(table):
    assert table("disk_slow", "WARNING", domains=USERS) == "warnings"
    assert table("disk_full", "ERROR", domains=USERS) == "error_events"
    assert table("disk_fine", "INFO", domains=USERS) == "log_events"


def test_a_level_that_a_program_has_named_counts_by_its_number(table, monkeypatch):
    monkeypatch.setattr(logging, "_levelToName", {**logging._levelToName, 44: "ALARM", 34: "NOTICE"})
    monkeypatch.setattr(logging, "_nameToLevel", {**logging._nameToLevel, "ALARM": 44, "NOTICE": 34})
    assert table("disk_full", "ALARM") == "error_events"
    assert table("disk_full", "NOTICE") == "log_events"


def test_an_error_stays_one_where_a_formatter_has_coloured_its_levels_name(database, rows):
    handler = DomainTableHandler(database)
    record = logging.LogRecord("app", logging.ERROR, "", 0, "disk_full", (), None)
    record.levelname = f"\x1b[31m{record.levelname}\x1b[0m"
    handler.handle(record)
    assert len(rows("error_events")) == 1


@pytest.mark.parametrize("domain", [domain.name for domain in foundups_logging.builtin_domains()])
@pytest.mark.parametrize("message", ["chat_message", "a sentence, not a name"])
def test_the_explicit_domain_beats_everything(table, domain, message):
    given = {"agent_id": "g", "url": "u", "metric_name": "m"}
    assert table(message, "ERROR", "agent_permissions", domain=domain, **given) == domain


@pytest.mark.parametrize(
    "asked", ["telemetry", "Log_Events", "", "events", "dead_letters", 5, 0, ["log_events"], {"a": 1}, b"log_events"]
)
@pytest.mark.parametrize("message", ["permission_granted", "a sentence, not a name"])
def test_an_unknown_domain_goes_to_log_events_is_told_and_counted(routed, asked, message):
    name, row = routed(message, "ERROR", domain=asked, **AGENT)
    assert name == "log_events"
    assert from_json(row["metadata_json"])["domain"] == asked
    assert foundups_logging.stats()["unknown_domain"] == 1


def test_no_domain_is_none(table):
    assert table("permission_granted", domain=None, **AGENT) == "permission_events"
    assert foundups_logging.stats()["unknown_domain"] == 0


@pytest.mark.parametrize("first", [5, ["x"], "unknown", None, "log_events"])
@pytest.mark.parametrize("message", ["disk_full", "the disk is full"])
def test_what_one_event_asks_for_says_nothing_of_the_next(table, first, message):
    table(message, "ERROR", domain=first)
    assert table(message, "ERROR") == "error_events"
    assert table(message, "ERROR", domain="unknown") == "log_events"
    assert table(message, "ERROR", domain=5) == "log_events"


@pytest.mark.parametrize(
    "message",
    [
        "permission granted",
        "permission_granted to gemma",
        " permission_granted",
        "permission_granted\n",
        "permission_granted!",
        "chat_message: hello",
        "error while reading",
        "",
        "héartbeat",
        "permission_\u0661",
    ],
)
def test_free_text_is_no_events_name(table, message):
    assert table(message, **AGENT) == "log_events"
    assert table(message, "ERROR", **AGENT) == "error_events"


def test_a_text_with_arguments_is_no_events_name_even_if_it_reads_like_one(table):
    assert table("permission_%s", args=("granted",), **AGENT) == "log_events"


@pytest.mark.parametrize("name", ["db.query", "http:get", "cache-hit", "0102_wakes", "_private"])
def test_names_with_dots_colons_and_dashes_are_names(table, name):
    assert table(name, domains={"own": {"events": [name], "columns": {"a": "TEXT"}}}) == "own"


@pytest.mark.parametrize(
    ("message", "given", "domain", "column"),
    [
        ("permission_granted", {"tries": 3}, "permission_events", "agent_id"),
        ("permission_granted", {"agent_id": None}, "permission_events", "agent_id"),
        ("selenium_session", {"analysis": {"labels": ["Go"]}}, "selenium_sessions", "url"),
        ("metric", {"value": 1.5}, "metrics_events", "metric_name"),
        ("metric", {"metric_name": b"\xff"}, "metrics_events", "metric_name"),
        ("a sentence, not a name", {"domain": "permission_events", "tries": 3}, "permission_events", "agent_id"),
    ],
)
def test_an_event_without_a_required_field_becomes_a_dead_letter_with_all_it_carried(
    routed, message, given, domain, column
):
    name, row = routed(message, "WARNING", "some.logger", **given)
    assert (name, row["domain"]) == ("dead_letters", domain)
    assert repr(column) in row["error"]
    original = from_json(row["original"])
    assert (original["event"], original["level"], original["logger"]) == (message, "WARNING", "some.logger")
    assert original["fields"] == {key: value for key, value in given.items() if key != "domain"}
    assert normalize(original["timestamp"])[0] == row["timestamp"]
    counts = foundups_logging.stats()
    assert (counts["dead_lettered"], counts["stored"], counts["emitted"]) == (1, 0, 1)
