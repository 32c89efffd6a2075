"""How a request's body is laid on the wire: with its length ahead, or in chunks.

Knows sizes and chunk syntax; refuses to know where the bytes come from or go to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from ..core.request import BodyStream, Request
from ..errors import InvalidBody

SMALL = 64 * 1024
"""Bodies up to this many bytes travel in one buffer with the head."""
PIECE = 256 * 1024
"""Larger ones are handed to the system in pieces of this many bytes."""

Buffer = bytes | memoryview


class Sized:
    """A body whose length was declared: what is sent must add up to it exactly.

    Args:
        length: the declared number of bytes.
    """

    __slots__ = ("_declared", "_sent")

    def __init__(self, length: int) -> None:
        self._declared = length
        self._sent = 0

    def piece(self, data: bytes) -> bytes:
        """The bytes to send for `data`.

        Raises:
            InvalidBody: the body is longer than declared; the excess is not sent.
        """
        self._sent += len(data)
        if self._sent > self._declared:
            raise InvalidBody(f"the body gave more than the {self._declared} bytes it declared; did the file grow?")
        return data

    def end(self) -> bytes:
        """The bytes that close the body.

        Raises:
            InvalidBody: the body is shorter than declared.
        """
        if self._sent != self._declared:
            raise InvalidBody(
                f"the body gave {self._sent} of the {self._declared} bytes it declared; did the file shrink?"
            )
        return b""


class Chunked:
    """A body of unknown length, in chunks."""

    __slots__ = ()

    def piece(self, data: bytes) -> bytes:
        """`data` as one chunk; nothing for empty data, which would end the body."""
        return b"%x\r\n%b\r\n" % (len(data), data) if data else b""

    def end(self) -> bytes:
        """The last chunk."""
        return b"0\r\n\r\n"


def framing(length: int | None) -> Sized | Chunked:
    """The framing of a body of `length` bytes, or of unknown length."""
    return Chunked() if length is None else Sized(length)


def length_of(content: Any) -> int | None:
    """The body's size in bytes, or `None` where it goes out in chunks."""
    if content is None:
        return 0
    if isinstance(content, bytes):
        return len(content)
    length: int | None = getattr(content, "length", None)
    return length


def rest(request: Request) -> Iterator[Buffer] | None:
    """What goes out after the buffer of `encode_request`, or `None` where that was all.

    Async iterables are the asyncio shell's own: it feeds their pieces to `framing(length_of(content))`.

    Raises:
        InvalidBody: while iterating: the body's length is not the declared one, or it gave something other than bytes.
    """
    content = request.content
    if content is None or (isinstance(content, bytes) and len(content) <= SMALL):
        return None
    if isinstance(content, bytes):
        return _slices(memoryview(content))
    if not isinstance(content, BodyStream):
        raise InvalidBody("an async iterable cannot be sent by a blocking client; pass bytes, a file or an iterable")
    return _framed(content)


def _slices(data: memoryview) -> Iterator[Buffer]:
    return (data[start : start + PIECE] for start in range(0, len(data), PIECE))


def _framed(content: BodyStream) -> Iterator[Buffer]:
    frame = framing(content.length)
    for data in content:
        yield from _slices(memoryview(frame.piece(checked(data))))
    if end := frame.end():
        yield end


def checked(data: object) -> bytes:
    """`data` if it is bytes.

    Raises:
        InvalidBody: it is something else.
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(cast("bytes", data))
    raise InvalidBody(f"the body gave {type(data).__name__} where bytes were due")
