"""Domains: the built-in ones, a user's own, and what is said of a wrong declaration."""

from __future__ import annotations

import sqlite3
import string
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import foundups_logging
from foundups_logging import Column, ConfigurationError, Domain, DomainError, TelemetryStore
from foundups_logging.domains.loading import declaration
from foundups_logging.domains.model import SOURCES

# Each table's columns between id and metadata_json; * is NOT NULL, the type TEXT where none is said.
BUILT_IN = {
    "permission_events": "timestamp*, event_type*, agent_id*, permission_level, granted_by, confidence REAL, "
    "justification, approval_signature",
    "confidence_events": "timestamp*, agent_id*, confidence_before REAL, confidence_after REAL, event_type*, "
    "success BOOLEAN, validation",
    "chat_messages": "timestamp*, session_id, video_id, user_id, username, message, message_type",
    "selenium_sessions": "timestamp*, url*, screenshot_hash, screenshot_path, annotated_path, analysis_json",
    "daemon_health": "timestamp*, daemon_name*, status*, video_id, errors_detected INTEGER, uptime_seconds REAL",
    "error_events": "timestamp*, module*, error_type*, message, stack_trace",
    "metrics_events": "timestamp*, metric_name*, value REAL, unit, agent_id",
    "log_events": "timestamp*, level, logger, event*, agent_id",
}
SAMPLES = [
    pytest.param(domain, sample, id=f"{domain.name}-{number}")
    for domain in foundups_logging.builtin_domains()
    for number, sample in enumerate(domain.samples)
]
MOVES = {
    "description": "moves of a game",
    "events": ["move_*", "resign"],
    "loggers": ["games.*"],
    "columns": {"player": "TEXT NOT NULL", "score": "REAL", "turn": "INTEGER", "won": "BOOLEAN", "board": "JSON"},
    "aliases": {"who": "player", "at": "timestamp"},
    "indexes": [["player", "timestamp"]],
    "summary": ["player", "turn"],
}
MOVES_TOML = """
[game_moves]
description = "moves of a game"
events = ["move_*", "resign"]
loggers = ["games.*"]
aliases = { who = "player", at = "timestamp" }
indexes = [["player", "timestamp"]]
summary = ["player", "turn"]

[game_moves.columns]
player = "TEXT NOT NULL"
score = "REAL"
turn = "INTEGER"
won = "boolean"
board = "json"
"""
MOVES_DOMAIN = Domain(
    "game_moves",
    (
        Column("player", required=True),
        Column("score", "REAL"),
        Column("turn", "INTEGER"),
        Column("won", "BOOLEAN"),
        Column("board", "JSON"),
    ),
    description="moves of a game",
    events=("move_*", "resign"),
    loggers=("games.*",),
    aliases={"who": "player", "at": "timestamp"},
    indexes=(("player", "timestamp"),),
    summary=("player", "turn"),
)


def by_name(source=None):
    return {domain.name: domain for domain in foundups_logging.load_domains(source)}


