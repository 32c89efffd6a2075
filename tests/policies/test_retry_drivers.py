"""One seed, three drivers, the same decisions: blocking, asyncio and virtual time tell the same traces of the same calls."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.trace import Trace
from antiphon.drivers.asynchronous import AsyncDriver
from antiphon.drivers.blocking import BlockingDriver
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import APIConnectionError, CircuitOpen, ProtocolError, ReadTimeout
from antiphon.policies.chain import fold
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.machines.rule import RELIABLE_RULES
from antiphon.policies.retry import Retry
from antiphon.policies.timeouts import Timeouts

from .stepping import request

CALLS = 200
WALL = 1_800_000_000.0
TOOK = 0.05


class SeededClock:
    """Time that sleeping and sending move, and chance of a seed."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self._random = random.Random(seed)

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return WALL + self.now

    def random(self) -> float:
        return self._random.random()

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.now += seconds


def outcomes(seed: int) -> Callable[[Request], Reply | Exception]:
    """What becomes of each request, by a schedule of its own."""
    dice = random.Random(seed)

    def outcome(asked: Request) -> Reply | Exception:
        kinds: list[Any] = [
            *([(200, {})] * 5),
            *[(500, {}), (503, {"retry-after": "2"}), (429, {}), (429, {"retry-after-ms": "40"}), (404, {})],
            *[ReadTimeout, ProtocolError, APIConnectionError, CircuitOpen],
        ]
        kind = dice.choice(kinds)
        if not isinstance(kind, type):
            status, headers = kind
            return Reply(status, Headers(headers), asked, b"{}")
        if kind is CircuitOpen:
            return CircuitOpen("e", 1.5)
        failure: Exception = kind(request=asked)
        if kind is APIConnectionError:
            failure.sent = "no"  # type: ignore[attr-defined]
        return failure

    return outcome


def chain() -> Any:
    budget = RetryBudget(capacity=5, per_success=0.3, per_second=0.5)
    return fold([Timeouts(total=40), Retry(4, rules=RELIABLE_RULES, budget=budget, patient=True)])


def log_of(perform: Callable[[Any], Any]) -> list[str]:
    """The decisions of many calls, one after another."""
    flow, log = chain(), list[str]()
    for _ in range(CALLS):
        made = request(trace=Trace())
        try:
            end = str(perform(flow(made)).status_code)
        except Exception as failure:
            end = f"{type(failure).__name__} after {getattr(failure, 'attempts', 0)}"
        log.append(f"{made.trace}\n{end}")
    return log


def answering(clock: SeededClock) -> Callable[[Request], Reply]:
    draw = outcomes(5)

    def send(asked: Request) -> Reply:
        clock.now += TOOK
        outcome = draw(asked)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return send


def unused(call: Any) -> Any:
    raise AssertionError("no flow here makes whole calls")


def blocking() -> list[str]:
    clock = SeededClock(9)
    return log_of(BlockingDriver(answering(clock), unused, clock).run)


def awaited() -> list[str]:
    clock = SeededClock(9)
    send = answering(clock)

    async def exchange(asked: Request) -> Reply:
        return send(asked)

    with asyncio.Runner() as runner:
        driver = AsyncDriver(exchange, unused, clock)
        return log_of(lambda flow: runner.run(driver.run(flow)))


def virtual() -> list[str]:
    draw = outcomes(5)
    return log_of(VirtualDriver(lambda asked, now: (TOOK, draw(asked)), seed=9, wall=WALL).perform)


def test_the_three_drivers_decide_alike() -> None:
    log = blocking()
    assert log == awaited() == virtual()
    told = "\n".join(log)
    for word in ("again", "wait", "nothing was sent", "retry_budget", "the server broke HTTP", "CircuitOpen"):
        assert word in told
