"""Where an upload's bytes come from, in parts: memory, a file on disk, an open file, or an iterator that is read once.

A part is a file of its own, read while it is sent and again from its start when it has to be sent again. Only what an iterator
gives is held in memory, one part at a time for each that is being sent. Knows nothing of the API.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import builtins

STEP = 1024 * 1024


class Slice(io.RawIOBase):
    """A stretch of something longer as a file of its own; subclasses say how to read at a position."""

    def __init__(self, start: int, size: int) -> None:
        super().__init__()
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, so that a part can be sent again."""
        return True

    def tell(self) -> int:
        """The position within the stretch."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move within the stretch."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        """Read on, up to the end of the stretch."""
        left = self._size - self._at
        if left <= 0:
            return 0
        count = self._fill(self._start + self._at, memoryview(buffer)[:left])
        self._at += count
        return count

    def _fill(self, position: int, buffer: memoryview) -> int:
        raise io.UnsupportedOperation("a slice of nothing")


class Window(Slice):
    """A stretch of a file on disk, opened on the first read.

    Args:
        path: the file.
        start: where the stretch begins, in bytes.
        size: how long it is, in bytes.
    """

    def __init__(self, path: str, start: int, size: int) -> None:
        super().__init__(start, size)
        self._path = path
        self._file: io.FileIO | None = None

    def _fill(self, position: int, buffer: memoryview) -> int:
        if self._file is None:
            self._file = io.FileIO(self._path)
        self._file.seek(position)
        return self._file.readinto(buffer)

    def close(self) -> None:
        """Close the file below."""
        if self._file is not None:
            self._file.close()
        super().close()


class _Shared(Slice):
    """A stretch of an open file that others read too."""

    def __init__(self, file: Any, lock: threading.Lock, start: int, size: int) -> None:
        super().__init__(start, size)
        self._file = file
        self._lock = lock

    def _fill(self, position: int, buffer: memoryview) -> int:
        with self._lock:
            self._file.seek(position)
            data = _bytes_of(self._file.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)


class Memory:
    """Bytes in memory."""

    name = None

    def __init__(self, content: builtins.bytes | bytearray | memoryview) -> None:
        self._content = memoryview(content).cast("B")
        self.size = self._content.nbytes

    def part(self, start: int, size: int) -> io.BytesIO:
        """A stretch of them."""
        return io.BytesIO(self._content[start : start + size])


class Disk:
    """A file on disk."""

    def __init__(self, path: os.PathLike[str] | str) -> None:
        self._path = Path(path)
        self.name = self._path.name
        self.size = self._path.stat().st_size

    def part(self, start: int, size: int) -> Window:
        """A stretch of it."""
        return Window(str(self._path), start, size)


class OpenFile:
    """An open binary file that can seek; read from its beginning, and left open."""

    def __init__(self, file: Any) -> None:
        name = getattr(file, "name", None)
        self.name = Path(name).name if isinstance(name, str) else None
        self.size = int(file.seek(0, os.SEEK_END))
        self._file = file
        self._lock = threading.Lock()

    def part(self, start: int, size: int) -> _Shared:
        """A stretch of it."""
        return _Shared(self._file, self._lock, start, size)


class Once:
    """Bytes that come in order, once: an iterator, or an open file that cannot seek.

    Attributes:
        md5: of all that was read so far.
    """

    name = None

    def __init__(self, content: Any, size: int) -> None:
        self.size = size
        self.md5 = hashlib.md5(usedforsecurity=False)
        self._pieces = _pieces(content.read) if hasattr(content, "read") else iter(content)
        self._pending = bytearray()
        self._read = 0

    @property
    def fresh(self) -> bool:
        """Whether nothing was read yet."""
        return self._read == 0 and not self._pending

    def take(self, size: int) -> builtins.bytes:
        """The next bytes, exactly `size`.

        Raises:
            TypeError: a piece is not bytes.
            ValueError: there are fewer or, after the last ones, more bytes than were announced.
        """
        self._gather(size)
        data = bytes(self._pending[:size])
        del self._pending[:size]
        self._read += len(data)
        self.md5.update(data)
        if len(data) < size:
            raise ValueError(f"the content ended after {self._read} bytes; {self.size} were announced")
        if self._read == self.size:
            self._gather(1)
            if self._pending:
                raise ValueError(f"the content goes on after the {self.size} bytes that were announced")
        return data

    def _gather(self, size: int) -> None:
        while len(self._pending) < size and (piece := next(self._pieces, None)) is not None:
            self._pending += _bytes_of(piece)


Source = Memory | Disk | OpenFile | Once


def _pieces(read: Callable[[int], Any]) -> Iterator[Any]:
    while piece := read(STEP):
        yield piece


def _bytes_of(piece: Any) -> builtins.bytes:
    if not isinstance(piece, (bytes, bytearray, memoryview)):
        raise TypeError(f"an upload needs bytes, not {type(piece).__name__}; open files in binary mode")
    return cast("builtins.bytes", piece)


def source_of(content: Any, size: int | None) -> Source:
    """The source for a path, bytes, an open binary file, or an iterable of bytes.

    Raises:
        TypeError: it is none of these, or its size is needed and not given.
        ValueError: it is not as large as was said.
        OSError: the path cannot be looked at.
    """
    if isinstance(content, (str, os.PathLike)):
        source: Source = Disk(cast("str", content))
    elif isinstance(content, (bytes, bytearray, memoryview)):
        source = Memory(cast("memoryview", content))
    elif isinstance(content, io.TextIOBase):
        raise TypeError("the file gives text; open it in binary mode: open(path, 'rb')")
    elif hasattr(content, "read") and hasattr(content, "seekable") and content.seekable():
        source = OpenFile(content)
    elif hasattr(content, "read") or hasattr(content, "__iter__"):
        if size is None:
            raise TypeError("content that is read once needs the argument bytes, its size")
        return Once(content, size)
    else:
        raise TypeError(f"an upload needs a path, bytes, a binary file or an iterable, not {type(content).__name__}")
    if size is not None and size != source.size:
        raise ValueError(f"the content has {source.size} bytes, not {size}")
    return source
