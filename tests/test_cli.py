"""The commands of `foundups-logging`: what they print."""

import csv
import io
import json
import shlex
import time
from datetime import UTC, datetime, timedelta

import click
import pytest
from click.testing import CliRunner

from foundups_logging import TelemetryStore, builtin_domains
from foundups_logging.cli import PROGRAM, commands
from foundups_logging.encoding import from_json

pytestmark = pytest.mark.usefixtures("folder")

DEPLOYS = """
[deploys]
description = "rollouts"
events = ["deploy_*"]
loggers = ["ops.*"]
aliases = { machine = "host" }
[deploys.columns]
host = "TEXT NOT NULL"
steps = "JSON"
"""
LONG = "87 of 100 detections confirmed, " * 10


@pytest.fixture
def filled(folder, database):
    """The default database, with an event in each of three domains and a declared one."""
    (folder / "domains.toml").write_text(DEPLOYS)
    (folder / "logs").mkdir()
    (folder / "logs" / "permissions.jsonl").write_text(
        '{"event":"permission_granted","agent_id":"a","timestamp":1e9}\n'
    )
    with TelemetryStore(domains=folder / "domains.toml") as store:
        add = store.record
        add(
            "permission_events",
            event="permission_granted",
            agent_id="gemma",
            justification=LONG,
            confidence=0.85,
            timestamp=ago(days=9),
        )
        add("metrics_events", metric_name="speed", value=1.5, agent_id="qwen", timestamp=ago(hours=3))
        add("deploys", event="deploy_done", host="w1", steps=["build", {"n": 1}], timestamp=ago(minutes=10))
    return database


def ago(**units):
    return datetime.now(UTC) - timedelta(**units)


def run(*arguments):
    """What a command prints."""
    result = CliRunner().invoke(commands, arguments, prog_name=PROGRAM)
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return result.stdout


def run_json(*arguments):
    return from_json(run(*arguments, "--json"))


def walk(command, *names):
    """Each command with its context, as `--help` sees it."""
    context = click.Context(command, info_name=" ".join((PROGRAM, *names)))
    yield context
    for name, child in getattr(command, "commands", {}).items():
        yield from walk(child, *names, name)


@pytest.mark.parametrize("context", list(walk(commands)), ids=lambda context: context.info_name)
def test_each_command_has_help_with_examples_that_work(context, filled):
    lines = context.command.get_help(context).splitlines()
    examples = lines[lines.index("  Examples:") + 1 :]
    examples = [line.strip() for line in examples[: examples.index("")]]
    assert examples
    for example in examples:
        program, *arguments = shlex.split(example.partition(" > ")[0])
        assert program == PROGRAM
        if "--watch" in arguments:  # what it runs writes past the test's streams
            continue
        if context.command.name == "set-aside":  # it leaves what is sound alone
            filled.write_bytes(b"corrupt" * 1000)
        run(*arguments)


def test_each_option_of_each_command_is_explained():
    for context in walk(commands):
        for parameter in context.command.params:
            assert isinstance(parameter, click.Argument) or parameter.help, f"{context.info_name} {parameter.name}"


# --- query


def test_query_prints_a_plain_table_that_is_not_cut(filled):
    text = run("query", "SELECT agent_id, justification, confidence FROM permission_events")
    assert text.splitlines() == [
        f"agent_id   {'justification':{len(LONG)}}   confidence",
        f"--------   {'-' * len(LONG)}   ----------",
        f"gemma      {LONG}   0.85",
    ]


def test_query_prints_json_columns_as_json_text_in_tables_and_csv(filled):
    for flags in ((), ("--csv",)):
        assert '["build",{"n":1}]' in run("query", "SELECT steps FROM deploys", *flags).replace('""', '"')


def test_query_prints_an_array_of_objects_with_parsed_columns(filled):
    sql = "SELECT host, steps, metadata_json, NULL AS none FROM deploys"
    expected = [{"host": "w1", "steps": ["build", {"n": 1}], "metadata_json": {"event": "deploy_done"}, "none": None}]
    assert json.loads(run("query", sql, "--json")) == expected


def test_query_tags_what_json_cannot_hold(filled):
    assert run("query", "SELECT x'00ff' AS b, 9e999 AS f, 1 AS \"$i\"", "--json") == (
        '[{"b":{"$bytes":"AP8="},"f":{"$float":"inf"},"$i":1}]\n'
    )


def test_query_prints_csv_that_a_reader_of_csv_understands(filled):
    values = ["a,b", 'say "x"', "two\nlines", "cr\rhere", "[red]x", "✊", "\x1b[31m"]
    columns = ", ".join(f"'{value}' AS c{number}" for number, value in enumerate(values))
    text = run("query", f"SELECT {columns}, NULL, 1.5", "--csv")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [["c0", "c1", "c2", "c3", "c4", "c5", "c6", "NULL", "1.5"], [*values, "", "1.5"]]


@pytest.mark.parametrize(("flag", "expected"), [("--csv", "host,steps\n"), ("--json", "[]\n")])
def test_query_without_rows_prints_a_header_or_an_empty_array(filled, flag, expected):
    assert run("query", "SELECT host, steps FROM deploys WHERE host = 'w2'", flag) == expected


def test_control_characters_and_markup_in_data_reach_no_terminal(filled):
    sql = "SELECT 'a' || char(27) || '[31mb' || char(10, 0x9b, 0x202e, 127) || '[red]c' AS \"[bold]h\""
    assert run("query", sql).split() == ["[bold]h", "-" * 32, r"a\x1b[31mb\n\x9b\u202e\x7f[red]c"]
    as_json = run("query", sql, "--json")
    assert json.loads(as_json) == [{"[bold]h": "a\x1b[31mb\n\x9b\u202e\x7f[red]c"}]
    assert as_json.strip().isprintable()


