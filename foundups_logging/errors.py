"""Every error that foundups_logging raises on purpose.

    FoundupsLoggingError
    ├── ConfigurationError    a setting, path or domain declaration that can't be used
    │   └── DomainError       a domain declaration: wrong name, type, route or reserved word
    ├── StorageError          the database could not do what was asked
    │   ├── SchemaError       a table that exists can't serve its domain
    │   ├── WriteError        an event could not be stored in the time allowed
    │   └── SpoolError        the spool could not take an event either
    ├── QueryError            a read failed: bad SQL, no such table, an attempt to write
    └── MigrationError        a file can't be migrated, verified or rolled back as asked

A logging call never raises any of these; configuration, commands and
`TelemetryStore` do. Each message names the operation, the path and the way out.
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
    "DomainError",
    "FoundupsLoggingError",
    "MigrationError",
    "QueryError",
    "SchemaError",
    "SpoolError",
    "StorageError",
    "WriteError",
]


class FoundupsLoggingError(Exception):
    """Base of all errors of this package.

    `message` says what went wrong, `operation` what was attempted, `path` on which file (or None), `hint`
    what to do about it; the text is the three joined.
    """

    def __init__(self, message: str, *, operation: str, path: object = None, hint: str = "") -> None:
        self.message = message
        self.operation = operation
        self.path = None if path is None else str(path)
        self.hint = hint
        where = f" {self.path}" if self.path else ""
        way_out = f" ({hint})" if hint else ""
        super().__init__(f"{operation}{where}: {message}{way_out}")


class ConfigurationError(FoundupsLoggingError, ValueError):
    """A setting, path or domain declaration can't be used."""


class DomainError(ConfigurationError):
    """A domain declaration is wrong; the message says which domain and where."""


class StorageError(FoundupsLoggingError):
    """The database could not do what was asked."""


class SchemaError(StorageError):
    """A table that exists already can't hold its domain's rows."""


class WriteError(StorageError):
    """An event could not be stored in the time allowed."""


class SpoolError(StorageError):
    """The spool, where events wait on disk for the database, could not be written or read."""


class QueryError(FoundupsLoggingError):
    """A read could not be answered: bad SQL, a missing table, an attempt to write."""


class MigrationError(FoundupsLoggingError):
    """A file can't be migrated, verified or rolled back as asked; what was committed before stays."""
