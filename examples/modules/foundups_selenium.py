"""Browser sessions. `analysis` lands in the column analysis_json, as JSON."""

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
    """Look at a page."""
    logger.info(
        "selenium_session",
        extra={
            "agent_id": agent_id,
            "url": f"https://studio.example.com/live/{number}",
            "screenshot_hash": f"{number:08x}",
            "analysis": {"buttons": 3, "labels": ["Go live", "End"]},
        },
    )
