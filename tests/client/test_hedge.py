"""Second requests over real sockets: the loser's connection is closed, and nothing of it is left behind."""

from __future__ import annotations

import _thread
import asyncio
import gc
import signal
import threading
import time
from typing import Any

import pytest

import antiphon
from antiphon.errors import ReadTimeout
from antiphon.policies.bulkhead import Bulkhead
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.hedge import Hedge
from antiphon.policies.rate_limit import RateLimit
from tests.transports.rude import Rude, hang, pause

from .answer import CHAT, RESPONSE, chat, create, ok, retrieve, wrong
from .colour import Colour, failure_of
from .script import ended, start

FINE = ok(RESPONSE)
OPEN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Gated(Hedge):
    """A hedge that knows its servers, and sends second requests only where a test says so: a busy machine is late too."""

    def __init__(self) -> None:
        super().__init__(0.1, floor=0.0, ratio=1.0, only_if=lambda request: self.open)
        self.open = False

    def ready(self, it: Any, do: Any = create, times: int = 3) -> None:
        """Make calls that are answered, after which one may be hedged."""
        self.open = False
        for _ in range(times):
            it(do)
        self.open = True


def client(colour: Colour, server: Rude, hedge: Hedge, **options: Any) -> Any:
    arguments: dict[str, Any] = {"policies": [hedge], "timeout": 20.0, **options}
    return colour.client(server.url, **arguments)


def test_a_call_that_hangs_is_overtaken_and_its_connection_closed(colour: Colour) -> None:
    with Rude(FINE, FINE, FINE, hang, FINE) as server, client(colour, server, hedge := Gated()) as it:
        hedge.ready(it)
        assert it(create).id == "resp_1"
        assert len(server.requests) == 5
        lost = server.requests[3].connection
        if colour.own or colour.is_async:
            assert server.left(lost)
        it.turn()
    # What a borrowed client still waits for ends with the server.


def test_a_second_request_is_charged_to_the_limit_and_holds_a_place_of_its_own(own_colour: Colour) -> None:
    limit, bulkhead, breaker = RateLimit(rpm=60_000, source="config"), Bulkhead(max_concurrency=2), CircuitBreaker()
    hedge = Gated()
    policies = [breaker, bulkhead, limit, hedge]
    with Rude(FINE, FINE, FINE, hang, FINE) as server, client(own_colour, server, hedge, policies=policies) as it:
        hedge.ready(it)
        result = it(create)
        assert [step.event for step in result.trace.of("Hedge")] == ["second", "second won"]
        assert [lane._number for lane in limit._lanes.values()] == [5]
        assert server.left(server.requests[3].connection)
        it.turn()
        (held,) = it.raw.health().policies["Bulkhead"].values()
        assert (held["inflight"], held["refused"]) == (0, 0)


def test_a_second_request_that_a_gate_refuses_is_not_sent(own_colour: Colour) -> None:
    hedge = Gated()
    policies = [Bulkhead(max_concurrency=1, queue=0), hedge]
    slow = [pause(0.4), FINE]
    with Rude(FINE, FINE, FINE, slow) as server, client(own_colour, server, hedge, policies=policies) as it:
        hedge.ready(it)
        result = it(create)
        assert [step.get("reason") for step in result.trace.of("Hedge")] == ["bulkhead"]
        assert len(server.requests) == 4


def test_a_stream_that_does_not_begin_is_overtaken(colour: Colour) -> None:
    with Rude(CHAT, CHAT, CHAT, [OPEN, hang], CHAT) as server, client(colour, server, hedge := Gated()) as it:
        hedge.ready(it, chat)
        assert [event.choices[0].delta.content for event in it.items(chat)] == ["Hel", "lo", ""]
        assert len(server.requests) == 5
        if colour.own or colour.is_async:
            assert server.left(server.requests[3].connection)


def test_a_winner_leaves_the_pool_as_it_was(own_colour: Colour) -> None:
    """Many races over few connections: every place comes back."""
    from antiphon.core.limits import PoolLimits

    script = [FINE] * 3 + [hang, FINE, FINE, FINE, FINE] * 5
    limits = PoolLimits(max_connections=2)
    with Rude(*script) as server, client(own_colour, server, hedge := Gated(), limits=limits) as it:
        for _ in range(5):
            hedge.ready(it)
            assert it(create).id == "resp_1"
        assert all(server.left(each.connection) for each in server.requests[3::5])
        it.turn()


