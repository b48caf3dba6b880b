"""Secrets: none reaches the database, whatever it stands in, and nothing else is touched."""

from __future__ import annotations

import dataclasses
import json
import logging
import logging.config
import os
import re
import sqlite3
import time
import types
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from odd_values import same
from secrets_corpus import named_secrets, provider_keys, safe_fields, safe_texts, secret_texts
from test_rows import both_ways, emit, stored_alike

import foundups_logging
from foundups_logging import ConfigurationError, DomainTableHandler, DomainTableProcessor, TelemetryStore, fields
from foundups_logging.domains.tables import LargeRow
from foundups_logging.redaction import redactor_for
from foundups_logging.redaction.shapes import HINT, SHAPES

MARK = "[redacted]"
KEYS = provider_keys()
SECRET = "hunter2-Zq9x"
HERE = Path(__file__).parents[1]
SHARED = Path(os.environ.get("FOUNDUPS_LOGGING_SHARED") or HERE.parent / "shared")


@pytest.fixture
def stored(database):
    """All that the database holds, as one text."""

    def read():
        assert foundups_logging.flush(10)
        with closing(sqlite3.connect(database)) as connection:
            return "\n".join(connection.iterdump())

    return read


def redacted():
    return foundups_logging.stats()["redacted"]


# --- the corpus


def test_the_corpus_of_secrets_is_redacted_and_that_of_lookalikes_is_not(logger, rows, capsys):
    texts, names = secret_texts(), named_secrets()
    for number, (text, _) in enumerate(texts):
        logger.info("%d: %s", number, text)
    for name, secret in names:
        logger.info("field_set", extra=fields(**{name: secret}))
    secrets = [*texts, *names]
    found = rows("log_events")
    assert len(found) == len(secrets) >= 200
    missed = [secret for (_, secret), row in zip(secrets, found, strict=True) if secret in str(row)]

    texts, names = safe_texts(), safe_fields()
    for text in texts:
        logger.info("%s", text)
    for name, value in names:
        logger.info("field_set", extra=fields(**{name: value}))
    lookalikes = [*texts, *names]
    kept = rows("log_events")[len(secrets) :]
    assert len(kept) == len(lookalikes) >= 200
    wrong = [text for text, row in zip(texts, kept, strict=False) if row["event"] != text]
    for (name, value), row in zip(names, kept[len(texts) :], strict=True):
        told = row["agent_id"] if name == "agent_id" else row["metadata_json"][name]
        wrong += [name] if told != value else []
    with capsys.disabled():
        print(  # noqa: T201 - the rates are to be seen in every run
            f"\nredaction: {len(secrets) - len(missed)} of {len(secrets)} secrets redacted, "
            f"{len(wrong)} of {len(lookalikes)} look-alikes touched"
        )
    assert missed == []
    assert wrong == []
    assert redacted() >= len(secrets)


@pytest.mark.parametrize("issuer", SHAPES)
def test_each_text_with_a_secrets_shape_is_looked_at(issuer):
    @given(st.from_regex(re.compile(f"(?:{SHAPES[issuer]})"), fullmatch=True))
    @settings(max_examples=50)
    def check(text):
        assert HINT.search(text)

    check()


# --- wherever a secret stands


@dataclasses.dataclass
class Login:
    user: str
    password: str


NESTINGS = {
    "dict": {"user": "bob", "password": SECRET},
    "deep": {"a": [{"b": ({"api_key": SECRET},)}]},
    "under auth": {"auth": {"user": "bob", "anything": [SECRET]}},
    "dataclass": Login("bob", SECRET),
    "mapping": types.MappingProxyType({"token": SECRET}),
    "bytes": b"password=" + SECRET.encode(),
    "json": json.dumps({"credentials": {"x": SECRET}}),
    "json in json": json.dumps({"body": json.dumps({"secret": SECRET})}),
    "headers": [("Accept", "text/html"), ("Authorization", SECRET)],
    "integer keys": {1: {"password": SECRET}, 2: "x"},
    "key": {KEYS["npm"]: 1},
    "set": {KEYS["stripe-live"]},
    "path": Path("/home") / KEYS["huggingface"],
    "very deep": json.loads('{"a":' * 300 + json.dumps({"password": SECRET}) + "}" * 300),
    "exception": ValueError(f"password={SECRET}"),
}


