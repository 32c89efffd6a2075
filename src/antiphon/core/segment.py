"""Cutting a body that comes in pieces: to equal sizes, to text, to lines. Pure; both colours pour their bodies through it.

Each cutter has `feed(piece)` and `end()`, which give what is complete. Time is linear, however small the pieces are.
"""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar, cast

S = TypeVar("S", bytes, str)
A_contra = TypeVar("A_contra", contravariant=True)
B_co = TypeVar("B_co", covariant=True)
A = TypeVar("A")
B = TypeVar("B")


class Cutter(Protocol[A_contra, B_co]):
    """What all cutters do."""

    def feed(self, piece: A_contra) -> Iterable[B_co]:
        """What `piece` completes."""
        ...

    def end(self) -> Iterable[B_co]:
        """What is left."""
        ...


class Sized(Generic[S]):
    """Segments of exactly `size` bytes or characters, but for the last; as they come where `size` is `None`.

    >>> sized = Sized(2)
    >>> [*sized.feed("abc"), *sized.feed("de"), *sized.end()]
    ['ab', 'cd', 'e']

    Raises:
        ValueError: `size` is less than 1.
    """

    def __init__(self, size: int | None) -> None:
        if size is not None and size < 1:
            raise ValueError(f"chunk_size must be 1 or more, or None; got {size}")
        self._size = size
        self._held: list[S] = []
        self._length = 0

    def feed(self, piece: S) -> Iterable[S]:
        """The segments that `piece` completes."""
        size = self._size
        if not piece:
            return
        if size is None:
            yield piece
            return
        self._held.append(piece)
        self._length += len(piece)
        if self._length >= size:
            whole = self._joined()
            cut = len(whole) - len(whole) % size
            self._held, self._length = [whole[cut:]], len(whole) - cut
            for start in range(0, cut, size):
                yield whole[start : start + size]

    def end(self) -> Iterable[S]:
        """The last segment, unless it is empty."""
        if self._length:
            yield self._joined()

    def _joined(self) -> S:
        held: list[Any] = self._held
        return cast("S", held[0][:0].join(held))


class Text:
    """Text from bytes; what does not fit the encoding becomes U+FFFD.

    Args:
        encoding: the name of a known encoding.
        then: what cuts the text.
    """

    def __init__(self, encoding: str, then: Cutter[str, str]) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._then = then

    def feed(self, piece: bytes) -> Iterable[str]:
        """The text that `piece` completes."""
        return self._then.feed(self._decoder.decode(piece))

    def end(self) -> Iterable[str]:
        """The rest."""
        yield from self._then.feed(self._decoder.decode(b"", True))
        yield from self._then.end()


class Lines:
    r"""Lines without their ends, which are LF, CR or CRLF and nothing else: JSON may hold U+2028 and its like.

    >>> lines = Lines()
    >>> [*lines.feed("a\r"), *lines.feed("\nb\u2028"), *lines.end()]
    ['a', 'b\u2028']
    """

    def __init__(self) -> None:
        self._held: list[str] = []
        self._skip_lf = False

    def feed(self, piece: str) -> Iterable[str]:
        """The lines that `piece` completes."""
        if self._skip_lf and piece:
            self._skip_lf = False
            piece = piece.removeprefix("\n")
        if "\r" in piece:
            self._skip_lf = piece.endswith("\r")
            piece = piece.replace("\r\n", "\n").replace("\r", "\n")
        first, *rest = piece.split("\n")
        self._held.append(first)
        if rest:
            yield "".join(self._held)
            self._held = [rest.pop()]
            yield from rest

    def end(self) -> Iterable[str]:
        """The last line, where no line end follows it."""
        if rest := "".join(self._held):
            yield rest


def cut(pieces: Iterable[A], cutter: Cutter[A, B]) -> Iterator[B]:
    """Everything a cutter makes of `pieces`."""
    for piece in pieces:
        yield from cutter.feed(piece)
    yield from cutter.end()


async def cut_async(pieces: AsyncIterable[A], cutter: Cutter[A, B]) -> AsyncIterator[B]:
    """As `cut`."""
    async for piece in pieces:
        for segment in cutter.feed(piece):
            yield segment
    for segment in cutter.end():
        yield segment


def text_cutter(encoding: str, size: int | None) -> Cutter[bytes, str]:
    """Bytes to text, in segments of `size` characters, or as they come."""
    sized: Cutter[str, Any] = Sized[str](size)
    return Text(encoding, sized)


def line_cutter(encoding: str) -> Cutter[bytes, str]:
    """Bytes to lines of text."""
    return Text(encoding, Lines())
