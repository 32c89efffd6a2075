"""Traffic: requests that begin at given times, whether or not earlier ones are over, through each of the three drivers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..client import AsyncOpenAI, OpenAI
from ..drivers.virtual import VirtualDriver
from ..errors import OpenAIError
from .chance import NOWHERE, QuickClock, SharedClock, dice_of, take_dice
from .house import House
from .question import Question
from .simulation import Simulation
from .stage import Chain

Times = Callable[[int], float]
"""When the request of a number begins, in seconds."""


class Sample(NamedTuple):
    """One request.

    Attributes:
        at: when it began, in the drill's seconds.
        seconds: how long it took.
        error: the class of its error, or "".
    """

    at: float
    seconds: float
    error: str


class Flow(NamedTuple):
    """What one driver's traffic came to."""

    driver: str
    samples: list[Sample]
    ledger: dict[str, dict[str, int]]


def run(
    driver: str,
    questions: Sequence[Question],
    times: Times,
    chain: Chain,
    plan: Callable[[float], dict[str, Any] | None],
    *,
    seed: int,
    speed: float,
    seconds: float = 0.001,
    house_options: Sequence[str] = (),
) -> Flow:
    """The traffic of one driver.

    Args:
        driver: "sync", "asyncio" or "virtual".
        questions: what is asked.
        times: when.
        chain: makes the policies.
        plan: the faults, given how many of the drill's seconds pass in a second of the server.
        seed: of chance.
        speed: how many of the drill's seconds pass in one, over sockets.
        seconds: how long the virtual server takes.
        house_options: of the emulator, over sockets.
    """
    if driver == "virtual":
        return _virtual(questions, times, chain, Simulation(plan(1.0), seconds=seconds, jitter=0.3), seed)
    with House("--journal", "1", *house_options) as house:
        options = {"api_key": house.key, "base_url": house.base_url, "policies": chain(), "proxy": None}
        house.break_with(plan(speed))
        # Its seconds count from here, as those of the plan do.
        options["_clock"] = clock = QuickClock(speed)
        traffic = _blocking if driver == "sync" else _concurrent
        samples = traffic(questions, times, options, clock, seed)
        return Flow(driver, samples, house.ledger())


def _virtual(questions: Sequence[Question], times: Times, chain: Chain, server: Simulation, seed: int) -> Flow:
    driver = VirtualDriver(server, seed=seed)
    with OpenAI(policies=chain(), _clock=SharedClock(lambda: driver.now), **NOWHERE) as client:
        runs: list[Any] = []
        for question in questions:
            flow: Any = client._flow(client._endpoint.request(question.call()))
            runs.append(driver.start(flow, at=times(question.number), dice=dice_of(seed, question.number)))
        driver.run()
    samples = [
        Sample(run.began, run.ended - run.began, "" if run.failure is None else type(run.failure).__name__)
        for run in runs
    ]
    return Flow("virtual", samples, server.ledger.shown())


def _blocking(
    questions: Sequence[Question], times: Times, options: dict[str, Any], clock: QuickClock, seed: int
) -> list[Sample]:
    samples: list[Sample | None] = [None] * len(questions)

    def ask(client: OpenAI, place: int, question: Question) -> None:
        take_dice(seed, question.number)
        began, error = clock.monotonic(), ""
        try:
            client.perform(question.call())
        except OpenAIError as failure:
            error = type(failure).__name__
        samples[place] = Sample(began, clock.monotonic() - began, error)

    with OpenAI(**options) as client:
        threads: list[threading.Thread] = []
        for place, question in enumerate(questions):
            clock.sleep(max(0.0, times(question.number) - clock.monotonic()))
            threads.append(threading.Thread(target=ask, args=(client, place, question)))
            threads[-1].start()
        for thread in threads:
            thread.join()
    return [sample for sample in samples if sample is not None]


def _concurrent(
    questions: Sequence[Question], times: Times, options: dict[str, Any], clock: QuickClock, seed: int
) -> list[Sample]:
    samples: list[Sample | None] = [None] * len(questions)

    async def ask(client: AsyncOpenAI, place: int, question: Question) -> None:
        take_dice(seed, question.number)
        began, error = clock.monotonic(), ""
        try:
            await client.perform(question.call())
        except OpenAIError as failure:
            error = type(failure).__name__
        samples[place] = Sample(began, clock.monotonic() - began, error)

    async def main() -> None:
        async with AsyncOpenAI(**options) as client, asyncio.TaskGroup() as group:
            for place, question in enumerate(questions):
                await clock.asleep(max(0.0, times(question.number) - clock.monotonic()))
                group.create_task(ask(client, place, question))

    asyncio.run(main())
    return [sample for sample in samples if sample is not None]
