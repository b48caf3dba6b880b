"""The front doors of the logging world: a logging.Handler and a structlog processor."""

from foundups_logging.handlers.processor import DomainTableProcessor
from foundups_logging.handlers.table import DomainTableHandler

__all__ = ["DomainTableHandler", "DomainTableProcessor"]
