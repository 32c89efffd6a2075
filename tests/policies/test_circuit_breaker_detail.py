"""The circuit breaker's smaller promises: whose circuit a refusal names, what a probe's answer closes, and what is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import CircuitOpen
from antiphon.policies.circuit_breaker import CircuitBreaker

from .backend import JSON, RESPOND, Backend, ask, refused
from .piecewise import Piecewise
from .test_circuit_breaker import answer, opened


def told(call: Any, event: str) -> Any:
    """What a call's trace says of it."""
    (step,) = [step for step in call.request.trace.of("CircuitBreaker") if step.event == event]
    return step


@pytest.mark.parametrize(
    ("content", "broken"),
    [
        (b"true", False),
        (b"-12.5", False),
        (b"[1}", True),
        (b'[{"id": 1}', True),
        (b'{} and "more"', True),
        (b"{}", False),
        (b"{", True),
    ],
)
def test_json_ends_as_it_begins(content: bytes, broken: bool) -> None:
    backend, breaker = Backend(answer(200, content)), CircuitBreaker(consecutive=1, panic=None)
    backend.call(breaker)
    assert isinstance(backend.call(breaker), CircuitOpen) is broken


def test_origins_are_told_apart_as_targets_are() -> None:
    backend, breaker = Backend(refused()), CircuitBreaker(consecutive=1, panic=None)
    backend.call(breaker, ask(host="one"))
    assert [breaker.is_closed(host) for host in ("one", "two")] == [False, True]
    backend.outcome = 200
    assert backend.call(breaker, ask(host="two")).status_code == 200
    assert isinstance(backend.call(breaker, ask(host="one")), CircuitOpen)


def test_a_refusal_names_the_endpoint_to_the_last_moment_it_is_open() -> None:
    breaker = CircuitBreaker(consecutive=1, panic=None)
    backend = opened(Backend(refused()), breaker)
    left = breaker.retry_in("api", backend.driver.now, "m")
    backend.wait(left - 0.01)
    refusal = backend.call(breaker)
    assert refusal.endpoint == "api"
    assert 0 < refusal.retry_in <= 0.011


def test_the_trace_has_milliseconds_and_no_more() -> None:
    breaker = CircuitBreaker(consecutive=1, panic=None)
    backend = Backend(503)
    first, second = backend.call(breaker), backend.call(breaker)
    for seconds in (told(first, "opened").get("seconds"), told(second, "refused").get("retry_in")):
        assert 4.0 <= seconds <= 6.0
        assert seconds == round(seconds, 3)


def test_a_probe_that_is_answered_badly_says_that_the_connection_is_well() -> None:
    breaker = CircuitBreaker(consecutive=1, close_after=1, panic=None)
    backend = opened(Backend(refused()), breaker)
    backend.wait(6.0)
    backend.outcome = 503
    probe = backend.call(breaker)
    assert probe.status_code == 503
    assert [step.event for step in probe.request.trace.of("CircuitBreaker")] == ["probe", "closed", "opened"]
    assert breaker.is_closed("api", "another model")
    assert not breaker.is_closed("api", "m")


def test_a_probe_makes_room_when_its_own_time_is_over() -> None:
    breaker = CircuitBreaker(consecutive=1, panic=None)
    backend = opened(Backend(refused()), breaker)
    backend.wait(6.0)
    backend.seconds = 60.0
    now = backend.driver.now
    probe = backend.start(breaker, ask(deadline=now + 0.5))
    early, late = backend.start(breaker, at=now + 0.4), backend.start(breaker, at=now + 0.6)
    backend.wait(1.0)
    assert isinstance(early.failure, CircuitOpen)
    assert early.failure.retry_in == pytest.approx(0.1)
    assert [at for at, _ in backend.asked] == pytest.approx([now, now + 0.6])
    backend.driver.run()
    assert (probe.result.status_code, late.result.status_code) == (200, 200)


@pytest.mark.parametrize("seconds", [2.0, 2.01])
def test_slow_is_more_than_what_is_said(seconds: float) -> None:
    breaker = CircuitBreaker(slow=2.0, min_calls=1, panic=None)
    backend = Backend(lambda now, request: Reply(200, Headers(JSON), request, body=Piecewise(b"a"), elapsed=seconds))
    backend.call(breaker)
    assert breaker.is_closed("api", "m") is (seconds == 2.0)


def test_a_probe_that_is_answered_slowly_says_that_the_connection_is_well() -> None:
    breaker = CircuitBreaker(consecutive=1, close_after=1, slow=2.0, min_calls=1, panic=None)
    backend = opened(Backend(refused()), breaker)
    backend.wait(6.0)
    backend.outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(b"a"), elapsed=3.0)
    backend.call(breaker)
    assert breaker.is_closed("api", "another model")
    assert not breaker.is_closed("api", "m")


def test_a_pair_of_circuits_is_found_again_at_the_next_call() -> None:
    breaker, backend = CircuitBreaker(), Backend()
    backend.call(breaker)
    (found,) = breaker._board.pairs.items()
    assert found[0] == (ask().origin, "m")
    backend.call(breaker)
    assert breaker._board.pairs[found[0]] is found[1]


def test_an_answer_whose_first_byte_nobody_saw_is_not_slow() -> None:
    breaker, backend = CircuitBreaker(slow=0.5, min_calls=1, panic=None), Backend(seconds=60.0)
    for _ in range(2):
        assert backend.call(breaker, ask(operation=RESPOND)).status_code == 200


@pytest.mark.parametrize(("per", "parts"), [("endpoint", 1), ("endpoint+model", 2)])
def test_a_stream_that_ended_well_counts_for_the_endpoint_and_the_model(per: Any, parts: int) -> None:
    breaker, backend = CircuitBreaker(per=per, panic=None), Backend()
    backend.outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(b"a"))
    body = backend.call(breaker).body
    (pair,) = breaker._board.pairs.values()
    circuits = [pair.transport, pair.service][:parts]
    assert [circuit.counts for circuit in circuits] == [(0, 0)] * parts
    while body.read_chunk():
        pass
    assert [circuit.counts for circuit in circuits] == [(1, 0)] * parts


def test_a_stream_that_nobody_read_says_nothing() -> None:
    breaker, backend = CircuitBreaker(panic=None), Backend()
    backend.outcome = Reply(200, Headers(JSON), ask(), body=Piecewise(b"a"))
    backend.call(breaker).body.close()
    assert breaker.health(0.0)["api"]["calls"] == 0


def test_the_last_one_that_fails_puts_the_others_on_trial() -> None:
    down: set[str] = {"one"}
    backend = Backend(lambda now, request: 503 if request.origin.host in down else 200)
    breaker = CircuitBreaker(consecutive=2)
    for _ in range(2):
        backend.call(breaker, ask(host="one"))
    backend.call(breaker, ask(host="two"))
    assert not breaker.is_closed("one", "m")
    down = {"two"}
    failed = backend.call(breaker, ask(host="two"))
    assert told(failed, "on trial").get("endpoint") == "one"
    assert backend.call(breaker, ask(host="one")).status_code == 200
    assert backend.call(breaker, ask(host="two")).request.trace.of("CircuitBreaker")[0].event != "on trial"
    assert not breaker.is_closed("two", "m")
