"""The life of a stream's connection: given back after the end, closed when left early; seen from the server."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon.errors import StreamTruncated
from tests.transports.rude import Rude, hang

from .answer import CHAT, chat, delta, ok, retrieve, sse
from .colour import Colour

OPEN: Any = [sse(delta("a"), delta("b"))[:-30], hang]
"""Two chunks, and then silence on an open connection."""


def test_five_finished_streams_use_one_connection(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url) as it:
        for _ in range(5):
            assert len(it(chat)) == 3
        assert len(server.requests) == 5
        # httpx2's blocking stream cannot be read with a bound, so what may still be coming is not waited for and a chunked
        # stream costs it a connection (as in the official package).
        assert server.connections == (1 if colour.own or colour.is_async else 5)


def test_plain_calls_after_a_stream_use_its_connection(own_colour: Colour) -> None:
    with Rude(CHAT, ok()) as server, own_colour.client(server.url) as it:
        it(chat)
        it(retrieve)
        assert server.connections == 1


def test_row_54_break_and_close_reach_the_server(colour: Colour) -> None:
    with Rude(OPEN) as server, colour.client(server.url) as it:
        stream, item = it.first(chat)
        assert item.choices[0].delta.content == "a"
        it.wait(stream.close())
        it.turn()
        assert server.left(0)
        it.wait(stream.close())
        assert it.items(lambda _: stream) == []


def test_row_54_a_with_block_closes_on_break_and_on_an_exception(colour: Colour) -> None:
    class Stop(Exception):
        """The consumer's own."""

    def consume(stream: Any, leave: type[Exception] | None) -> Any:
        async def awaited() -> None:
            async for _ in stream:
                if leave:
                    raise leave
                break

        if colour.is_async:
            return awaited()
        for _ in stream:
            if leave:
                raise leave
            break
        return None

    with Rude(OPEN) as server, colour.client(server.url) as it:
        for number, leave in enumerate((None, Stop)):
            stream = it.wait(chat(it.raw))
            with pytest.raises(leave) if leave else contextlib.nullcontext():
                it.entered(lambda _, stream=stream: stream, lambda inner, leave=leave: consume(inner, leave))
            it.turn()
            assert server.left(number)


def test_row_54_a_forgotten_stream_is_closed_when_it_is_collected(colour: Colour) -> None:
    with Rude(OPEN) as server, colour.client(server.url) as it:
        stream, item = it.first(chat)
        del stream, item
        it.turn()
        gc.collect()
        it.turn()
        assert server.left(0)


def test_row_54_a_stream_nobody_read_is_closed_when_it_is_collected(colour: Colour) -> None:
    with Rude(OPEN) as server, colour.client(server.url) as it:
        stream = it.wait(chat(it.raw))
        assert not server.peers[0].gone.is_set()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del stream
            it.turn()
        assert [warning.category for warning in caught] == [ResourceWarning]
        assert "never read" in str(caught[0].message)
        assert server.left(0)


def test_closing_the_client_ends_its_streams(colour: Colour) -> None:
    with Rude(OPEN) as server:
        with colour.client(server.url) as it:
            stream, _ = it.first(chat)
        assert server.left(0)
        del stream


def test_a_stream_after_its_end_is_empty(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url) as it:
        stream = it.wait(chat(it.raw))
        assert len(it.items(lambda _: stream)) == 3
        assert it.items(lambda _: stream) == []


def test_a_stream_that_failed_stays_ended(colour: Colour) -> None:
    with Rude(sse(delta("a"), done=False)) as server, colour.client(server.url) as it:
        stream = it.wait(chat(it.raw))
        _, error = it.events(lambda _: stream)
        assert isinstance(error, StreamTruncated)
        assert it.items(lambda _: stream) == []


def test_a_stream_knows_its_reply(colour: Colour) -> None:
    with Rude(CHAT) as server, colour.client(server.url) as it:
        stream = it.wait(chat(it.raw))
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream"
        it.wait(stream.close())


def test_a_blocking_stream_may_be_read_in_another_thread() -> None:
    for transport in ("own", "httpx2"):
        with Rude(CHAT) as server, Colour("sync", transport).client(server.url) as it:
            stream, first = it.first(chat)
            with ThreadPoolExecutor(1) as thread:
                assert len([first, *thread.submit(list, stream).result()]) == 3


def test_a_blocking_stream_may_be_closed_from_another_thread() -> None:
    # Of httpx2 its own pool decides; ours wakes the reader.
    with Rude(OPEN) as server, Colour("sync", "own").client(server.url) as it:
        stream = chat(it.raw)
        items: list[Any] = []
        reader = threading.Thread(target=_read, args=(stream, items))
        reader.start()
        assert server.wait_for(lambda: len(items) >= 1)
        it.raw.close()
        reader.join(5)
        assert not reader.is_alive()
        assert server.left(0)


def _read(stream: Any, items: list[Any]) -> None:
    with contextlib.suppress(Exception):
        items.extend(stream)


@pytest.mark.parametrize("transport", ["own", "httpx2"])
def test_row_54_61_a_cancelled_task_closes_its_stream_or_its_call(transport: str) -> None:
    colour = Colour("async", transport)

    async def whole(url: str, server: Rude) -> None:
        async with colour.make(url) as client:

            async def read() -> None:
                async for _ in await chat(client):
                    pass

            for number, job in enumerate((read, lambda: retrieve(client))):
                task = asyncio.ensure_future(job())
                while len(server.requests) <= number:
                    await asyncio.sleep(0.005)
                await asyncio.sleep(0.02)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await asyncio.to_thread(server.left, number)

    with Rude(OPEN, hang) as server:
        asyncio.run(whole(server.url, server))


def test_leaving_one_stream_does_not_disturb_another(colour: Colour) -> None:
    with Rude(OPEN, CHAT, CHAT) as server, colour.client(server.url) as it:
        stream, _ = it.first(chat)
        assert len(it(chat)) == 3
        it.wait(stream.close())
        assert len(it(chat)) == 3
