"""The circuit breaker over real sockets, in both colours and over both transports."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

import antiphon
from antiphon.errors import CircuitOpen, InternalServerError
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.retry import Retry
from tests.transports.rude import Rude, hang, hang_up, reply

from .answer import CHAT, MODEL, body, chat, create, delta, ok, retrieve, sse, wrong
from .colour import Colour, failure_of


def breaking(*more: Any, **options: Any) -> dict[str, Any]:
    """A client's policies."""
    return {"policies": [*more, CircuitBreaker(**{"consecutive": 2, "panic": None, **options})]}


def kinds(it: Any, do: Any, times: int) -> list[str]:
    return [type(failure_of(it, do)).__name__ for _ in range(times)]


def test_row_02_a_refused_connection_counts(colour: Colour) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with colour.client(url, **breaking()) as it:
        refused = "ConnectError" if colour.own else "APIConnectionError"
        found = kinds(it, retrieve, 3)
        assert found[2] == "CircuitOpen"
        assert set(found[:2]) <= {"ConnectError", refused}
        assert failure_of(it, retrieve).endpoint == url.removeprefix("http://")  # type: ignore[attr-defined]


def test_statuses_count_for_their_model(colour: Colour) -> None:
    with Rude(wrong(503), wrong(503), ok()) as server, colour.client(server.url, **breaking()) as it:
        assert kinds(it, create, 3) == ["InternalServerError"] * 2 + ["CircuitOpen"]
        assert it(retrieve).id == "m"
        assert len(server.requests) == 3


def test_what_is_no_fault_of_the_server_counts_neither_way(colour: Colour) -> None:
    with Rude(wrong(400), wrong(401), wrong(429), wrong(404)) as server, colour.client(server.url, **breaking()) as it:
        assert "CircuitOpen" not in kinds(it, create, 6)


@pytest.mark.parametrize("broken", [b'{"id": "res', b"", b"<html>login</html>"])
def test_row_36_a_success_that_is_none_counts(colour: Colour, broken: bytes) -> None:
    html = reply(broken, 200, "Content-Type: text/html") if broken.startswith(b"<") else reply(broken)
    with Rude(html) as server, colour.client(server.url, **breaking()) as it:
        assert kinds(it, create, 3)[2] == "CircuitOpen"
        assert len(server.requests) == 2


def test_a_circuit_that_opens_ends_the_retries(colour: Colour) -> None:
    with Rude(wrong(503)) as server, colour.client(server.url, **breaking(Retry(5))) as it:
        failure = failure_of(it, create)
        assert isinstance(failure, InternalServerError), "which was heard of the last attempt that was sent"
        assert len(server.requests) == 2
        assert [str(step) for step in failure.trace.of("CircuitBreaker")][-1].startswith("CircuitBreaker: refused")


def test_it_is_tried_again_and_closes(colour: Colour) -> None:
    with Rude(wrong(503), wrong(503), ok()) as server, colour.client(server.url, **breaking()) as it:
        assert kinds(it, create, 3)[2] == "CircuitOpen"
        it.clock.slept.append(6.1)
        for _ in range(4):
            it(create)
        assert len(server.requests) == 6
        assert it.raw.health().policies["CircuitBreaker"] == {
            server.url.removeprefix("http://"): {"state": "closed", "calls": 6, "failures": 0}
        }


def test_a_lone_endpoint_is_asked_once_a_second(colour: Colour) -> None:
    with Rude(wrong(503)) as server, colour.client(server.url, **breaking(panic=1, open_for=300)) as it:
        assert kinds(it, create, 6).count("CircuitOpen") == 4
        for number in range(3):
            it.clock.slept.append(1.0)
            assert sorted(kinds(it, create, 4)) == ["CircuitOpen"] * 3 + ["InternalServerError"]
            assert len(server.requests) == 3 + number


def test_row_47_streams_that_break_count(own_colour: Colour) -> None:
    broken = [sse(delta("a"), delta("b"))[:-30], hang_up]
    with Rude(broken, broken, CHAT) as server, own_colour.client(server.url, **breaking()) as it:
        for _ in range(2):
            items, failure = it.events(chat)
            assert len(items) >= 1
            assert isinstance(failure, antiphon.StreamInterrupted)
        assert isinstance(failure_of(it, chat), CircuitOpen)
        it.clock.slept.append(6.1)
        for _ in range(3):
            assert len(it.items(chat)) == 3


def test_copies_share_it_and_it_is_explained(colour: Colour) -> None:
    with Rude(wrong(503)) as server, colour.client(server.url, **breaking()) as it:
        copy = it.raw.with_options(timeout=5)
        kinds(it, create, 2)
        assert isinstance(failure_of(it, lambda _: create(copy)), CircuitOpen)
        assert "CircuitBreaker(window=30 s" in copy.explain()


def test_row_61_a_cancelled_probe_makes_room() -> None:
    async def whole(url: str, server: Rude) -> None:
        breaker = CircuitBreaker(consecutive=1, open_for=0.01, max_open=0.01, close_after=1, panic=None)
        async with Colour("async", "own").make(url, policies=[breaker], max_retries=0) as client:
            with pytest.raises(antiphon.InternalServerError):
                await create(client)
            await asyncio.sleep(0.02)
            probe = asyncio.ensure_future(create(client))
            while len(server.requests) < 2:
                await asyncio.sleep(0.005)
            with pytest.raises(CircuitOpen):
                await create(client)
            probe.cancel()
            with pytest.raises(asyncio.CancelledError):
                await probe
            assert (await create(client)).id == "m"

    with Rude(wrong(503), hang, reply(body(MODEL))) as server:
        asyncio.run(whole(server.url, server))
