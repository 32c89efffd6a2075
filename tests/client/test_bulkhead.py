"""Bulkheads over real sockets: what the server sees at once, and permits that streams hold."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon.errors import BulkheadFull, DeadlineExceeded
from antiphon.policies.bulkhead import Bulkhead
from tests.transports.rude import Peer, Rude, hang, pause

from .answer import CHAT, chat, delta, ok, retrieve, sse, wrong
from .colour import Colour, Driven, failure_of

OPEN: Any = [sse(delta("a"), delta("b"))[:-30], hang]
"""Two chunks, and then silence on an open connection."""


class Counter:
    """An answer that counts how many of it are under way."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, peer: Peer) -> None:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        pause(0.01)(peer)
        with self._lock:
            self.now -= 1
        peer.sock.sendall(ok())


def many(it: Driven, calls: int) -> None:
    """So many calls at once."""
    if it.runner is None:
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda _: retrieve(it.raw), range(calls)))
        return

    async def together() -> None:
        await asyncio.gather(*(retrieve(it.raw) for _ in range(calls)))

    it.runner.run(together())


def inflight(it: Driven) -> int:
    (known,) = it.raw.health().policies["Bulkhead"].values()
    held: int = known["inflight"]
    return held


def test_the_server_never_sees_more_at_once(colour: Colour) -> None:
    counter = Counter()
    with Rude(counter) as server, colour.client(server.url, policies=[Bulkhead(3)]) as it:
        many(it, 30)
        assert len(server.requests) == 30
        assert 1 <= counter.most <= 3
        assert inflight(it) == 0


def full(it: Driven) -> bool:
    return isinstance(failure_of(it, retrieve), BulkheadFull)


@pytest.fixture(name="one")
def one_permit() -> dict[str, Any]:
    """A client's policies: one at a time, and nobody waits."""
    return {"policies": [Bulkhead(1, queue=0)]}


def test_row_54_a_stream_holds_its_permit_to_its_end(colour: Colour, one: dict[str, Any]) -> None:
    with Rude(CHAT, ok()) as server, colour.client(server.url, **one) as it:
        stream, _ = it.first(chat)
        assert full(it)
        assert len(it.items(lambda _: stream)) == 2
        assert it(retrieve).id == "m"
        assert inflight(it) == 0


LEAVING: dict[str, Callable[[Driven, Any], object]] = {
    "close": lambda it, stream: it.wait(stream.close()),
    "forget": lambda it, stream: None,
}


@pytest.mark.parametrize("how", LEAVING)
def test_row_54_a_stream_that_is_left_gives_it_back(colour: Colour, one: dict[str, Any], how: str) -> None:
    with Rude(OPEN, ok()) as server, colour.client(server.url, **one) as it:
        stream, item = it.first(chat)
        assert full(it)
        LEAVING[how](it, stream)
        del stream, item
        it.turn()
        gc.collect()
        it.turn()
        assert it(retrieve).id == "m"
        assert inflight(it) == 0
        assert server.left(0)


def test_row_54_a_stream_nobody_read_gives_it_back_and_says_so(colour: Colour, one: dict[str, Any]) -> None:
    with Rude(OPEN, ok()) as server, colour.client(server.url, **one) as it:
        stream = it.wait(chat(it.raw))
        assert full(it)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            del stream
            it.turn()
        assert [warning.category for warning in caught] == [ResourceWarning]
        assert it(retrieve).id == "m"
        assert inflight(it) == 0


def test_row_54_breaks_and_exceptions_in_a_with_block(colour: Colour, one: dict[str, Any]) -> None:
    class Stop(Exception):
        """The consumer's own."""

    with Rude(OPEN, OPEN, ok()) as server, colour.client(server.url, **one) as it:
        for leave in (None, Stop):
            stream = it.wait(chat(it.raw))

            def consume(stream: Any = stream, leave: Any = leave) -> Any:
                if it.runner is None:
                    with stream:
                        for _ in stream:
                            if leave:
                                raise leave
                            break
                    return None

                async def awaited() -> None:
                    async with stream:
                        async for _ in stream:
                            if leave:
                                raise leave
                            break

                return awaited()

            try:
                it.wait(consume())
            except Stop:
                assert leave is Stop
            assert inflight(it) == 0


def test_a_stream_that_was_refused_holds_nothing(colour: Colour, one: dict[str, Any]) -> None:
    with Rude(wrong(500), ok()) as server, colour.client(server.url, **one) as it:
        failure_of(it, chat)
        assert it(retrieve).id == "m"


def test_raw_streams_hold_it_too(own_colour: Colour, one: dict[str, Any]) -> None:
    with Rude(ok()) as server, own_colour.client(server.url, **one) as it:
        assert it.entered(lambda c: c.models.with_streaming_response.retrieve("m"), lambda _: inflight(it)) == 1
        assert inflight(it) == 0


def test_who_waits_is_served_when_a_stream_ends(own_colour: Colour) -> None:
    with Rude(CHAT, ok()) as server, own_colour.client(server.url, policies=[Bulkhead(1)]) as it:
        stream, _ = it.first(chat)
        if it.runner is None:
            with ThreadPoolExecutor(1) as threads:
                waiting = threads.submit(retrieve, it.raw)
                while not it.raw.health().policies["Bulkhead"][server.url[7:]]["queued"]:
                    pass
                assert len(server.requests) == 1
                list(stream)
                assert waiting.result(30).id == "m"
        else:

            async def both() -> Any:
                task = asyncio.ensure_future(retrieve(it.raw))
                while not it.raw.health().policies["Bulkhead"][server.url[7:]]["queued"]:
                    await asyncio.sleep(0)
                assert len(server.requests) == 1
                async for _ in stream:
                    pass
                return await task

            assert it.runner.run(both()).id == "m"


def test_a_deadline_ends_the_waiting(own_colour: Colour) -> None:
    with (
        Rude(CHAT) as server,
        own_colour.client(server.url, policies=[Bulkhead(1)], deadline=0.05) as it,
    ):
        stream, _ = it.first(chat)
        failure = failure_of(it, retrieve)
        assert isinstance(failure, DeadlineExceeded)
        assert failure.phase == "queue"
        it.wait(stream.close())


def test_row_60_cancelled_tasks_leave_no_permit_behind() -> None:
    async def whole(server: Rude, counter: Counter) -> None:
        bulkhead = Bulkhead(4)
        async with Colour("async", "own").make(server.url, policies=[bulkhead]) as client:
            tasks = [asyncio.ensure_future(retrieve(client)) for _ in range(120)]
            for number, task in enumerate(tasks):
                if number % 2:
                    task.cancel()
                if number % 10 == 0:
                    await asyncio.sleep(0.002)
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(each).__name__ for each in ended} == {"Model", "CancelledError"}
            (known,) = client.health().policies["Bulkhead"].values()
            assert (known["inflight"], known["queued"]) == (0, 0)
            assert asyncio.all_tasks() == {asyncio.current_task()}

    counter = Counter()
    with Rude(counter) as server:
        asyncio.run(whole(server, counter))
