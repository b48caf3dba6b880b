"""Logging that fails, talks or is configured again: the program never notices, and what it may hear is told once."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from programs import numbers, query, run

from foundups_logging import DomainTableHandler


def test_a_stderr_that_logs_what_we_have_to_say(tmp_path: Path, database: Path) -> None:
    database.parent.write_text("no folder")  # so there is much to say
    program = """
class Logs:
    def write(self, text):
        log.warning("said %s", text)
        permission("stderr")
    def flush(self):
        pass
told, sys.stderr = sys.stderr, Logs()
open_handler(commit_timeout=0.1, close_timeout=0.5, queue_size=100, block_timeout=0.01)
metrics("main", 300)
permission("main")
foundups_logging.flush(0.2)
sys.stderr = told
"""
    done = run(tmp_path, program, database)
    assert done.code == 0, done.err
    assert "Error" not in done.err.replace("StorageError", "").replace("WriteError", "")


def test_a_redaction_rule_that_logs(tmp_path: Path, database: Path) -> None:
    if "redact" not in inspect.signature(DomainTableHandler).parameters:
        pytest.skip("this version has no redaction rules")
    program = """
def rule(key, value):
    metric("rule")
    permission("rule")
    return value
try:
    open_handler(redact=rule)
except foundups_logging.ConfigurationError:
    say("rules are no functions")
    open_handler()
metrics("main", 20)
"""
    done = run(tmp_path, program, database)
    assert done.code == 0, done.err
    assert numbers(database)["main"] == list(range(20))


def test_raise_exceptions_off_silences_all_that_we_say(tmp_path: Path, database: Path) -> None:
    database.parent.write_text("no folder")
    program = """
logging.raiseExceptions = False
open_handler(commit_timeout=0.1, close_timeout=0.5, queue_size=100, block_timeout=0.01)
class Fails:
    def __str__(self):
        raise RuntimeError
metrics("main", 300)
permission("main")
log.info("%d", "no number")
log.info(Fails())
foundups_logging.flush(0.2)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")


def test_fields_takes_every_word_that_logging_reserves(tmp_path: Path, database: Path) -> None:
    program = """
open_handler()
words = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "self", "extra", "level", "domain_", "record"}
log.info("metric", extra=foundups_logging.fields(metric_name="all", **{word: f"my {word}" for word in words}))
say(*sorted(words))
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    ((told,),) = query(database, "SELECT metadata_json FROM metrics_events")
    assert [word for word in done.out.split() if f'"my {word}"' not in str(told)] == []


def test_a_second_dict_config_while_threads_log_loses_nothing_they_acknowledged(tmp_path: Path, database: Path) -> None:
    program = """
import logging.config
config = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "db": {
            "class": "foundups_logging.handlers.DomainTableHandler", "database": DATABASE, "queue_size": 500,
        },
    },
    "loggers": {"program": {"handlers": ["db"], "level": "INFO"}},
}
logging.config.dictConfig(config)
(handler,) = log.handlers  # the one that threads have in hand while it is closed
stop, counts = threading.Event(), [0, 0, 0]
def work(number):
    while not stop.is_set():
        for event, fields in (
            ("metric", {"metric_name": f"thread {number}", "value": counts[number]}),
            ("permission_granted", {"agent_id": f"thread {number}", "confidence": counts[number]}),
        ):
            handler.handle(log.makeRecord("program", logging.INFO, "f", 1, event, (), None, extra=fields))
        counts[number] += 1
threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
for round_ in range(10):
    logging.config.dictConfig(config)
    metric("main", round_)
stop.set()
for thread in threads:
    thread.join()
say(*counts)
"""
    done = run(tmp_path, program, database)
    assert (done.code, done.err) == (0, "")
    counts = {f"thread {number}": list(range(int(count))) for number, count in enumerate(done.out.split())}
    assert numbers(database) == {**counts, "main": list(range(10))}
    assert numbers(database, "permission_events") == counts
