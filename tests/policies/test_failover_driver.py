"""One seed, three drivers, one log of decisions."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.virtual import Answer, VirtualDriver
from antiphon.policies.chain import fold
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.failover import Failover
from antiphon.policies.hedge import Hedge
from antiphon.policies.rate_limit import RateLimit
from antiphon.policies.retry import Retry
from antiphon.policies.target import Target

from .fleet_script import answer, ask, silent, unreachable

CALLS = 150
MOODS: list[Callable[[], Any]] = [
    *[answer] * 6,
    lambda: answer(503),
    lambda: answer(429, retry_after="3"),
    unreachable,
    silent,
    lambda: answer(400),
]


class World:
    """Servers in a mood of their own for each attempt, and a clock that their answers move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.dice = random.Random(11)
        self.moods = random.Random(12)

    def answer(self, request: Request, now: float = 0.0) -> Answer:
        outcome = MOODS[self.moods.randrange(len(MOODS))]()
        if isinstance(outcome, Reply):
            outcome.request = request
        return 0.25, outcome

    # -- for the two colours: a transport and a clock ------------------------------------------------------------------

    def send(self, request: Request) -> Reply:
        seconds, outcome = self.answer(request)
        self.now += seconds
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def asend(self, request: Request) -> Reply:
        return self.send(request)

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return 1_800_000_000.0 + self.now

    def random(self) -> float:
        return self.dice.random()

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.now += seconds


def log(run: Callable[[Coroutine[Any, Any, Reply]], Any], *gates: Any) -> list[str]:
    """What was decided in many calls, one after another."""
    targets = [
        Target.own(),
        Target("https://eu.example.com/v1", api_key="sk-eu", name="eu", weight=2),
        Target("https://us.example.com/v1", api_key="sk-us", name="us", group=1),
    ]
    flow: Any = fold([Retry(2), Failover(targets, cross_provider=True), *gates, Hedge(floor=50.0)])
    lines: list[str] = []
    for number in range(CALLS):
        body: dict[str, Any] = {"prompt_cache_key": f"chapter {number}"} if number % 3 else {}
        request = ask(input="hi", **body)
        try:
            lines.append(f"{number}: {run(flow(request)).status_code}")
        except Exception as failure:
            lines.append(f"{number}: {type(failure).__name__}")
        lines.append(str(request.trace))
    return lines


def blocking(*gates: Any) -> list[str]:
    world = World()
    return log(BlockingDriver(world.send, None, world).run, *gates)  # type: ignore[arg-type]


def on_asyncio(*gates: Any) -> list[str]:
    world = World()
    driver = AsyncDriver(world.asend, None, world)  # type: ignore[arg-type]
    with asyncio.Runner() as runner:
        return log(lambda flow: runner.run(driver.run(flow)), *gates)


def virtually(*gates: Any) -> list[str]:
    world = World()
    driver = VirtualDriver(world.answer, seed=11)
    return log(driver.perform, *gates)


def test_the_three_drivers_decide_alike() -> None:
    told = blocking()
    assert any("Failover: ejected" in line for line in told)
    assert any("Failover: to target=us" in line for line in told)
    assert any("Retry: again" in line for line in told)
    assert on_asyncio() == told
    assert virtually() == told


def test_the_three_drivers_heed_limits_alike() -> None:
    def gates() -> list[Any]:
        return [CircuitBreaker(), RateLimit(rpm=60, source="config", max_wait=0)]

    told = blocking(*gates())
    assert any("Failover: passed over" in line for line in told)
    assert any("RateLimit: refused" in line for line in told)
    assert on_asyncio(*gates()) == told
    assert virtually(*gates()) == told