def columns_of(database, table):
    connection = sqlite3.connect(database)
    try:
        return [row[1:] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    finally:
        connection.close()


def test_there_are_eight_built_in_domains():
    assert [domain.name for domain in foundups_logging.builtin_domains()] == list(BUILT_IN)
    assert foundups_logging.load_domains() == foundups_logging.builtin_domains()


@pytest.mark.parametrize("table", BUILT_IN)
def test_a_built_in_table_has_exactly_its_columns(database, table):
    TelemetryStore(database).close()
    expected = [("id", "INTEGER", 0, None, 1)]
    for text in BUILT_IN[table].split(", "):
        name, _, kind = text.partition(" ")
        expected.append((name.rstrip("*"), kind or "TEXT", int(name.endswith("*")), None, 0))
    assert columns_of(database, table) == [*expected, ("metadata_json", "TEXT", 0, None, 0)]


def test_every_built_in_domain_has_samples_and_a_description():
    for domain in foundups_logging.builtin_domains():
        assert domain.samples, domain.name
        assert domain.description, domain.name
        assert all("event" in sample for sample in domain.samples)


@pytest.mark.parametrize(("domain", "sample"), SAMPLES)
def test_a_sample_is_stored_in_its_domains_table_and_read_back_whole(logger, rows, domain, sample):
    fields = {key: value for key, value in sample.items() if key != "event"}
    logger.info(sample["event"], extra=foundups_logging.fields(**fields))
    (row,) = rows(domain.name)
    metadata = row["metadata_json"]
    told = {row.get("event"), row.get("event_type"), metadata.get("event"), row.get("status")}
    assert sample["event"] in told
    for key, value in fields.items():
        column = domain.aliases.get(key, key)
        if column in domain.column_names:
            assert (row[column], metadata.get(key)) == (value, None)
        else:
            assert metadata[key] == value


@pytest.mark.parametrize(("domain", "sample"), SAMPLES)
def test_a_sample_stored_by_the_explicit_domain_is_stored_there_too(logger, rows, domain, sample):
    fields = {key: value for key, value in sample.items() if key != "event"}
    logger.info("a sentence, not a name", extra=foundups_logging.fields(domain=domain.name, **fields))
    assert len(rows(domain.name)) == 1


@pytest.mark.parametrize("form", ["toml path", "toml text path", "dict", "tuples in a dict", "Python"])
def test_a_users_domain_is_the_same_however_it_is_declared(tmp_path, form):
    path = tmp_path / "domains.toml"
    path.write_text(MOVES_TOML, encoding="utf-8")
    tuples = {key: tuple(value) if isinstance(value, list) else value for key, value in MOVES.items()}
    source = {
        "toml path": path,
        "toml text path": str(path),
        "dict": {"game_moves": MOVES},
        "tuples in a dict": {"game_moves": tuples},
        "Python": iter([MOVES_DOMAIN]),
    }[form]
    found = by_name(source)
    assert list(found) == [*BUILT_IN, "game_moves"]
    assert found["game_moves"] == MOVES_DOMAIN


def test_a_users_domain_gets_its_table_its_indexes_and_its_events(database, rows):
    store = TelemetryStore(database, {"game_moves": MOVES})
    store.record("game_moves", event="move_pawn", who="Ana", score=1.5, turn=3, won=True, board=[[1]], clock="blitz")
    (row,) = rows("game_moves")
    assert (row["player"], row["score"], row["turn"], row["won"]) == ("Ana", 1.5, 3, 1)
    assert row["board"] == "[[1]]"
    assert row["metadata_json"]["clock"] == "blitz"
    (seen,) = store.events()
    assert (seen["domain"], seen["event_type"], seen["summary"]) == ("game_moves", "move_pawn", "Ana 3")
    indexes = {row["name"] for row in store.query("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"idx.game_moves.timestamp", "idx.game_moves.player.timestamp"} <= indexes


def test_extending_a_built_in_domain_adds_to_it(database, rows):
    extension = {
        "metrics_events": {
            "events": ["gauge_*"],
            "loggers": ["meters.*"],
            "columns": {"host": "TEXT"},
            "aliases": {"machine": "host", "name": "metric_name"},
            "indexes": [["host"]],
        }
    }
    old, new = by_name()["metrics_events"], by_name(extension)["metrics_events"]
    assert new.columns == (*old.columns, Column("host"))
    assert new.events == (*old.events, "gauge_*")
    assert new.loggers == ("meters.*",)
    assert new.indexes == (*old.indexes, ("host",))
    assert (new.description, new.summary, new.samples) == (old.description, old.summary, old.samples)
    with TelemetryStore(database, extension) as store:
        store.record("metrics_events", event="gauge_heat", name="heat", value=3, machine="a")
    (row,) = rows("metrics_events")
    assert (row["metric_name"], row["value"], row["host"]) == ("heat", 3.0, "a")


def test_a_python_domain_named_as_a_built_in_one_adds_to_it_as_a_file_would():
    domain = by_name([Domain("metrics_events", (Column("host"),))])["metrics_events"]
    assert {"metric_name", "host"} <= set(domain.column_names)
    assert by_name({"metrics_events": declaration(domain)})["metrics_events"] == domain


def test_a_column_may_take_the_place_of_a_built_in_alias():
    domain = by_name({"chat_messages": {"columns": {"text": "TEXT"}}})["chat_messages"]
    assert "text" not in domain.aliases
    assert domain.aliases["content"] == "message"


def test_naming_a_built_in_column_again_keeps_what_fills_it(logger, rows, database):
    extension = {"permission_events": {"columns": {"event_type": "TEXT NOT NULL", "reason": "TEXT"}}}
    handler = foundups_logging.DomainTableHandler(database, extension)
    logger.handlers[:] = [handler]
    logger.info("permission_granted", extra={"agent_id": "gemma", "reason": "earned"})
    (row,) = rows("permission_events")
    assert (row["event_type"], row["reason"]) == ("permission_granted", "earned")


def test_a_domain_may_be_filled_from_what_is_known_of_every_event(logger, rows, database):
    sources = {f"its_{source}": source for source in SOURCES}
    entry = {"events": ["audit"], "columns": dict.fromkeys(sources, "TEXT"), "defaults": sources}
    logger.handlers[:] = [foundups_logging.DomainTableHandler(database, {"audits": entry})]
    try:
        raise ValueError("wrong")
    except ValueError:
        logger.exception("audit")
    (row,) = rows("audits")
    assert (row["its_event"], row["its_logger"], row["its_level"]) == ("audit", logger.name, "ERROR")
    assert (row["its_error_type"], row["its_error_message"]) == ("ValueError", "wrong")
    assert row["its_stack_trace"].startswith("Traceback")


def test_every_index_of_every_domain_is_made(database):
    entries = {
        "job": {"columns": {"run_timestamp": "TEXT", "a_b": "TEXT", "c": "TEXT", "a": "TEXT", "b_c": "TEXT"},
                "indexes": [["run_timestamp"], ["a_b", "c"], ["a", "b_c"]]},
        "job_run": {"columns": {"run": "TEXT"}},
    }  # fmt: skip
    with TelemetryStore(database, entries) as store:
        made = {
            (row["tbl_name"], row["sql"].rpartition(" (")[2])
            for row in store.query("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        }
    for domain in foundups_logging.load_domains(entries):
        for index in (("timestamp",), *domain.indexes):
            assert (domain.name, ", ".join(f'"{column}"' for column in index) + ")") in made


names = st.text(string.ascii_lowercase, min_size=1, max_size=5).map(lambda text: f"x_{text}")


@st.composite
def domains(draw):
    columns = tuple(
        Column(name, kind, draw(st.booleans()), draw(st.none() | st.sampled_from(SOURCES)) if kind == "TEXT" else None)
        for name in draw(st.lists(names, min_size=1, max_size=6, unique=True))
        for kind in [draw(st.sampled_from(["TEXT", "INTEGER", "REAL", "BOOLEAN", "JSON"]))]
    )
    some = st.sampled_from(["timestamp", *(column.name for column in columns)])
    return Domain(
        draw(names),
        columns,
        description=draw(st.text()),
        events=tuple(draw(st.lists(names, unique=True))),
        loggers=tuple(draw(st.lists(names.map(lambda name: f"{name}.*"), unique=True))),
        min_level=draw(st.sampled_from([None, "WARNING", "CRITICAL"])),
        aliases=draw(st.dictionaries(names.map(lambda name: f"alias_{name}"), some)),
        indexes=tuple(draw(st.lists(st.lists(some, min_size=1, unique=True).map(tuple), unique=True))),
        summary=tuple(draw(st.lists(some))),
    )


@given(domains())
@settings(deadline=None)
def test_a_declaration_loaded_again_gives_the_same_domain(domain):
    assert by_name({domain.name: declaration(domain)})[domain.name] == domain


@pytest.mark.parametrize("source", [None, {"metrics_events": {"events": ["gauge_*"], "columns": {"host": "TEXT"}}}])
def test_the_declarations_of_built_in_domains_loaded_again_give_the_same(source):
    declared = {domain.name: declaration(domain) for domain in foundups_logging.load_domains(source)}
    assert foundups_logging.load_domains(declared) == foundups_logging.load_domains(source)


def wrong(**entry):
    return {"mine": {"columns": {"a": "TEXT", "b": "REAL"}, **entry}}


# What is declared -> what the error must say, beside the domain's name.
WRONG = {
    "column of an unknown type": (wrong(columns={"a": "STRING"}), ["'a'", "'STRING'", "INTEGER"]),
    "column with another constraint": (wrong(columns={"a": "TEXT UNIQUE"}), ["'a'", "TEXT UNIQUE", "NOT NULL"]),
    "column without a type": (wrong(columns={"a": ""}), ["'a'"]),
    "column declared by a number": (wrong(columns={"a": 5}), ["'a'", "5"]),
    "column of a bad name": (wrong(columns={"two words": "TEXT"}), ["column", "two words"]),
    "column with a quote in its name": (wrong(columns={'a"; DROP TABLE x; --': "TEXT"}), ["column", "DROP"]),
    "column of 64 letters": (wrong(columns={"a" * 64: "TEXT"}), ["column", "a" * 64]),
    "column beginning with a digit": (wrong(columns={"1a": "TEXT"}), ["column", "1a"]),
    "column id": (wrong(columns={"id": "TEXT"}), ["column", "'id'", "reserved"]),
    "column timestamp": (wrong(columns={"timestamp": "TEXT"}), ["column", "'timestamp'", "reserved"]),
    "column metadata_json": (wrong(columns={"metadata_json": "JSON"}), ["column", "'metadata_json'", "reserved"]),
    "column rowid": (wrong(columns={"RowId": "TEXT"}), ["column", "'RowId'", "reserved"]),
    "column that is a word of SQL": (wrong(columns={"Order": "TEXT"}), ["column", "'Order'", "SQL"]),
    "two columns that differ by case": (wrong(columns={"a": "TEXT", "A": "TEXT"}), ["'A'", "twice"]),
    "no columns": ({"mine": {"columns": {}}}, ["columns"]),
    "columns as a list": (wrong(columns=["a"]), ["columns", "dict"]),
    "domain that is no table": ({"mine": 5}, ["5"]),
    "unknown entry": (wrong(colums={}), ["'colums'", "columns"]),
    "description that is no text": (wrong(description=5), ["description", "5"]),
    "events that are no list": (wrong(events="move_*"), ["events", "move_*", "list"]),
    "event that is no text": (wrong(events=[5]), ["events", "5"]),
    "event with a space": (wrong(events=["two words"]), ["two words"]),
    "empty event": (wrong(events=[""]), ["route", "''"]),
    "logger with a slash": (wrong(loggers=["a/b"]), ["a/b"]),
    "logger that is no text": (wrong(loggers=[None]), ["loggers", "None"]),
    "event of another domain": (wrong(events=["PERMISSION_*"]), ["PERMISSION_*", "permission_events"]),
    "logger of another domain": (wrong(loggers=["agent_permissions.*"]), ["agent_permissions.*", "permission_events"]),
    "level of another domain": (wrong(min_level="ERROR"), ["level", "ERROR", "error_events"]),
    "unknown level": (wrong(min_level="LOUD"), ["min_level", "LOUD"]),
    "level as a number": (wrong(min_level=40), ["min_level", "40"]),
    "alias of an unknown column": (wrong(aliases={"x": "y"}), ["alias", "'x'", "'y'"]),
    "alias of metadata": (wrong(aliases={"x": "metadata_json"}), ["alias", "'x'", "metadata_json"]),
    "alias that is a column": (wrong(aliases={"b": "a"}), ["alias", "'b'"]),
    "alias of no column": (wrong(aliases={"x": ["a"]}), ["alias", "'x'"]),
    "aliases as a list": (wrong(aliases=["x"]), ["aliases", "dict"]),
    "index of an unknown column": (wrong(indexes=[["a", "y"]]), ["index", "'y'"]),
    "index of no column": (wrong(indexes=[[]]), ["index"]),
    "index as text": (wrong(indexes=["a"]), ["index", "'a'"]),
    "summary of an unknown column": (wrong(summary=["y"]), ["summary", "'y'"]),
    "default for an unknown column": (wrong(defaults={"y": "event"}), ["default", "'y'"]),
    "default from an unknown source": (wrong(defaults={"a": "hostname"}), ["default", "'a'", "'hostname'"]),
    "default for a number": (wrong(defaults={"b": "event"}), ["'b'", "REAL", "default"]),
}


@pytest.mark.parametrize(("source", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_declaration_raises_and_the_error_says_which_and_where(source, words):
    with pytest.raises(DomainError) as caught:
        foundups_logging.load_domains(source)
    assert isinstance(caught.value, ConfigurationError)
    assert isinstance(caught.value, ValueError)
    for word in ("'mine'", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["select", "Table", "INDEX", "events", "Dead_Letters", "domain_declarations", "sqlite_x", "two words", "1st", "", 5,
     "naïve", "a-b", 'a"b', "a" * 64],
)  # fmt: skip
def test_a_name_that_can_be_no_table_is_refused(name):
    with pytest.raises(DomainError, match="name") as caught:
        foundups_logging.load_domains({name: {"columns": {"a": "TEXT"}}})
    assert repr(name) in str(caught.value)


def test_a_name_that_differs_from_another_domains_by_case_only_is_refused():
    # SQLite would take both for one table.
    with pytest.raises(DomainError, match="Log_Events"):
        foundups_logging.load_domains({"Log_Events": {"columns": {"a": "TEXT"}}})


def test_a_built_in_column_keeps_its_type():
    with pytest.raises(DomainError) as caught:
        foundups_logging.load_domains({"metrics_events": {"columns": {"value": "TEXT"}}})
    assert all(word in str(caught.value) for word in ("metrics_events", "'value'", "REAL", "TEXT"))


def test_two_domains_of_a_user_cannot_claim_one_event():
    one = replace(MOVES_DOMAIN, name="one")
    with pytest.raises(DomainError) as caught:
        foundups_logging.load_domains([one, replace(one, name="two")])
    assert all(word in str(caught.value) for word in ("'one'", "'two'", "'move_*'"))


@pytest.mark.parametrize(
    "column", [Column("a", "text"), Column("a", "BLOB"), Column("a b"), Column("a", source="host")]
)
def test_a_wrong_column_in_python_is_refused_as_in_a_file(column):
    with pytest.raises(DomainError, match=r"'mine'.*'a"):
        Domain("mine", (column,))


@pytest.mark.parametrize("source", [["mine"], [{"mine": {}}], 5])
def test_what_declares_no_domains_is_refused(source):
    with pytest.raises(ConfigurationError):
        foundups_logging.load_domains(source)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"a = = 1", "line 1"),
        (b"[mine]\n[mine]\n", "mine"),
        (b"# \xff\xfe", "utf-8"),
        (None, "No such file"),
        ("folder", "directory"),
    ],
    ids=["broken TOML", "table twice", "no UTF-8", "missing", "a folder"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, content, word):
    path = tmp_path / "domains.toml"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        foundups_logging.DomainTableHandler(tmp_path / "x.db", path)
    assert str(path) in str(caught.value)
    assert word in str(caught.value)
    assert not (tmp_path / "x.db").exists()


def test_a_wrong_declaration_in_a_file_says_which(tmp_path):
    path = tmp_path / "domains.toml"
    path.write_text(MOVES_TOML.replace('score = "REAL"', 'score = "FLOAT"'), encoding="utf-8")
    with pytest.raises(DomainError, match=r"'game_moves'.*'score'.*'FLOAT'"):
        foundups_logging.load_domains(path)
