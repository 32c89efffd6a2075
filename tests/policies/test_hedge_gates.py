"""A second request passes the gates that the first has passed: circuit, bulkhead and rate limit of where it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import Answer, VirtualDriver
from antiphon.errors import RateLimited
from antiphon.policies.budget import Budget
from antiphon.policies.bulkhead import Bulkhead
from antiphon.policies.chain import fold, ordered
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.failover import Failover
from antiphon.policies.hedge import Hedge
from antiphon.policies.machines.fleet import PARKED
from antiphon.policies.rate_limit import RateLimit
from antiphon.policies.target import Target

from .fleet_script import answer, ask, silent, unreachable


class Scene:
    """A chain whose hedge knows its servers, in virtual time."""

    def __init__(self, *policies: Any, warm: int = 60) -> None:
        self.sent: list[tuple[float, str]] = []
        self.answers: Callable[[str, int], Answer] = lambda who, number: (1.0, answer())
        self.driver = VirtualDriver(self._send)
        self.flow: Any = fold(ordered(policies))
        for _ in range(warm):
            self.call()
            self.driver.run(self.driver.now + 2.0)
        self.sent.clear()

    def _send(self, request: Request, now: float) -> Answer:
        self.sent.append((now, request.server or "own"))
        seconds, outcome = self.answers(self.sent[-1][1], len(self.sent))
        if isinstance(outcome, Reply):
            outcome.request = request
        return seconds, outcome

    def call(self, request: Request | None = None) -> Request:
        request = request or ask(input="hi", max_output_tokens=90)

        async def run() -> Reply:
            reply: Reply = await self.flow(request)
            return reply

        begun = self.driver.start(run())
        self.driver.run()
        if begun.failure is not None:
            raise begun.failure
        return request

    def story(self, request: Request | None = None) -> list[str]:
        trace = self.call(request).trace
        assert trace is not None
        return [str(step) for step in trace.of("Hedge")]

    @property
    def asked(self) -> list[str]:
        return [who for _, who in self.sent]


def first_hangs(who: str, number: int) -> Answer:
    return 100.0 if number == 1 else 1.0, answer()


def spare() -> Failover:
    return Failover([Target("https://eu.example.com/v1", api_key="sk-eu", name="eu")], cross_provider=True)


def test_the_second_is_charged_to_the_limit() -> None:
    limit = RateLimit(rpm=60, source="config", safety=1.0, burst_seconds=10)
    scene = Scene(limit, Hedge(floor=1.5))
    scene.answers = first_hangs
    request = ask(input="hi")
    assert limit.headroom(request, scene.driver.now) == 1.0
    began = scene.driver.now
    assert scene.story(request) == ["Hedge: second target=api.openai.com after=1.5", "Hedge: second won"]
    # By then the first one's tenth was back.
    assert limit.headroom(request, began + 1.5) == pytest.approx(0.9)
    assert limit._lane(request)._number == 62


def test_where_little_of_the_limit_is_free_none_is_sent() -> None:
    limit = RateLimit(rpm=60, source="config", safety=1.0, burst_seconds=10)
    scene = Scene(limit, Hedge(floor=1.5))
    scene.answers = lambda who, number: (3.0 if number == 10 else 1.0, answer())
    runs: list[Any] = [scene.driver.start(scene.flow(ask(input="hi"))) for _ in range(9)]
    request = ask(input="hi")
    assert scene.story(request) == ["Hedge: held back reason=rate limit after=1.5"]
    assert len(scene.sent) == 10
    assert all(run.result is not None for run in runs)


def test_what_was_held_back_is_not_spent() -> None:
    hedge = Hedge(floor=1.5)
    scene = Scene(Budget(requests=70), hedge)
    scene.answers = first_hangs
    before = hedge._machine.tokens
    assert scene.story() == ["Hedge: held back reason=budget after=1.5"]
    assert hedge._machine.tokens >= before


def test_a_budget_counts_the_one_that_lost() -> None:
    budget = Budget(usd=1000, prices={"gpt-5.5": (1, 1)})
    scene = Scene(budget, Hedge(floor=1.5))
    scene.answers = first_hangs
    before = budget.report().uncertain
    scene.call()
    assert budget.report().uncertain.tokens > before.tokens


def test_while_a_circuit_is_not_closed_none_is_sent() -> None:
    breaker = CircuitBreaker(consecutive=1, open_for=1.0, probes=3, close_after=3)
    scene = Scene(breaker, Hedge(floor=1.5))
    scene.answers = lambda who, number: (0.1, unreachable()) if number == 1 else (3.0, answer())
    with pytest.raises(Exception, match="refused"):
        scene.call()
    scene.driver.run(scene.driver.now + 1.3)
    assert scene.story() == ["Hedge: held back reason=circuit after=1.5"]
    assert len(scene.sent) == 2


def test_another_targets_own_limit_and_circuit_are_asked_and_charged() -> None:
    limit, breaker, failover = RateLimit(rpm=600, source="config"), CircuitBreaker(), spare()
    scene = Scene(failover, breaker, limit, Hedge(floor=1.5, failover=failover))
    scene.answers = lambda who, number: (100.0 if who == "own" else 1.0, answer())
    scene.driver.start(scene.flow(ask(input="hi")))
    scene.driver.run(scene.driver.now + 2.6)
    assert scene.asked == ["own", "eu"]
    told = breaker.health(scene.driver.now)
    assert told["eu"]["calls"] == 1
    lanes = {where: lane for (where, *_), lane in limit._lanes.items()}
    assert lanes["eu"]._number == 1
    assert sorted(lane._number for lane in lanes.values()) == [1, 61]


def test_what_another_target_answered_is_no_success_of_the_one_that_hung() -> None:
    breaker, failover = CircuitBreaker(consecutive=2), spare()
    scene = Scene(failover, breaker, Hedge(floor=1.5, failover=failover))
    own = breaker._board.endpoints["api.openai.com"]
    assert not own.fail(own.generation, scene.driver.now, 0.5)
    scene.answers = lambda who, number: (100.0 if who == "own" else 1.0, answer())
    scene.call()
    assert scene.asked == ["own", "eu"]
    assert own.fail(own.generation, scene.driver.now, 0.5), "the second in a row"


class Pair:
    """Two targets of equal rank, both of them known; `first` is asked first, and the other one where that is late."""

    def __init__(self, first: str = "eu") -> None:
        targets = [Target(f"https://{name}.example.com/v1", api_key=f"sk-{name}", name=name) for name in ("eu", "us")]
        self.failover = Failover(targets, own=False, cross_provider=True)
        self.fleet = self.failover._fleet
        self.scene = Scene(self.failover, Hedge(1.5, floor=0.0, ratio=1.0), warm=0)
        for busy in (0, 1, 1 if first == "eu" else 0):
            self.fleet.loads[:] = [0, 0]
            self.fleet.loads[busy] = 50
            self.scene.call()
        self.scene.sent.clear()


def test_who_answers_in_place_of_one_on_trial_does_not_bring_it_back() -> None:
    pair = Pair()
    health, now = pair.fleet.health[0], pair.scene.driver.now
    health.until, health.times, pair.fleet.calm = now - 1.0, 1, False
    pair.scene.answers = lambda who, number: (100.0 if who == "eu" else 1.0, answer())
    trace = pair.scene.call().trace
    assert trace is not None
    assert pair.scene.asked == ["eu", "us"]
    assert [str(step) for step in trace.of("Failover")] == ["Failover: served target=us model=gpt-5.5"]
    assert (health.until, pair.fleet.loads) == (now - 1.0, [0, 50])
    assert health.begin(pair.scene.driver.now), "its trial told nothing, and is the next one's"


def test_it_is_the_credential_of_who_refused_it_that_is_parked() -> None:
    pair = Pair()
    outcomes: list[Answer] = [(3.0, silent()), (0.2, answer(401)), (0.1, answer())]
    pair.scene.answers = lambda who, number: outcomes[number - 1]
    pair.scene.call()
    assert pair.scene.asked == ["eu", "us", "eu"]
    assert [pair.fleet.trouble(n, pair.scene.driver.now) for n in (0, 1)] == [None, PARKED]


@pytest.mark.parametrize("held", ["its limit is used up", PARKED])
def test_who_may_not_or_cannot_serve_this_model_now_is_not_asked_besides(held: str) -> None:
    pair = Pair()
    subject, later = "responses.create gpt-5.5", pair.scene.driver.now + 60.0
    (pair.fleet.park if held is PARKED else pair.fleet.pause)(1, later, subject)
    pair.scene.answers = lambda who, number: (3.0 if number == 1 else 1.0, answer())
    pair.scene.call()
    assert pair.scene.asked == ["eu", "eu"]


def test_what_a_target_that_is_no_failovers_answered_is_held_against_nobody() -> None:
    pair, elsewhere = Pair(), Failover([Target("https://ap.example.com/v1", name="ap")], own=False, cross_provider=True)
    hedge = Hedge(1.5, floor=0.0, ratio=1.0, failover=elsewhere)
    scene = Scene(pair.failover, hedge, warm=3)
    scene.answers = lambda who, number: (0.2, answer(401)) if who == "ap" else (3.0, silent())
    scene.call()
    assert scene.asked == ["eu", "ap"]
    assert (pair.failover.health(scene.driver.now)["eu"], pair.fleet.loads) == (
        {"state": "closed", "under_way": 0},
        [0, 50],
    )


def test_an_equal_of_the_chains_own_failover_is_asked_and_nobody_of_another_group() -> None:
    def asked(*targets: Target) -> list[str]:
        failover = Failover(list(targets), cross_provider=True, cross_model=True, sticky=False)
        scene = Scene(failover, Hedge(floor=1.5))
        scene.answers = lambda who, number: (100.0 if number == 1 else 1.0, answer())
        scene.call()
        return scene.asked

    eu = Target("https://eu.example.com/v1", name="eu")
    assert asked(eu) == ["own", "own"]
    assert asked(Target.local(model="llama3.2", group=0), eu) == ["own", "own"]
    assert asked(Target.own(weight=1e9), eu) == ["own", "eu"]
    assert (
        asked(Target.own(weight=1e9), Target("https://eu.example.com/v1", name="eu", models={"gpt-5.5": "x"}))
        == ["own"] * 2
    )


def test_where_the_other_target_had_better_not_be_asked_the_same_one_is() -> None:
    breaker, failover = CircuitBreaker(consecutive=1), spare()
    scene = Scene(failover, breaker, Hedge(floor=1.5, failover=failover))
    pair = breaker._board.pair("eu", "eu", "gpt-5.5")
    assert pair.transport.fail(pair.transport.generation, scene.driver.now, 0.5)
    scene.answers = first_hangs
    assert scene.story()[0] == "Hedge: second target=api.openai.com after=1.5"
    assert scene.asked == ["own", "own"]


def test_what_another_target_tells_of_its_limits_stays_there() -> None:
    limit, failover = RateLimit(), spare()
    scene = Scene(failover, limit, Hedge(floor=1.5, failover=failover))
    heads = {
        "x_ratelimit_limit_requests": "60",
        "x_ratelimit_remaining_requests": "0",
        "x_ratelimit_reset_requests": "60s",
    }
    scene.answers = lambda who, number: (100.0, answer()) if who == "own" else (1.0, answer(200, None, **heads))
    scene.call()
    assert scene.asked == ["own", "eu"]
    told = limit.health(scene.driver.now)
    assert {where: each["limits"] for where, each in told.items()} == {
        "https://api.openai.com gpt-5.5": {},
        "eu gpt-5.5": {"requests": 60.0},
    }


def test_a_bulkhead_holds_a_place_for_each_and_gets_both_back() -> None:
    bulkhead, seen = Bulkhead(max_concurrency=4), list[int]()
    scene = Scene(bulkhead, Hedge(floor=1.5))

    def hangs(who: str, number: int) -> Answer:
        seen.append(next(iter(bulkhead.health(0).values()))["inflight"])
        return first_hangs(who, number)

    scene.answers = hangs
    scene.call()
    assert seen == [1, 2]
    assert next(iter(bulkhead.health(0).values()))["inflight"] == 0


def test_a_gate_that_refuses_the_second_leaves_the_first_alone() -> None:
    begun: list[Request] = []

    class Closed(RateLimit):
        async def __call__(self, request: Request, forward: Any) -> Reply:
            begun.append(request)
            if len(begun) == 62:
                raise RateLimited(9.0, "requests")
            return await super().__call__(request, forward)

    scene = Scene(Closed(rpm=6000), Hedge(floor=1.5))
    scene.answers = lambda who, number: (3.0, answer())
    assert scene.story() == ["Hedge: second target=api.openai.com after=1.5", "Hedge: held back reason=RateLimited"]
    assert len(scene.sent) == 1


@pytest.mark.parametrize("per", ["endpoint", "endpoint+model", "client"])
def test_none_waits_for_the_place_that_its_own_call_holds(per: Any) -> None:
    scene = Scene(Bulkhead(max_concurrency=1, per=per), Hedge(floor=1.5))
    scene.answers = lambda who, number: (3.0, answer(500))
    begun = scene.driver.now
    assert scene.story() == ["Hedge: held back reason=bulkhead after=1.5"]
    assert (len(scene.sent), scene.driver.now - begun) == (1, 3.0)


def test_none_goes_before_those_who_wait_for_a_place() -> None:
    bulkhead = Bulkhead(max_concurrency=2)
    scene = Scene(bulkhead, Hedge(floor=1.5))
    scene.answers = lambda who, number: (3.0, answer())
    runs = [scene.driver.start(scene.flow(request)) for request in (ask(input="hi"), ask(input="hi"), ask(input="hi"))]
    scene.driver.run()
    assert all(run.failure is None for run in runs)
    assert [when - scene.sent[0][0] for when, _ in scene.sent] == [0.0, 0.0, 3.0, 4.5]


def test_an_answer_that_was_late_says_why_nobody_was_asked_besides() -> None:
    hedge = Hedge(floor=1.5, ratio=0.001)
    scene = Scene(hedge)
    assert scene.story() == []
    scene.answers = lambda who, number: (3.0, answer())
    assert scene.story() == ["Hedge: held back reason=the share is used up after=1.5"]


def test_a_class_of_its_own_keeps_its_flow() -> None:
    class Counted(Hedge):
        async def __call__(self, request: Request, forward: Any) -> Reply:
            request.headers["X-Counted"] = "1"
            return await super().__call__(request, forward)

    request = ask(input="hi")
    Scene(RateLimit(rpm=60), Counted(), warm=0).call(request)
    assert request.headers["X-Counted"] == "1"
