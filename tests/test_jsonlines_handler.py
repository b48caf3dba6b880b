"""JSONLinesHandler: the old file's lines from the calls that the tables store."""

from __future__ import annotations

import json
import logging
import logging.config
import math
import multiprocessing
import os
import stat
from datetime import datetime

import pytest
from disks import small_disk

from foundups_logging import ConfigurationError, TelemetryStore, flush
from foundups_logging.handlers import JSONLinesHandler


def _logger(handler):
    logger = logging.Logger("permissions")  # noqa: LOG001 - one that nothing else knows
    logger.addHandler(handler)
    return logger


def test_a_line_is_what_the_old_code_wrote(tmp_path):
    file = tmp_path / "new" / "permission_events.jsonl"
    handler = JSONLinesHandler(
        file,
        keys={
            "timestamp": "granted_at",
            "event": "event_type",
            "agent_id": "agent_id",
            "permission_level": "permission",
            "v": "v",
        },
        constants={"v": 1},
    )
    record = logging.makeLogRecord(
        {"msg": "permission_granted", "permission_level": "é\ud800", "agent_id": "gemma", "created": 1e9}
    )
    handler.handle(record)
    old = {
        "granted_at": datetime.fromtimestamp(1e9).isoformat(),  # noqa: DTZ006 - as old code does
        "event_type": "permission_granted",
        "agent_id": "gemma",
        "permission": "é\ud800",
        "v": 1,
    }
    assert file.read_bytes() == json.dumps(old).encode() + b"\n"
    assert os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600


def test_odd_values_are_kept_and_never_raise(tmp_path):
    file = tmp_path / "a.jsonl"
    cycle: list[object] = []
    cycle.append(cycle)
    handler = JSONLinesHandler(file)
    _logger(handler).info("odd", extra={"nan": math.nan, "set": {1}, "cycle": cycle, "keys": {(1, 2): 3}})
    (line,) = file.read_text().splitlines()
    assert json.loads(line)["set"] == [1]
    assert handler.stats()["written"] == 1


def test_secrets_are_redacted(tmp_path):
    file = tmp_path / "a.jsonl"
    _logger(JSONLinesHandler(file)).info("login", extra={"password": "hunter2-hunter2", "user": "ann"})
    assert "hunter2" not in file.read_text()
    assert json.loads(file.read_text())["user"] == "ann"


def test_a_field_in_the_path_stays_in_its_folder(tmp_path):
    logger = _logger(JSONLinesHandler(f"{tmp_path}/logs/{{session}}/{{date:%Y}}-{{pid}}.jsonl"))
    logger.info("event", extra={"session": "../../escape"})
    logger.info("event", extra={"session": ".."})
    files = [path.relative_to(tmp_path / "logs") for path in tmp_path.rglob("*.jsonl")]
    assert len(files) == 2
    assert all(len(path.parts) == 2 and str(os.getpid()) in path.name for path in files)


@pytest.mark.parametrize("wrong", [{"path": "{"}, {"path": "{}"}, {"path": "a", "timestamp": "iso"}])
def test_a_wrong_setting_is_refused(wrong):
    with pytest.raises(ConfigurationError):
        JSONLinesHandler(**wrong)


def test_a_removed_file_is_made_again_and_a_torn_line_is_not_fused(tmp_path):
    file = tmp_path / "a.jsonl"
    logger = _logger(JSONLinesHandler(file, keys=["event"], events=["one", "two"]))
    logger.info("one")
    logger.info("three")
    file.unlink()
    file.write_bytes(b'{"torn')
    logger.info("two")
    assert file.read_bytes() == b'{"torn\n{"event": "two"}\n'


