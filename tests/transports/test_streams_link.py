"""The link by hand: a transport that only notes what is asked of it, and events in orders that a network rarely gives."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, cast

import pytest

from antiphon.core.limits import DEFAULT_CONNECTION_LIMITS, WireLimits
from antiphon.errors import APIConnectionError, ClientClosed, ProtocolError, TruncatedBody
from antiphon.transports.stream_body import StreamBody, failed
from antiphon.transports.stream_buffer import BufferedLink, link_for
from antiphon.transports.stream_flow import Flow
from antiphon.transports.stream_hall import Hall
from antiphon.transports.stream_link import StreamLink

from .asking import aread_to_end, ask

DATA = bytes(range(256)) * 8192
PACKED = gzip.compress(DATA)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"


class Wire:
    """A transport that goes nowhere."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.reading = True
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    def get_extra_info(self, name: str) -> None:
        return None


class Bench:
    """A hall with one link whose place is held."""

    def __init__(self) -> None:
        self.hall = Hall(asyncio.get_running_loop(), DEFAULT_CONNECTION_LIMITS, lambda: None)
        self.wire = Wire()
        self.request = ask("http://x.test/", stream=True)
        self.hall.checkout(self.request.origin, 0.0)
        self.link = StreamLink(self.hall, self.request.origin, WireLimits(ratio=10**6))
        self.link.connection_made(cast("asyncio.BaseTransport", self.wire))

    def begin(self, **options: Any) -> Flow:
        return self.link.begin(ask("http://x.test/", **{"stream": True, **options}), monotonic())

    def body(self, flow: Flow) -> StreamBody:
        flow.waiter = flow.reply = None
        return StreamBody(self.hall, self.link, flow)

    @property
    def held(self) -> int:
        return self.hall.pool.held


def by_hand(test: Callable[[Bench], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        async def main() -> None:
            await test(Bench())

        asyncio.run(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@by_hand
async def test_bytes_that_come_while_the_decoder_is_behind_wait_their_turn(bench: Bench) -> None:
    flow, half = bench.begin(), len(PACKED) // 2
    bench.link.data_received(HEAD % len(PACKED) + PACKED[:half])
    assert bench.link.parser.pending
    assert not bench.wire.reading
    bench.link.data_received(PACKED[half:])
    assert flow.held
    assert b"".join(await aread_to_end(bench.body(flow))) == DATA
    assert (bench.held, bench.hall.pool.idle) == (0, 1)


@by_hand
async def test_an_end_behind_bytes_that_wait(bench: Bench) -> None:
    flow = bench.begin()
    bench.link.data_received(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + PACKED[:100])
    bench.link.data_received(PACKED[100:])
    bench.link.eof_received()
    bench.link.connection_lost(None)
    assert not flow.over
    assert b"".join(await aread_to_end(bench.body(flow))) == DATA
    assert (bench.held, bench.hall.pool.idle) == (0, 0)


@by_hand
async def test_an_end_behind_bytes_that_wait_and_are_too_few(bench: Bench) -> None:
    flow = bench.begin()
    bench.link.data_received(HEAD % (len(PACKED) + 1) + PACKED)
    bench.link.eof_received()
    body = bench.body(flow)
    with pytest.raises(TruncatedBody):
        await aread_to_end(body)
    assert bench.held == 0


@by_hand
async def test_data_that_turns_bad_behind_what_was_good(bench: Bench) -> None:
    flow = bench.begin()
    bad = zlib.compress(DATA, 0)[:-4] + b"nope"
    bench.link.data_received(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(bad) + bad
    )
    body, taken = bench.body(flow), 0
    with pytest.raises(ProtocolError):
        while chunk := await body.read_chunk():
            taken += len(chunk)
    assert taken > 1_000_000
    assert bench.held == 0


@by_hand
async def test_a_stale_place_comes_back_when_the_caller_is_gone(bench: Bench) -> None:
    bench.begin()
    bench.link.data_received(b"HTTP/1.1 204 No Content\r\n\r\n")
    assert bench.hall.checkout(bench.request.origin, monotonic()) is bench.link
    flow = bench.begin()
    bench.link.connection_lost(ConnectionResetError())
    assert (flow.stale, bench.held) == (True, 1)
    bench.link.abandon(flow)
    bench.link.abandon(flow)
    assert (flow.stale, bench.held) == (False, 0)


@by_hand
async def test_a_connection_that_is_lost_before_it_is_used(bench: Bench) -> None:
    bench.link.connection_lost(ConnectionResetError())
    flow = bench.begin()
    assert (flow.over, flow.stale, bench.held) == (True, False, 0)
    error = failed(bench.link, flow)
    assert type(error) is APIConnectionError
    assert not await bench.link.write(flow, b"x")


@by_hand
async def test_late_events_find_nobody(bench: Bench) -> None:
    flow = bench.begin(stream=False)
    bench.link.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert flow.reply is not None
    assert flow.reply.content == b"ok"
    bench.link.abandon(flow)
    bench.link._look()
    bench.link.resume_writing()
    assert (bench.held, bench.hall.pool.idle, bench.wire.aborted) == (0, 1, False)
    bench.link.eof_received()
    bench.link.connection_lost(None)
    assert bench.hall.checkout(bench.request.origin, monotonic()) is not bench.link


@by_hand
async def test_shutting_a_link(bench: Bench) -> None:
    flow = bench.begin()
    bench.link.shut(ClientClosed("closed"))
    assert (bench.wire.aborted, bench.held) == (True, 0)
    with pytest.raises(ClientClosed):
        await bench.body(flow).read_chunk()


@by_hand
async def test_a_deadline_that_is_nearer_than_the_armed_timer(bench: Bench) -> None:
    bench.begin(stream=False, timeout=600.0)
    bench.link.data_received(b"HTTP/1.1 204 No Content\r\n\r\n")
    bench.hall.checkout(bench.request.origin, monotonic())
    flow = bench.begin(stream=False, timeout=600.0, deadline=monotonic() + 0.01)
    assert flow.waiter is not None
    await flow.waiter
    assert type(failed(bench.link, flow)).__name__ == "DeadlineExceeded"
    assert bench.held == 0


@by_hand
async def test_one_timer_serves_many_exchanges(bench: Bench) -> None:
    timers = set()
    for _ in range(5):
        bench.begin(stream=False, timeout=600.0)
        timers.add(bench.link._timer)
        bench.link.data_received(b"HTTP/1.1 204 No Content\r\n\r\n")
        bench.hall.checkout(bench.request.origin, monotonic())
    assert len(timers) == 1


@by_hand
async def test_asyncios_own_loop_reads_into_one_buffer(bench: Bench) -> None:
    link = link_for(bench.hall, bench.request.origin, WireLimits())
    other = link_for(bench.hall, bench.request.origin, WireLimits())
    assert isinstance(link, BufferedLink)
    assert isinstance(other, BufferedLink)
    assert link.get_buffer(-1) is other.get_buffer(-1)
    link.connection_made(cast("asyncio.BaseTransport", bench.wire))
    flow = link.begin(ask("http://x.test/"), monotonic())
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    link.get_buffer(-1)[: len(answer)] = answer
    link.buffer_updated(len(answer))
    link.get_buffer(-1)[: len(answer)] = bytes(len(answer))
    assert flow.reply is not None
    assert flow.reply.content == b"ok"
