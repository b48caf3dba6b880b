"""A file's content as lines, in bounded memory: hashed, decompressed and decoded on the way.

Lines end at a line feed alone. Held at a time are one block and the line that
has begun; of a line of more than `LONGEST_LINE` bytes nothing is held.
"""

from __future__ import annotations

import bz2
import codecs
import errno
import gzip
import hashlib
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Final, Protocol, cast

zstandard: ModuleType | None
try:
    import zstandard
except ImportError:  # pragma: no cover - a file that needs it is told as unreadable
    zstandard = None

__all__ = ["HEAD", "LONGEST_LINE", "DamagedError", "HashedFile", "blocks", "encoding_of", "hash_of", "lines"]

#: Most bytes of a line that are held; a longer one is counted, but not read.
LONGEST_LINE: Final = 128 << 20
#: Most bytes of the first block, which tells whether the others are worth reading.
HEAD: Final = 64 << 10
_BLOCK: Final = 1 << 20
_UTF16_SHARE: Final = 0.4  # of NUL bytes, at least, in text of two bytes a character
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

Report = Callable[[int], None]


class _Content(Protocol):
    def read(self, size: int, /) -> bytes: ...


class DamagedError(Exception):
    """A compressed stream is cut or changed; the text says how."""


class HashedFile(io.RawIOBase):
    """A file as it was when it was opened, without what is appended later; `sha256` is of all that was read."""

    def __init__(self, path: Path, report: Report | None = None) -> None:
        self._file = path.open("rb", buffering=0)
        self._left = os.fstat(self._file.fileno()).st_size
        self._hash = hashlib.sha256()
        self._report = report
        self.size = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - typeshed's Buffer is no class of Python 3.11
        """Read the next bytes into `buffer`; how many they are."""
        view = memoryview(buffer)[: self._left]
        count = self._file.readinto(view) or 0
        self._left -= count
        self.size += count
        self._hash.update(view[:count])
        if self._report is not None:
            self._report(count)
        return count

    def finish(self) -> str:
        """Read what is left; the SHA-256 of the whole, in hexadecimal."""
        buffer = bytearray(_BLOCK)
        while self.readinto(buffer):
            pass
        return self._hash.hexdigest()

    def close(self) -> None:
        """Close the file."""
        if hasattr(self, "_file"):  # it could be opened
            self._file.close()
        super().close()


def hash_of(path: Path, report: Report | None = None) -> str:
    """The SHA-256 of a file's content in hexadecimal; `report` is told each count of bytes read. Raises OSError."""
    with HashedFile(path, report) as file:
        return file.finish()


def blocks(file: HashedFile, compression: str) -> Iterator[bytes]:
    """The decompressed content, a block at a time, the first of at most `HEAD` bytes; none is empty.

    Raises DamagedError where the stream breaks, after the blocks before that, and OSError.
    """
    size = HEAD
    with _decompressed(file, compression) as content:
        while True:
            try:
                block = content.read(size)
            except OSError as error:
                if error.errno is not None:
                    raise
                raise DamagedError(str(error)) from error  # what bz2 and gzip say of their data
            except (EOFError, zlib.error, lzma.LZMAError) as error:
                raise DamagedError(str(error)) from error
            except Exception as error:
                if zstandard is not None and isinstance(error, zstandard.ZstdError):
                    raise DamagedError(str(error)) from error
                raise
            if not block:
                return
            yield block
            size = _BLOCK


def _decompressed(file: HashedFile, compression: str) -> AbstractContextManager[_Content]:
    raw = cast("IO[bytes]", file)
    if not compression:
        return nullcontext(raw)
    if compression == "gzip":
        return gzip.GzipFile(fileobj=raw)
    if compression == "bzip2":
        return bz2.BZ2File(raw)
    if compression == "xz":
        return lzma.LZMAFile(raw)
    if zstandard is None:
        raise OSError(errno.ENOSYS, "the package zstandard, which reads it, isn't installed")
    reader = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True, closefd=False)
    return cast("AbstractContextManager[_Content]", reader)


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding that a file's first bytes tell ("utf-8" where nothing does), and the length of the mark to skip."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, len(mark) if encoding == "utf-8" else 0
    sample = head[:1024]
    if len(sample) > 1 and not head.startswith(b"\0\0"):
        for encoding, first in (("utf-16-be", 0), ("utf-16-le", 1)):
            nuls = sample[first::2].count(0)
            if nuls > _UTF16_SHARE * len(sample) / 2 and not sample[1 - first :: 2].count(0):
                return encoding, 0
    return "utf-8", 0


def _as_utf8(content: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        for block in content:
            if text := decoder.decode(block):
                yield text.encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise DamagedError(str(error)) from error


def lines(content: Iterable[bytes], encoding: str = "utf-8") -> Iterator[list[bytes | None]]:
    """The lines without their line feeds, some at a time; None for one that is longer than `LONGEST_LINE`.

    What follows the last line feed is a line unless it is empty.
    """
    held: list[bytes] = []
    size = 0
    for block in content if encoding == "utf-8" else _as_utf8(content, encoding):
        found: list[bytes | None] = list(block.split(b"\n"))
        last = cast("bytes", found.pop())
        if found:
            first = cast("bytes", found[0])
            size += len(first)
            found[0] = b"".join([*held, first]) if size <= LONGEST_LINE else None
            held.clear()
            size = 0
            yield found
        size += len(last)
        if size > LONGEST_LINE:
            held.clear()
        elif last:
            held.append(last)
    if size:
        yield [b"".join(held) if size <= LONGEST_LINE else None]
