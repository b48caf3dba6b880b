"""Migration: JSON Lines files into the tables of their domains, exactly once, and proven to be whole.

Files compressed by zstd need what the extra `migrate` installs.
"""

from foundups_logging.migrate.importer import FileSource, import_file, import_stream
from foundups_logging.migrate.mapping import FileMapping
from foundups_logging.migrate.rollback import rollback
from foundups_logging.migrate.store import MigrationStore
from foundups_logging.migrate.verify import verify_file

__all__ = [
    "FileMapping",
    "FileSource",
    "MigrationStore",
    "import_file",
    "import_stream",
    "rollback",
    "verify_file",
]
