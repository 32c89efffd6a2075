"""The asyncio driver on trio, where an httpx client that was handed in may live; and bodies whose beginning was looked at."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
import trio

from antiphon.core import effects
from antiphon.core.reply import Reply
from antiphon.core.signal import Signal
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.virtual import VirtualDriver

from .test_drivers import REQUEST, Async, Body, Sync, both, reply


def on_trio(flow: Any) -> Any:
    """What a flow gives on trio."""

    async def send(_: Any) -> Reply:
        await trio.lowlevel.checkpoint()
        return reply()

    async def perform(_: Any) -> Any:
        raise AssertionError("nobody calls the API here")

    return trio.run(AsyncDriver(send, perform).run, flow)


@pytest.mark.parametrize(("seconds", "is_set"), [(None, True), (30, True), (0.02, False)])
def test_a_signal_is_waited_for_on_trio(seconds: float | None, is_set: bool) -> None:
    signal = Signal()

    async def flow() -> bool:
        if is_set:
            threading.Timer(0.01, signal.set).start()
        return await effects.Wait(signal, seconds)

    assert on_trio(flow()) is is_set


def test_what_blocks_is_called_in_a_thread_on_trio() -> None:
    async def flow() -> bool:
        here = threading.get_ident()
        return await effects.Outside(threading.get_ident) != here

    assert on_trio(flow())


def test_what_outlives_its_asker_elsewhere_ends_with_it_on_trio() -> None:
    ended: list[str] = []

    async def inner() -> int:
        return (await effects.Send(REQUEST)).status_code

    async def flow() -> int:
        return await effects.Outlive(inner(), Signal(), partial(ended.append, "over"))

    assert on_trio(flow()) == 200
    assert ended == ["over"]


def test_there_is_no_race_on_trio() -> None:
    begun: list[str] = []

    async def one(name: str) -> str:
        begun.append(name)
        await effects.Send(REQUEST)
        return name

    async def flow() -> str:
        return await effects.Race(one("first"), partial(one, "second"), 0.0, lambda _: True)

    assert on_trio(flow()) == "first"
    assert begun == ["first"]


@both
def test_a_body_that_was_looked_at_is_read_from_its_beginning(colour: type[Sync | Async]) -> None:
    here = colour()
    body = here.body(b"ab", b"cd")
    peeked = reply(body)

    async def flow() -> tuple[bytes, bytes]:
        return await effects.Peek(peeked), await effects.Read(peeked)

    assert here.run(flow()) == (b"ab", b"abcd")
    assert body.closed == 1


@both
def test_one_can_look_further_into_a_body_and_up_to_its_end(colour: type[Sync | Async]) -> None:
    here = colour()
    peeked = reply(here.body(b"ab", b"cd", b"ef"))

    async def flow() -> list[bytes]:
        looks = [await effects.Peek(peeked, beyond) for beyond in (0, 1, 2, 5, 6, 6)]
        return [*looks, await effects.Read(peeked)]

    assert here.run(flow()) == [b"ab", b"ab", b"abcd", b"abcdef", b"abcdef", b"abcdef", b"abcdef"]


@both
def test_a_body_that_was_looked_at_can_be_given_up(colour: type[Sync | Async]) -> None:
    here = colour()

    class Able(here.body):  # type: ignore[name-defined,misc]
        closed = False  # type: ignore[assignment]
        bounded = 0.0

        def bound_read(self, seconds: float) -> None:
            self.bounded = seconds

        def close(self) -> None:
            self.closed = True

    body = Able(b"ab", b"cd")
    peeked = reply(body)

    async def flow() -> None:
        await effects.Peek(peeked)
        await effects.Discard(peeked)

    assert not body.closed
    here.run(flow())
    looked: Any = peeked.body
    looked.bound_read(3.0)
    assert body.bounded == 3.0
    assert looked.closed
    assert body.closed


@both
def test_a_body_that_was_read_is_looked_at_as_it_is(colour: type[Sync | Async]) -> None:
    async def flow() -> bytes:
        return await effects.Peek(reply(content=b"all"))

    assert colour().run(flow()) == b"all"


@both
def test_a_body_that_breaks_when_it_is_looked_at_is_closed(colour: type[Sync | Async]) -> None:
    here = colour()
    body = here.body()
    body.pieces = [OSError("broke")]  # type: ignore[list-item]

    def broken(*_: Any) -> bytes:
        raise OSError("broke")

    async def broken_too(*_: Any) -> bytes:
        raise OSError("broke")

    body.read_chunk = broken if colour is Sync else broken_too  # type: ignore[method-assign,assignment]

    async def flow() -> bytes:
        return await effects.Peek(reply(body))

    with pytest.raises(OSError, match="broke"):
        here.run(flow())
    assert body.closed == 1


def test_a_virtual_flow_that_is_cancelled_forgets_whom_it_waited_for() -> None:
    signal = Signal()
    driver = VirtualDriver(lambda *_: (0.0, reply()))

    async def waits(seconds: float | None) -> bool:
        return await effects.Wait(signal, seconds)

    async def gathers() -> list[bool]:
        return await effects.Gather([waits(None), waits(5), waits(5)], 2)

    runs = [driver.start(waits(None)), driver.start(waits(9)), driver.start(gathers())]
    driver.at(1.0, lambda: [run.cancel() for run in runs] and None)
    driver.run()
    assert [type(run.failure).__name__ for run in runs] == ["Cancelled"] * 3
    assert not signal._wakes


def test_nothing_to_gather_is_gathered_at_once() -> None:
    async def flow() -> tuple[list[int], bytes]:
        nothing = await effects.Gather(list[Any](), 3)
        return nothing, await effects.Read(reply(content=b"there"))

    assert VirtualDriver(lambda *_: (0.0, reply(Body()))).perform(flow()) == ([], b"there")
