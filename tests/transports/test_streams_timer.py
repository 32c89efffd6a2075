"""Whose time it is: connections are handed on while readers of what they carried before still wake up. On both loops."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import DeadlineExceeded, ReadTimeout
from antiphon.transports.streams import StreamTransport

from .asking import ask
from .looping import both_loops, run
from .rude import Rude, chunk, chunked_head, hang, pause, reply

pytestmark = both_loops

STREAM = [chunked_head("Content-Type: text/event-stream"), chunk(b"data: 1\n\n"), pause(0.3), chunk(b"")]
PATIENCE = 10
"""Seconds after which a test calls a call hanging."""


async def streamed_then(url: str, first: dict[str, Any], second: dict[str, Any]) -> Any:
    """What comes of a call that waits for the one connection while a stream on it comes to its end."""
    transport = StreamTransport(limits=PoolLimits(max_connections=1))

    async def read() -> None:
        open_reply = await transport.send(ask(url, stream=True, events=True, **first))
        body: Any = open_reply.body
        while await body.read_chunk():
            pass

    async def call() -> Any:
        await asyncio.sleep(0.1)
        return await asyncio.wait_for(transport.send(ask(url, **second)), PATIENCE)

    try:
        return (await asyncio.gather(read(), call(), return_exceptions=True))[1]
    finally:
        await transport.aclose()


def test_the_end_of_a_stream_leaves_the_next_calls_timeout_alone(loop: str) -> None:
    with Rude(STREAM, hang) as server:
        assert isinstance(run(loop, lambda: streamed_then(server.url, {}, {"timeout": 0.5})), ReadTimeout)


def test_the_end_of_a_stream_leaves_the_next_calls_deadline_alone(loop: str) -> None:
    with Rude(STREAM, hang) as server:
        late = {"timeout": 9.0, "deadline": time.monotonic() + 0.7}
        assert isinstance(run(loop, lambda: streamed_then(server.url, {}, late)), DeadlineExceeded)


def test_a_streams_deadline_does_not_end_the_next_call(loop: str) -> None:
    with Rude(STREAM, [pause(0.6), reply(b"{}")]) as server:
        deadline = time.monotonic() + 0.6
        answer = run(loop, lambda: streamed_then(server.url, {"deadline": deadline}, {"timeout": 5.0}))
    assert answer.content == b"{}"


@pytest.mark.parametrize("size", [100_000, 20_000_000])
def test_an_early_answer_that_stops_in_its_middle_is_timed(loop: str, size: int) -> None:
    async def main(url: str) -> None:
        transport = StreamTransport()
        timeout = Timeout(5, read=0.4, write=0.4)
        try:
            await asyncio.wait_for(
                transport.send(ask(url, method="POST", content=b"x" * size, timeout=timeout)), PATIENCE
            )
        finally:
            await transport.aclose()

    with Rude([b"HTTP/1.1 413 x\r\nContent-Length: 10\r\n\r\nab", hang], early=True) as server:
        with pytest.raises(ReadTimeout):
            run(loop, lambda: main(server.url))
