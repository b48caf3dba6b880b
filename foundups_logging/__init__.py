"""Structured log records into domain tables of one queryable database, by logging config alone."""

from foundups_logging.domains import Column, Domain, builtin_domains, load_domains
from foundups_logging.errors import (
    ConfigurationError,
    DomainError,
    FoundupsLoggingError,
    MigrationError,
    QueryError,
    SchemaError,
    SpoolError,
    StorageError,
    WriteError,
)
from foundups_logging.events import fields
from foundups_logging.handlers import DomainTableHandler, DomainTableProcessor, JSONLinesHandler
from foundups_logging.listener import flush, stats
from foundups_logging.store import TelemetryStore

__all__ = [
    "Column",
    "ConfigurationError",
    "Domain",
    "DomainError",
    "DomainTableHandler",
    "DomainTableProcessor",
    "FoundupsLoggingError",
    "JSONLinesHandler",
    "MigrationError",
    "QueryError",
    "SchemaError",
    "SpoolError",
    "StorageError",
    "TelemetryStore",
    "WriteError",
    "builtin_domains",
    "fields",
    "flush",
    "load_domains",
    "stats",
]
