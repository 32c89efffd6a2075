"""Health checks in virtual time: only of what is left alone, seldom, only while somebody asks; and what is told without asking."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from antiphon.core.effects import Send, Sleep, Spawn
from antiphon.core.request import Request
from antiphon.errors import BulkheadFull
from antiphon.policies.bulkhead import Bulkhead
from antiphon.policies.chain import fold, send
from antiphon.policies.circuit_breaker import CircuitBreaker
from antiphon.policies.health import HealthCheck, health
from antiphon.policies.live import Live
from antiphon.policies.machines.number import LONGEST
from antiphon.policies.retry import Retry

from .backend import EMBED, Backend, Interrupted, Outcome, ask, interrupt, refused


class Watched(Backend):
    """A backend that fails calls until a time, and tells calls from checks."""

    def __init__(self, ill_until: float, check: Outcome | None = None, failure: Outcome | None = None) -> None:
        super().__init__()
        self.outcome = self._outcome
        self._ill_until = ill_until
        self._check = check
        self._failure = failure or refused()

    def _outcome(self, now: float, request: Request) -> Outcome:
        if request.method == "GET" and self._check is not None:
            return self._check
        return self._failure if now < self._ill_until else 200

    @property
    def checks(self) -> list[float]:
        return [now for now, request in self.asked if request.method == "GET"]


def breaker(**checks: Any) -> CircuitBreaker:
    return CircuitBreaker(consecutive=1, open_for=300, panic=None, health=HealthCheck(**checks))


def test_a_healthy_endpoint_is_never_checked() -> None:
    backend, policy = Watched(0.0), breaker()
    for _ in range(20):
        backend.call(policy)
        backend.wait(30)
    assert backend.checks == []


def test_one_that_is_back_is_found_by_two_good_checks() -> None:
    backend, policy = Watched(25.0), breaker()
    run = backend.start(policy)
    backend.wait(1.0)
    assert run.done
    backend.wait(99.0)
    checks = backend.checks
    assert len(checks) == len([at for at in checks if at < 25.0]) + 2, "and then they end"
    assert all(8.0 <= later - sooner <= 12.2 for sooner, later in zip([0.1, *checks], checks, strict=False))
    assert backend.call(policy).status_code == 200
    assert backend.driver._due == []


def test_what_is_asked_for() -> None:
    backend, policy = Watched(5.0), breaker()
    request = ask(deadline=3.0, stream=True, events=True)
    backend.start(policy, request)
    backend.wait(40.0)
    check = next(each for _, each in backend.asked if each.method == "GET")
    assert (check.target, check.content, check.stream, check.events, check.call, check.trace) == (
        *("/v1/models", None, False, False),
        *(None, None),
    )
    assert check.timeout.read == 2.0
    asked_at = backend.checks[0]
    assert check.deadline == pytest.approx(asked_at + 2.0)
    assert "content-type" not in check.headers
    assert request.trace is not None
    assert [step.event for step in request.trace.of("CircuitBreaker")] == ["opened"]
    assert request.trace.attempts == 1, "a check is in nobody's trace"


def test_a_check_is_a_small_request_of_its_own_whatever_the_call_is() -> None:
    check = HealthCheck(timeout=1.5)._request(ask(download=True, max_retries=7))
    assert (check.download, check.max_retries, check.method, check.timeout.read) == (False, 0, "GET", 1.5)


@pytest.mark.parametrize("successes", [1, 2, 3])
def test_it_takes_as_many_good_checks_as_are_said(successes: int) -> None:
    backend, policy = Watched(5.0), breaker(successes=successes)
    backend.start(policy)
    backend.wait(60.0)
    assert len(backend.checks) == successes


@pytest.mark.parametrize(("dice", "seconds"), [(0.0, 8.0), (0.5, 10.0), (1.0, 12.0)])
def test_between_two_checks_is_the_interval_give_or_take_a_fifth(dice: float, seconds: float) -> None:
    flow = HealthCheck()._watch("api", ask(), send, lambda: True, lambda now: None)
    flow.send(None)
    pause = flow.send(dice)
    flow.close()
    assert isinstance(pause, Sleep)
    assert pause.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("interval", "now", "forgotten"), [(10, 100.0, False), (10, 100.1, True), (1, 60.0, False), (1, 60.1, True)]
)
def test_it_is_forgotten_after_ten_intervals_and_a_minute_at_least(
    interval: float, now: float, forgotten: bool
) -> None:
    check = HealthCheck(interval=interval)
    check._asked["api"] = 0.0
    flow = check._watch("api", ask(), send, lambda: True, lambda now: None)
    for answer in (None, 0.5, None):
        flow.send(answer)
    try:
        assert isinstance(flow.send(now), Send)
    except StopIteration:
        assert forgotten
    else:
        assert not forgotten
        flow.close()


def test_a_check_that_nobody_runs_is_closed() -> None:
    closed: list[bool] = []

    class Watching(HealthCheck):
        def _watch(self, *arguments: Any) -> Any:
            return self

        def close(self) -> None:
            closed.append(True)

    check = Watching()
    flow = check.attend("api", ask(), send, lambda: True, lambda now: None, 0.0)
    assert isinstance(flow.send(None), Spawn)
    with pytest.raises(Interrupted):
        flow.throw(Interrupted())
    assert closed == [True]


def test_the_longest_that_can_be_meant_is_meant() -> None:
    assert HealthCheck(interval=LONGEST).interval == LONGEST
    with pytest.raises(ValueError, match="at most 1000000000"):
        HealthCheck(interval=LONGEST * 1.001)


@pytest.mark.parametrize(
    ("target", "changes", "asked"),
    [
        ("/v1/responses", {}, "/v1/models"),
        ("/openai/v1/responses?api-version=1", {}, "/openai/v1/models"),
        ("/v1/odd", {}, "/v1/models"),
        ("/odd", {"call": None}, "/models"),
    ],
)
def test_where_the_list_of_models_is(target: str, changes: dict[str, Any], asked: str) -> None:
    assert HealthCheck()._request(ask(target=target, **changes)).target == asked
    assert HealthCheck(path="/healthz")._request(ask()).target == "/healthz"


@pytest.mark.parametrize(
    ("check", "well"),
    [(200, True), (401, True), (403, True), (404, True), (429, True), (500, False), (503, False), (refused(), False)],
    ids=str,
)
def test_a_refused_credential_is_no_fault_of_the_endpoint(check: Outcome, well: bool) -> None:
    backend, policy = Watched(1000.0, check=check), breaker()
    backend.start(policy)
    backend.wait(30.0)
    assert policy.admissible("api", backend.driver.now) is well


def test_a_check_that_found_no_room_is_no_good_one() -> None:
    backend, policy = Watched(1000.0, check=BulkheadFull(1, 1)), breaker()
    backend.start(policy)
    backend.wait(30.0)
    assert not policy.admissible("api", backend.driver.now)


def test_a_model_that_failed_may_be_tried_when_its_endpoint_answers() -> None:
    backend, policy = Watched(1000.0, check=200, failure=503), breaker(successes=1)
    backend.start(policy)
    backend.wait(15.0)
    health = policy.health(backend.driver.now)["api"]["models"]["m"]
    assert health["state"] == "half-open", "a list of models says nothing about one of them"
    backend.start(policy)
    backend.wait(1.0)
    assert policy.health(backend.driver.now)["api"]["models"]["m"]["state"] == "open"


def test_nobody_is_checked_for_whom_nobody_asks() -> None:
    backend, policy = Watched(1e9), breaker()
    backend.start(policy)
    backend.driver.run()  # comes to an end by itself
    assert 8 <= len(backend.checks) <= 13
    backend.start(policy, at=1000.0)
    backend.wait(1000.0)
    again = len(backend.checks)
    assert again > 13, "who asks again has it checked again"


def test_while_somebody_asks_it_goes_on() -> None:
    backend, policy = Watched(1e9), breaker()
    for minute in range(20):
        backend.start(policy, at=60.0 * minute)
    backend.wait(1200.0)
    assert 1200 / 12 - 3 <= len(backend.checks) <= 1200 / 8 + 1


def test_many_calls_have_one_endpoint_checked_once() -> None:
    backend, policy = Watched(1e9), breaker()
    for tick in range(400):
        backend.start(policy, at=tick / 4)
    backend.wait(100.0)
    assert len(backend.checks) <= 100 / 8 + 1
    backend = Watched(1e9)
    for tick in range(200):
        backend.start(policy, ask(host=f"host{tick % 5}"), at=tick / 4)
    backend.wait(60.0)
    assert len(backend.checks) <= 5 * 60 / 8


def test_a_circuit_that_closed_by_itself_is_checked_no_more() -> None:
    backend = Watched(3.0)
    policy = CircuitBreaker(consecutive=1, open_for=4, close_after=1, health=HealthCheck())
    backend.start(policy)
    backend.start(policy, at=6.0)
    backend.wait(60.0)
    assert backend.checks == []
    assert backend.driver._due == []


def test_closing_ends_it() -> None:
    backend, policy = Watched(1e9), breaker()
    backend.start(policy)
    backend.wait(15.0)
    checks = len(backend.checks)
    backend.driver.closing.set()
    backend.wait(100.0)
    assert len(backend.checks) == checks
    (aside,) = policy.checks._asides.values()  # type: ignore[union-attr]
    assert aside is not None
    assert not aside.alive


@pytest.mark.parametrize("how", ["cancel", "close", "raise"])
def test_a_call_that_ends_before_its_check_begins_leaves_nothing_behind(how: str) -> None:
    policy = breaker()
    for steps in range(9):
        interrupt(fold([policy])(ask()), steps, how, refused(), 1.0)  # type: ignore[arg-type]
    checks = policy.checks
    assert checks is not None
    assert None not in checks._asides.values()


def test_what_is_known_is_told_without_asking() -> None:
    backend = Backend(lambda _, request: 503 if request.call and request.call.body["model"] == "bad" else 200)
    chain = [Retry(), CircuitBreaker(consecutive=1), Bulkhead(4), Bulkhead(2, compartment="bulk")]
    backend.call(chain[1:], ask("bad"))
    backend.call(chain[1:], ask("good", operation=EMBED))
    sent = len(backend.asked)
    known = health([Live(chain)], backend.driver.now)
    assert len(backend.asked) == sent
    assert known.ready
    assert known.policies["CircuitBreaker"]["api"]["models"]["bad"]["state"] == "open"
    assert known.policies["Bulkhead"]["api"] == {"inflight": 0, "limit": 4, "queued": 0, "refused": 0}
    assert known.policies["Bulkhead bulk"]["api"]["limit"] == 2
    assert json.loads(json.dumps(known.policies)) == known.policies


def test_ready_is_who_can_be_served_by_anybody() -> None:
    backend = Backend(lambda _, request: refused() if request.origin.host == "bad" else 200)
    policy = CircuitBreaker(consecutive=1)
    assert health([policy], 0.0) == (True, {"CircuitBreaker": {}})
    backend.call(policy, ask(host="bad"))
    assert not health([policy], backend.driver.now).ready
    assert health([policy], backend.driver.now + 400).ready, "it would be tried"
    backend.call(policy, ask(host="good"))
    assert health([policy], backend.driver.now).ready
    assert health([Retry()], 0.0) == (True, {})


def test_it_shows_its_numbers_and_travels() -> None:
    check = HealthCheck(interval=5, timeout=1.5, successes=3, path="/healthz")
    assert repr(check) == "HealthCheck(interval=5 s, timeout=1.5 s, successes=3, path=/healthz)"
    assert repr(pickle.loads(pickle.dumps(check))) == repr(check)
    assert repr(CircuitBreaker(health=HealthCheck())).endswith("HealthCheck(interval=10 s, timeout=2 s, successes=2))")


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ({"interval": 0}, ValueError, "interval must be more than 0 seconds"),
        ({"timeout": "2"}, TypeError, "timeout must be a number of seconds"),
        ({"successes": 0}, ValueError, "successes must be 1 or more"),
        ({"path": "healthz"}, ValueError, "path must begin at the root"),
        ({"url": "/"}, TypeError, "url"),
    ],
)
def test_arguments_that_cannot_be_right(wrong: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        HealthCheck(**wrong)
