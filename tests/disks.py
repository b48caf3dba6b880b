"""Small real disks for tests, where the rights are there to mount one; and functions run without root's rights."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

__all__ = ["as_nobody", "common_folder", "small_disk"]

_NOBODY = 65_534


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A tmpfs of `size` bytes at `folder`; skips the test where it can't be mounted."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "foundups-tests", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no small disk can be mounted: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def common_folder() -> Iterator[Path]:
    """A new folder, and folders above it, that a user without rights can enter; its owner is that user."""
    for place in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if all(above.stat().st_mode & 0o001 for above in (Path(place), *Path(place).resolve().parents)):
            break
    else:
        pytest.skip("there is no folder for temporary files that every user may enter")
    folder = Path(tempfile.mkdtemp(prefix="foundups-tests-", dir=place))
    try:
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder)


def as_nobody(function: Callable[..., Any], *args: object) -> Any:
    """What `function(*args)` returns in a forked process whom permissions bind; fails with its traceback."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, args))
    process.start()
    theirs.close()
    try:
        is_error, answer = ours.recv()
    except EOFError:
        process.join(30)
        pytest.fail(f"the process ended with {process.exitcode} and no answer")
    process.join(30)
    if is_error:
        pytest.fail(answer, pytrace=False)
    return answer


def _answer(to: Connection, function: Callable[..., Any], args: tuple[object, ...]) -> None:
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        to.send((False, function(*args)))
    except BaseException:  # noqa: BLE001 - told by the parent
        to.send((True, traceback.format_exc()))