@pytest.mark.parametrize("nesting", NESTINGS)
def test_a_nested_secret_is_redacted_in_fields_columns_and_arguments(logger, stored, nesting):
    value = NESTINGS[nesting]
    for _ in range(4):
        logger.info("thing_seen", extra={"thing": value})
        logger.info("selenium_session", extra={"url": "x", "analysis": value})
        logger.info("chat_message", extra={"text": value})
        logger.info("got %s", value)
        logger.info("got %(thing)s", {"thing": value, "n": 1})
        logger.info("permission_granted", extra={"thing": value})  # no agent_id: a dead letter
        logger.info("x", extra={"domain": value})
    text = stored()
    assert "'dead_letters',4" in text
    assert SECRET not in text
    assert not any(key in text for key in KEYS.values())
    assert redacted() >= 7 * 4


@pytest.mark.parametrize("nesting", NESTINGS)
def test_the_callers_objects_are_not_changed(logger, rows, nesting):
    value = NESTINGS[nesting]
    before = repr(value)
    args = ({"password": SECRET, "n": [1, {"token": SECRET}]},)
    extra = {"thing": value, "token": SECRET}
    record = logging.LogRecord("x", logging.INFO, "", 0, "got %s", args, None)
    record.__dict__.update(extra)
    logger.handle(record)
    assert len(rows("log_events")) == 1
    assert repr(value) == before
    assert args == ({"password": SECRET, "n": [1, {"token": SECRET}]},)
    assert extra == {"thing": value, "token": SECRET}
    assert record.args == args[0]
    assert record.getMessage() == f"got {args[0]}"


def test_a_secret_told_under_its_name_is_not_repeated_elsewhere(logger, stored):
    logger.info("user %(user)s comes with %(password)s", {"user": "bob", "password": SECRET})
    logger.info("login with %s", SECRET, extra={"token": SECRET, "note": f"it was {SECRET}!", "n": 1})
    text = stored()
    assert SECRET not in text
    assert f"user bob comes with {MARK}" in text
    assert f"login with {MARK}" in text
    assert f"it was {MARK}!" in text


def test_a_traceback_tells_no_secret_and_else_all(logger, rows, stored):
    def connect(password):
        raise ConnectionError(f"postgres://bob:{password}@db/app refused, token={KEYS['github-personal']}")

    try:
        connect(password=SECRET)
    except ConnectionError:
        logger.exception("connecting_failed", stack_info=True)
        logger.warning("permission_denied", extra={"agent_id": "a"}, exc_info=True)
    assert SECRET not in stored()
    assert KEYS["github-personal"] not in stored()
    (row,) = rows("error_events")
    assert row["message"] == f"postgres://{MARK}@db/app refused, token={MARK}"
    assert row["stack_trace"].endswith(f"ConnectionError: {row['message']}")
    assert "in test_a_traceback_tells_no_secret_and_else_all" in row["stack_trace"]
    assert "@db/app refused, token={KEYS['github-personal']}" in row["stack_trace"]
    assert rows("permission_events")[0]["metadata_json"]["exception"]["message"] == row["message"]


def test_a_traceback_as_text_tells_no_secret(logger, stored):
    text = (
        f'Traceback (most recent call last):\n  File "x.py", line 1\n    f(token="{SECRET}")\nValueError: pwd={SECRET}'
    )
    record = logging.LogRecord("x", logging.ERROR, "", 0, f"failed\n{text}", (), None)
    logger.handle(record)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), None)
    record.exc_text, record.stack_info = text, f"Stack (most recent call last):\n  password = '{SECRET}'"
    logger.handle(record)
    assert SECRET not in stored()
    assert redacted() >= 5


def test_structlogs_tracebacks_with_locals_tell_no_secret(database, stored):
    structlog.configure(
        processors=[
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=True)),
            DomainTableProcessor(database, terminal=True),
        ]
    )

    def connect(password, headers):
        raise ConnectionError(f"refused: {headers}")

    try:
        connect(SECRET, {"authorization": SECRET, "accept": "text/html"})
    except ConnectionError:
        structlog.get_logger().exception("connecting_failed", api_key=SECRET, user="bob")
    text = stored()
    assert SECRET not in text
    assert "text/html" in text
    assert "bob" in text


