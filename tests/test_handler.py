"""DomainTableHandler: what stdlib logging's calls become."""

from __future__ import annotations

import copy
import logging
import logging.config
import logging.handlers
import pickle
import queue
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import structlog
from conftest import Rows

import foundups_logging
from foundups_logging import DomainTableHandler


def configure(database: Path, **settings: object) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "telemetry": {
                    "class": "foundups_logging.handlers.DomainTableHandler",
                    "database": str(database),
                    **settings,
                }
            },
            "root": {"handlers": ["telemetry"], "level": "DEBUG"},
        }
    )


def of(logger: logging.Logger) -> DomainTableHandler:
    """The one DomainTableHandler of `logger` (pytest adds handlers of its own)."""
    (handler,) = (handler for handler in logger.handlers if isinstance(handler, DomainTableHandler))
    return handler


def test_dict_config_sends_extra_fields_to_columns_and_the_rest_to_metadata(database: Path, rows: Rows) -> None:
    configure(database)
    logging.getLogger("modules.permissions").info(
        "permission_granted", extra={"agent_id": "gemma", "permission": "write", "confidence": 0.85, "tries": [1, 2]}
    )
    (row,) = rows("permission_events")
    assert (row["event_type"], row["agent_id"], row["permission_level"]) == ("permission_granted", "gemma", "write")
    assert row["confidence"] == 0.85
    assert row["metadata_json"] == {"tries": [1, 2], "logger": "modules.permissions", "level": "INFO"}


