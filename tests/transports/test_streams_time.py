"""Time bounds of asyncio connections: silence, deadlines, slow readers and sources, the line. On both loops."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import APITimeoutError, DeadlineExceeded, PoolTimeout, ReadTimeout, WriteTimeout
from antiphon.transports.streams import StreamTransport

from .asking import aread_to_end, ask
from .looping import both_loops, settled, with_transport
from .rude import Rude, chunk, chunked, chunked_head, drip, hang, pause, reply

pytestmark = both_loops


def allowing(seconds: float, *phases: str) -> Timeout:
    return Timeout((None,) * 4) if not phases else Timeout(5.0, **dict.fromkeys(phases, seconds))


# -- time --------------------------------------------------------------------------------------------------------------


SILENT: list[tuple[str, Any, str]] = [
    ("no head", hang, "head"),
    ("half a head", [b"HTTP/1.1 200", hang], "head"),
    ("half a body", [reply(b"abc", length=10), hang], "body"),
]


@pytest.mark.parametrize(("answer", "phase"), [each[1:] for each in SILENT], ids=[each[0] for each in SILENT])
@pytest.mark.parametrize("stream", [False, True])
def test_a_silent_server(loop: str, answer: Any, phase: str, stream: bool) -> None:
    with Rude(answer) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(ReadTimeout) as caught:
                reply = await transport.send(ask(server.url, timeout=allowing(0.1, "read"), stream=stream))
                await aread_to_end(reply.body)
            error = caught.value
            assert (error.phase, error.sent, error.host) == (phase, "maybe", f"127.0.0.1:{server.port}")
            assert error.elapsed is not None
            assert 0.09 < error.elapsed < 2
            await settled(server.peers[0].gone.is_set)

        with_transport(loop, main)


def test_a_timed_out_event_stream_says_so(loop: str) -> None:
    with Rude([chunked_head(), chunk(b"data: 1\n\n"), hang]) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, timeout=allowing(0.1, "read"), stream=True, events=True))
            with pytest.raises(ReadTimeout) as caught:
                await aread_to_end(reply.body)
            assert caught.value.phase == "stream"

        with_transport(loop, main)


def test_a_slow_but_lively_server_is_waited_for(loop: str) -> None:
    with Rude(drip(reply(b"abcdefgh"), 0.004)) as server:

        async def main(transport: StreamTransport) -> None:
            got = await transport.send(ask(server.url, timeout=allowing(0.2, "read")))
            assert got.content == b"abcdefgh"
            assert got.elapsed > 0.2

        with_transport(loop, main)


@pytest.mark.parametrize(
    "answer", [hang, drip(reply(b"a" * 1000), 0.01), [chunked_head(), drip(chunk(b"x") * 999, 0.01)]]
)
@pytest.mark.parametrize("stream", [False, True])
def test_the_deadline_bounds_everything(loop: str, answer: Any, stream: bool) -> None:
    with Rude(answer) as server:

        async def main(transport: StreamTransport) -> None:
            deadline = time.monotonic() + 0.15
            with pytest.raises(DeadlineExceeded):
                reply = await transport.send(ask(server.url, timeout=None, stream=stream, deadline=deadline))
                await aread_to_end(reply.body)
            assert time.monotonic() - deadline < 1

        with_transport(loop, main)


def test_a_slow_reader_is_no_silent_server(loop: str) -> None:
    with Rude(chunked(b"a", b"b")) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, timeout=allowing(0.1, "read"), stream=True))
            await asyncio.sleep(0.25)
            assert b"".join(await aread_to_end(reply.body)) == b"ab"

        with_transport(loop, main)


def test_a_server_that_takes_no_more(loop: str) -> None:
    with Rude([pause(30)], early=True) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(WriteTimeout) as caught:
                await transport.send(ask(server.url, "POST", bytes(50_000_000), timeout=allowing(0.2, "write")))
            assert caught.value.phase == "write"

        with_transport(loop, main)


def test_a_slow_source_is_no_silent_server(loop: str) -> None:
    async def slow() -> Any:
        yield b"a"
        await asyncio.sleep(0.25)
        yield b"b"

    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            await transport.send(ask(server.url, "POST", slow(), timeout=allowing(0.1, "read", "write")))

        with_transport(loop, main)
        assert server.requests[0].body == b"ab"


def test_the_pool_has_a_line_and_the_line_a_bound(loop: str) -> None:
    with Rude([pause(0.05), reply(b"{}")]) as server:

        async def main(transport: StreamTransport) -> None:
            order: list[int] = []

            async def call(number: int, seconds: float) -> None:
                await transport.send(ask(server.url, timeout=allowing(seconds, "pool")))
                order.append(number)

            calls = [asyncio.ensure_future(call(number, 5.0)) for number in range(5)]
            await asyncio.sleep(0)
            with pytest.raises(PoolTimeout, match="1 of 1 connections in use") as caught:
                await call(99, 0.02)
            assert (caught.value.phase, caught.value.sent) == ("pool", "no")
            with pytest.raises(DeadlineExceeded):
                await transport.send(ask(server.url, deadline=time.monotonic() + 0.01))
            await asyncio.gather(*calls)
            assert order == [0, 1, 2, 3, 4]

        with_transport(loop, main, limits=PoolLimits(max_connections=1))
        assert server.connections == 1


def test_a_waiter_for_another_origin_gets_the_place(loop: str) -> None:
    with Rude([pause(0.05), reply(b"a")]) as one, Rude(reply(b"b")) as two:

        async def main(transport: StreamTransport) -> None:
            replies = await asyncio.gather(*(transport.send(ask(server.url)) for server in (one, two, one)))
            assert [reply.content for reply in replies] == [b"a", b"b", b"a"]

        with_transport(loop, main, limits=PoolLimits(max_connections=1))


def test_timeouts_of_many_kinds_are_one_family(loop: str) -> None:
    assert issubclass(ReadTimeout, APITimeoutError)
    assert issubclass(DeadlineExceeded, APITimeoutError)