@pytest.mark.parametrize("where", ["event", "field", "logger", "thread", "column", "alias"])
def test_a_secret_anywhere_in_a_repeated_event_is_redacted(database, stored, where):
    key = KEYS["gitlab-personal"]
    handler = DomainTableHandler(database)
    for number in range(5):
        record = logging.LogRecord("x", logging.INFO, "", 0, "permission_granted", (), None)
        record.__dict__.update({"agent_id": "a", "confidence": 0.5, "number": number})
        if where == "event":
            record.msg = f"permission_{key}"
        elif where == "field":
            record.__dict__[key] = number
        elif where == "logger":
            record.name = key
        elif where == "thread":
            record.threadName = key
        else:
            record.__dict__["justification" if where == "column" else "permission"] = key
        handler.emit(record)
    text = stored()
    assert text.count("INSERT INTO permission_events") + text.count('INSERT INTO "permission_events"') == 5
    assert key not in text
    assert MARK in text
    assert redacted() >= 1
    handler.close()


def test_a_columns_name_can_name_a_secret(database, rows):
    domains = {
        "logins": {
            "events": ["login_*"],
            "columns": {"password": "TEXT NOT NULL", "credentials": "JSON", "pin_token": "INTEGER", "ref": "TEXT"},
            "aliases": {"api_key": "ref"},
        }
    }
    handler = DomainTableHandler(database, domains)
    for _ in range(3):
        emit(handler, "login_tried", {"password": SECRET, "credentials": [1, 2], "pin_token": 7, "api_key": "x"})
    emit(handler, "login_tried", {"password": "", "credentials": None, "pin_token": "seven", "n": 1})
    first, *_, last = rows("logins")
    assert (first["password"], json.loads(first["credentials"]), first["pin_token"], first["ref"]) == (
        MARK,
        MARK,
        7,
        MARK,
    )
    assert (last["password"], last["credentials"], last["pin_token"], last["ref"]) == ("", None, None, None)
    assert last["metadata_json"]["pin_token"] == MARK
    assert redacted() == 3 * 3 + 1
    handler.close()


def test_a_stores_records_are_redacted_too(database):
    with TelemetryStore(database) as store:
        row = store.get("metrics_events", store.record("metrics_events", metric_name="m", token=SECRET, n=1))
        assert row["metadata_json"] == {"token": MARK, "n": 1, "event": "metric"}
    with TelemetryStore(database, redact=False) as store:
        row = store.get("metrics_events", store.record("metrics_events", metric_name="m", token=SECRET))
        assert row["metadata_json"]["token"] == SECRET


# --- what is no secret


@pytest.mark.parametrize("value", [None, True, False, "", 0, [], {}])
def test_under_a_secrets_name_it_is_told_whether_there_is_one(logger, rows, value):
    for _ in range(3):
        logger.info("started", extra={"password": value})
    assert [same(row["metadata_json"], {"password": value}) for row in rows("log_events")] == [True] * 3
    assert redacted() == 0


@pytest.mark.parametrize("value", [1234, 0.5, 10**30, ["x"], {"a": 1}, b"x"])
def test_under_a_secrets_name_anything_else_is_redacted(logger, rows, value):
    logger.info("started", extra={"pin": 1, "password": value})
    assert rows("log_events")[0]["metadata_json"] == {"pin": 1, "password": MARK}
    assert redacted() == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://bob:x1@example.com:8080/a?b=c#d", f"https://{MARK}@example.com:8080/a?b=c#d"),
        ("GET /a?api_key=x1&b=c HTTP/1.1", f"GET /a?api_key={MARK}&b=c HTTP/1.1"),
        ('{"user": "bob", "api_key": "x\\"1", "n": 1}', '{"user":"bob","api_key":"[redacted]","n":1}'),
        ("user=bob password='x 1', n=1", f"user=bob password='{MARK}', n=1"),
        ("Authorization: Bearer x1, n=1", f"Authorization: {MARK}, n=1"),
        ("a Cookie: a=b; c=d\nb: c", f"a Cookie: {MARK}\nb: c"),
        ("{'auth': {'a': ['b', '}']}, 'n': 1}", f"{{'auth': {MARK}, 'n': 1}}"),
        (f"keys {KEYS['aws']} and {KEYS['npm']}.", f"keys {MARK} and {MARK}."),
    ],
)
def test_only_the_secret_itself_is_replaced(logger, rows, text, expected):
    logger.info("%s", text)
    assert rows("log_events")[0]["event"] == expected


def test_nothing_of_the_real_files_is_taken_for_a_secret():
    files = sorted((SHARED / "data" / "foundups").rglob("*.jsonl"))
    if not files:
        pytest.skip("the real JSONL files are not beside the checkout")
    counted = []
    redactor = redactor_for(True, counted.append)  # noqa: FBT003 - as a user gives it
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert redactor.json(line) == line
    assert counted == []


