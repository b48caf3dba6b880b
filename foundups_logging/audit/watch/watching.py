"""Running a program with the hook in it, otherwise as it would run by itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import Final

import platformdirs

from foundups_logging.audit.model import Problem
from foundups_logging.audit.watch.evidence import read_evidence
from foundups_logging.audit.watch.sighting import Sighting
from foundups_logging.errors import ConfigurationError

__all__ = ["Watched", "watch"]

_KILLED: Final = 128  # and the signal's number: how shells tell that a program was killed
# What a terminal sends to all that run in its foreground, so that the program has it already.
_BY_TERMINAL: Final = ("SIGINT", "SIGQUIT")
_FORWARDED: Final = ("SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", *_BY_TERMINAL)


@dataclass(frozen=True, slots=True)
class Watched:
    """A program that has ended: its exit code as a shell tells it, what was seen, and what could not be."""

    code: int
    sightings: list[Sighting]
    problems: list[Problem]


def watch(command: Sequence[str], root: Path) -> Watched:
    """Run `command` with the caller's input, output and environment, and note what it and its children open.

    Signals that the caller gets meanwhile go on to the program. Only Pythons
    that import sitecustomize from PYTHONPATH are watched (not those run with
    -I, -E or -S), and only files that Python opens. Raises ConfigurationError
    where the command can't be run.
    """
    given, root = root.absolute(), root.resolve()
    with _folder(root) as folder:
        hook = files("foundups_logging.audit.watch") / "hook.py"
        (folder / "sitecustomize.py").write_bytes(hook.read_bytes())
        (folder / "root").write_bytes(os.fsencode(f"{root}\0{given}"))
        evidence = folder / "evidence"
        evidence.touch(0o600)
        code = _run(command, {**os.environ, "PYTHONPATH": _before(os.environ.get("PYTHONPATH"), folder)})
        sightings, problems = read_evidence(evidence, root)
    return Watched(code, sightings, problems)


@contextlib.contextmanager
def _folder(root: Path) -> Iterator[Path]:
    """A folder that only the user can read, outside of `root` where that can be."""
    places = [Path(tempfile.gettempdir()).resolve(), platformdirs.user_cache_path("foundups-logging", appauthor=False)]
    parent = next((place for place in places if not place.is_relative_to(root)), places[0])
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="foundups-logging-watch-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a child that lives on may be compiling in it


def _before(path: str | None, folder: Path) -> str:
    return f"{folder}{os.pathsep}{path}" if path else str(folder)


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    child: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def forward(number: int, _frame: FrameType | None) -> None:
        if not child:
            early.append(number)
        elif signal.Signals(number).name not in _BY_TERMINAL or not _is_in_foreground():
            child[0].send_signal(number)

    with _handling(forward):
        try:
            child.append(subprocess.Popen(command, env=environment))  # noqa: S603 - what the user asks to run
        except OSError as error:
            raise ConfigurationError(
                error.strerror or str(error),
                operation="run",
                path=command[0],
                hint="give a command as a shell would find it, after --",
            ) from error
        for number in early:
            forward(number, None)
        code = child[0].wait()
    return code if code >= 0 else _KILLED - code


@contextlib.contextmanager
def _handling(forward: object) -> Iterator[None]:
    """Have signals forwarded that aren't ignored: what is ignored stays so for the program too."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _FORWARDED if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, forward)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_in_foreground() -> bool:
    """Whether this process is in the foreground of a terminal."""
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY)
    except (OSError, AttributeError):  # there is none; Windows, where the console tells both
        return not hasattr(os, "ctermid")
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
