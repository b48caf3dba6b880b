"""Live chat: the messages through structlog, the module's own log lines through logging."""

import logging
import logging.config

import structlog

from foundups_logging import DomainTableProcessor

logger = logging.getLogger(__name__)


def configure(database: str) -> None:
    """Send this module's log lines and chat messages to `database`."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"tables": {"class": "foundups_logging.handlers.DomainTableHandler", "database": database}},
            "loggers": {__name__: {"level": "INFO", "handlers": ["tables"]}},
        }
    )
    structlog.configure(
        logger_factory=structlog.stdlib.LoggerFactory(),
        processors=[structlog.contextvars.merge_contextvars, DomainTableProcessor(database, terminal=True)],
    )


def work(agent_id: str, number: int) -> None:
    """Join a stream, then chat."""
    if number == 0:
        logger.info("stream_joined", extra={"agent_id": agent_id})  # has no domain of its own: goes to log_events
    chat = structlog.get_logger(__name__).bind(session_id="live-7", username=agent_id)
    chat.info("chat_message", text=f"hello {number}", message_type="text", badges=["member"])
