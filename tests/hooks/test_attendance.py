"""Streams over transports that cannot bound their reads, on trio, and told of without being read from a socket."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
import trio

import antiphon
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import StreamIdleTimeout
from antiphon.transports.memory import AsyncMemoryTransport, MemoryTransport
from tests.client.answer import chat, delta, sse
from tests.client.colour import Colour, FakeClock, failure_of
from tests.transports.rude import Rude, chunk, chunked_head, hang

EVENT = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n'
SSE = {"content-type": "text/event-stream"}


def told(items: list[Any]) -> antiphon.Hooks:
    return antiphon.Hooks(on_stream_event=items.append)


def test_a_blocking_transport_without_bounds_is_judged_by_what_it_gives() -> None:
    clock = FakeClock()

    def chunks() -> Iterator[bytes]:
        yield EVENT
        for _ in range(9):
            clock.slept.append(10.0)
            yield b": ping\n\n"

    transport = MemoryTransport(lambda request: (200, SSE, chunks()))
    client = antiphon.OpenAI(api_key="sk-1", http_client=transport, stream_idle_timeout=25.0, _clock=clock)
    stream = chat(client)
    assert next(stream).id == "c"
    with pytest.raises(StreamIdleTimeout) as caught:
        next(stream)
    assert (caught.value.events, sum(clock.slept)) == (1, 30.0)
    assert transport.open_bodies == 0


async def silent() -> AsyncIterator[bytes]:
    yield EVENT
    await asyncio.sleep(60)


def test_an_async_transport_without_bounds_is_interrupted() -> None:
    async def main() -> None:
        transport = AsyncMemoryTransport(lambda request: (200, SSE, silent()))
        client = antiphon.AsyncOpenAI(api_key="sk-1", http_client=transport, stream_idle_timeout=0.05)
        with pytest.raises(StreamIdleTimeout):
            async for _ in await chat(client):
                pass
        assert transport.open_bodies == 0

    asyncio.run(main())


def test_a_timeout_of_the_transports_own_is_its_own() -> None:
    class Body:
        async def read_chunk(self) -> bytes:
            raise TimeoutError("mine")

        async def finish(self) -> None:
            """Never asked."""

        def close(self) -> None:
            """Nothing to close."""

    class Transport:
        async def send(self, request: Any) -> Reply:
            return Reply(200, Headers(SSE), request=request, body=Body())

        async def aclose(self) -> None:
            """Nothing to close."""

    async def main() -> None:
        client = antiphon.AsyncOpenAI(api_key="sk-1", http_client=Transport(), stream_idle_timeout=5)
        with pytest.raises(TimeoutError, match="mine"):
            async for _ in await chat(client):
                pass

    asyncio.run(main())


def test_cancelling_is_no_silence() -> None:
    async def main() -> None:
        transport = AsyncMemoryTransport(lambda request: (200, SSE, silent()))
        client = antiphon.AsyncOpenAI(api_key="sk-1", http_client=transport, stream_idle_timeout=30)
        stream = await chat(client)
        await stream.__anext__()
        task = asyncio.ensure_future(stream.__anext__())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert transport.open_bodies == 0

    asyncio.run(main())


def test_on_trio() -> None:
    async def main(url: str) -> list[Any]:
        events: list[Any] = []
        http = httpx2.AsyncClient(trust_env=False)
        async with antiphon.AsyncOpenAI(
            api_key="sk-1", base_url=url, http_client=http, stream_idle_timeout=0.1, hooks=told(events)
        ) as client:
            with pytest.raises(StreamIdleTimeout):
                async for _ in await chat(client):
                    pass
            await trio.sleep(0.05)  # their connection is closed by a task of its own
        return events

    with Rude([chunked_head("Content-Type: text/event-stream") + chunk(EVENT), hang]) as server:
        assert len(trio.run(main, server.url)) == 1


@pytest.mark.parametrize("idle", [None, 5.0])
def test_a_reply_that_was_read_whole_is_told_of_too(idle: float | None) -> None:
    class Transport:
        def send(self, request: Any) -> Reply:
            return Reply(200, Headers(SSE), request=request, content=EVENT * 2 + b"data: [DONE]\n\n")

        def close(self) -> None:
            """Nothing to close."""

    heard: list[Any] = []
    client = antiphon.OpenAI(
        api_key="sk-1", http_client=Transport(), hooks=told(heard), stream_idle_timeout=idle, strict_streams=False
    )
    with chat(client) as stream:
        assert [event.id for event in stream] == ["c", "c"]
    assert [info.index for info in heard] == [0, 1]
    chat(client)  # one that nobody reads holds nothing, and is no reason to warn


def test_an_async_one_too() -> None:
    class Transport:
        async def send(self, request: Any) -> Reply:
            return Reply(200, Headers(SSE), request=request, content=EVENT * 2 + b"data: [DONE]\n\n")

        async def aclose(self) -> None:
            """Nothing to close."""

    async def main() -> None:
        heard: list[Any] = []
        client = antiphon.AsyncOpenAI(
            api_key="sk-1", http_client=Transport(), hooks=told(heard), stream_idle_timeout=5.0, strict_streams=False
        )
        assert [event.id async for event in await chat(client)] == ["c", "c"]
        assert [info.index for info in heard] == [0, 1]
        await chat(client)
        gc.collect()

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        asyncio.run(main())
    assert not [each for each in warned if each.category is ResourceWarning and "stream" in str(each.message)]


@pytest.mark.parametrize("read", [False, True])
def test_a_forgotten_stream_is_closed_at_once(read: bool) -> None:
    """Nothing that attends it holds on to it."""
    transport = MemoryTransport(lambda request: (200, SSE, iter([EVENT] * 9)))
    client = antiphon.OpenAI(api_key="sk-1", http_client=transport, stream_idle_timeout=5, hooks=told([]))
    gc.disable()
    try:
        stream = chat(client)
        if read:
            next(stream)
            del stream
        else:
            with pytest.warns(ResourceWarning, match="never read"):
                del stream
        assert transport.open_bodies == 0
    finally:
        gc.enable()


class Flaw(ValueError):
    """What a reader fails with."""


@pytest.mark.parametrize("broken", [True, False])
@pytest.mark.parametrize("colour", [Colour("sync", "own"), Colour("async", "own")], ids=["sync", "async"])
def test_what_a_reader_of_events_fails_with_is_told_once(colour: Colour, broken: bool) -> None:
    heard: list[antiphon.ErrorInfo] = []
    answer = sse(delta("a"), done=False)
    with Rude(answer) as server, colour.client(server.url, hooks=antiphon.Hooks(on_error=heard.append)) as it:
        stream, _ = it.first(chat)
        failure: Any = Flaw("mine")
        if broken:
            failure = failure_of(it, lambda _: stream.__next__() if not colour.is_async else stream.__anext__())
        attend: Any = it.raw._attend
        for _ in range(2):
            it.wait((attend.atell_failure if colour.is_async else attend.tell_failure)(stream.response, failure))
        it.wait(stream.close())
    (info,) = heard
    assert info.error is failure
    assert (info.request.operation, info.request.attempt) == ("chat.completions.create", 1)
    assert info.response is not None
    assert info.response.status_code == 200
