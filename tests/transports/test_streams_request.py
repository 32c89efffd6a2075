"""What the asyncio transport sends: bodies of every kind, early answers, heads that cannot be sent. On asyncio and on uvloop."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from antiphon.errors import InvalidBody
from antiphon.transports.streams import StreamTransport

from .asking import Parts, ask
from .looping import both_loops, hall_of, settled, with_transport
from .rude import Rude, hang_up, pause, reply

pytestmark = both_loops


async def produced(*parts: bytes) -> Any:
    for part in parts:
        await asyncio.sleep(0)
        yield part


@pytest.mark.parametrize(
    ("content", "seen", "framing"),
    [
        (lambda: b"a" * 200_000, b"a" * 200_000, "content-length"),
        (lambda: Parts([b"ab", b"", b"c"]), b"abc", "content-length"),
        (lambda: Parts([b"ab", b"", b"c"], sized=False), b"abc", "transfer-encoding"),
        (lambda: Parts([b"x" * 700_000] * 3), b"x" * 2_100_000, "content-length"),
        (lambda: produced(b"ab", b"", b"c"), b"abc", "transfer-encoding"),
    ],
)
def test_uploads(loop: str, content: Any, seen: bytes, framing: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                assert (await transport.send(ask(server.url, "POST", content()))).content == b"{}"

        with_transport(loop, main)
        assert [request.body for request in server.requests] == [seen] * 2
        assert framing in server.requests[0].headers
        assert server.connections == 1


@pytest.mark.parametrize("parts", [[b"abc"], [b"a"], ["text"]])
def test_a_body_that_is_not_what_it_declared(loop: str, parts: Any) -> None:
    class Lying(Parts):
        def __init__(self) -> None:
            super().__init__(parts, sized=False)
            self.length = 2

    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(InvalidBody):
                await transport.send(ask(server.url, "POST", Lying()))
            assert (await transport.send(ask(server.url))).content == b"{}"

        with_transport(loop, main)


def test_a_source_that_fails_closes_the_connection(loop: str) -> None:
    async def failing() -> Any:
        yield b"abc"
        raise LookupError("the user's own")

    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(LookupError, match="own"):
                await transport.send(ask(server.url, "POST", failing()))
            await settled(lambda: bool(server.peers) and server.peers[0].gone.is_set())

        with_transport(loop, main)


@pytest.mark.parametrize("ending", [hang_up, pause(0)])
def test_an_early_answer_ends_the_upload(loop: str, ending: Any) -> None:
    with Rude([reply(b"too much", 413), ending], early=True, keep_bodies=False) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, "POST", Parts([bytes(1_000_000)] * 50)))
            assert (reply.status_code, reply.content) == (413, b"too much")
            assert hall_of(transport).pool.idle == 0

        with_transport(loop, main)
        assert server.uploaded < 50_000_000


def test_a_head_that_cannot_be_sent(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(InvalidBody) as caught:
                await transport.send(ask(server.url, headers={"x-a": "b\r\nx-evil: 1"}))
            assert "evil" not in str(caught.value)
            assert (await transport.send(ask(server.url))).content == b"{}"

        with_transport(loop, main)
