import logging
import sys
from pathlib import Path

import structlog

SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_for_batch():
    structlog.configure(
        processors=[*SHARED, structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(
            file=Path("service/batch").with_suffix(".log").open("at"),  # WRITER append Path.open service/batch.log
        ),
    )


def configure_for_development():
    structlog.configure(
        processors=[*SHARED, structlog.dev.ConsoleRenderer()],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def configure_for_server():
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.FileHandler("service/server.log")  # WRITER append logging service/server.log
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=SHARED,
        )
    )
    logging.getLogger().addHandler(handler)
