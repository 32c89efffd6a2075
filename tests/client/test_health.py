"""Health checks over real sockets: a thread or task while an endpoint is left alone, and no trace of it afterwards."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import Any

from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.health import HealthCheck
from tests.transports.rude import Rude, hang

from .answer import create, ok, retrieve, wrong
from .colour import Colour, Driven, failure_of

MODELS = ok({"object": "list", "data": []})


def checking(interval: float, **more: Any) -> dict[str, Any]:
    """A client's policies: open at the first failure, and only a check will close it."""
    health = HealthCheck(interval=interval, **more)
    return {"policies": [CircuitBreaker(consecutive=1, open_for=300, panic=None, per="endpoint", health=health)]}


def asides() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "antiphon aside"]


def state(it: Driven) -> str:
    (known,) = it.raw.health().policies["CircuitBreaker"].values()
    return str(known["state"])


def until_closed(it: Driven) -> None:
    end = time.monotonic() + 20
    while state(it) != "closed":
        assert time.monotonic() < end
        it.turn() if it.runner is not None else time.sleep(0.01)


def test_an_endpoint_that_is_back_is_found(colour: Colour) -> None:
    with Rude(wrong(503), wrong(503), MODELS) as server, colour.client(server.url, **checking(0.02)) as it:
        failure_of(it, create)
        assert not it.raw.health().ready
        until_closed(it)
        assert it.raw.health().ready
        checks = server.requests[1:]
        assert len(checks) == 3, "a bad one, and two good ones"
        assert {check.line for check in checks} == {"GET /v1/models HTTP/1.1"}
        assert all(check.headers["authorization"].startswith("Bearer sk-") for check in checks)
        assert it(retrieve)
        it.turn()
        assert len(server.requests) == 5
    assert not [thread for thread in asides() if thread.join(10) or thread.is_alive()]  # type: ignore[func-returns-value]


def test_closing_the_client_ends_the_check_at_once(colour: Colour) -> None:
    before = asides()
    with Rude(wrong(503)) as server:
        with colour.client(server.url, **checking(600)) as it:
            failure_of(it, create)
            mine = [thread for thread in asides() if thread not in before]
            assert len(mine) == (0 if colour.is_async else 1)
            copy = it.raw.with_options(timeout=5)
            failure_of(it, lambda _: create(copy))
            assert [thread for thread in asides() if thread not in before] == mine, "one check for all copies"
        for thread in mine:
            thread.join(10)
            assert not thread.is_alive()
        assert len(server.requests) == 1


def test_closing_the_client_ends_a_check_that_hangs(own_colour: Colour) -> None:
    before = asides()
    with Rude(wrong(503), hang) as server:
        with own_colour.client(server.url, **checking(0.001, timeout=60)) as it:
            failure_of(it, create)
            while len(server.requests) < 2:
                it.turn()
        for thread in set(asides()) - set(before):
            thread.join(10)
            assert not thread.is_alive()


def test_a_check_that_takes_too_long_is_a_bad_one(own_colour: Colour) -> None:
    with Rude(wrong(503), hang, MODELS) as server:
        with own_colour.client(server.url, **checking(0.001, timeout=0.05, successes=1)) as it:
            failure_of(it, create)
            until_closed(it)
            assert len(server.requests) == 3


def test_a_loop_that_ends_takes_its_check_along_and_the_next_begins_another() -> None:
    with Rude(wrong(503), MODELS) as server:
        client = Colour("async", "own").make(server.url, **checking(0.02), max_retries=0)

        async def fail() -> int:
            try:
                await create(client)
            except Exception:
                return len(asyncio.all_tasks())
            raise AssertionError

        assert asyncio.run(fail()) >= 2
        gc.collect()

        async def again() -> None:
            while not client.health().ready:
                await fail()
                await asyncio.sleep(0.01)
            await retrieve(client)
            await client.close()

        asyncio.run(again())


def test_health_sends_nothing(colour: Colour) -> None:
    with Rude(ok()) as server, colour.client(server.url, policies=[CircuitBreaker()]) as it:
        assert it.raw.health() == (True, {"CircuitBreaker": {}})
        assert server.requests == []
        it.wait(it.raw.close())
        assert not it.raw.health().ready, "a client that was closed serves nobody"
