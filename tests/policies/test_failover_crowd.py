"""Many calls among targets that die, flap and come back, in virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import ceil
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import Answer, VirtualDriver
from antiphon.errors import ConnectTimeout
from antiphon.policies.chain import fold
from antiphon.policies.failover import Failover
from antiphon.policies.health import HealthCheck
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.policy import Policy
from antiphon.policies.retry import Retry
from antiphon.policies.target import Target

from .fleet_script import answer, ask, unreachable

CONNECT = 5.0
"""Seconds until a connection that nobody answers is given up."""


class Crowd:
    """Calls at a steady rate, and what came of them."""

    def __init__(
        self, policies: list[Any], send: Callable[[str, float], Answer], *, rate: float, seconds: float, seed: int = 1
    ) -> None:
        self.asked: Counter[str] = Counter()
        self.times: list[tuple[float, str]] = []

        def exchange(request: Request, now: float) -> Answer:
            who = request.server or "own"
            self.asked[who] += 1
            self.times.append((now, who))
            took, outcome = send(who, now)
            if isinstance(outcome, Reply):
                outcome.request = request
            return took, outcome

        self.driver = VirtualDriver(exchange, seed=seed)
        flow = fold(policies)

        async def call() -> Reply:
            reply = await flow(ask(input="hi"))
            if reply.status_code != 200:
                raise AssertionError(str(reply.status_code))
            return reply

        self.runs = [self.driver.start(call(), at=n / rate) for n in range(int(rate * seconds))]
        self.driver.run()
        self.errors = [run.failure for run in self.runs if run.failure is not None]
        self.amplification = sum(self.asked.values()) / len(self.runs)
        self.latencies = [run.ended - run.began for run in self.runs]


def pair(*, balanced: bool = False, **options: Any) -> Failover:
    spare = Target("https://eu.example.com/v1", api_key="sk-eu", name="eu")
    return Failover([Target.own(), spare] if balanced else [spare], cross_provider=True, **options)


def well(seconds: float = 0.5) -> Answer:
    return seconds, answer()


@pytest.mark.parametrize("balanced", [False, True])
def test_row_02_one_black_hole_costs_no_error_and_soon_no_time(balanced: bool) -> None:
    def send(who: str, now: float) -> Answer:
        return (CONNECT, ConnectTimeout(phase="connect", sent="no")) if who == "own" else well()

    crowd = Crowd([Retry(2), pair(balanced=balanced)], send, rate=10, seconds=150)
    assert crowd.errors == []
    delayed = [latency for latency in crowd.latencies if latency > 0.5 + 1e-9]
    # Those that began before the first five had found out, and one after each ejection.
    assert len(delayed) <= 10 * CONNECT + 5 + 4
    assert sorted(crowd.latencies)[len(crowd.latencies) // 2] == pytest.approx(0.5)
    assert max(crowd.latencies) <= CONNECT + 0.5 + 1e-9


@pytest.mark.parametrize(
    ("period", "rate", "balanced"),
    [
        (1.0, 1.0, False),
        (1.0, 10.0, True),
        (4.0, 10.0, False),
        (15.0, 2.0, True),
        (60.0, 1.0, True),
        (60.0, 10.0, False),
    ],
)
def test_a_flapping_target_does_not_multiply_requests(period: float, rate: float, balanced: bool) -> None:
    def send(who: str, now: float) -> Answer:
        return (0.05, unreachable()) if who == "own" and now % period < period / 2 else well()

    crowd = Crowd([Retry(2), pair(balanced=balanced)], send, rate=rate, seconds=900 / rate + 60)
    assert crowd.errors == []
    assert crowd.amplification <= 1.3


@pytest.mark.parametrize("period", [1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0])
@pytest.mark.parametrize("balanced", [False, True])
def test_two_that_flap_by_turns_lose_nothing(period: float, balanced: bool) -> None:
    """One of them is always up, and an answer takes as long as the shortest of its turns."""

    def send(who: str, now: float) -> Answer:
        down = (now % period < period / 2) == (who == "own")
        return (0.05, unreachable()) if down else well()

    crowd = Crowd([Retry(2), pair(balanced=balanced)], send, rate=10, seconds=max(60, 2 * period))
    assert crowd.errors == []
    assert crowd.amplification <= 1.3


@pytest.mark.parametrize(
    ("period", "rate"), [(1.0, 10), (2.0, 100), (4.0, 10), (8.0, 10), (15.0, 10), (30.0, 10), (60.0, 10)]
)
def test_a_circuit_breaker_loses_none_of_those_either(period: float, rate: int) -> None:
    """When the last one that was well fails, what is known of the others is old."""

    def send(who: str, now: float) -> Answer:
        down = (now % period < period / 2) == (who == "own")
        return (0.05, unreachable()) if down else well()

    policy = Policy.production().replace(failover=pair(), bulkhead=None)
    crowd = Crowd(policy.policies, send, rate=rate, seconds=max(30, 2 * period))
    assert crowd.errors == []
    assert crowd.amplification <= 1.3


def test_while_all_are_down_a_circuit_breaker_lets_few_calls_through() -> None:
    def send(who: str, now: float) -> Answer:
        return (0.05, unreachable()) if now < 60 else well()

    crowd = Crowd(Policy.production().replace(failover=pair()).policies, send, rate=50, seconds=75)
    assert sum(now < 60 for now, _ in crowd.times) <= 0.03 * 3000
    assert max(run.began for run in crowd.runs if run.failure is not None) <= 62


@pytest.mark.parametrize("period", [1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0])
def test_two_that_flap_together_are_not_asked_much_more_often(period: float) -> None:
    """Half of the time nobody is up. What comes then is lost, and a budget sees to it that it costs little besides."""

    def send(who: str, now: float) -> Answer:
        return (0.05, unreachable()) if now % period < period / 2 else well()

    budget = RetryBudget(capacity=20, per_second=0.2)
    seconds = period * max(2, ceil(60 / period))
    crowd = Crowd([Retry(2, budget=budget), pair(balanced=True, budget=budget)], send, rate=10, seconds=seconds)
    assert crowd.amplification <= 1.3
    assert len(crowd.errors) <= 0.51 * len(crowd.runs)


def test_a_target_that_comes_back_is_used_again() -> None:
    def send(who: str, now: float) -> Answer:
        return (0.05, unreachable()) if who == "own" and now < 60 else well()

    crowd = Crowd([pair()], send, rate=10, seconds=150)
    last = [who for now, who in crowd.times if now > 120]
    assert set(last) == {"own"}
    assert sum(who == "own" for now, who in crowd.times if now < 60) <= 8


def test_a_check_brings_a_target_back_before_its_time() -> None:
    def send(who: str, now: float) -> Answer:
        return (0.05, unreachable()) if who == "own" and now < 12 else well(0.05)

    def back(health: HealthCheck | None) -> float:
        failover = Failover(
            [Target("https://eu.example.com/v1", api_key="sk-eu", name="eu")], cross_provider=True, health=health
        )
        crowd = Crowd([failover], send, rate=2, seconds=100)
        assert crowd.errors == []
        # Calls are made at each half second, checks in between.
        return min(now for now, who in crowd.times if who == "own" and now > 3 and (now * 2).is_integer())

    assert back(None) > 32
    assert back(HealthCheck(interval=2.0)) < 20


def test_while_all_are_down_each_call_ends_within_its_bound() -> None:
    crowd = Crowd([pair()], lambda who, now: (0.05, unreachable()), rate=10, seconds=60)
    assert len(crowd.errors) == len(crowd.runs)
    assert crowd.amplification <= 2.0
    again = Crowd([pair()], lambda who, now: (0.05, unreachable()) if now < 60 else well(), rate=10, seconds=120)
    later = [run for run in again.runs if run.began > 61]
    assert all(run.failure is None for run in later)


def test_equals_share_by_weight_and_by_how_busy_they_are() -> None:
    names = {"a": 3.0, "b": 1.0}
    targets = [
        Target(f"https://{name}.example.com/v1", api_key="k", name=name, weight=weight)
        for name, weight in names.items()
    ]
    failover = Failover(targets, own=False, cross_provider=True)
    idle = Crowd([failover], lambda who, now: well(0.01), rate=10, seconds=150)
    assert idle.asked["a"] / idle.asked["b"] == pytest.approx(3, rel=0.2)
    # The heavier one has become ten times as slow: what is busy is asked less.
    busy = Crowd([failover], lambda who, now: well(2.0 if who == "a" else 0.2), rate=40, seconds=20)
    assert busy.asked["b"] > busy.asked["a"]
    assert idle.errors == busy.errors == []
    assert sum(failover._fleet.loads) == 0


def test_two_runs_of_one_seed_decide_alike() -> None:
    def run() -> list[tuple[float, str]]:
        def send(who: str, now: float) -> Answer:
            return (0.05, unreachable()) if who == "own" and now % 7 < 3 else well()

        return Crowd([Retry(2), pair(balanced=True)], send, rate=20, seconds=60, seed=7).times

    assert run() == run()
