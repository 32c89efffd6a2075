"""Retry among thousands of calls in virtual time: what is lost, and how much more is sent."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import Run, VirtualDriver
from antiphon.errors import APIConnectionError, ReadTimeout
from antiphon.policies.chain import send
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.machines.rule import RELIABLE_RULES
from antiphon.policies.retry import Retry

from .stepping import request

CALLS = 5_000
RATE = 100.0


class Crowd:
    """Many calls, a hundred a second, against a server that is up or down."""

    def __init__(self, policy: Retry, fails: Callable[[float], bool], calls: int = CALLS) -> None:
        self.sent = self.again = 0
        self.fails = fails
        self.driver = VirtualDriver(self.answer, seed=1)
        flows = (policy(request(), send) for _ in range(calls))
        self.runs: list[Run[Reply]] = [self.driver.start(flow, at=n / RATE) for n, flow in enumerate(flows)]

    def answer(self, asked: Request, now: float) -> tuple[float, Reply | Exception]:
        self.sent += 1
        self.again += asked.headers["x-stainless-retry-count"] != "0"
        if not self.fails(now):
            return 0.05, Reply(200, Headers(), asked, b"{}")
        return (0.05, ReadTimeout(asked)) if self.sent % 2 else (0.01, Reply(503, Headers(), asked, b"{}"))

    def run(self) -> tuple[int, float]:
        """How many calls were lost, and how many attempts each took."""
        self.driver.run()
        lost = sum(not well(run) for run in self.runs)
        return lost, self.sent / len(self.runs)


def well(run: Run[Reply]) -> bool:
    return run.result is not None and run.result.status_code == 200


def chance(share: float) -> Callable[[float], bool]:
    dice = random.Random(7)
    return lambda _: dice.random() < share


def test_one_in_five_attempts_fails_and_twelve_attempts_lose_nothing() -> None:
    policy = Retry(11, rules=RELIABLE_RULES, budget=RetryBudget())
    lost, attempts = Crowd(policy, chance(0.2)).run()
    assert lost == 0
    assert attempts <= 1.26
    assert policy.budget is not None
    assert policy.budget.denied == 0


def test_three_attempts_lose_one_in_a_hundred_and_twenty_five() -> None:
    lost, _ = Crowd(Retry(2, rules=RELIABLE_RULES), chance(0.2)).run()
    assert 0.005 < lost / CALLS < 0.011


def test_one_in_twenty_fails_and_no_retry_is_denied() -> None:
    policy = Retry(2, rules=RELIABLE_RULES, budget=RetryBudget())
    _, attempts = Crowd(policy, chance(0.05)).run()
    assert attempts <= 1.06
    assert policy.budget is not None
    assert policy.budget.denied == 0


def test_a_dead_server_is_asked_little_more_than_once() -> None:
    lost, attempts = Crowd(Retry(2, rules=RELIABLE_RULES, budget=RetryBudget()), lambda _: True, calls=6000).run()
    assert lost == 6000
    assert 1.0 < attempts <= 1.03
    assert Crowd(Retry(2, rules=RELIABLE_RULES), lambda _: True, calls=600).run() == (600, 3.0)


def test_what_is_not_sent_and_free_is_charged_to_the_budget() -> None:
    def refuse(asked: Request, now: float) -> tuple[float, Reply | Exception]:
        crowd.sent += 1
        return 0.001, APIConnectionError(request=asked, sent="no")

    crowd = Crowd(Retry(2, rules=RELIABLE_RULES, budget=RetryBudget()), lambda _: True, calls=6000)
    crowd.driver._send = refuse
    assert crowd.run()[1] <= 1.03


def test_who_is_patient_outlasts_an_outage_and_keeps_the_bound() -> None:
    policy = Retry(None, rules=RELIABLE_RULES, patient=True, budget=RetryBudget())
    crowd = Crowd(policy, lambda now: now < 5, calls=2500)
    sent_while_down: list[int] = []
    crowd.driver.at(5.0, lambda: sent_while_down.append(crowd.sent))
    lost, _ = crowd.run()
    assert lost == 0
    assert sent_while_down[0] <= 500 + 100 + 5 + 1
    assert max(run.ended - run.began for run in crowd.runs[500:]) < 1.0  # who came later has nothing to wait for
    assert max(run.ended for run in crowd.runs) < 30  # at one a second it would be 400


def test_decisions_are_the_same_for_the_same_seed() -> None:
    def ends() -> list[Any]:
        crowd = Crowd(Retry(5, rules=RELIABLE_RULES, budget=RetryBudget()), chance(0.3), calls=500)
        crowd.run()
        return [(run.ended, run.result and run.result.retries_taken) for run in crowd.runs]

    assert ends() == ends()


def test_cancelled_calls_leave_the_budget_as_it_was() -> None:
    policy = Retry(5, budget=RetryBudget(capacity=1000, per_second=0, per_success=0))
    crowd = Crowd(policy, lambda _: True, calls=200)
    crowd.driver.run(until=1.5)
    assert crowd.again > 10
    for run in crowd.runs:
        run.cancel()
    crowd.driver.run()
    assert policy.budget is not None
    assert policy.budget.left == 1000 - crowd.again