# --- both ways to a row

letters = st.text("ab1é \n\"'/\\{}<>-_.:=@", max_size=30)  # enough for all that assigns, not for a secret's name
plain_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), letters, st.sampled_from(safe_texts()))
nested_values = st.recursive(
    plain_values,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from([name for name, _ in safe_fields()]), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def hiding(draw):
    """A value that holds a secret at some place, and the same with the secret replaced."""
    named = st.sampled_from(named_secrets()).map(lambda pair: ({pair[0]: SECRET}, {pair[0]: MARK}))
    shaped = st.sampled_from(sorted(key for key in KEYS.values() if not key.startswith("https:"))).map(
        lambda key: (f"<{key}>", f"<{MARK}>")
    )
    pair = draw(named | shaped)
    for _ in range(draw(st.integers(0, 4))):
        beside = draw(nested_values)
        if draw(st.booleans()):
            pair = tuple([beside, one] for one in pair)
        else:
            pair = tuple({"place": one, "beside": beside} for one in pair)
    return pair


@given(hiding(), st.dictionaries(st.sampled_from(["a", "b", "permission", "text"]), nested_values, max_size=3))
@settings(max_examples=200)
def test_whatever_a_secret_nests_in_it_alone_is_replaced(hidden, others):
    value, expected = hidden
    doors, made = both_ways(DomainTableHandler)
    plain_door = DomainTableHandler("never-written.db", redact=False)
    made_plain = []
    plain_door._put = made_plain.append
    for name in ("permission_granted", "other"):
        for _ in range(3):
            for door in doors:
                emit(door, name, {"agent_id": "x", **others, "thing": value})
        emit(plain_door, name, {"agent_id": "x", **others, "thing": expected})
    for one, other in zip(*made, strict=True):
        assert stored_alike(one, other)
        assert SECRET not in str(one)
        assert not any(key in str(one) for key in KEYS.values())
    for one, other in zip(made[0][::3], made_plain, strict=True):
        assert same(json.loads(one[-1]), json.loads(other[-1]))
        assert stored_alike(one[:-1], other[:-1])


@given(st.lists(nested_values, min_size=3, max_size=5))
@settings(max_examples=200)
def test_without_a_secret_a_row_is_as_it_is_without_redaction(values):
    doors = [DomainTableHandler("never-written.db"), DomainTableHandler("never-written.db", redact=False)]
    made = [[], []]
    for door, into in zip(doors, made, strict=True):
        door._put = into.append
        for value in values:
            emit(door, "permission_granted", {"agent_id": "x", "justification": value, "thing": value, "n": [value]})
    for one, other in zip(*made, strict=True):
        assert stored_alike(one, other)


@pytest.mark.parametrize("redact", [True, False])
def test_exactly_the_rows_with_a_long_text_are_large_ones(redact):
    handler = DomainTableHandler("never-written.db", redact=redact)
    made = []
    handler._put = made.append
    for length in (1, 500, 512, 513, 5_000):
        for _ in range(4):
            emit(handler, "permission_granted", {"agent_id": "a", "justification": "x" * length})
            emit(handler, "permission_granted", {"agent_id": "a", "note": "x" * length})
            emit(handler, "permission_granted", {"agent_id": "a", "steps": ["x"] * length})
            emit(handler, "selenium_session", {"url": "a", "analysis": ["x"] * length})
            emit(handler, "x" * length, {"agent_id": "a"})
            emit(handler, "permission_granted", {"agent_id": "a"}, "t" * length)
    assert len(made) == 5 * 4 * 6
    for row in made:
        longest = max(len(value) for value in row if type(value) is str)
        assert type(row) is (LargeRow if longest > 512 else tuple)
        assert longest <= 512 or longest < row.weight < longest * 2 + 3_000


# --- own rules


def test_redact_false_leaves_everything(database, rows):
    handler = DomainTableHandler(database, redact=False)
    for _ in range(3):
        emit(handler, "token=abc", {"password": SECRET, "thing": {"token": KEYS["npm"]}})
    for row in rows("log_events"):
        assert row["event"] == "token=abc"
        assert row["metadata_json"] == {"password": SECRET, "thing": {"token": KEYS["npm"]}}
    assert redacted() == 0
    handler.close()


def test_a_configuration_adds_names_patterns_and_functions(database, rows):
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "telemetry": {
                    "class": "foundups_logging.handlers.DomainTableHandler",
                    "database": str(database),
                    "redact": {
                        "keys": ["stream_key_2", "session_id"],
                        "safe_keys": ["csrf_token"],
                        "patterns": [r"\bUC_\w+", r"ticket (\d+)"],
                        "rules": ["ext://test_redaction.without_badgers"],
                    },
                }
            },
            "loggers": {"tests.own_rules": {"handlers": ["telemetry"], "level": "INFO"}},
        }
    )
    log = logging.getLogger("tests.own_rules")
    given_fields = {"streamKey2": "a", "sessionId": "b", "csrf_token": "c", "password": "d", "n": 1}
    for _ in range(3):
        log.info("started", extra={**given_fields, "who": "UC_5", "what": ["ticket 17 is for a badger"]})
    for row in rows("log_events"):
        assert row["metadata_json"] == {
            "streamKey2": MARK, "sessionId": MARK, "csrf_token": "c", "password": MARK, "n": 1,
            "who": MARK, "what": [f"ticket {MARK} is for a ***"],
        }  # fmt: skip
    log.handlers[0].close()
    log.handlers.clear()


