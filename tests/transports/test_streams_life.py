"""The life of asyncio connections: cancellation, connections that die, dropped bodies. On both loops."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
import warnings
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits
from antiphon.errors import APIConnectionError
from antiphon.transports import stream_hall
from antiphon.transports.streams import StreamTransport

from .asking import Parts, aread_to_end, ask
from .looping import both_loops, hall_of, settled, with_transport
from .rude import Rude, chunk, chunked, chunked_head, drip, hang, hang_up, pause, reply, reset

pytestmark = both_loops


@pytest.mark.parametrize("answer", [hang, [reply(b"abc", length=10), hang]])
@pytest.mark.parametrize("stream", [False, True])
def test_a_cancelled_call_closes_its_connection(loop: str, answer: Any, stream: bool) -> None:
    with Rude(answer) as server:

        async def main(transport: StreamTransport) -> None:
            async def call() -> None:
                reply = await transport.send(ask(server.url, stream=stream))
                await aread_to_end(reply.body)

            task = asyncio.ensure_future(call())
            await settled(lambda: bool(server.requests))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert hall_of(transport).pool.held == 0
            await settled(server.peers[0].gone.is_set)

        with_transport(loop, main)


def test_a_cancelled_upload_closes_its_connection(loop: str) -> None:
    with Rude([pause(30)], early=True) as server:

        async def main(transport: StreamTransport) -> None:
            for content in (bytes(50_000_000), Parts([bytes(1_000_000)] * 50)):
                task = asyncio.ensure_future(transport.send(ask(server.url, "POST", content)))
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert hall_of(transport).pool.held == 0

        with_transport(loop, main)


@pytest.mark.slow
def test_ten_thousand_cancelled_calls_leak_nothing(loop: str) -> None:
    dice = random.Random(7)
    with Rude([drip(chunked(b"a" * 50, b"b" * 50), 0.0002, 20)]) as server:

        async def main(transport: StreamTransport) -> None:
            before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

            async def call(number: int) -> None:
                reply = await transport.send(ask(server.url, "POST", b"x" * (number % 7), stream=number % 2 == 0))
                if reply.body is not None:
                    await aread_to_end(reply.body)

            for _ in range(100):
                tasks = [asyncio.ensure_future(call(number)) for number in range(100)]
                for task in tasks:
                    if dice.random() < 0.9:
                        asyncio.get_running_loop().call_later(dice.random() * 0.01, task.cancel)
                    else:
                        task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            hall = hall_of(transport)
            assert (hall.pool.held, hall.pool.waiting) == (0, 0)
            await settled(lambda: len(hall.links) == hall.pool.idle)
            assert (await transport.send(ask(server.url))).status_code == 200
            await transport.aclose()
            await settled(lambda: not hall.links)
            server.wait_for(lambda: all(peer.gone.is_set() for peer in server.peers))
            if before:
                assert len(os.listdir("/proc/self/fd")) <= before + 8

        with_transport(loop, main, limits=PoolLimits(max_connections=8))


def test_a_granted_place_survives_a_cancelled_waiter(loop: str) -> None:
    with Rude([pause(0.05), reply(b"{}")]) as server:

        async def main(transport: StreamTransport) -> None:
            first = asyncio.ensure_future(transport.send(ask(server.url)))
            await asyncio.sleep(0.01)
            second = asyncio.ensure_future(transport.send(ask(server.url)))
            third = asyncio.ensure_future(transport.send(ask(server.url)))
            first.add_done_callback(lambda _: second.cancel())
            await third
            with pytest.raises(asyncio.CancelledError):
                await second

        with_transport(loop, main, limits=PoolLimits(max_connections=1))


# -- connections that die ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [hang_up, reset])
def test_a_stale_connection_is_replaced_once_and_silently(loop: str, ending: Any) -> None:
    # The server answers once per connection and hangs up when the next request is in.
    with Rude(reply(b"1"), ending, reply(b"2"), [reply(b"3"), pause(0.05), ending], pause(0.2), reply(b"5")) as server:

        async def main(transport: StreamTransport) -> None:
            body = Parts([b"x" * 10])
            assert (await transport.send(ask(server.url, "POST", body))).content == b"1"
            assert (await transport.send(ask(server.url, "POST", body))).content == b"2"
            assert (await transport.send(ask(server.url, "POST", body))).content == b"3"
            assert body.rounds == 4
            # The loop sees that the idle connection ends: no request is wasted on it.
            await settled(lambda: not hall_of(transport).links)

        with_transport(loop, main)
        assert [request.connection for request in server.requests] == [0, 0, 1, 1]


def test_a_fresh_connection_that_dies_is_an_error(loop: str) -> None:
    with Rude(hang_up) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(APIConnectionError) as caught:
                await transport.send(ask(server.url, "POST", b"{}"))
            assert (caught.value.phase, caught.value.sent) == ("head", "maybe")

        with_transport(loop, main)
        assert len(server.requests) == 1


def test_a_stale_connection_cannot_be_replaced_for_a_body_that_is_gone(loop: str) -> None:
    class Once(Parts):
        def rewind(self) -> bool:
            return False

    async def once() -> Any:
        yield b"a"

    with Rude(reply(b"1"), hang_up, reply(b"1"), hang_up) as server:

        async def main(transport: StreamTransport) -> None:
            for content in (Once([b"a"]), once()):
                await transport.send(ask(server.url))
                with pytest.raises(APIConnectionError):
                    await transport.send(ask(server.url, "POST", content))

        with_transport(loop, main)


def test_bytes_nobody_asked_for_end_the_connection(loop: str) -> None:
    with Rude([reply(b"1"), pause(0.05), reply(b"evil")], reply(b"2")) as server:

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask(server.url))).content == b"1"
            await settled(lambda: not hall_of(transport).links)
            assert (await transport.send(ask(server.url))).content == b"2"

        with_transport(loop, main)
        assert server.connections == 2


def test_idle_connections_expire(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            await transport.send(ask(server.url))
            await asyncio.sleep(0.1)
            await transport.send(ask(server.url))
            await settled(server.peers[0].gone.is_set)

        with_transport(loop, main, limits=PoolLimits(keepalive_expiry=0.05))
        assert server.connections == 2


def test_idle_connections_beyond_the_bound_are_closed_when_the_burst_is_over(
    loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_hall, "TRIM_SECONDS", 0.2)
    with Rude([pause(0.02), reply(b"{}")]) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(3):
                await asyncio.gather(*(transport.send(ask(server.url)) for _ in range(10)))
            assert server.connections == 10
            pool = hall_of(transport).pool
            assert pool.idle == 10
            await settled(lambda: pool.idle == 2)
            await settled(lambda: len(hall_of(transport).links) == 2)

        with_transport(loop, main, limits=PoolLimits(max_keepalive_connections=2))


def test_no_idle_connections_at_all(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                await transport.send(ask(server.url))
                assert hall_of(transport).pool.idle == 0

        with_transport(loop, main, limits=PoolLimits(max_keepalive_connections=0))
        assert server.connections == 2


# -- bodies ------------------------------------------------------------------------------------------------------------


def test_finish_keeps_the_connection_if_the_end_is_at_hand(loop: str) -> None:
    with Rude(
        chunked(b"data: [DONE]\n\n", b"rest"), [chunked_head(), chunk(b"a"), hang], chunked(b"z" * 999_999)
    ) as server:

        async def main(transport: StreamTransport) -> None:
            first = await transport.send(ask(server.url, stream=True))
            await first.body.finish()
            assert hall_of(transport).pool.idle == 1
            second = await transport.send(ask(server.url, stream=True))
            await second.body.read_chunk()
            await second.body.finish()
            assert hall_of(transport).pool.held == hall_of(transport).pool.idle == 0
            await settled(server.peers[0].gone.is_set)
            third = await transport.send(ask(server.url, stream=True))
            await third.body.finish()
            await third.body.finish()
            assert await third.body.read_chunk() == b""

        with_transport(loop, main)


@pytest.mark.parametrize("how", ["close", "from a thread"])
def test_closing_a_body(loop: str, how: str) -> None:
    with Rude([chunked_head(), chunk(b"a"), hang]) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, stream=True))
            body: Any = reply.body
            if how == "close":
                body.close()
                body.close()
            else:
                thread = threading.Thread(target=body.close)
                thread.start()
                thread.join()
            await settled(server.peers[0].gone.is_set)
            assert await body.read_chunk() == b""
            assert hall_of(transport).pool.held == 0

        with_transport(loop, main)


@pytest.mark.parametrize("where", ["here", "thread"])
def test_a_dropped_body_warns_and_closes(loop: str, where: str) -> None:
    with Rude([chunked_head(), chunk(b"a"), hang]) as server:

        async def main(transport: StreamTransport) -> None:
            holder = [await transport.send(ask(server.url, stream=True))]

            def drop() -> None:
                holder.clear()
                gc.collect()

            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                if where == "here":
                    drop()
                else:
                    thread = threading.Thread(target=drop)
                    thread.start()
                    thread.join()
            assert [each.category for each in caught] == [ResourceWarning]
            await settled(server.peers[0].gone.is_set)
            assert hall_of(transport).pool.held == 0

        with_transport(loop, main)


def test_a_body_read_to_its_end_is_dropped_in_silence(loop: str) -> None:
    with Rude(chunked(b"a")) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, stream=True))
            await aread_to_end(reply.body)
            del reply

        with_transport(loop, main)
