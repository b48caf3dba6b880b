"""How far an agent is trusted. What has no column, such as `tests_run`, is kept in metadata_json."""

import logging
import logging.config

logger = logging.getLogger(__name__)


def configure(database: str) -> None:
    """Send this module's events to `database`."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"tables": {"class": "foundups_logging.handlers.DomainTableHandler", "database": database}},
            "loggers": {__name__: {"level": "INFO", "handlers": ["tables"]}},
        }
    )


def work(agent_id: str, number: int) -> None:
    """Trust the agent a little more."""
    logger.info(
        "confidence_updated",
        extra={
            "agent_id": agent_id,
            "confidence_before": 1 - 0.9**number,
            "confidence_after": 1 - 0.9 ** (number + 1),
            "success": True,
            "validation": "tests_passed",
            "tests_run": 21,
        },
    )
