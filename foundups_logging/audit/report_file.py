"""Reports as files."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import platformdirs

from foundups_logging.audit.report import FORMAT
from foundups_logging.errors import ConfigurationError

__all__ = ["check_writable", "default_path", "read_report", "to_text", "write_report"]

_HINT: Final = "give a report that `foundups-logging audit -o` wrote"


def to_text(report: Mapping[str, Any]) -> str:
    """A report as JSON, in ASCII."""
    return json.dumps(report, indent=1) + "\n"


def default_path() -> Path:
    """A new name in a folder of the user's own, where no other is given."""
    folder = platformdirs.user_state_path("foundups-logging", appauthor=False) / "audits"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.json"


def check_writable(path: Path) -> None:
    """Raise ConfigurationError where a report can't be written to `path`, before there is one."""
    if path.is_dir():
        raise ConfigurationError("is a folder", operation="write report", path=path, hint="give a file's path")
    if not path.absolute().parent.is_dir():
        raise ConfigurationError("there is no such folder", operation="write report", path=path, hint="make it first")


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write a report that appears whole or not at all, and that only its owner can read. Raises OSError."""
    content = to_text(report).encode()
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():  # a pipe, a terminal
        path.write_bytes(content)
        return
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def read_report(path: Path) -> dict[str, Any]:
    """A report that an audit wrote. Raises ConfigurationError for what is none."""
    try:
        report = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(reason, operation="read report", path=path, hint=_HINT) from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError("is no JSON", operation="read report", path=path, hint=_HINT) from error
    if not isinstance(report, dict) or report.get("format") != FORMAT or not isinstance(report.get("writers"), list):
        hint = f"make it anew with this release, whose reports have the format {FORMAT}"
        raise ConfigurationError("is no report of this format", operation="read report", path=path, hint=hint)
    return report