def test_dict_config_takes_every_setting_of_the_listener(database: Path, tmp_path: Path, rows: Rows) -> None:
    domains = tmp_path / "my_domains.toml"
    domains.write_text('[game_moves]\nevents = ["move_*"]\n[game_moves.columns]\nplayer = "TEXT NOT NULL"\n')
    configure(
        database,
        domains=str(domains),
        batch_size=10,
        flush_interval=0.01,
        queue_size=50,
        when_full="drop_newest",
        level="WARNING",
    )
    logging.getLogger().info("move_made", extra={"player": "unseen"})
    logging.getLogger().warning("move_made", extra={"player": "Ana"})
    assert [row["player"] for row in rows("game_moves")] == ["Ana"]
    settings = of(logging.getLogger())._listener.settings
    assert (settings.batch_size, settings.flush_interval, settings.queue_size) == (10, 0.01, 50)
    assert settings.when_full == "drop_newest"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("batch_size", 0),
        ("batch_size", "many"),
        ("flush_interval", -1),
        ("flush_interval", True),
        ("queue_size", 1.5),
        ("when_full", "explode"),
        ("database", ":memory:"),
        ("database", "postgresql://host/db"),
        ("database", 7),
        ("domains", "no/such/file.toml"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name_and_what_to_do(database: Path, setting: str, value: object) -> None:
    with pytest.raises(foundups_logging.ConfigurationError, match=r"\(.+\)$") as caught:
        DomainTableHandler(**{"database": database, setting: value})  # type: ignore[arg-type]
    assert str(value) in str(caught.value)


@pytest.mark.parametrize("form", ["path", "text", "url", "absolute url", "environment", "default"])
def test_the_database_is_found_by_path_url_environment_and_default(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ("data/foundups.db" if form == "default" else "deep/er/my db.sqlite")
    monkeypatch.delenv("FOUNDUPS_DATABASE", raising=False)
    given = {
        "path": path,
        "text": str(path),
        "url": "sqlite:///deep/er/my%20db.sqlite",
        "absolute url": f"sqlite:///{path}",
    }.get(form)
    if form == "environment":
        monkeypatch.setenv("FOUNDUPS_DATABASE", str(path))
    handler = DomainTableHandler(given)
    handler.handle(logging.makeLogRecord({"msg": "heartbeat", "levelname": "INFO"}))
    handler.close()
    assert path.is_file()


def test_percent_arguments_are_filled_in_and_wrong_ones_lose_nothing(
    logger: logging.Logger, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    logger.info("moved %s of %d", "files", 3)
    logger.info("moved %d of %d", "one", extra={"agent_id": "a"})
    first, second = rows("log_events")
    assert first["event"] == "moved files of 3"
    assert (second["event"], second["agent_id"], second["metadata_json"]["log_args"]) == (
        "moved %d of %d",
        "a",
        ["one"],
    )


def test_an_event_name_with_percent_arguments_is_still_routed_by_its_name(logger: logging.Logger, rows: Rows) -> None:
    logger.info("%s", "permission_granted", extra={"agent_id": "a"})
    assert [row["event"] for row in rows("log_events")] == ["permission_granted"]  # only its text was made at run time


def test_an_exception_reaches_error_events_and_metadata_elsewhere(logger: logging.Logger, rows: Rows) -> None:
    try:
        raise TimeoutError("no answer\nin 30 s")
    except TimeoutError:
        logger.exception("agent %s failed", "qwen", extra={"tries": 3})
        logger.info("confidence_updated", extra={"agent_id": "qwen"}, exc_info=True)
    (error,) = rows("error_events")
    assert (error["error_type"], error["message"]) == ("TimeoutError", "no answer\nin 30 s")
    assert error["module"] == "tests.domain_tables"
    assert error["stack_trace"].startswith("Traceback (most recent call last):")
    assert "test_an_exception_reaches" in error["stack_trace"]
    assert error["metadata_json"]["event"] == "agent qwen failed"
    assert error["metadata_json"]["tries"] == 3
    (confidence,) = rows("confidence_events")
    told = confidence["metadata_json"]["exception"]
    assert (told["type"], told["message"], told["stack_trace"]) == (
        "TimeoutError",
        "no answer\nin 30 s",
        error["stack_trace"].replace(error["stack_trace"].splitlines()[1], told["stack_trace"].splitlines()[1]),
    )


def test_an_error_without_an_exception_is_told_by_its_message(logger: logging.Logger, rows: Rows) -> None:
    for _ in range(4):  # the third and later ones take the compiled way
        logger.error("chrome_crashed", extra={"port": 9222})
    logger.critical("disk is full")
    *named, free = rows("error_events")
    assert {(row["error_type"], row["message"], row["metadata_json"]["port"]) for row in named} == {
        ("chrome_crashed", "chrome_crashed", 9222)
    }
    assert (free["error_type"], free["message"]) == ("CRITICAL", "disk is full")


def test_stack_info_is_kept(logger: logging.Logger, rows: Rows) -> None:
    logger.info("heartbeat", stack_info=True)
    logger.error("error", stack_info=True)
    (health,) = rows("daemon_health")
    assert "test_stack_info_is_kept" in health["metadata_json"]["stack_info"]
    (error,) = rows("error_events")
    assert "test_stack_info_is_kept" in error["stack_trace"]


def test_a_thread_that_is_not_the_main_one_is_named(logger: logging.Logger, rows: Rows) -> None:
    def log() -> None:
        for _ in range(4):
            logger.info("heartbeat", extra={"status": "up", "step": 1})

    thread = threading.Thread(target=log, name="poller")
    thread.start()
    thread.join()
    logger.info("heartbeat", extra={"status": "up"})
    *polled, main = rows("daemon_health")
    assert [row["metadata_json"].get("thread") for row in polled] == ["poller"] * 4
    assert "thread" not in main["metadata_json"]
    assert "process" not in main["metadata_json"]


def test_structlog_through_wrap_for_formatter_arrives_as_fields(logger: logging.Logger, rows: Rows) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    log = structlog.get_logger("tests.domain_tables")
    log.info("permission_granted", agent_id="gemma", level_reached=3)
    try:
        raise KeyError("k")
    except KeyError:
        log.exception("lookup_failed", agent_id="gemma")
    (granted,) = rows("permission_events")
    assert granted["agent_id"] == "gemma"
    assert granted["metadata_json"] == {"level_reached": 3, "logger": "tests.domain_tables", "level": "INFO"}
    (error,) = rows("error_events")
    assert (error["error_type"], error["message"]) == ("KeyError", "'k'")
    assert error["metadata_json"]["event"] == "lookup_failed"


def test_structlog_through_render_to_log_kwargs_arrives_as_fields(logger: logging.Logger, rows: Rows) -> None:
    structlog.configure(
        processors=[structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    structlog.get_logger("tests.domain_tables").warning("confidence_updated", agent_id="qwen", success=True, why="x")
    (row,) = rows("confidence_events")
    assert (row["agent_id"], row["success"]) == ("qwen", 1)
    assert row["metadata_json"] == {"why": "x", "logger": "tests.domain_tables", "level": "WARNING"}


@pytest.mark.parametrize("with_other_formatter", [False, True])
def test_a_record_through_a_users_own_queue_arrives_whole(
    database: Path, rows: Rows, with_other_formatter: bool
) -> None:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    log = logging.getLogger("tests.queued")
    log.setLevel(logging.INFO)
    log.propagate = False
    own = logging.handlers.QueueHandler(waiting)
    log.handlers[:] = [own]
    targets: list[logging.Handler] = [DomainTableHandler(database)]
    if with_other_formatter:  # a formatter leaves message and asctime on the record
        stream = logging.StreamHandler(open("/dev/null" if sys.platform != "win32" else "nul", "w"))  # noqa: PTH123, SIM115
        stream.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        targets.insert(0, stream)
    listener = logging.handlers.QueueListener(waiting, *targets)
    listener.start()
    log.info("permission_granted", extra={"agent_id": "gemma", "n": 1})
    log.info("moved %s", "files")
    try:
        raise ValueError("bad: value")
    except ValueError:
        log.exception("agent_failed", stack_info=True)
    listener.stop()
    (granted,) = rows("permission_events")
    assert (granted["agent_id"], granted["metadata_json"]) == (
        "gemma",
        {"n": 1, "logger": "tests.queued", "level": "INFO"},
    )
    assert [row["event"] for row in rows("log_events")] == ["moved files"]
    (error,) = rows("error_events")
    assert (error["error_type"], error["message"]) == ("ValueError", "bad: value")
    assert error["stack_trace"].endswith("ValueError: bad: value")
    assert error["metadata_json"]["event"] == "agent_failed"
    assert "test_a_record_through" in error["metadata_json"]["stack_info"]
    for target in targets:
        if isinstance(target, logging.StreamHandler):
            target.stream.close()
        target.close()
    log.handlers.clear()


def test_a_structlog_dict_flattened_by_a_queue_handler_is_read_back(database: Path, rows: Rows) -> None:
    waiting: queue.Queue[logging.LogRecord] = queue.Queue()
    log = logging.getLogger("tests.flattened")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.handlers[:] = [logging.handlers.QueueHandler(waiting)]
    structlog.configure(
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    structlog.get_logger("tests.flattened").info("permission_granted", agent_id="gemma", n=1)
    handler = DomainTableHandler(database)
    handler.handle(waiting.get_nowait())
    (row,) = rows("permission_events")
    assert (row["agent_id"], row["metadata_json"]["n"]) == ("gemma", 1)
    log.handlers.clear()


def test_pickled_and_copied_records_lose_nothing(logger: logging.Logger, rows: Rows) -> None:
    record = logger.makeRecord("a.b", logging.INFO, "f", 1, "heartbeat", (), None, extra={"status": "up", "n": 1})
    for again in (pickle.loads(pickle.dumps(record)), copy.copy(record), logging.makeLogRecord(record.__dict__)):
        logger.handle(again)
    found = rows("daemon_health")
    assert [(row["status"], row["metadata_json"]["n"]) for row in found] == [("up", 1)] * 3


def test_a_record_class_of_the_programs_own_keeps_its_attributes(logger: logging.Logger, rows: Rows) -> None:
    class Traced(logging.LogRecord):
        def __init__(self, *args: object, **kwargs: object) -> None:
            self.trace_id = "t-1"
            super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    logging.setLogRecordFactory(Traced)
    try:
        for _ in range(4):
            logger.info("heartbeat", extra={"status": "up"})
    finally:
        logging.setLogRecordFactory(logging.LogRecord)
    found = rows("daemon_health")
    assert [(row["status"], row["metadata_json"]["trace_id"]) for row in found] == [("up", "t-1")] * 4


def test_filters_of_the_handler_are_heeded(logger: logging.Logger, rows: Rows) -> None:
    handler = of(logger)
    handler.addFilter(lambda record: record.getMessage() != "secret_event")
    logger.info("secret_event")
    logger.info("open_event")
    assert [row["event"] for row in rows("log_events")] == ["open_event"]


def test_fields_takes_names_that_logging_reserves(logger: logging.Logger, rows: Rows) -> None:
    taken = {"name": "n", "message": "m", "args": [1], "level": "l", "module": "x", "asctime": 1, "exc_info": "e"}
    logger.info("chat_message", extra=foundups_logging.fields(**taken, username="Ana"))
    (row,) = rows("chat_messages")
    assert (row["username"], row["message"]) == ("Ana", "m")
    del taken["message"]
    assert {key: row["metadata_json"][key] for key in taken} == taken
    assert row["metadata_json"]["log_level"] == "INFO"


def test_a_value_that_changes_after_the_call_is_stored_as_it_was(logger: logging.Logger, rows: Rows) -> None:
    state = {"step": 1}
    for step in range(1, 5):
        state["step"] = step
        logger.info("some_event", extra={"state": state})
    assert [row["metadata_json"]["state"]["step"] for row in rows("log_events")] == [1, 2, 3, 4]


def test_an_event_that_cannot_be_built_is_counted_and_reported_by_logging_itself(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = of(logger)

    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(handler, "_build", broken)
    logger.info("heartbeat", extra={"status": "up"})
    assert "broken on purpose" in capsys.readouterr().err
    assert foundups_logging.stats()["dropped"] == 1


def test_the_handler_says_where_it_writes(database: Path) -> None:
    handler = DomainTableHandler(database, level=logging.WARNING)
    assert repr(handler) == f"<DomainTableHandler {database} (WARNING)>"


def test_the_database_and_its_files_are_for_the_user_alone(logger: logging.Logger, database: Path) -> None:
    logger.info("heartbeat")
    foundups_logging.flush()
    modes = {path.name: path.stat().st_mode & 0o777 for path in database.parent.iterdir()}
    assert modes.keys() >= {"foundups.db", "foundups.db-wal", "foundups.db-lock"}
    assert set(modes.values()) == {0o600}


def test_importing_the_package_opens_nothing_and_starts_nothing(tmp_path: Path) -> None:
    code = (
        "import threading, foundups_logging, foundups_logging.handlers;"
        "assert threading.active_count() == 1; print(sorted(__import__('os').listdir()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
