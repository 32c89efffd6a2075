"""What several wait for goes on where the one who began it is cancelled, and ends when nobody wants it any more."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from antiphon.core import effects
from antiphon.core.signal import Signal
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.virtual import VirtualDriver

from .test_drivers import Async, Sync, both


class Flown:
    """A flow that sleeps and tells what became of it."""

    def __init__(self, outcome: Any = "there", seconds: float = 0.01) -> None:
        self.told: list[str] = []
        self.abandoned = Signal()
        self.outcome = outcome
        self.seconds = seconds

    async def fly(self) -> Any:
        try:
            await effects.Sleep(self.seconds)
        except BaseException as failure:
            self.told.append(type(failure).__name__)
            raise
        self.told.append("flew")
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    async def ask(self) -> Any:
        return await effects.Outlive(self.fly(), self.abandoned, lambda: self.told.append("ended"))


@both
def test_it_is_answered_with_the_flows_result(colour: type[Sync | Async]) -> None:
    flown = Flown()
    assert colour().run(flown.ask()) == "there"
    assert flown.told == ["flew", "ended"]


@both
def test_it_is_answered_with_the_flows_failure(colour: type[Sync | Async]) -> None:
    flown = Flown(KeyError("no"))
    with pytest.raises(KeyError):
        colour().run(flown.ask())
    assert flown.told == ["flew", "ended"]


def driver() -> AsyncDriver:
    async def refuse(_: Any) -> Any:
        raise AssertionError("nothing is sent")

    return AsyncDriver(refuse, refuse)


async def cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("steps", range(4))
def test_it_goes_on_where_whoever_asked_is_cancelled(steps: int) -> None:
    flown = Flown()

    async def main() -> None:
        task = asyncio.ensure_future(driver().run(flown.ask()))
        for _ in range(steps + 1):
            await asyncio.sleep(0)
        await cancelled(task)
        gc.collect()
        while "ended" not in flown.told:
            await asyncio.sleep(0.001)

    asyncio.run(main())
    assert flown.told == ["flew", "ended"]
    assert not flown.abandoned._wakes


@pytest.mark.parametrize("steps", range(4))
def test_it_ends_when_it_is_abandoned(steps: int) -> None:
    flown = Flown(seconds=3600)

    async def main() -> None:
        task = asyncio.ensure_future(driver().run(flown.ask()))
        for _ in range(steps + 1):
            await asyncio.sleep(0)
        await cancelled(task)
        flown.abandoned.set()
        while "ended" not in flown.told:
            await asyncio.sleep(0.001)

    asyncio.run(main())
    assert flown.told[-1] == "ended"
    assert flown.told in (["ended"], ["CancelledError", "ended"])


def test_a_loop_that_ends_takes_it_along() -> None:
    flown = Flown(seconds=3600)

    async def main() -> None:
        task = asyncio.ensure_future(driver().run(flown.ask()))
        await asyncio.sleep(0.001)
        await cancelled(task)

    asyncio.run(main())
    assert flown.told == ["CancelledError", "ended"]
    flown.abandoned.set()


def test_a_loop_that_was_closed_has_lost_it() -> None:
    flown, loop = Flown(seconds=3600), asyncio.new_event_loop()
    effect = effects.Outlive(flown.fly(), flown.abandoned, lambda: flown.told.append("ended"))

    async def ask() -> Any:
        return await effect

    task = loop.create_task(driver().run(ask()))
    loop.run_until_complete(asyncio.sleep(0.001))
    assert not effect.lost()
    task.cancel()
    loop.run_until_complete(asyncio.sleep(0.001))
    loop.close()
    assert effect.lost()
    flown.abandoned.set()


def test_a_failure_nobody_waits_for_is_not_spoken_of() -> None:
    flown = Flown(KeyError("no"))
    spoken: list[Any] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, said: spoken.append(said))
        task = asyncio.ensure_future(driver().run(flown.ask()))
        await asyncio.sleep(0)
        await cancelled(task)
        await asyncio.sleep(0.02)
        gc.collect()

    asyncio.run(main())
    assert flown.told == ["flew", "ended"]
    assert spoken == []


def test_in_virtual_time() -> None:
    virtual, flown, left = VirtualDriver(lambda request, now: (0, KeyError())), Flown(seconds=5), Flown(seconds=5)
    first, second = virtual.start(flown.ask()), virtual.start(left.ask())
    virtual.at(1, first.cancel)
    virtual.at(1, second.cancel)
    virtual.at(2, left.abandoned.set)
    virtual.run()
    assert flown.told == ["flew", "ended"]
    assert left.told == ["Cancelled", "ended"]
    assert virtual.perform(Flown(7).ask()) == 7
    with pytest.raises(KeyError):
        virtual.perform(Flown(KeyError("no")).ask())
