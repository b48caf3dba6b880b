"""What was found in a file's content, kept until the content changes.

An entry's key is a hash of content, so nothing in here is ever out of date; it
can only be of another release's code, whose entries lie in a folder of their own.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import orjson
import platformdirs

from foundups_logging.audit.model import Problem

__all__ = ["Cache"]

_FORMAT: Final = 1
_PROGRAM: Final = "foundups-logging"
_DAY: Final = 86_400
# Entries that no audit has used for so long are deleted.
_KEPT: Final = 60 * _DAY
# Backup programs and this one's own walk leave out a folder with this file.
_TAG: Final = "CACHEDIR.TAG"
_TAG_TEXT: Final = b"Signature: 8a477f597d28d172789f06886806bc55\n# A cache of foundups-logging: may be deleted.\n"


class Cache:
    """A folder of JSON values by kind and key.

    `folder` is by default the user's cache folder, as the system has it. Where
    it can't be written, everything is still found, each time anew, and `problem`
    says so. A damaged entry is none.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or platformdirs.user_cache_path(_PROGRAM, appauthor=False) / "audit"
        self.problem: Problem | None = None
        self._entries = self.folder / f"{_FORMAT}-{_version()}"
        try:
            self._entries.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not (self.folder / _TAG).exists():
                _write(self.folder / _TAG, _TAG_TEXT)
            self._tidy()
        except OSError as error:
            self._give_up(error)

    def get(self, kind: str, key: str) -> Any | None:  # noqa: ANN401 - any JSON value
        """The value that was put under this kind and key, or None."""
        path = self._path(kind, key)
        try:
            entry = orjson.loads(path.read_bytes())
            if entry["key"] != [kind, key]:
                return None
            value = entry["value"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        with suppress(OSError):
            os.utime(path)
        return value

    def put(self, kind: str, key: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
        """Keep a JSON value (dataclasses become objects). Raises TypeError for what is none."""
        text = orjson.dumps({"key": [kind, key], "value": value})
        if self.problem is not None:
            return
        path = self._path(kind, key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, text)
        except OSError as error:
            self._give_up(error)

    def _path(self, kind: str, key: str) -> Path:
        name = hashlib.sha256(orjson.dumps([kind, key])).hexdigest()
        return self._entries / name[:2] / f"{name[2:]}.json"

    def _give_up(self, error: OSError) -> None:
        reason = error.strerror or str(error)
        message = f"{reason}: what is found is not kept, so the next audit takes as long as this one"
        self.problem = Problem("cache unusable", str(self.folder), message)

    def _tidy(self) -> None:
        """Once a day, delete what hasn't been used for long, of whatever release."""
        mark = self.folder / "tidied"
        now = time.time()
        if mark.exists() and mark.stat().st_mtime > now - _DAY:
            return
        _write(mark, b"")
        for path in self.folder.glob("*/??/*"):
            with suppress(OSError):  # another audit's, or gone already
                if path.stat().st_mtime < now - _KEPT:
                    path.unlink()


def _version() -> str:
    """This release, and its code: what a clone's next commit finds may be something else."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.*")):
        if source.suffix in {".py", ".toml"}:
            digest.update(source.read_bytes())
    try:
        version = metadata.version(_PROGRAM)
    except metadata.PackageNotFoundError:
        version = "0"
    return f"{version}-{digest.hexdigest()[:12]}"


def _write(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all, and that only its owner can read."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
