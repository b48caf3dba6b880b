"""Which database is meant: a path, a URL, the environment or the default."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from foundups_logging.errors import ConfigurationError

__all__ = ["DATABASE_VARIABLE", "DEFAULT_DATABASE", "database_path"]

DATABASE_VARIABLE = "FOUNDUPS_DATABASE"
DEFAULT_DATABASE = "data/foundups.db"
_OPERATION = "find database"


def database_path(database: str | os.PathLike[str] | None = None) -> Path:
    """The absolute path of a database given as a path or a `sqlite:///` URL.

    None stands for the environment variable FOUNDUPS_DATABASE, and without one
    for `data/foundups.db` in the working directory. As in SQLAlchemy's URLs,
    `sqlite:///x.db` is relative and `sqlite:////x.db` absolute. Raises
    ConfigurationError for what names no file.
    """
    given = database if database is not None else os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE
    if not isinstance(given, (str, os.PathLike)):
        raise ConfigurationError(f"{given!r} is no path", operation=_OPERATION, hint="give text or a pathlib.Path")
    text = os.fspath(given)
    if not isinstance(text, str):
        raise ConfigurationError(f"{text!r} is no text", operation=_OPERATION, hint="decode the path with os.fsdecode")
    scheme, separator, rest = text.partition("://")
    if separator:
        if scheme != "sqlite" or not rest.startswith("/"):
            raise ConfigurationError(
                f"{text!r} is not supported", operation=_OPERATION, hint="give a path or sqlite:///path/to.db"
            )
        text = unquote(rest[1:])
    if not text or text == ":memory:" or "\0" in text:
        raise ConfigurationError(
            f"{os.fspath(given)!r} names no file",
            operation=_OPERATION,
            hint="give the path of a file; a database in memory could not be shared or kept",
        )
    try:
        path = Path(text).expanduser().absolute()
        is_folder = path.is_dir()
    except (OSError, RuntimeError) as error:  # a name too long; a ~user that there isn't
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(reason, operation=_OPERATION, path=text, hint="give another path") from error
    if is_folder:
        raise ConfigurationError("is a folder", operation=_OPERATION, path=path, hint="give the path of a file in it")
    return path
