"""Which agent may do what. Plain stdlib logging: the event's name and its fields."""

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
    """Grant the agent a permission and take it back, in turns."""
    granted = number % 2 == 0
    logger.info(
        "permission_granted" if granted else "permission_revoked",
        extra={
            "agent_id": agent_id,
            "permission_level": "metrics_write",
            "granted_by": "0102",
            "confidence": 0.85 if granted else 0.4,
            "justification": f"review {number}",
        },
    )