def test_a_full_disk_is_counted_and_fuses_nothing(tmp_path, capsys):
    with small_disk(tmp_path / "disk", 64 * 1024) as disk:
        file = disk / "a.jsonl"
        handler = JSONLinesHandler(file)
        logger = _logger(handler)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(16 * 1024))
        for number in range(100):
            logger.info("event", extra={"number": number, "text": "x" * 1000})
        assert handler.stats()["lost"] > 0
        ballast.unlink()
        logger.info("last")
        whole = 0
        for line in file.read_bytes().splitlines():
            try:
                whole += json.loads(line) is not None
            except ValueError:
                continue
        assert whole == handler.stats()["written"]
        handler.close()
    assert capsys.readouterr().err.count("could not be written") >= 1


def _write(path, process):
    logger = _logger(JSONLinesHandler(path, keys=["process", "number", "text"]))
    for number in range(300):
        logger.info(
            "event", extra={"number": number, "text": "x" * (number * 20), "foundups_fields": {"process": process}}
        )


def test_sixteen_processes_lose_and_tear_no_line(tmp_path):
    file = tmp_path / "a.jsonl"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write, args=(file, number)) for number in range(16)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    lines = [json.loads(line) for line in file.read_text().splitlines() if line]
    assert {(line["process"], line["number"]) for line in lines} == {(p, n) for p in range(16) for n in range(300)}
    assert len(lines) == 4800


def test_both_handlers_in_one_config_write_both(tmp_path):
    package = "foundups_logging.handlers"
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "file": {"class": f"{package}.JSONLinesHandler", "path": str(tmp_path / "a.jsonl")},
                "table": {"class": f"{package}.DomainTableHandler", "database": str(tmp_path / "a.db")},
            },
            "loggers": {"dual": {"handlers": ["file", "table"], "level": "INFO"}},
        }
    )
    logger = logging.getLogger("dual")
    logger.info("permission_granted", extra={"agent_id": "gemma", "permission_level": "read_only"})
    flush()
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    assert json.loads((tmp_path / "a.jsonl").read_text())["agent_id"] == "gemma"
    with TelemetryStore(tmp_path / "a.db") as store:
        assert [row["agent_id"] for row in store.query("SELECT agent_id FROM permission_events")] == ["gemma"]


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("utc", "2001-09-09T01:46:40.500000+00:00"),
        ("epoch", 1_000_000_000.5),
        ("epoch_ms", 1_000_000_000_500),
        ("%Y", "2001"),
    ],
)
def test_a_timestamp_has_the_old_files_form(form, expected, tmp_path):
    file = tmp_path / "a.jsonl"
    handler = JSONLinesHandler(file, keys=["timestamp"], timestamp=form)
    handler.handle(logging.makeLogRecord({"msg": "event", "created": 1_000_000_000.5}))
    assert json.loads(file.read_text()) == {"timestamp": expected}


def test_a_folder_that_cannot_be_made_is_counted_and_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    handler = JSONLinesHandler(tmp_path / "file" / "a.jsonl")
    _logger(handler).info("event")
    assert handler.stats()["lost"] == 1
    assert "could not be written" in capsys.readouterr().err


def test_a_closed_handler_opens_its_file_again(tmp_path):
    file = tmp_path / "a.jsonl"
    handler = JSONLinesHandler(file, keys=["event"])
    logger = _logger(handler)
    logger.info("one")
    handler.close()
    logger.info("two")
    assert [json.loads(line)["event"] for line in file.read_text().splitlines()] == ["one", "two"]


def test_secrets_in_values_own_texts_and_repeated_ones_are_replaced_too(tmp_path):
    class Client:
        def __repr__(self) -> str:
            return "Client(api_key=sk-ant-REDACTED)"

    path = tmp_path / "events.jsonl"
    handler = JSONLinesHandler(path)
    log = logging.Logger("tests.jsonl.secrets")  # noqa: LOG001 - of no use to anybody else
    log.addHandler(handler)
    note = "logged in with s3cr3t-hunter2-value"
    log.info("login", extra={"client": Client(), "password": "s3cr3t-hunter2-value", "note": note})
    handler.close()
    text = path.read_text()
    assert "hunter2" not in text, text
    assert "abcdefghijkl" not in text, text
    assert json.loads(text)["password"] == "[redacted]"
