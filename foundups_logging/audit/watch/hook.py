"""What runs inside a watched program: it notes which places open which files.

The watcher copies this file into a folder of its own, as `sitecustomize.py`, and
puts that folder first on PYTHONPATH, so that each Python the program starts
imports it. It has to run by itself, on Pythons older than ours, and imports
hardly anything that Python doesn't load at its start anyway. Beside it lie `root`, the
audited root's paths, and `evidence`, which gets a line for each different open.

It never raises into the program and takes no lock. It goes by the names of
files; what they hold is looked at afterwards.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

_MOST = 10_000  # different opens that one process notes
_SUFFIXES = (
    *(".jsonl", ".ndjson", ".jsonlines", ".ldjson", ".jl", ".json", ".log", ".txt", ".gz", ".bz2", ".xz", ".zst"),
    *(".out", ".dat", ".data", ".trace", ".traces", ".event", ".events", ".journal", ".history", ".audit"),
    *(".tmp", ".temp", ".part", ".new"),  # what is put in the place of another when it is whole
)
_ROTATED = (".jsonl", ".ndjson", ".json.", ".log.")
_MEANS = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_TRUNC | os.O_EXCL
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_HERE = os.path.dirname(os.path.abspath(__file__))
_EVIDENCE = os.path.join(_HERE, "evidence")

# os.path, as pathlib takes longer to import than all of this. The program may put others in their places (tests do).
_open, _write, _close, _getpid, _getcwd, _frame = os.open, os.write, os.close, os.getpid, os.getcwd, sys._getframe
_fsdecode, _abspath, _is_posix = os.fsdecode, os.path.abspath, os.name == "posix"

_noted: dict[object, None] = {}  # the process's id, and what is told already
_kinds: dict[str, int] = {}  # a code's file -> _INSIDE, _OUTSIDE or _LIBRARIES
_INSIDE, _OUTSIDE, _LIBRARIES = 0, 1, 2
_roots: tuple[str, ...] = ()  # the audited root's path, as it is and as it was given
_start = ""


def _hook(event: str, args: tuple[Any, ...]) -> None:
    source = None
    if event == "open":
        path, _, flags = args
    elif event == "os.rename":
        source, path = args[:2]
        flags = 0
    elif event == "os.truncate":
        path, flags = args[0], os.O_TRUNC
    else:
        return
    if isinstance(path, int) or path == _EVIDENCE:
        return
    try:
        text = path if isinstance(path, str) else _fsdecode(path)
        if _is_candidate(text.lower()) and not text.startswith("<"):  # what tracebacks ask for
            source = "" if source is None else _absolute(_fsdecode(source))
            _note(_absolute(text), source, flags & _MEANS, _frame(1))
    except Exception as error:
        # What a signal handler raised while we ran is the program's.
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        if last is None or last.tb_frame.f_code.co_filename != _hook.__code__.co_filename:
            raise


def _is_candidate(path: str) -> bool:
    """Whether a file of this name (in lower case) may be JSON Lines, or become one."""
    if path.endswith(_SUFFIXES):
        return True
    name = path[max(path.rfind("/"), path.rfind("\\")) + 1 :]
    return "." not in name or name.startswith(("tmp", ".tmp")) or any(part in name for part in _ROTATED)


def _note(path: str, source: str, flags: int, frame: FrameType | None) -> None:
    """Write a line for an open that is new."""
    found, line = _place(frame)
    code = None if found is None else found.f_code
    if not path.startswith(_roots) and (found is None or _kind(found.f_code.co_filename) != _INSIDE):
        return
    process, thread = _getpid(), get_ident()
    if process not in _noted:  # its parent's notes stay its parent's
        _noted.clear()
        _noted[process] = None
    key = (path, source, flags, code, line, thread)
    if key in _noted or len(_noted) > _MOST:
        return
    _noted[key] = None
    if len(_noted) > _MOST:
        path = source = ""  # told once, as an open of nothing
    where: tuple[str, int, str] = ("", 0, "")
    if code is not None:
        where = (_code_path(code.co_filename), line, getattr(code, "co_qualname", code.co_name))
    argv = getattr(sys, "argv", None)
    _tell((process, _thread_name(thread), str(argv[0] if argv else ""), flags, path, source, *where))


def _tell(note: tuple[object, ...]) -> None:
    # Opened anew each time: programs close, count and inherit descriptors.
    try:
        descriptor = _open(_EVIDENCE, os.O_WRONLY | os.O_APPEND | _CLOEXEC)
    except OSError as error:
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise
        return
    try:
        _write(descriptor, (ascii(note) + "\n").encode("ascii"))
    finally:
        _close(descriptor)


def _place(frame: FrameType | None) -> tuple[FrameType | None, int]:
    """The innermost frame of the audited tree, else the innermost of no standard library."""
    outside = None
    while frame is not None:
        kind = _kind(frame.f_code.co_filename)
        if kind == _INSIDE:
            return frame, frame.f_lineno
        if kind == _OUTSIDE and outside is None:
            outside = frame
        frame = frame.f_back
    return outside, 0 if outside is None else outside.f_lineno


def _kind(filename: str) -> int:
    known = _kinds.get(filename)
    if known is None:
        path = _code_path(filename)
        if filename.startswith(("<frozen", _LIBRARY)) and "site-packages" not in filename:
            known = _LIBRARIES
        elif path.startswith(_roots) and "site-packages" not in path and "dist-packages" not in path:
            known = _INSIDE
        else:
            known = _OUTSIDE
        _kinds[filename] = known
    return known


def _code_path(filename: str) -> str:
    return filename if filename.startswith("<") else _absolute(filename, _start)


def _absolute(path: str, folder: str = "") -> str:
    """A path from the root on. By hand, since os.path calls what the program may have replaced."""
    if not _is_posix:
        return _abspath(path)
    if not path.startswith("/"):
        path = f"{folder or _getcwd()}/{path}"
    if "/." not in path and "//" not in path:
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts[-1:] = []
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _thread_name(ident: int) -> str:
    """The thread's name. `threading.current_thread` would make one up for threads it doesn't know, and keep it."""
    threading = sys.modules.get("threading")
    thread = getattr(threading, "_active", {}).get(ident)
    return str(getattr(thread, "_name", "") or ("MainThread" if threading is None else ident))


def _begin() -> None:
    """Note from now on, and let the program's own sitecustomize run as it would have."""
    global _roots, _start  # noqa: PLW0603 - set once, before the hook runs
    descriptor = _open(os.path.join(_HERE, "root"), os.O_RDONLY | _CLOEXEC)
    try:
        _roots = tuple(root + os.sep for root in os.fsdecode(os.read(descriptor, 1 << 16)).split("\0"))
    finally:
        _close(descriptor)
    try:
        _start = _getcwd()
    except OSError:  # the folder is gone
        _start = os.sep
    _tell((_getpid(), "", "", -1, "", "", "", 0, ""))
    sys.addaudithook(_hook)


def _give_way() -> None:
    sys.path[:] = [entry for entry in sys.path if entry != _HERE]
    # Another object in our place: what is in sys.modules is emptied at the program's end, while files are still opened.
    sys.modules["sitecustomize"] = type(sys)("sitecustomize")
    del sys.modules["sitecustomize"]
    try:
        import sitecustomize  # type: ignore[import-not-found]  # noqa: F401, PLC0415
    except ImportError as error:
        if error.name != "sitecustomize":
            raise
    finally:
        sys.modules.setdefault("sitecustomize", type(sys)("sitecustomize"))


if __name__ == "sitecustomize":
    _begin()
    _give_way()
