"""The life of asyncio connections: time bounds, cancellation, the line, dropped bodies, loops, forks. On both loops."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import subprocess
import sys
import threading
import time
import warnings
from typing import Any

import pytest

from antiphon.core.limits import PoolLimits
from antiphon.core.timeout import Timeout
from antiphon.errors import (
    APIConnectionError,
    APITimeoutError,
    DeadlineExceeded,
    PoolTimeout,
    ReadTimeout,
    WriteTimeout,
)
from antiphon.transports import stream_hall
from antiphon.transports.streams import StreamTransport

from .asking import Parts, aread_to_end, ask
from .looping import both_loops, hall_of, run, settled, with_transport
from .rude import Rude, chunk, chunked, chunked_head, drip, hang, hang_up, pause, reply, reset

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


# -- cancellation ------------------------------------------------------------------------------------------------------


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


# -- loops -------------------------------------------------------------------------------------------------------------


def test_one_transport_serves_loops_in_turn(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()

        async def main() -> None:
            await asyncio.gather(*(transport.send(ask(server.url)) for _ in range(3)))

        for _ in range(3):
            run(loop, main)
            assert not transport._halls
            assert server.wait_for(lambda: all(peer.gone.is_set() for peer in server.peers))


def test_one_transport_serves_loops_in_parallel(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()
        failures: list[BaseException] = []

        async def main() -> None:
            for _ in range(50):
                await transport.send(ask(server.url))

        def work() -> None:
            try:
                from .looping import LOOPS

                with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
                    runner.run(main())
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert len(server.requests) == 150
        assert server.connections == 3


def test_a_loop_that_is_closed_without_warning_is_forgotten_in_silence(loop: str) -> None:
    from .looping import LOOPS

    with Rude(reply(b"{}"), [chunked_head(), chunk(b"a"), hang], reply(b"{}")) as server:
        transport = StreamTransport()

        async def two() -> None:
            await transport.send(ask(server.url))
            kept.append(await transport.send(ask(server.url, stream=True)))

        kept: list[Any] = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            dead = LOOPS[loop]()
            dead.run_until_complete(two())
            dead.close()
            body = kept.pop().body
            body.close()
            del body
            gc.collect()
            del dead
            run(loop, lambda: transport.send(ask(server.url)))
            gc.collect()
        # uvloop itself complains while it is closed with open connections; nobody else may.
        assert not [str(each.message) for each in caught if "unclosed resource <TCPTransport" not in str(each.message)]
        assert not transport._halls


def test_closing_from_another_loop(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()
        ready, over = threading.Event(), threading.Event()

        async def main() -> None:
            await transport.send(ask(server.url))
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.01)

        thread = threading.Thread(target=lambda: run(loop, main))
        thread.start()
        assert ready.wait(5)
        run(loop, transport.aclose)
        assert server.wait_for(server.peers[0].gone.is_set)
        over.set()
        thread.join()


def test_a_transport_that_is_dropped_closes_its_idle_connections(loop: str) -> None:
    with Rude(reply(b"{}"), [chunked_head(), chunk(b"a"), pause(0.2), chunk(b"b"), chunk(b"")]) as server:

        async def main() -> None:
            transport = StreamTransport()
            await asyncio.gather(*(transport.send(ask(server.url)) for _ in range(1)))
            reply = await transport.send(ask(server.url, stream=True))
            del transport
            gc.collect()
            assert b"".join(await aread_to_end(reply.body)) == b"ab"
            await settled(lambda: all(peer.gone.is_set() for peer in server.peers))

        run(loop, main)


# -- processes ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_connections_of_its_own(loop: str) -> None:
    with Rude(reply(b"{}")) as server:
        transport = StreamTransport()

        async def twice() -> None:
            await transport.send(ask(server.url))
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    run_in_child()
                    code = 0
                finally:
                    os._exit(code)
            await settled(lambda: os.waitpid(child, os.WNOHANG) != (0, 0))
            assert (await transport.send(ask(server.url))).content == b"{}"

        def run_in_child() -> None:
            asyncio._set_running_loop(None)
            from .looping import LOOPS

            runner = asyncio.Runner(loop_factory=LOOPS[loop])
            assert runner.run(transport.send(ask(server.url))).content == b"{}"
            runner.close()

        run(loop, twice)
        # 0: the parent before and after; 1: the child.
        assert [request.connection for request in server.requests] == [0, 1, 0]


def test_an_interpreter_that_exits_with_an_open_stream_exits_cleanly(loop: str) -> None:
    script = """
import asyncio, sys, uvloop
from antiphon.transports import stream_hall
from antiphon.transports.streams import StreamTransport
from tests.transports.asking import ask
from tests.transports.rude import Rude, chunk, chunked_head, hang
async def main():
    reply = await transport.send(ask(server.url, stream=True))
    assert await reply.body.read_chunk() == b"a"
    kept.append(reply)
kept, transport = [], StreamTransport()
server = Rude([chunked_head(), chunk(b"a"), hang]).__enter__()
asyncio.Runner(loop_factory=uvloop.new_event_loop if sys.argv[1] == "uvloop" else asyncio.new_event_loop).run(main())
"""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", script, loop], capture_output=True, text=True, timeout=30, check=False
    )
    noise = [line for line in done.stderr.splitlines() if "antiphon" in line or "closed" in line or "Error" in line]
    assert (done.returncode, noise) == (0, [])


def test_timeouts_of_many_kinds_are_one_family(loop: str) -> None:
    assert issubclass(ReadTimeout, APITimeoutError)
    assert issubclass(DeadlineExceeded, APITimeoutError)
