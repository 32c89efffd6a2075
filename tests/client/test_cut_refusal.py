"""A refusal whose body breaks off is told as the refusal it is, with what came of it; it is not asked for again.

Over antiphon's own wire: a borrowed client takes it for a broken connection before anyone can see the status.
"""

from __future__ import annotations

import gzip
from functools import partial

import pytest

import antiphon
from tests.transports.rude import Action, Rude, chunk, chunked_head, hang_up, pause, reset

from .answer import create
from .colour import Colour, failure_of

SAID = b'{"error": {"message": "no such model", "code": "m'
HEAD = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
ZIPPED = gzip.compress(SAID + b'", "type": "t"}}')

CUTS: dict[str, bytes] = {
    "length": HEAD + b"Content-Length: 5000\r\n\r\n" + SAID,
    "chunks": chunked_head(status=404) + chunk(SAID),
    "nothing came": HEAD + b"Content-Length: 5000\r\n\r\n",
    "compressed": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5000\r\n\r\n" + ZIPPED[:-8],
}


@pytest.mark.parametrize("colour", [Colour("sync", "own"), Colour("async", "own")])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("end", [hang_up, reset])
@pytest.mark.parametrize("cut", CUTS)
def test_a_refusal_that_breaks_off(colour: Colour, cut: str, end: Action, stream: bool) -> None:
    with Rude([CUTS[cut], pause(0.05), end]) as server, colour.client(server.url, max_retries=1) as it:
        error = failure_of(it, partial(create, stream=stream))
        assert type(error) is antiphon.NotFoundError
        assert ("no such model" in str(error)) == (cut != "nothing came")
        assert len(server.requests) == 1


UNREADABLE = {
    "unknown coding": HEAD + b"Content-Encoding: br\r\nContent-Length: 4\r\n\r\nabcd",
    "not gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    "junk behind gzip": HEAD
    + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(ZIPPED) + 4, ZIPPED + b"junk"),
    "bad chunk": chunked_head(status=404) + chunk(SAID) + b"zz\r\n",
}


@pytest.mark.parametrize("colour", [Colour("sync", "own"), Colour("async", "own")])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("body", UNREADABLE)
def test_a_refusal_that_cannot_be_read(colour: Colour, body: str, stream: bool) -> None:
    with Rude(UNREADABLE[body]) as server, colour.client(server.url, max_retries=1) as it:
        assert type(failure_of(it, partial(create, stream=stream))) is antiphon.NotFoundError
        assert type(failure_of(it, create)) is antiphon.NotFoundError
        assert len(server.requests) == 2
