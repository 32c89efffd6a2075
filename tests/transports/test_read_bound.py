"""Reads that are bounded more tightly than by their timeout."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from antiphon.errors import ReadTimeout
from antiphon.transports.borrowed import borrow
from antiphon.transports.memory import MemoryTransport
from antiphon.transports.read_bound import read_bound
from antiphon.transports.sockets import SocketTransport
from antiphon.transports.streams import StreamTransport

from .asking import ask
from .rude import Rude, chunk, chunked, chunked_head, hang, pause, reply

STALLED = [chunked_head() + chunk(b"a"), hang]
SLOW = [chunked_head() + chunk(b"a"), pause(0.3), chunk(b"b"), chunk(b""), b"0\r\n\r\n"]


def bound(body: Any, longest: float | None) -> Callable[[float], None]:
    found = read_bound(body, longest)
    assert found is not None
    return found


@pytest.mark.parametrize("longest", [30.0, None])
def test_blocking(longest: float | None) -> None:
    transport = SocketTransport()
    with Rude(STALLED) as server:
        body: Any = transport.send(ask(server.url, stream=True, timeout=longest)).body
        bound(body, longest)(0.1)
        assert body.read_chunk() == b"a"
        with pytest.raises(ReadTimeout):
            body.read_chunk()
        assert server.left()
    bound(body, longest)(0.1)  # of a body that is closed there is nothing to bound
    transport.close()


@pytest.mark.parametrize("longest", [30.0, None])
def test_on_asyncio(longest: float | None) -> None:
    async def main() -> None:
        transport = StreamTransport()
        with Rude(STALLED) as server:
            body: Any = (await transport.send(ask(server.url, stream=True, timeout=longest))).body
            bound(body, longest)(0.1)
            assert await body.read_chunk() == b"a"
            with pytest.raises(ReadTimeout):
                await body.read_chunk()
        await transport.aclose()

    asyncio.run(main())


def test_of_a_borrowed_blocking_client() -> None:
    transport: Any = borrow(httpx2.Client(trust_env=False), colour="sync")
    with Rude(STALLED) as server:
        body: Any = transport.send(ask(server.url, stream=True, timeout=30.0)).body
        bound(body, 30.0)(0.1)
        assert body.read_chunk() == b"a"
        with pytest.raises(ReadTimeout):
            body.read_chunk()
        assert server.left()
    transport.close()


def test_a_bound_can_be_loosened_again_but_not_beyond_the_timeout() -> None:
    transport = SocketTransport()
    with Rude(SLOW, STALLED) as server:
        body: Any = transport.send(ask(server.url, stream=True, timeout=5.0)).body
        set_bound = bound(body, 5.0)
        set_bound(0.05)
        assert body.read_chunk() == b"a"
        set_bound(5.0)
        assert body.read_chunk() == b"b"
        body.close()
        body = transport.send(ask(server.url, stream=True, timeout=0.1)).body
        bound(body, 0.1)(30.0)
        assert body.read_chunk() == b"a"
        began = time.monotonic()
        with pytest.raises(ReadTimeout):
            body.read_chunk()
        assert time.monotonic() - began < 15.0
    transport.close()


def test_the_next_exchange_has_its_own() -> None:
    transport = SocketTransport()
    with Rude(chunked(b"a"), [pause(0.2), reply(b"{}")]) as server:
        body: Any = transport.send(ask(server.url, stream=True)).body
        bound(body, 5.0)(0.05)
        while body.read_chunk():
            pass
        body.finish()
        assert transport.send(ask(server.url)).content == b"{}"
        assert server.connections == 1
    transport.close()


def test_what_cannot_be_bounded_says_so() -> None:
    body = MemoryTransport([b"{}"]).send(ask("http://h", stream=True)).body
    assert read_bound(body, 5.0) is None
    mocked: Any = borrow(httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))), colour="sync")
    open_body = mocked.send(ask("http://h", stream=True)).body
    open_body._response.request.extensions.clear()
    assert read_bound(open_body, 5.0) is None
    open_body.close()