def without_badgers(text):
    return text.replace("badger", "***")


def failing(text):
    raise RuntimeError(text)


@pytest.mark.parametrize("rule", [failing, lambda _: None, lambda _: 5], ids=["raises", "None", "number"])
def test_a_rule_that_fails_costs_the_text_and_is_told_once(database, stored, capsys, rule):
    handler = DomainTableHandler(database, redact={"rules": [rule]})
    for _ in range(5):
        emit(handler, "started", {"note": SECRET, "n": 1})
    text = stored()
    assert SECRET not in text
    assert text.count(MARK) >= 5
    assert foundups_logging.stats()["stored"] == 5
    told = capsys.readouterr().err
    assert told.count("redaction rule") == 1
    assert SECRET not in told
    handler.close()


def test_a_rule_may_log_itself(logger, database, rows):
    def rule(text):
        logger.info("a rule was given %s and password=%s", text, SECRET)
        return text.replace("badger", "***")

    logger.handlers[:] = [DomainTableHandler(database, redact={"rules": [rule]})]
    for _ in range(3):
        logger.info("started", extra={"animal": "badger"})
    found = rows("log_events")
    started = [row for row in found if row["event"] == "started"]
    assert [row["metadata_json"] for row in started] == [{"animal": "***"}] * 3
    nested = [row for row in found if row["event"] != "started"]
    assert nested
    assert all(row["event"].endswith(f"password={MARK}") for row in nested)
    assert foundups_logging.stats()["dropped"] == 0


@pytest.mark.parametrize(
    ("redact", "said"),
    [
        ("yes", "give True, False or a dict"),
        (5, "give True, False or a dict"),
        ({"key": ["x"]}, "known: keys, safe_keys, patterns, rules"),
        ({"keys": "x"}, "give a list"),
        ({"keys": [5]}, "give names"),
        ({"patterns": ["("]}, "is no regular expression"),
        ({"patterns": [""]}, "give regular expressions"),
        ({"rules": ["x"]}, "give functions"),
    ],
)
@pytest.mark.parametrize("front_door", [DomainTableHandler, DomainTableProcessor, TelemetryStore])
def test_a_setting_that_cannot_work_is_refused(database, front_door, redact, said):
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        front_door(database, redact=redact)


def test_no_text_takes_long():
    """Time grows with the text, not with its square: a megabyte of what the expressions begin with."""
    redactor = redactor_for(True, lambda _: None)  # noqa: FBT003 - as a user gives it
    pieces = [
        'token="',
        "a",
        'token=\\"',
        "password: {",
        "://a:",
        "x.",
        "-",
        "eyJ",
        "bearer ",
        "<a>",
        "'auth': {'",
        "a_",
    ]
    pieces += [
        "--a ",
        "Cookie: =",
        "\\",
        "password '",
        "-----BEGIN PRIVATE KEY-----",
        "xoxb-",
        "password=",
        "1",
        '{"a":',
    ]
    started = time.monotonic()
    for piece in pieces:
        redactor.row((0, piece * (1_000_000 // len(piece))), ((1, False, False),))
        redactor.json(piece * (1_000_000 // len(piece)))
    assert time.monotonic() - started < 100  # what grew with the square would take hours