def test_the_first_may_win_and_the_second_is_closed(colour: Colour) -> None:
    slow = [pause(0.4), FINE]
    with Rude(FINE, FINE, FINE, slow, hang) as server, client(colour, server, hedge := Gated()) as it:
        hedge.ready(it)
        result = it(create)
        assert [step.event for step in result.trace.of("Hedge")] == ["second"]
        if colour.own or colour.is_async:
            assert server.left(server.requests[4].connection)


def test_where_both_fail_the_answer_is_the_error(colour: Colour) -> None:
    ill = [pause(0.4), wrong(503)]
    with Rude(FINE, FINE, FINE, ill, wrong(500)) as server, client(colour, server, hedge := Gated()) as it:
        hedge.ready(it)
        failure = failure_of(it, create)
        assert isinstance(failure, antiphon.InternalServerError)
        assert failure.status_code == 503


def test_where_both_hang_the_timeout_is_the_error(own_colour: Colour) -> None:
    with Rude(FINE, FINE, FINE, hang, hang) as server, client(own_colour, server, hedge := Gated()) as it:
        hedge.ready(it)
        assert isinstance(failure_of(it, lambda client: create(client, timeout=0.4)), ReadTimeout)
        assert server.left(server.requests[3].connection)
        assert server.left(server.requests[4].connection)


def test_no_thread_is_begun_where_no_hedge_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Any] = []
    start = _thread.start_new_thread

    def noted(*arguments: Any) -> int:
        begun.append(arguments)
        return start(*arguments)

    colour = Colour("sync", "own")
    with Rude(FINE) as server, colour.client(server.url, policies=[Hedge()]) as it:
        it(create)  # the server begins a thread for the connection
        monkeypatch.setattr(_thread, "start_new_thread", noted)
        monkeypatch.setattr(threading, "_start_new_thread", noted)
        for _ in range(5):
            it(create)
        it(retrieve)
        assert begun == []


def test_row_60_cancelled_races_leave_nothing_behind() -> None:
    colour = Colour("async", "own")

    async def whole(url: str, server: Rude) -> None:
        before = asyncio.all_tasks()
        hedge = Gated()
        async with colour.make(url, policies=[hedge]) as client:
            for _ in range(3):
                await create(client)
            hedge.open = True
            for after in (0.0, 0.01, 0.1, 0.2, 0.3):
                task = asyncio.ensure_future(create(client))
                await asyncio.sleep(after)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert asyncio.all_tasks() == before
            for received in server.requests[3:]:
                while not server.peers[received.connection].gone.is_set():
                    await asyncio.sleep(0.01)
        gc.collect()

    with Rude(FINE, FINE, FINE, hang) as server:
        asyncio.run(asyncio.wait_for(whole(server.url, server), 20))


def test_row_61_ctrl_c_ends_both_at_once(own_colour: Colour) -> None:
    program = """
        from tests.client.answer import create
        from tests.client.test_hedge import Gated
        hedge = Gated()
        client = Colour(COLOUR, TRANSPORT).make(URL, policies=[hedge])
        async def whole():
            for number in range(4):
                hedge.open = number == 3
                await create(client)
        if COLOUR == "async":
            asyncio.run(whole())
        for number in range(4):
            hedge.open = number == 3
            create(client)
    """
    with Rude(FINE, FINE, FINE, hang) as server:
        process = start(program, *own_colour, server.url)
        assert server.wait_for(lambda: len(server.requests) == 5, 20)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        status, _, err = ended(process)
        assert status == -signal.SIGINT or (status == 130 or "KeyboardInterrupt" in err)
        assert "Exception ignored" not in err
        assert time.monotonic() - began < 5
        assert server.left(server.requests[3].connection)
        assert server.left(server.requests[4].connection)


def test_ctrl_c_in_a_thread_that_goes_on_closes_both_connections() -> None:
    """A notebook's cell is interrupted; the process lives on."""
    program = """
        from tests.client.answer import create
        from tests.client.test_hedge import Gated
        hedge = Gated()
        client = Colour(COLOUR, TRANSPORT).make(URL, policies=[hedge])
        for _ in range(3):
            create(client)
        hedge.open = True
        try:
            create(client)
        except KeyboardInterrupt:
            pass
        until = time.monotonic() + 10
        import _thread
        while _thread._count() and time.monotonic() < until:
            time.sleep(0.01)
        say(_thread._count(), create(client).id)
    """
    with Rude(FINE, FINE, FINE, hang, hang, FINE) as server:
        process = start(program, "sync", "own", server.url)
        assert server.wait_for(lambda: len(server.requests) == 5, 20)
        process.send_signal(signal.SIGINT)
        status, out, err = ended(process)
        assert (status, out.split()) == (0, ["0", "resp_1"]), err
        assert server.left(server.requests[3].connection)
        assert server.left(server.requests[4].connection)
