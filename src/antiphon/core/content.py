"""Ready bodies of raw calls: bytes, a file, a path, or an iterable of bytes, sent as they are and never read whole.

It knows where bytes come from and whether they can be had again. It refuses to know what they mean.
"""

from __future__ import annotations

import io
import os
from collections.abc import AsyncIterable, Callable, Collection, Iterable, Iterator
from typing import Any, cast

from ..errors import InvalidBody
from .request import Content

PIECE = 64 * 1024


def content_of(value: Any) -> Content:
    """A body that can be sent.

    Args:
        value: bytes, text (as UTF-8), an open binary file (from where it stands), a path, an iterable of bytes, or, for async
            clients, an async iterable of bytes.

    Raises:
        InvalidBody: it is none of these.
    """
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytearray, memoryview)):
        return bytes(cast("bytes", value))
    if isinstance(value, os.PathLike):
        from .files import PathSource

        source = PathSource(cast("os.PathLike[str]", value), "content")
        return _Ready(source.pieces, source.length, again=source.length is not None)
    if hasattr(value, "read"):
        return _file(value)
    if isinstance(value, AsyncIterable):
        return cast("AsyncIterable[bytes]", value)
    if isinstance(value, Iterable):
        pieces = cast("Iterable[bytes]", value)
        return _Ready(lambda: iter(pieces), None, again=isinstance(pieces, Collection))
    raise InvalidBody(
        f"content must be bytes, a binary file, a path or an iterable of bytes; got {type(value).__name__}", "content"
    )


class _Ready:
    """A body that is read while it is sent; implements `core.request.BodyStream`."""

    def __init__(self, pieces: Callable[[], Iterator[bytes]], length: int | None, *, again: bool) -> None:
        self._pieces = pieces
        self._again = again
        self._used = False
        self.length = length

    def __iter__(self) -> Iterator[bytes]:
        self._used = True
        return self._pieces()

    def rewind(self) -> bool:
        return self._again or not self._used


def _file(file: Any) -> _Ready:
    if isinstance(file, io.TextIOBase):
        raise InvalidBody("the file at `content` gives text; open it in binary mode: open(path, 'rb')", "content")
    seekable = hasattr(file, "seekable") and file.seekable()
    if not seekable:
        return _Ready(lambda: iter(lambda: file.read(PIECE), b""), None, again=False)
    start = file.tell()
    length = file.seek(0, os.SEEK_END) - start
    file.seek(start)

    def pieces() -> Iterator[bytes]:
        file.seek(start)
        return iter(lambda: file.read(PIECE), b"")

    return _Ready(pieces, length, again=True)
