"""Request bodies: lengths that must be kept, and chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import Origin
from antiphon.errors import InvalidBody
from antiphon.wire.framing import PIECE, SMALL, Chunked, Sized, checked, framing, length_of, rest


class Stream:
    def __init__(self, pieces: list[Any], length: int | None = None) -> None:
        self.pieces = pieces
        self.length = length

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pieces)

    def rewind(self) -> bool:
        return True


async def later() -> Any:
    yield b"x"


def sent(content: Any) -> list[bytes] | None:
    pieces = rest(Request("POST", Origin("http", "h", 80), "/", Headers(), content, Timeout(1)))
    return None if pieces is None else [bytes(piece) for piece in pieces]


@pytest.mark.parametrize("content", [None, b"", b"x", b"x" * SMALL])
def test_nothing_follows_a_small_body(content: Any) -> None:
    assert sent(content) is None


def test_large_bytes_go_in_slices() -> None:
    content = bytes(range(256)) * 4096
    pieces = sent(content)
    assert pieces is not None
    assert b"".join(pieces) == content
    assert [len(piece) for piece in pieces] == [PIECE] * 4


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (Stream([b"ab", b"", b"c"], 3), b"abc"),
        (Stream([], 0), b""),
        (Stream([b"ab", b"", b"c" * 17]), b"2\r\nab\r\n11\r\n" + b"c" * 17 + b"\r\n0\r\n\r\n"),
        (Stream([]), b"0\r\n\r\n"),
        (Stream([bytearray(b"ab"), memoryview(b"c")], 3), b"abc"),
    ],
)
def test_streams(stream: Stream, expected: bytes) -> None:
    assert b"".join(sent(stream) or []) == expected


@pytest.mark.parametrize(
    ("pieces", "length", "message"),
    [
        ([b"abcd"], 3, "more than the 3 bytes"),
        ([b"ab", b"cd"], 3, "more than the 3 bytes"),
        ([b"ab"], 3, "2 of the 3 bytes"),
        ([], 3, "0 of the 3 bytes"),
        (["text"], 3, "gave str where bytes were due"),
        ([None], None, "gave NoneType"),
    ],
)
def test_streams_that_lie(pieces: list[Any], length: int | None, message: str) -> None:
    with pytest.raises(InvalidBody, match=message):
        sent(Stream(pieces, length))


def test_the_excess_is_not_sent() -> None:
    pieces = rest(Request("POST", Origin("http", "h", 80), "/", Headers(), Stream([b"abc", b"d"], 3), Timeout(1)))
    assert pieces is not None
    assert bytes(next(pieces)) == b"abc"
    with pytest.raises(InvalidBody):
        next(pieces)


def test_async_iterables_are_for_the_other_colour() -> None:
    with pytest.raises(InvalidBody, match="async"):
        sent(later())


def test_framing_and_length() -> None:
    assert isinstance(framing(None), Chunked)
    assert isinstance(framing(0), Sized)
    assert [length_of(x) for x in (None, b"ab", Stream([], 7), Stream([]), later)] == [0, 2, 7, None, None]
    assert checked(b"x") == b"x"
