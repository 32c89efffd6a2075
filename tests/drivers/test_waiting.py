"""Waiting for a signal, calling what blocks, and following a body: the same in every driver."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core import effects
from antiphon.core.reply import Reply
from antiphon.core.signal import Signal
from antiphon.drivers.virtual import VirtualDriver

from .test_drivers import REQUEST, Async, Body, Sync, both, reply


class Follower:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def feed(self, chunk: bytes) -> None:
        self.told.append(chunk)

    def end(self, failure: BaseException | None, complete: bool) -> None:
        self.told.append((type(failure).__name__ if failure else None, complete))


@both
def test_a_signal_that_is_set_is_not_waited_for(colour: type[Sync | Async]) -> None:
    signal = Signal()
    signal.set()

    async def flow() -> bool:
        return await effects.Wait(signal)

    assert colour().run(flow()) is True


@both
@pytest.mark.parametrize("seconds", [0, -1, 0.02])
def test_a_wait_that_ends_without_the_signal_says_so(colour: type[Sync | Async], seconds: float) -> None:
    signal = Signal()

    async def flow() -> bool:
        return await effects.Wait(signal, seconds)

    assert colour().run(flow()) is False
    assert not signal._wakes, "whoever no longer waits is forgotten"


@both
def test_a_signal_is_heard_from_another_thread(colour: type[Sync | Async]) -> None:
    signal = Signal()

    async def flow() -> bool:
        threading.Timer(0.02, signal.set).start()
        return await effects.Wait(signal, 30)

    assert colour().run(flow()) is True


def test_a_task_that_is_cancelled_while_it_waits_is_forgotten() -> None:
    signal = Signal()

    async def flow() -> bool:
        return await effects.Wait(signal)

    async def main() -> None:
        task = asyncio.ensure_future(Async().driver.run(flow()))
        await asyncio.sleep(0.01)
        assert len(signal._wakes) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not signal._wakes


def test_a_signal_that_is_set_after_a_loop_has_ended_harms_nobody() -> None:
    signal = Signal()

    async def main() -> Any:
        coroutine = Async().driver.run(_waiting(signal))
        coroutine.send(None)
        return coroutine

    coroutine = asyncio.run(main())
    signal.set()
    with pytest.raises(RuntimeError):  # its future belongs to a loop that is gone
        coroutine.throw(RuntimeError("collected"))


async def _waiting(signal: Signal) -> bool:
    return await effects.Wait(signal)


@both
def test_what_blocks_is_called_with_its_arguments(colour: type[Sync | Async]) -> None:
    async def flow() -> tuple[Any, int]:
        here = threading.get_ident()
        return await effects.Outside(lambda a, b: (a + b, threading.get_ident()), 1, 2), here

    (value, there), here = colour().run(flow())
    assert value == 3
    assert (there == here) is (colour is Sync), "an event loop must not wait for it"


@both
def test_a_body_is_followed_to_its_end(colour: type[Sync | Async]) -> None:
    here, follower = colour(), Follower()
    followed = reply(here.body(b"ab", b"cd"))

    async def flow() -> bytes:
        await effects.Follow(followed, follower)
        return await effects.Read(followed)

    assert here.run(flow()) == b"abcd"
    assert follower.told == [b"ab", b"cd", (None, True)]


@both
def test_a_body_that_is_dropped_is_not_complete(colour: type[Sync | Async]) -> None:
    here, closed, collected = colour(), Follower(), Follower()

    async def flow() -> None:
        first, second = reply(here.body(b"ab")), reply(here.body(b"ab"))
        await effects.Follow(first, closed)
        await effects.Follow(second, collected)
        await effects.Discard(first)

    here.run(flow())
    gc.collect()
    assert closed.told == collected.told == [(None, False)]


@both
def test_a_body_that_breaks_tells_why(colour: type[Sync | Async]) -> None:
    here, follower = colour(), Follower()
    body = here.body(b"ab")
    body.pieces = _Breaking([b"ab"])
    followed = reply(body)

    async def flow() -> bytes:
        await effects.Follow(followed, follower)
        return await effects.Read(followed)

    with pytest.raises(OSError, match="broke"):
        here.run(flow())
    assert follower.told == [b"ab", ("OSError", False)]


class _Breaking(list[bytes]):
    def __bool__(self) -> bool:
        return True

    def pop(self, index: Any = -1) -> bytes:
        if not len(self):
            raise OSError("broke")
        return super().pop(index)


@both
def test_a_body_that_was_read_is_told_at_once(colour: type[Sync | Async]) -> None:
    follower = Follower()

    async def flow() -> None:
        await effects.Follow(reply(content=b"all"), follower)

    colour().run(flow())
    assert follower.told == [b"all", (None, True)]


@both
def test_a_followed_body_still_can_what_it_could(colour: type[Sync | Async]) -> None:
    class Able(colour.body):  # type: ignore[name-defined,misc]
        bounded: float | None = None

        def bound_read(self, seconds: float) -> None:
            self.bounded = seconds

    able = Able(b"x")
    followed = reply(able)

    async def flow() -> None:
        await effects.Follow(followed, Follower())

    colour().run(flow())
    assert followed.body is not None
    followed.body.bound_read(3)  # type: ignore[union-attr]
    assert able.bounded == 3
    followed.body.close()


def virtual(send: Callable[..., tuple[float, Reply | Exception]] = lambda *_: (0.5, reply())) -> VirtualDriver:
    return VirtualDriver(send)


def test_virtual_time_passes_for_many_flows_at_once() -> None:
    driver, order = virtual(), list[str]()

    async def flow(name: str, seconds: float) -> float:
        await effects.Sleep(seconds)
        await effects.Send(REQUEST)
        order.append(name)
        return await effects.Now()

    runs = [driver.start(flow("late", 3600)), driver.start(flow("early", 1)), driver.start(flow("later", 0), at=7200)]
    driver.run()
    assert order == ["early", "late", "later"]
    assert [run.result for run in runs] == [3600.5, 1.5, 7200.5]


def test_virtual_flows_wait_for_signals_and_for_time() -> None:
    driver, signal = virtual(), Signal()

    async def sets() -> None:
        await effects.Sleep(5)
        signal.set()

    async def waits(seconds: float | None) -> tuple[bool, float]:
        return await effects.Wait(signal, seconds), await effects.Now()

    runs = [driver.start(waits(None)), driver.start(waits(2)), driver.start(waits(9)), driver.start(sets())]
    driver.run()
    assert [run.result for run in runs[:3]] == [(True, 5.0), (False, 2.0), (True, 5.0)]
    assert not signal._wakes
    assert driver.now == 9.0 or driver.now == 5.0


def test_a_virtual_flow_is_cancelled_where_it_waits() -> None:
    driver, seen = virtual(), list[str]()

    async def flow() -> None:
        try:
            await effects.Sleep(10)
        finally:
            seen.append("cleaned")

    run = driver.start(flow())
    driver.at(3, run.cancel)
    driver.run()
    assert (run.done, type(run.failure).__name__, run.ended, seen) == (True, "Cancelled", 3.0, ["cleaned"])


def test_a_virtual_gather_keeps_order_and_limit_and_ends_at_a_failure() -> None:
    driver = virtual()

    async def one(number: int) -> int:
        await effects.Sleep(1)
        if number == 7:
            raise OSError("seven")
        return number

    async def flow(numbers: range) -> tuple[list[int], float]:
        return await effects.Gather([one(n) for n in numbers], 2), await effects.Now()

    assert driver.perform(flow(range(5))) == ([0, 1, 2, 3, 4], 3.0)
    with pytest.raises(OSError, match="seven"):
        driver.perform(flow(range(5, 12)))


def test_a_virtual_failure_is_thrown_into_the_flow_and_nonsense_refused() -> None:
    driver = virtual(lambda *_: (0.1, OSError("no")))

    async def flow() -> str:
        try:
            await effects.Send(REQUEST)
        except OSError as failure:
            return f"caught {failure} at {await effects.Now():g}"
        return "not reached"

    class Foreign:
        def __await__(self):
            yield "nonsense"

    async def foreign() -> None:
        await Foreign()

    assert driver.perform(flow()) == "caught no at 0.1"
    with pytest.raises(TypeError, match="may only await effects"):
        driver.perform(foreign())
    with pytest.raises(RuntimeError, match="never happen"):
        driver.perform(_waiting(Signal()))


def test_the_same_seed_gives_the_same_chance() -> None:
    async def flow() -> list[float]:
        return [await effects.Random() for _ in range(3)]

    def drawn(seed: int) -> Any:
        return VirtualDriver(lambda *_: (0.0, reply()), seed=seed).perform(flow())

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_virtual_driver_follows_and_reads_bodies() -> None:
    follower = Follower()

    def answer(*_: Any) -> tuple[float, Reply]:
        return 0.0, reply(Body(b"ab", b"c"))

    async def flow() -> bytes:
        got = await effects.Send(REQUEST)
        await effects.Follow(got, follower)
        return await effects.Read(got)

    assert virtual(answer).perform(flow()) == b"abc"
    assert follower.told == [b"ab", b"c", (None, True)]
