"""The front doors of the logging world: two logging.Handlers and a structlog processor."""

from foundups_logging.handlers.jsonlines import JSONLinesHandler
from foundups_logging.handlers.processor import DomainTableProcessor
from foundups_logging.handlers.table import DomainTableHandler

__all__ = ["DomainTableHandler", "DomainTableProcessor", "JSONLinesHandler"]
