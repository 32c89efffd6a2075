"""Raw calls with a ready body: what is sent is what was given, read while it is sent."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from antiphon.errors import InternalServerError, InvalidBody
from tests.transports.rude import Rude

from .answer import ok, wrong
from .colour import Colour, failure_of

TEXT = b"0123456789" * 20_000


def put(content: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda client: client.put("/p", cast_to=str, content=content, options=options)


def a_file(at: int = 0) -> io.BytesIO:
    file = io.BytesIO(TEXT)
    file.seek(at)
    return file


class Pipe(io.RawIOBase):
    """Bytes that come once."""

    def __init__(self) -> None:
        self.left = TEXT

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece, self.left = self.left[:size], self.left[size:]
        return piece


def generated() -> Iterator[bytes]:
    yield TEXT[:7]
    yield TEXT[7:]


@pytest.mark.parametrize(
    ("make", "sent", "sized"),
    [
        (lambda: TEXT, TEXT, True),
        (lambda: bytearray(TEXT), TEXT, True),
        (lambda: memoryview(TEXT), TEXT, True),
        (lambda: "Grüße", "Grüße".encode(), True),
        (a_file, TEXT, True),
        (lambda: a_file(10), TEXT[10:], True),
        (Pipe, TEXT, False),
        (generated, TEXT, False),
        (lambda: [TEXT[:3], TEXT[3:]], TEXT, False),
    ],
    ids=["bytes", "bytearray", "memoryview", "text", "file", "file from the middle", "pipe", "generator", "list"],
)
def test_what_is_given_is_sent(colour: Colour, make: Callable[[], Any], sent: bytes, sized: bool) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        it(put(make()))
        (request,) = server.requests
        assert request.body == sent
        assert (request.headers.get("content-length") == str(len(sent))) == sized


def test_a_path_is_sent_and_closed(colour: Colour, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(TEXT)
    with Rude(wrong(500), ok()) as server, colour.client(server.url) as it:
        it(put(path))
        assert [request.body for request in server.requests] == [TEXT, TEXT]


@pytest.mark.parametrize("make", [a_file, lambda: [TEXT]])
def test_what_can_be_had_again_is_retried(colour: Colour, make: Callable[[], Any]) -> None:
    with Rude(wrong(500), ok()) as server, colour.client(server.url) as it:
        it(put(make()))
        assert [request.body for request in server.requests] == [TEXT, TEXT]


@pytest.mark.parametrize("make", [Pipe, generated])
def test_what_comes_once_is_not(colour: Colour, make: Callable[[], Any]) -> None:
    with Rude(wrong(500), ok()) as server, colour.client(server.url) as it:
        assert isinstance(failure_of(it, put(make())), InternalServerError)
        assert len(server.requests) == 1


def test_async_iterables_are_for_async_clients(colour: Colour) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield TEXT

    with Rude(ok()) as server, colour.client(server.url) as it:
        if colour.is_async:
            it(put(pieces()))
            assert server.requests[0].body == TEXT
        else:
            assert isinstance(failure_of(it, put(pieces())), (InvalidBody, TypeError))


@pytest.mark.parametrize("content", [7, object(), io.StringIO("text")])
def test_what_cannot_be_sent(colour: Colour, content: Any) -> None:
    with Rude(ok()) as server, colour.client(server.url) as it:
        error = failure_of(it, put(content))
        assert isinstance(error, InvalidBody)
        assert "content" in str(error)
        assert not server.requests
