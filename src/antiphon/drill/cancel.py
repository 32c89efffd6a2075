"""Cancel: ten thousand calls, half of which are given up at a random moment. Nothing may be left behind, and the rest must go well."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import threading
from collections.abc import Sequence
from typing import Any

from ..client import AsyncOpenAI, OpenAI
from ..drivers.virtual import VirtualDriver
from ..errors import OpenAIError
from .chance import NOWHERE, SharedClock, dice_of
from .figure import Figure, Result
from .house import House
from .question import Question
from .simulation import Simulation

_PLAN: dict[str, Any] = {"rules": [{"faults": ["latency=0.2", "latency=0.4", "latency=0.6", "reset=20"], "rate": 0.4}]}
_SPAN = 4.0
"""Seconds within which the calls begin; each that is given up has half a second at most."""


def drill(
    *, n: int = 10_000, p: float = 0.5, seed: int = 1, drivers: Sequence[str] = ("sync", "asyncio", "virtual")
) -> list[Result]:
    """The figures.

    Args:
        n: how many calls.
        p: the share that is given up.
        seed: of faults and chance.
        drivers: "asyncio" cancels tasks, "sync" leaves streams in the middle, "virtual" cancels flows.
    """
    made: list[Result] = []
    for driver in drivers:
        if driver == "virtual":
            made.append(_virtual(n, p, seed))
            continue
        with House("--journal", "1") as house:
            house.break_with({"seed": seed, **_PLAN})
            made.append(_streams(house, n, p, seed) if driver == "sync" else asyncio.run(_tasks(house, n, p, seed)))
    return made


def _chain() -> Any:
    """Everything that holds something for a call; the circuit is never to open, since that is not what is tried here."""
    from ..policies.bulkhead import Bulkhead
    from ..policies.circuit_breaker import CircuitBreaker
    from ..policies.policy import Policy
    from ..policies.rate_limit import RateLimit

    return Policy.production().replace(
        circuit_breaker=CircuitBreaker(consecutive=1_000_000, ratio=1.0),
        bulkhead=Bulkhead(max_concurrency=64, queue=100_000),
        rate_limit=RateLimit(rpm=10_000_000),
        timeouts=None,
    )


async def _tasks(house: House, n: int, p: float, seed: int) -> Result:
    dice = random.Random(seed)  # noqa: S311
    chain, ends = _chain(), {"answered": 0, "given up": 0, "failed": 0}
    async with AsyncOpenAI(api_key=house.key, base_url=house.base_url, policies=chain, proxy=None) as client:

        async def ask(question: Question, stream: bool) -> None:
            try:
                value = await client.perform(question.call(stream=stream))
                if stream:
                    async for _ in value:
                        pass
                ends["answered"] += 1
            except OpenAIError:
                ends["failed"] += 1
            except asyncio.CancelledError:
                ends["given up"] += 1
                raise

        await ask(Question(0, "q-0"), False)
        ends.update(dict.fromkeys(ends, 0))
        before = _descriptors(), len(asyncio.all_tasks()), threading.active_count()
        tasks: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()
        for number in range(n):
            task = asyncio.create_task(ask(Question(number, f"q-{number}"), dice.random() < 0.5))
            tasks.append(task)
            if dice.random() < p:
                loop.call_later(dice.random() * 0.5, task.cancel)
            if number % 25 == 0:
                await asyncio.sleep(_SPAN * 25 / n)
        await asyncio.gather(*tasks, return_exceptions=True)
        tasks.clear()
        return _told("asyncio", client, ends, n, before, len(asyncio.all_tasks()))


def _streams(house: House, n: int, p: float, seed: int) -> Result:
    dice = random.Random(seed)  # noqa: S311
    ends = {"answered": 0, "given up": 0, "failed": 0}
    with OpenAI(api_key=house.key, base_url=house.base_url, policies=_chain(), proxy=None) as client:
        before = _descriptors(), 0, threading.active_count()
        for number in range(n // 10):
            try:
                stream: Any = client.perform(Question(number, f"q-{number}").call(stream=True))
                left = dice.randrange(4) if dice.random() < p else -1
                for count, _ in enumerate(stream):
                    if count == left:
                        break
                ends["given up" if left >= 0 else "answered"] += 1
                if left >= 0 and dice.random() < 0.5:
                    stream.close()
                # The other half is left to the collector.
                stream = None
            except OpenAIError:
                ends["failed"] += 1
        return _told("sync", client, ends, n // 10, before, 0)


def _virtual(n: int, p: float, seed: int) -> Result:
    dice = random.Random(seed)  # noqa: S311
    driver = VirtualDriver(Simulation({"seed": seed, **_PLAN}, seconds=0.05), seed=seed)
    with OpenAI(policies=_chain(), _clock=SharedClock(lambda: driver.now), **NOWHERE) as client:
        before = _descriptors(), 0, threading.active_count()
        runs: list[Any] = []
        for number in range(n):
            at = _SPAN * number / n
            flow: Any = client._flow(client._endpoint.request(Question(number, f"q-{number}").call()))
            run = driver.start(flow, at=at, dice=dice_of(seed, number))
            runs.append(run)
            if dice.random() < p:
                driver.at(at + dice.random() * 0.5, run.cancel)
        driver.run()
        given_up = sum(type(run.failure).__name__ == "Cancelled" for run in runs)
        failed = sum(run.failure is not None for run in runs) - given_up
        ends = {"answered": len(runs) - failed - given_up, "given up": given_up, "failed": failed}
        return _told("virtual", client, ends, n, before, sum(not run.done for run in runs))


def _told(driver: str, client: Any, ends: dict[str, int], n: int, before: tuple[int, int, int], tasks: int) -> Result:
    gc.collect()
    under_way = waiting = 0
    for policy in client.policies:
        if type(policy).__name__ == "Bulkhead":
            for compartment in policy.health(client._clock.monotonic()).values():
                under_way += compartment["inflight"]
                waiting += compartment["queued"]
    descriptors, tasks_before, threads = before
    return Result(
        f"{driver}: {n:,} calls",
        [
            *(Figure(name, count) for name, count in ends.items()),
            Figure.exactly("calls that came to no end", n - sum(ends.values()), 0),
            Figure.exactly("permits still held", under_way, 0),
            Figure.exactly("callers still waiting", waiting, 0),
            Figure.exactly("tasks left", max(0, tasks - tasks_before), 0),
            Figure.exactly("threads left", max(0, threading.active_count() - threads), 0),
            # The pool keeps as many idle connections as it may.
            Figure.at_most(
                "descriptors more than before, idle connections included", _descriptors() - descriptors, 100
            ),
        ],
    )


def _descriptors() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    except OSError:
        return 0
