"""Slow answers and the circuit breaker: what counts as one, whose circuit it opens, and that nothing is slow unless told."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import CircuitOpen, TruncatedBody
from antiphon.policies.circuit_breaker import CircuitBreaker

from .backend import EMBED, JSON, RESPOND, Backend, ask
from .piecewise import Piecewise


def breaker(**changes: Any) -> CircuitBreaker:
    given: dict[str, Any] = {"slow": 2.0, "min_calls": 3, "panic": None, **changes}
    return CircuitBreaker(**given)


def embed(model: str = "m") -> Any:
    """A request whose whole answer has always the same length."""
    return ask(model, operation=EMBED)


def made(policy: CircuitBreaker, times: int, seconds: float, operation: Any = EMBED) -> list[Any]:
    """Calls one after another, each answered after so many seconds."""
    backend = Backend(seconds=seconds)
    return [backend.call(policy, ask(operation=operation)) for _ in range(times)]


def test_when_all_answers_are_slow_it_opens() -> None:
    calls = made(breaker(), 5, 2.1)
    assert [type(call).__name__ for call in calls] == ["Reply"] * 3 + ["CircuitOpen"] * 2
    told = calls[2].request.trace.of("CircuitBreaker")
    assert [(step.event, step.get("reason")) for step in told] == [("opened", "slow")]


@pytest.mark.parametrize("changes", [{"slow": None}, {"slow": 2.2}, {"min_calls": 6}])
def test_otherwise_it_does_not(changes: dict[str, Any]) -> None:
    assert all(call.status_code == 200 for call in made(breaker(**changes), 5, 2.1))


def test_one_quick_answer_among_them_is_enough_unless_a_share_is_named() -> None:
    for share, opens in ((1.0, False), (0.7, True)):
        policy = breaker(slow_ratio=share, min_calls=4)
        made(policy, 1, 0.1)
        made(policy, 2, 3.0)
        assert made(policy, 1, 3.0)[0].status_code == 200
        assert isinstance(made(policy, 1, 3.0)[0], CircuitOpen) is opens


def test_a_long_text_is_not_slow() -> None:
    assert all(call.status_code == 200 for call in made(breaker(), 9, 60.0, RESPOND))


def test_another_model_at_the_same_endpoint_is_not_slow() -> None:
    policy, backend = breaker(), Backend(seconds=3.0)
    for _ in range(3):
        backend.call(policy, embed("large"))
    assert isinstance(backend.call(policy, embed("large")), CircuitOpen)
    assert backend.call(policy, embed("small")).status_code == 200
    shared = breaker(per="endpoint")
    for _ in range(3):
        backend.call(shared, embed("large"))
    assert isinstance(backend.call(shared, embed("small")), CircuitOpen)


def stream(elapsed: float, failure: Exception | None = None) -> Reply:
    return Reply(200, Headers(JSON), ask(), body=Piecewise(b"a", failure=failure), elapsed=elapsed)


@pytest.mark.parametrize("per", ["endpoint", "endpoint+model"])
def test_a_streams_head_tells_how_slow_it_is_and_it_counts_once(per: str) -> None:
    policy, backend = breaker(per=per), Backend()
    for number in range(3):
        assert policy.admissible("api", backend.driver.now, "m")
        backend.outcome = stream(2.5)
        body = backend.call(policy).body
        if number < 2:
            while body.read_chunk():
                pass
    assert isinstance(backend.call(policy), CircuitOpen)
    quick = breaker(per=per)
    for _ in range(3):
        backend.outcome = stream(1.5)
        backend.call(quick).body.close()
    assert backend.call(quick).status_code == 200


def test_a_slow_stream_that_breaks_is_a_failure_of_the_connection() -> None:
    policy, backend = breaker(consecutive=1, min_calls=9), Backend()
    backend.outcome = stream(2.5, TruncatedBody())
    body = backend.call(policy).body
    body.read_chunk()
    with pytest.raises(TruncatedBody):
        body.read_chunk()
    refusal = backend.call(policy)
    assert isinstance(refusal, CircuitOpen)
    assert refusal.endpoint == "api", "and not one model's"


def test_while_it_is_slow_no_probe_closes_it_and_then_one_does() -> None:
    policy, backend = breaker(close_after=1), Backend(seconds=3.0)
    for _ in range(3):
        backend.call(policy, embed())
    backend.wait(7.0)
    assert backend.call(policy, embed()).status_code == 200
    assert isinstance(backend.call(policy, embed()), CircuitOpen)
    backend.wait(13.0)
    backend.seconds = 0.1
    assert [backend.call(policy, embed()).status_code for _ in range(4)] == [200] * 4
