"""Races over real sockets, many of them, interrupted or not: no connection, place or thread is left."""

from __future__ import annotations

import _thread
import asyncio
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from antiphon.core.effects import Race, Send
from antiphon.core.limits import PoolLimits
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.errors import DeadlineExceeded, ReadTimeout
from antiphon.transports.sockets import SocketTransport
from antiphon.transports.streams import StreamTransport
from tests.transports.asking import ask
from tests.transports.rude import Rude, hang, pause, reply

from .racing import assert_soon

RACES = 1000
FAST = reply(b"{}")
SLOW = [pause(0.02), FAST]


async def racing(first: Request, second: Request, seconds: float) -> Reply:
    async def one(request: Request) -> Reply:
        return await Send(request)

    return await Race(one(first), lambda: one(second), seconds)


def test_a_thousand_races_under_32_threads_leave_nothing() -> None:
    before = _thread._count()
    transport = SocketTransport(proxy=None, limits=PoolLimits(max_connections=40))
    driver = BlockingDriver(transport.send, None)  # type: ignore[arg-type]

    def race(number: int) -> bytes:
        return driver.run(racing(ask(server.url), ask(server.url), 0.004)).content

    with Rude(*[FAST, FAST, SLOW, SLOW, FAST] * 1000) as server:
        with ThreadPoolExecutor(32) as threads:
            assert set(threads.map(race, range(RACES))) == {b"{}"}
        assert RACES < len(server.requests) <= 2 * RACES
        assert_soon(lambda: transport._pool.held == 0)
        assert transport._busy == {}
        assert transport._pool.waiting == 0
        transport.close()
    assert_soon(lambda: _thread._count() <= before)


def test_a_thousand_races_under_32_tasks_leave_nothing() -> None:
    async def whole(url: str) -> None:
        transport = StreamTransport(proxy=None, limits=PoolLimits(max_connections=40))
        driver = AsyncDriver(transport.send, None)  # type: ignore[arg-type]
        gate = asyncio.Semaphore(32)

        async def race() -> bytes:
            async with gate:
                return (await driver.run(racing(ask(url), ask(url), 0.004))).content

        assert set(await asyncio.gather(*(race() for _ in range(RACES)))) == {b"{}"}
        assert asyncio.all_tasks() == {asyncio.current_task()}
        (hall,) = transport._halls.values()
        assert hall.pool.held == 0
        await transport.aclose()

    with Rude(*[FAST, FAST, SLOW, SLOW, FAST] * 1000) as server:
        asyncio.run(whole(server.url))
        assert RACES < len(server.requests) <= 2 * RACES


def performed(colour: str, flow: Any) -> Any:
    if colour == "blocking":
        transport = SocketTransport(proxy=None)
        try:
            return BlockingDriver(transport.send, None).run(flow)  # type: ignore[arg-type]
        finally:
            assert_soon(lambda: transport._pool.held == 0)
            transport.close()

    async def whole() -> Any:
        transport = StreamTransport(proxy=None)
        try:
            return await AsyncDriver(transport.send, None).run(flow)  # type: ignore[arg-type]
        finally:
            await transport.aclose()

    return asyncio.run(whole())


COLOURS = pytest.mark.parametrize("colour", ["blocking", "asyncio"])


@COLOURS
def test_where_both_hang_each_has_its_time(colour: str) -> None:
    with Rude(hang) as server:
        began = time.monotonic()
        with pytest.raises(ReadTimeout):
            performed(colour, racing(ask(server.url, timeout=0.3), ask(server.url, timeout=0.3), 0.15))
        assert 0.44 < time.monotonic() - began < 3.0
        assert len(server.requests) == 2
        assert all(server.left(n) for n in range(2))


@COLOURS
def test_a_deadline_ends_both(colour: str) -> None:
    with Rude(hang) as server:
        end = time.monotonic() + 0.3
        requests = [ask(server.url, timeout=20.0, deadline=end) for _ in range(2)]
        with pytest.raises(DeadlineExceeded):
            performed(colour, racing(requests[0], requests[1], 0.1))
        assert len(server.requests) == 2
        assert all(server.left(n) for n in range(2))


@COLOURS
def test_a_deadline_before_it_is_late_is_kept(colour: str) -> None:
    with Rude(hang) as server:
        request = ask(server.url, timeout=20.0, deadline=time.monotonic() + 0.1)
        with pytest.raises(DeadlineExceeded):
            performed(colour, racing(request, request, 5.0))
        assert len(server.requests) == 1


@COLOURS
def test_the_winners_connection_is_kept_and_the_losers_closed(colour: str) -> None:
    with Rude(hang, reply(b"{}")) as server:
        assert performed(colour, racing(ask(server.url), ask(server.url), 0.05)).content == b"{}"
        assert server.left(0)
        assert len(server.requests) == 2


PROGRAM = """
import _thread, random, signal, sys, time
from antiphon.drivers.blocking import BlockingDriver
from antiphon.transports.sockets import SocketTransport
from tests.drivers.test_race_sockets import racing
from tests.transports.asking import ask

class Alarm(BaseException):
    pass

def ring(*_):
    raise Alarm

signal.signal(signal.SIGALRM, ring)
random.seed(7)
transport = SocketTransport(proxy=None)
driver = BlockingDriver(transport.send, None)
url, rung = sys.argv[1], 0
driver.run(racing(ask(url), ask(url), 0.0))
for _ in range(400):
    try:
        signal.setitimer(signal.ITIMER_REAL, random.uniform(2e-5, 4e-3))
        driver.run(racing(ask(url), ask(url), 0.0005))
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Alarm:
        rung += 1
    try:
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Alarm:
        pass
until = time.monotonic() + 10
while (transport._pool.held or _thread._count()) and time.monotonic() < until:
    time.sleep(0.01)
pool = transport._pool
assert not _thread._count(), "a thread is left"
assert (pool.held, len(transport._busy)) == (0, 0), pool.describe()
assert transport.send(ask(url)).status_code == 200
print(rung)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_handlers_that_raise_anywhere_leave_no_connection() -> None:
    with Rude(*[FAST, [pause(0.002), FAST]] * 1000) as server:
        command = [sys.executable, "-W", "ignore", "-c", PROGRAM, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50
