"""A reply reads and tells what httpx's responses do, compared with httpx2 on the same input."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import httpx2
import pytest

import antiphon
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.timeout import Timeout
from antiphon.core.url import URL
from antiphon.errors import NotFoundError, StreamAlreadyConsumed
from tests.client.answer import wrong
from tests.client.colour import Colour
from tests.transports.rude import Rude, chunked, hang_up

REQUEST = Request("GET", URL("http://h/x").origin, "/x", Headers(), None, Timeout(5))
FIELDS = [
    ("Content-Type", "text/plain; charset=iso-8859-1"),
    ("Set-Cookie", "a=1; Path=/; HttpOnly"),
    ("Set-Cookie", "b=two"),
    ("Link", '<https://h/2>; rel="next"; title="a", <https://h/9>; rel=last'),
    ("Content-Length", "8"),
]
BODY = "ä\r\nb\nc\rd".encode("latin-1")
FACTS = (
    *("is_informational", "is_success", "is_redirect", "is_client_error", "is_server_error", "is_error"),
    *("has_redirect_location", "is_closed", "is_stream_consumed", "reason_phrase", "charset_encoding", "encoding"),
    *("status_code", "text", "content", "links", "history", "next_request", "num_bytes_downloaded"),
)


def pair(status: int = 200, fields: Any = FIELDS, body: bytes = BODY) -> tuple[Reply, httpx2.Response]:
    ours = Reply(status, Headers(fields), request=REQUEST, content=body)
    theirs = httpx2.Response(
        status, headers=fields, stream=httpx2.ByteStream(body), request=httpx2.Request("GET", "http://h/x")
    )
    theirs.read()
    return ours, theirs


@pytest.mark.parametrize("status", [200, 204, 301, 304, 307, 404, 429, 500, 599])
def test_the_facts_are_the_same(status: int) -> None:
    fields = [*FIELDS, ("Location", "/y")] if status == 301 else FIELDS
    ours, theirs = pair(status, fields)
    assert {name: getattr(ours, name) for name in FACTS} == {name: getattr(theirs, name) for name in FACTS}
    assert ours.cookies == dict(theirs.cookies) == {"a": "1", "b": "two"}


def test_without_fields_there_is_nothing_to_tell() -> None:
    ours, theirs = pair(fields=[], body=b"")
    assert (ours.cookies, ours.links, ours.charset_encoding) == (
        dict(theirs.cookies),
        theirs.links,
        theirs.charset_encoding,
    )
    assert ours.num_bytes_downloaded == theirs.num_bytes_downloaded == 0
    assert Reply(200, Headers([("Set-Cookie", "\x00=;=")]), request=REQUEST, content=b"").cookies == {}


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "hex", "nonsense", "a\0b", '""'])
def test_a_charset_that_is_none_is_read_as_utf_8(charset: str) -> None:
    reply = Reply(200, Headers([("Content-Type", f"text/plain; charset={charset}")]), REQUEST, "ä\xff".encode())
    assert reply.encoding == "utf-8"
    assert reply.text == "".join(reply.iter_text()) == "ä\xff"


def test_a_length_that_cannot_be_is_not_believed() -> None:
    reply = Reply(200, Headers([("Content-Length", "9" * 5000)]), REQUEST, b"abc")
    assert reply.num_bytes_downloaded == 3


def test_a_body_that_was_read_is_read_again() -> None:
    ours, theirs = pair()
    assert ours.read() == theirs.read()
    assert list(ours.iter_lines()) == list(theirs.iter_lines())
    for size in (None, 1, 4):
        assert list(ours.iter_bytes(size)) == list(theirs.iter_bytes(size))
        assert list(ours.iter_text(size)) == list(theirs.iter_text(size))
    assert b"".join(ours.iter_raw()) == BODY
    ours.close()

    async def read() -> None:
        assert await ours.aread() == BODY
        assert b"".join([piece async for piece in ours.aiter_bytes(2)]) == BODY
        assert b"".join([piece async for piece in ours.aiter_raw()]) == BODY
        assert "".join([piece async for piece in ours.aiter_text()]) == ours.text
        assert [line async for line in ours.aiter_lines()] == list(theirs.iter_lines())
        await ours.aclose()

    asyncio.run(read())
    assert pickle.loads(pickle.dumps(ours)).read() == BODY


class TestOpen:
    """A reply whose body is still open, as `with_streaming_response` holds it."""

    @pytest.fixture(params=["sync", "async"])
    def colour(self, request: pytest.FixtureRequest) -> Colour:
        return Colour(request.param, "own")

    def inside(self, colour: Colour, do: Any) -> Any:
        with Rude(chunked(b'{"id":', b' "m"}')) as server, colour.client(server.url) as it:
            return it.entered(lambda client: client.models.with_streaming_response.retrieve("m"), do)

    def test_it_is_read_through_the_reply(self, colour: Colour) -> None:
        def do(response: Any) -> Any:
            reply = response.http_response
            assert (reply.is_closed, reply.is_stream_consumed, reply.num_bytes_downloaded) == (False, False, 0)
            if not colour.is_async:
                return reply.read(), response.read()

            async def read() -> Any:
                return await reply.aread(), await response.read()

            return read()

        assert self.inside(colour, do) == (b'{"id": "m"}',) * 2

    @pytest.mark.parametrize("first", ["reply", "response"])
    def test_it_is_iterated_once(self, colour: Colour, first: str) -> None:
        def do(response: Any) -> Any:
            reply = response.http_response
            if not colour.is_async:
                pieces = b"".join((reply if first == "reply" else response).iter_bytes())
                with pytest.raises(StreamAlreadyConsumed):
                    (response if first == "reply" else reply).read()
                return pieces

            async def read() -> Any:
                source = reply.aiter_bytes() if first == "reply" else response.iter_bytes()
                pieces = b"".join([piece async for piece in source])
                with pytest.raises(StreamAlreadyConsumed):
                    await (response.read() if first == "reply" else reply.aread())
                return pieces

            return read()

        assert self.inside(colour, do) == b'{"id": "m"}'

    def test_closing_it_gives_it_up(self, colour: Colour) -> None:
        def do(response: Any) -> Any:
            reply = response.http_response
            if colour.is_async:

                async def close() -> Any:
                    await reply.aclose()
                    return reply

                return close()
            reply.close()
            return reply

        assert self.inside(colour, do).is_closed

    def test_a_plain_read_of_an_async_reply_says_so(self) -> None:
        def do(response: Any) -> Any:
            async def read() -> Any:
                with pytest.raises(RuntimeError, match="aread"):
                    response.http_response.read()

            return read()

        self.inside(Colour("async", "own"), do)


def test_an_errors_response_has_them(recwarn: pytest.WarningsRecorder) -> None:
    with Rude(wrong(404, "Set-Cookie: a=1"), hang_up) as server:
        client = antiphon.OpenAI(api_key="sk-1", base_url=f"{server.url}/v1", max_retries=0)
        with pytest.raises(NotFoundError) as caught:
            client.models.retrieve("m")
        response = caught.value.response
        assert (response.is_client_error, response.reason_phrase, response.cookies) == (True, "Not Found", {"a": "1"})
        assert response.read() == response.content
        client.close()