def test_wide_characters_do_not_shift_columns(filled):
    assert run("query", "SELECT '漢字' AS a, 1 AS b UNION ALL SELECT 'xyz', 2").splitlines()[2:] == [
        "漢字   1",
        "xyz    2",
    ]


def test_the_database_can_be_a_path_a_url_or_the_environments(filled, monkeypatch):
    sql = "SELECT count(*) AS n FROM deploys"
    assert run_json("query", sql, "-d", str(filled)) == [{"n": 1}]
    assert run_json("query", sql, "--database", "sqlite:///data/foundups.db") == [{"n": 1}]
    filled.rename("moved.db")
    monkeypatch.setenv("FOUNDUPS_DATABASE", "moved.db")
    assert run_json("query", sql) == [{"n": 1}]


# --- timeline


def test_timeline_lists_the_events_of_all_domains_newest_first(filled):
    head, _, *lines = run("timeline").splitlines()
    assert head.split() == ["timestamp", "domain", "id", "event_type", "agent_id", "summary"]
    assert [line.split()[2] for line in lines] == ["deploys", "metrics_events", "permission_events"]
    assert lines[1].split()[1].endswith("Z")
    assert lines[1].endswith("speed 1.5")


def test_timeline_prints_whole_timestamps_as_json(filled):
    events = run_json("timeline")
    assert list(events[0]) == ["domain", "id", "timestamp", "event_type", "agent_id", "summary"]
    assert {len(event["timestamp"]) for event in events} == {32}


@pytest.mark.parametrize(
    ("options", "domains"),
    [
        ("--agent gemma", ["permission_events"]),
        ("--domain metrics_events", ["metrics_events"]),
        ("--limit 2", ["deploys", "metrics_events"]),
        ("--since 660s", ["deploys"]),
        ("--since 15m", ["deploys"]),
        ("--since 4h", ["deploys", "metrics_events"]),
        ("--since 1d --until 1h", ["metrics_events"]),
        ("--until 1w", ["permission_events"]),
        ("--until 2025-10-21T19:06:40+02:00", []),
        ("--since 2025-10-21 --agent qwen", ["metrics_events"]),
        ("--agent nobody", []),
    ],
)
def test_timeline_can_be_narrowed(filled, options, domains):
    assert [event["domain"] for event in run_json("timeline", *options.split())] == domains


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows takes its time zone from elsewhere")
def test_a_time_without_an_offset_is_local_time(filled, monkeypatch):
    local = ago(hours=3) + timedelta(hours=9)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        found = [
            run_json("timeline", "--since", (local + timedelta(minutes=shift)).strftime("%Y-%m-%dT%H:%M"))
            for shift in (-5, 5)
        ]
    time.tzset()
    assert [len(events) for events in found] == [2, 1]


def test_timeline_stops_after_50_events(database):
    with TelemetryStore(database) as store:
        for number in range(51):
            store.record("metrics_events", metric_name="m", value=number)
    assert len(run_json("timeline")) == 50
    assert len(run_json("timeline", "--limit", "1000")) == 51


# --- domains


def test_domains_lists_the_built_in_ones_where_there_is_no_database(folder, monkeypatch):
    listed = run_json("domains")
    assert [domain["name"] for domain in listed] == [domain.name for domain in builtin_domains()]
    assert listed[0] == {
        "name": "permission_events",
        "description": "agent permission grants and revocations",
        "rows": None,
        "events": ["permission_*", "permission"],
        "loggers": ["agent_permissions.*", "*.agent_permissions.*"],
        "min_level": None,
        "columns": listed[0]["columns"],
        "aliases": {"permission": "permission_level", "confidence_at_grant": "confidence", "granted_at": "timestamp"},
    }
    columns = list(listed[0]["columns"].items())
    assert columns[:3] == [("id", "INTEGER"), ("timestamp", "TEXT NOT NULL"), ("event_type", "TEXT NOT NULL")]
    assert columns[-1] == ("metadata_json", "JSON")
    monkeypatch.setenv("FOUNDUPS_DATABASE", "none.db")
    assert run_json("domains") == listed
    assert list(folder.iterdir()) == []


def test_domains_lists_those_declared_in_the_database_with_numbers_of_rows(filled):
    rows = {domain["name"]: domain["rows"] for domain in run_json("domains")}
    assert rows == {domain.name: 0 for domain in builtin_domains()} | {
        "permission_events": 1,
        "metrics_events": 1,
        "deploys": 1,
    }


def test_domains_is_easy_to_read(filled):
    assert run("domains").endswith(
        """
name          deploys
description   rollouts
rows          1
events        deploy_*
loggers       ops.*
columns       id INTEGER, timestamp TEXT NOT NULL, host TEXT NOT NULL, steps JSON, metadata_json JSON
aliases       machine -> host
"""
    )


def test_domains_lists_those_of_a_file_before_anything_is_stored(folder, filled):
    (folder / "more.toml").write_text('[visits.columns]\npage = "TEXT"\n[deploys.columns]\nwho = "TEXT"\n')
    listed = {domain["name"]: domain for domain in run_json("domains", "--domains", "more.toml")}
    assert listed["visits"]["rows"] is None
    assert "who" in listed["deploys"]["columns"]
    filled.unlink()
    assert "visits" in {domain["name"] for domain in run_json("domains", "--domains", "more.toml")}
