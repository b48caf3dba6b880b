"""Files as their lines' bytes: compressed or not, in UTF-8, UTF-16 or UTF-32, from any position on.

A position counts bytes of the content, that is, after decompressing.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, NamedTuple, Self, cast

from foundups_logging.errors import MigrationError

__all__ = ["Block", "Source", "chained", "codec_of", "encoding_of", "lines_of", "offsets_of"]

_BLOCK: Final = 1 << 20  # bytes; a multiple of every code unit's size
_PACKED: Final = 8 << 10  # bytes of zstd that are unpacked at once: it may be very much more then
_GZIP: Final = b"\x1f\x8b\x08"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_BOMS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


class Block(NamedTuple):
    """Whole lines: where they begin, and their bytes; `is_open` where the last one has no end."""

    start: int
    raw: bytes
    is_open: bool


class Source:
    """A file, or a pipe, that is read from a position on. Raises MigrationError where it can't be.

    `is_compressed` tells that it is whole, so that its last line needs no end. `position` is where
    the next byte is read.
    """

    def __init__(self, path: Path, pipe: io.BufferedReader | None = None) -> None:
        self.path = path
        self._stream: Any = pipe if pipe is not None else self._open()
        # A pipe's other end may take its time.
        self._read_some: Callable[[int], bytes] = self._stream.read if pipe is None else pipe.read1
        self.is_compressed = pipe is None and self._stream_kind != ""
        self.position = 0

    def _open(self) -> Any:  # noqa: ANN401 - one of several files
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise self._error(error.strerror or str(error), "check the path and its permissions") from error
        magic = file.read(4)
        file.seek(0)
        self._stream_kind = "gzip" if magic[:3] == _GZIP else "zstd" if magic == _ZSTD else ""
        if self._stream_kind == "gzip":
            file.close()
            return gzip.open(self.path, "rb")
        if self._stream_kind == "zstd":
            try:
                import zstandard  # noqa: PLC0415 - of an extra
            except ImportError as error:
                file.close()
                raise self._error("it is compressed by zstd", 'pip install "foundups-logging[migrate]"') from error
            return _ZstdStream(file, zstandard.ZstdDecompressor().decompressobj)
        return file

    def advance(self, position: int, kept: int = 0) -> bytes:
        """Go to `position`, at the beginning; return the last `kept` bytes before it. Raises MigrationError."""
        if not self.is_compressed and self._stream.seekable():
            self.position = max(0, position - kept)
            self._stream.seek(self.position)
        last = b""
        for data in self.chunks(position - self.position):
            last = (last + data)[-kept:] if kept else b""
        return last

    def chunks(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes in parts; they end early where the file does. Raises MigrationError."""
        while size > 0:
            data = self._read(min(size, _BLOCK))
            if not data:
                return
            size -= len(data)
            yield data

    def blocks(self, encoding: str, *, takes_open_line: bool, size: int = 1 << 62) -> Iterator[Block]:
        """Blocks of whole lines up to the end, or `size` bytes, and an unfinished last line where it is to be taken.

        Raises MigrationError.
        """
        newline = "\n".encode(encoding)
        parts: list[bytes] = []
        start = self.position
        for data in self.chunks(size):
            if len(newline) > 1:  # its place counts from the line's start
                parts = [b"".join((*parts, data))]
            else:
                parts.append(data)
            cut = _last_line_end(parts[-1], newline)
            if cut:
                rest = parts[-1][cut:]
                raw = b"".join((*parts[:-1], parts[-1][:cut]))
                parts = [rest] if rest else []
                yield Block(start, raw, is_open=False)
                start += len(raw)
        if parts and takes_open_line:
            yield Block(start, b"".join(parts), is_open=True)

    def _read(self, size: int) -> bytes:
        try:
            data = self._read_some(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._error(
                f"the compressed content breaks off: {error}", "restore the file, or unpack it"
            ) from error
        except OSError as error:
            raise self._error(error.strerror or str(error), "see what ails the disk") from error
        except Exception as error:
            if type(error).__module__.startswith("zstandard"):
                raise self._error(
                    f"the compressed content is broken: {error}", "restore the file, or unpack it"
                ) from error
            raise
        self.position += len(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _error(self, message: str, hint: str) -> MigrationError:
        return MigrationError(message, operation="read", path=self.path, hint=hint)


class _ZstdStream:
    """What a zstd file holds, frame after frame; unlike zstandard's own reader, it says where the last is cut."""

    def __init__(self, file: BinaryIO, new_frame: Callable[[], Any]) -> None:
        self._file, self._new_frame = file, new_frame
        self._frame = new_frame()
        self._packed = self._plain = b""
        self._is_begun = False

    def read(self, size: int) -> bytes:
        """Up to `size` bytes, none at the end. Raises EOFError, zstandard.ZstdError, OSError."""
        while not self._plain:
            self._packed = self._packed or self._file.read(_PACKED)
            if not self._packed:
                if self._is_begun:
                    raise EOFError("the last frame is cut")
                return b""
            self._plain, self._is_begun = self._frame.decompress(self._packed), True
            self._packed = self._frame.unused_data
            if self._frame.eof:
                self._frame, self._is_begun = self._new_frame(), False
        data, self._plain = self._plain[:size], self._plain[size:]
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def seekable(self) -> bool:
        """Only from its start on."""
        return False


def encoding_of(head: bytes) -> str:
    """The encoding of a file by its first bytes: by the byte order mark, or the NULs that ASCII has there."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    zeros = tuple(byte == 0 for byte in head[:4])
    patterns = {
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
    }
    return patterns.get(cast("tuple[bool, bool, bool, bool]", zeros), "utf-8")


def lines_of(raw: bytes, encoding: str) -> list[str]:
    """The lines of a block without their ends; bytes that can't be decoded become lone surrogates."""
    return [line.decode(*codec_of(line, encoding)) for line in _raw_lines(raw, encoding)]


def offsets_of(raw: bytes, encoding: str) -> tuple[list[bytes], list[int]]:
    """The bytes of a block's lines without their ends, and where in the block each begins."""
    lines = _raw_lines(raw, encoding)
    width = len("\n".encode(encoding))
    return lines, list(accumulate((len(line) + width for line in lines), initial=0))


def chained(before: bytes, digest: bytes) -> bytes:
    """The running hash after a chunk of that SHA-256, where it was `before` (empty at a file's start)."""
    return hashlib.sha256(before + digest).digest()


def codec_of(raw: bytes, encoding: str) -> tuple[str, str]:
    """The codec, and what it does with errors, by which a line becomes text and bytes again.

    A line that is nothing in the file's encoding is read as UTF-8: another program may have written it.
    """
    if encoding == "utf-8":
        return encoding, "surrogateescape"
    try:
        raw.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return "utf-8", "surrogateescape"
    return encoding, "surrogatepass"


def _raw_lines(raw: bytes, encoding: str) -> list[bytes]:
    newline = "\n".encode(encoding)
    if len(newline) == 1:
        lines = raw.split(newline)
    else:
        lines, start = [], 0
        while (end := _next_line_end(raw, newline, start)) >= 0:
            lines.append(raw[start:end])
            start = end + len(newline)
        lines.append(raw[start:])
    if not lines[-1]:
        lines.pop()
    return lines


def _next_line_end(raw: bytes, newline: bytes, start: int) -> int:
    """Where the next line end begins, among the code units from `start` on; -1 for none."""
    found = raw.find(newline, start)
    while found >= 0 and (found - start) % len(newline):
        found = raw.find(newline, found + 1)
    return found


def _last_line_end(data: bytes, newline: bytes) -> int:
    """Where the last line end of `data`, which begins with a line, is over; 0 for none."""
    found = data.rfind(newline)
    while found >= 0 and found % len(newline):
        found = data.rfind(newline, 0, found + len(newline) - 1)
    return found + len(newline) if found >= 0 else 0
