"""Where a rate limit would make a request wait, another target may have less to wait; and a patient retry goes on and on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import Answer, Run, VirtualDriver
from antiphon.errors import RateLimited
from antiphon.policies.chain import fold, ordered
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.failover import Failover
from antiphon.policies.machines.ejection import Ejection
from antiphon.policies.policy import Policy
from antiphon.policies.rate_limit import RateLimit
from antiphon.policies.retry import Retry
from antiphon.policies.target import Target

from .fleet_script import answer, ask


def target(name: str = "eu", **options: Any) -> Target:
    return Target(f"https://{name}.example.com/v1", api_key=f"sk-{name}", name=name, **options)


def fallen(*targets: Target, **options: Any) -> Failover:
    return Failover(list(targets) or [target()], cross_provider=True, **options)


def ten(**options: Any) -> RateLimit:
    """Ten requests at once, and one each second."""
    return RateLimit(rpm=60, source="config", safety=1.0, burst_seconds=10, **options)


def always(who: str, now: float) -> Reply:
    return answer()


class Town:
    """Servers that answer at once, with policies before them."""

    def __init__(self, *policies: Any, answers: Callable[[str, float], Reply | Exception] | None = None) -> None:
        self.asked: list[str] = []
        self.answers: Callable[[str, float], Reply | Exception] = answers or always
        self.driver = VirtualDriver(self._send)
        self.flow: Any = fold(ordered(policies))

    def _send(self, request: Request, now: float) -> Answer:
        self.asked.append(request.server or "own")
        outcome = self.answers(self.asked[-1], now)
        if isinstance(outcome, Reply):
            outcome.request = request
        return 0.0, outcome

    def start(self, **body: Any) -> tuple[Request, Run[Reply]]:
        request = ask(input="hi", **body)
        return request, self.driver.start(self.flow(request))

    def call(self, **body: Any) -> list[str]:
        """What Failover decided in one call."""
        request, run = self.start(**body)
        self.driver.run()
        if run.failure is not None:
            raise run.failure
        assert request.trace is not None
        return [str(step) for step in request.trace.of("Failover")]


def use_up(town: Town, calls: int = 10) -> None:
    for _ in range(calls):
        town.call()
    town.asked.clear()


def test_row_19_one_with_nothing_to_wait_is_asked_instead() -> None:
    town = Town(fallen(patience=0.5), ten())
    use_up(town)
    assert town.call() == [
        "Failover: passed over target=own because=its rate limit wait=1",
        "Failover: to target=eu because=less to wait",
        "Failover: served target=eu model=gpt-5.5",
    ]
    assert town.asked == ["eu"]
    assert town.driver.now == 0.0


def test_another_group_is_not_asked_for_a_short_wait() -> None:
    town = Town(fallen(), ten())
    use_up(town)
    assert town.call() == []
    assert town.asked == ["own"]
    assert town.driver.now == pytest.approx(1.0)
    for _ in range(3):  # who comes now has those before it to wait for as well
        town.start()
    town.driver.run()
    assert sorted(town.asked) == ["eu", "eu", "own", "own"]


def test_an_equal_one_is_asked_for_any_gain() -> None:
    town = Town(fallen(Target.own(), target()), ten())
    for _ in range(20):
        town.call()
    assert town.driver.now == 0.0
    assert (town.asked.count("own"), town.asked.count("eu")) == (10, 10)


def test_where_all_would_wait_the_one_that_waits_least_does() -> None:
    town = Town(fallen(Target.own(), target()), ten())
    runs = [town.start()[1] for _ in range(30)]
    town.driver.run()
    assert (town.asked.count("own"), town.asked.count("eu")) == (15, 15)
    assert max(run.ended for run in runs) == pytest.approx(5.0)


def test_a_warm_prompt_cache_is_worth_a_short_wait() -> None:
    town = Town(fallen(Target.own(), target()), ten())
    for _ in range(10):
        town.call(prompt_cache_key="chapter 1")
    home = set(town.asked)
    assert len(home) == 1
    town.call(prompt_cache_key="chapter 1")
    assert set(town.asked) == home
    assert town.driver.now == pytest.approx(1.0)


def test_one_whose_circuit_is_open_is_no_help() -> None:
    breaker = CircuitBreaker(consecutive=1)
    town = Town(fallen(Target.own(), target()), breaker, ten())
    pair = breaker._board.pair("eu", "eu", "gpt-5.5")
    pair.transport.fail(pair.transport.generation, 0.0, 0.5)
    while town.driver.now < 3.0:
        assert "passed over" not in str(town.call())
    assert set(town.asked) == {"own"}


def test_row_19_a_429_whose_end_is_near_is_waited_for() -> None:
    limit = ten()
    town = Town(
        Retry(2),
        fallen(target(group=1), own=True),
        limit,
        answers=lambda who, now: answer(429, retry_after="2") if who == "own" and now < 2 else answer(),
    )
    eu = town.driver.perform(target().request(ask(input="hi")))
    limit._lane(eu).hold(30.0)
    told = town.call()
    assert told[0] == "Failover: stop reason=nobody else has less to wait seconds=2"
    assert town.asked == ["own", "own"]
    assert 2.0 <= town.driver.now < 4.0


def test_without_a_limiter_nobody_is_asked_about_limits() -> None:
    assert Town(fallen()).call() == []


def test_a_wait_that_is_too_long_everywhere_is_told_for_each() -> None:
    town = Town(fallen(Target.own(), target()), ten(max_wait=0.5))
    use_up(town, 20)
    with pytest.raises(
        Exception, match=r"own: the limit of requests leaves no room for .* eu: the limit of requests"
    ) as told:
        town.call()
    assert not isinstance(told.value, RateLimited)
    assert town.asked == []


def test_bulk_goes_on_past_the_bound_of_one_round() -> None:
    bulk = Policy.bulk().replace(failover=fallen(), circuit_breaker=None)
    town = Town(*bulk.policies, answers=lambda who, now: answer(503) if now < 60 else answer())
    request, run = town.start()
    town.driver.run()
    assert run.failure is None
    assert run.result is not None
    assert run.result.status_code == 200
    assert len(town.asked) > 6
    rounds = [town.asked[n : n + 2] for n in range(0, len(town.asked) - 1, 2)]
    assert rounds[0] == ["own", "eu"], "each round asks all"
    assert request.trace is not None
    assert not [step for step in request.trace.of("Retry") if step.event == "stop"]


def test_each_round_of_bulk_is_bounded() -> None:
    many = [target(f"t{n}", group=n) for n in range(6)]
    bulk = Policy.bulk().replace(failover=fallen(*many, most_attempts=3), circuit_breaker=None)
    town = Town(*bulk.policies, answers=lambda who, now: answer(503) if now < 10 else answer())
    _, run = town.start()
    town.driver.run()
    assert run.failure is None
    assert town.asked[:6] == ["own", "t0", "t1"] * 2


def test_who_is_not_patient_stops_at_the_bound_of_the_call() -> None:
    town = Town(*Policy.production().replace(failover=fallen()).policies, answers=lambda who, now: answer(503))
    _, run = town.start()
    town.driver.run()
    assert run.result is not None
    assert run.result.status_code == 503
    assert len(town.asked) == 4


def story(failover: Failover, outcome: Reply | None = None) -> list[str]:
    return Town(failover, answers=lambda who, now: outcome if outcome and who == "own" else answer()).call()


def test_the_trace_says_why_one_was_passed_over() -> None:
    failover = fallen(eject=Ejection(failures=1))
    assert story(failover, answer(503))[0] == "Failover: ejected target=own seconds=30"
    assert story(failover)[0] == "Failover: passed over target=own because=it is ejected"
    paused = fallen()
    story(paused, answer(429))
    assert story(paused)[0] == "Failover: passed over target=own because=its limit is used up"
    parked = fallen()
    story(parked, answer(401))
    assert story(parked)[0] == "Failover: passed over target=own because=its credential is parked"


def test_its_health_says_what_is_wrong_and_for_how_long() -> None:
    failover = fallen(target("us", group=2), eject=Ejection(failures=1))
    assert failover.health(0.0)["own"] == {"state": "closed", "under_way": 0}
    story(failover, answer(503))
    assert failover.health(10.0)["own"] == {
        "state": "open",
        "under_way": 0,
        "reason": "ejected",
        "retry_in": 20.0,
        "ejections": 1,
    }
    paused = fallen()
    story(paused, answer(429, retry_after="7"))
    assert paused.health(2.0)["own"] == {
        "state": "closed",
        "under_way": 0,
        "reason": "its limit is used up",
        "retry_in": 5.0,
    }
    parked = fallen(target(), own=False)
    parked._fleet.park(0, 600.0)
    assert parked.health(100.0)["eu"] == {"state": "open", "under_way": 0, "reason": "parked", "retry_in": 500.0}
    parked._fleet.park(0, float("inf"))
    assert parked.health(100.0)["eu"] == {"state": "open", "under_way": 0, "reason": "parked"}
