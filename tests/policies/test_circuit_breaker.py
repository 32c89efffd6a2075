"""The circuit breaker's flow: what counts, who is let through, and that no way out wedges it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import (
    APIConnectionError,
    BulkheadFull,
    CircuitOpen,
    ConnectTimeout,
    DeadlineExceeded,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    RateLimited,
    ReadTimeout,
    ResponseTooLarge,
    TLSError,
    TruncatedBody,
    WriteTimeout,
)
from antiphon.policies.chain import fold
from antiphon.policies.circuit_breaker import CircuitBreaker

from .backend import EMBED, JSON, Backend, Interrupted, Outcome, ask, interrupt, refused
from .piecewise import Piecewise


def answer(status: int, content: bytes = b"", label: str = "application/json") -> Callable[[float, Any], Reply]:
    return lambda now, request: Reply(status, Headers({"content-type": label}), request, content)


def opened(backend: Backend, breaker: CircuitBreaker) -> Backend:
    """A backend that failed until the circuit opened, and is healthy from now on."""
    while not isinstance(backend.call(breaker), CircuitOpen):
        pass
    backend.outcome = 200
    backend.asked.clear()
    return backend


def test_row_02_a_refused_connection_counts_and_after_five_nothing_is_sent() -> None:
    backend, breaker = Backend(refused()), CircuitBreaker(panic=None)
    assert [type(backend.call(breaker)).__name__ for _ in range(7)] == ["ConnectError"] * 5 + ["CircuitOpen"] * 2
    assert len(backend.asked) == 5
    refusal = backend.call(breaker)
    assert refusal.endpoint == "api"
    assert 3.0 < refusal.retry_in <= 6.0
    assert refusal.request is not None


FAILURES: list[Outcome] = [
    *(500, 502, 503, 504, 529),
    *(refused(), ConnectTimeout(), TLSError(), ProxyError(), ReadTimeout(), WriteTimeout()),
    *(ProtocolError(), TruncatedBody(), APIConnectionError(), DeadlineExceeded(elapsed=1.0)),
]
NEUTRAL: list[Outcome] = [
    *(400, 401, 403, 404, 408, 409, 422, 429, 501, 505),
    *(
        PoolTimeout(),
        DeadlineExceeded(elapsed=0.9),
        DeadlineExceeded(),
        ResponseTooLarge(Reply(200, Headers(), ask()), None),
    ),
    *(BulkheadFull(1, 1), RateLimited(1.0, "requests"), Interrupted()),
]


def named(outcome: Outcome) -> str:
    return str(outcome) if isinstance(outcome, int) else type(outcome).__name__


@pytest.mark.parametrize("outcome", FAILURES, ids=named)
@pytest.mark.parametrize("per", ["endpoint", "endpoint+model"])
def test_failures_open_it(outcome: Outcome, per: Any) -> None:
    backend, breaker = Backend(outcome), CircuitBreaker(consecutive=3, panic=None, per=per)
    for _ in range(3):
        assert not isinstance(backend.call(breaker), CircuitOpen)
    assert isinstance(backend.call(breaker), CircuitOpen)


@pytest.mark.parametrize("outcome", NEUTRAL, ids=named)
@pytest.mark.parametrize("per", ["endpoint", "endpoint+model"])
def test_what_is_nobodys_fault_counts_neither_way(outcome: Outcome, per: Any) -> None:
    backend, breaker = Backend(outcome), CircuitBreaker(consecutive=2, min_calls=1, panic=None, per=per)
    for _ in range(4):
        assert not isinstance(backend.call(breaker), CircuitOpen)
    backend.outcome = 500
    backend.call(breaker)
    assert isinstance(backend.call(breaker), CircuitOpen), "and is no success among the calls"


@pytest.mark.parametrize(
    ("reply", "broken"),
    [
        (answer(200, b'{"id": 1}'), False),
        (answer(200, b' {"id": 1}\n'), False),
        (answer(200, b"[1]"), False),
        (answer(200, b'"text"'), False),
        (answer(200, b"12"), False),
        (answer(200, b'{"id": "r'), True),
        (answer(200, b"[1, 2"), True),
        (answer(200), True),
        (answer(200, b" \n"), True),
        (answer(200, b"<html>", "text/html; charset=utf-8"), True),
        (answer(200, b"a transcript", "text/plain"), False),
        (answer(204, b""), False),
        (answer(400, b"<html>", "text/html"), False),
    ],
)
def test_row_36_a_success_that_cannot_be_what_it_claims_is_a_failure(reply: Any, broken: bool) -> None:
    backend, breaker = Backend(reply), CircuitBreaker(consecutive=1, panic=None)
    backend.call(breaker)
    assert isinstance(backend.call(breaker), CircuitOpen) is broken


def test_files_and_what_was_made_by_hand_may_hold_anything() -> None:
    backend, breaker = Backend(answer(200, b"<html>", "text/html")), CircuitBreaker(consecutive=1)
    for request in (ask(download=True), ask(call=None), ask(method="HEAD")):
        backend.call(breaker, request)
    assert not isinstance(backend.call(breaker), CircuitOpen)


def test_a_model_that_fails_does_not_stop_another() -> None:
    backend = Backend(lambda _, request: 503 if request.call and request.call.body["model"] == "bad" else 200)
    breaker = CircuitBreaker(consecutive=2)
    for _ in range(2):
        assert backend.call(breaker, ask("bad")).status_code == 503
    refusal = backend.call(breaker, ask("bad"))
    assert isinstance(refusal, CircuitOpen)
    assert refusal.endpoint == "api for bad"
    assert backend.call(breaker, ask("good")).status_code == 200
    assert backend.call(breaker, ask("good", operation=EMBED)).status_code == 200
    assert not breaker.admissible("api", backend.driver.now, "bad")
    assert breaker.admissible("api", backend.driver.now, "good")
    assert breaker.retry_in("api", backend.driver.now) == 0


def test_a_connection_that_fails_stops_all_models() -> None:
    backend, breaker = Backend(refused()), CircuitBreaker(consecutive=2, panic=None)
    backend.call(breaker, ask("m"))
    backend.call(breaker, ask("n"))
    assert isinstance(backend.call(breaker, ask("o")), CircuitOpen)
    assert not breaker.admissible("api", backend.driver.now)


def test_an_answer_of_any_kind_says_that_the_connection_is_well() -> None:
    backend, breaker = Backend(refused()), CircuitBreaker(consecutive=3)
    for outcome in (refused(), refused(), 429, refused(), refused(), 503, refused(), refused()):
        backend.outcome = outcome
        assert not isinstance(backend.call(breaker), CircuitOpen)


def test_targets_of_one_origin_are_told_apart() -> None:
    backend, breaker = Backend(refused()), CircuitBreaker(consecutive=1)
    backend.call(breaker, ask(server="eu"))
    assert (breaker.admissible("eu", 0.1), breaker.admissible("us", 0.1)) == (False, True)


def test_row_61_while_a_probe_is_under_way_others_stay_away_and_two_close_it() -> None:
    breaker = CircuitBreaker(panic=None)
    backend = opened(Backend(refused(), seconds=2.0), breaker)
    backend.wait(6.0)
    first, second = backend.start(breaker), backend.start(breaker)
    backend.wait(1.0)
    assert (isinstance(second.failure, CircuitOpen), first.done) == (True, False)
    backend.driver.run()
    assert backend.call(breaker).status_code == 200
    runs = [backend.start(breaker) for _ in range(9)]
    backend.driver.run()
    assert [run.result.status_code for run in runs] == [200] * 9
    assert len(backend.asked) == 11


def test_row_61_a_probe_that_is_cancelled_makes_room() -> None:
    breaker = CircuitBreaker(panic=None)
    backend = opened(Backend(refused(), seconds=2.0), breaker)
    backend.wait(6.0)
    probe = backend.start(breaker)
    backend.wait(1.0)
    probe.cancel()
    assert backend.call(breaker).status_code == 200


def test_while_everything_is_open_one_call_a_second_goes_through() -> None:
    backend, breaker = Backend(refused(), seconds=0.0), CircuitBreaker(open_for=300)
    runs = [backend.start(breaker, at=tick / 25) for tick in range(1500)]  # twenty-five a second, for a minute
    backend.driver.run()
    assert 5 + 55 <= len(backend.asked) <= 5 + 60
    gaps = [later - sooner for (sooner, _), (later, _) in zip(backend.asked[5:], backend.asked[6:], strict=False)]
    assert min(gaps) >= 1.0 - 1e-6
    refusals = [run.failure for run in runs if isinstance(run.failure, CircuitOpen)]
    assert all(refusal.retry_in <= 1.0 for refusal in refusals)


def test_with_an_endpoint_that_serves_no_call_goes_through_to_one_that_does_not() -> None:
    backend = Backend(lambda _, request: refused() if request.origin.host == "bad" else 200)
    breaker = CircuitBreaker(consecutive=1, open_for=300)
    backend.call(breaker, ask(host="good"))
    backend.call(breaker, ask(host="bad"))
    backend.wait(100)
    assert isinstance(backend.call(breaker, ask(host="bad")), CircuitOpen)


def test_after_an_outage_a_lone_endpoint_is_back_within_seconds() -> None:
    """Drill C for the breaker alone: most calls are not sent, and the end is noticed at once."""
    backend = Backend(lambda now, _: refused() if now < 60 else 200, seconds=0.05)
    breaker = CircuitBreaker()
    runs = [backend.start(breaker, at=tick / 25) for tick in range(2000)]
    backend.driver.run()
    sent_to_the_dead = sum(at < 60 for at, _ in backend.asked)
    assert sent_to_the_dead < 0.1 * 25 * 60
    late = [run for run in runs if run.began >= 65]
    assert all(run.result is not None for run in late)


def test_a_probe_with_a_deadline_makes_room_when_that_is_over() -> None:
    breaker = CircuitBreaker(consecutive=1, panic=None)
    backend = opened(Backend(refused()), breaker)
    backend.wait(6.0)
    backend.seconds = 20.0  # for once its deadline does not end it
    backend.start(breaker, ask(deadline=backend.driver.now + 2.0))
    backend.wait(1.9)
    early = backend.start(breaker)
    backend.wait(0.2)
    late = backend.start(breaker)
    backend.driver.run()
    assert isinstance(early.failure, CircuitOpen)
    assert late.result.status_code == 200


def test_what_is_decided_is_told() -> None:
    backend, breaker = Backend(refused()), CircuitBreaker(consecutive=1, close_after=1)

    def told() -> list[str]:
        request = ask()
        backend.call(breaker, request)
        assert request.trace is not None
        return [str(step) for step in request.trace.of("CircuitBreaker")]

    assert told()[0].startswith("CircuitBreaker: opened circuit=api seconds=")
    assert told()[0] == "CircuitBreaker: refused retry_in=1"
    backend.wait(1.1)
    assert told() == ["CircuitBreaker: probe reason=every endpoint is open"]
    backend.outcome = 200
    backend.wait(9.0)
    assert told() == ["CircuitBreaker: probe", "CircuitBreaker: closed"]
    assert told() == []


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 7),
            st.sampled_from(["cancel", "close", "raise"]),
            st.sampled_from([200, 500, 429, 404, "lost", "short", "mine", "stream", "broken stream"]),
            st.sampled_from([0.0, 0.4, 1.0, 6.0, 40.0]),
            st.sampled_from(["m", "n"]),
        ),
        max_size=25,
    ),
    st.sampled_from(["endpoint", "endpoint+model"]),
    st.sampled_from([None, 1.0]),
)
def test_row_61_no_way_out_at_any_point_wedges_it(steps: list[tuple[Any, ...]], per: Any, panic: float | None) -> None:
    breaker, now = CircuitBreaker(consecutive=2, min_calls=3, per=per, panic=panic), 0.0
    open_streams = list[Any]()
    for effects, how, said, passed, model in steps:
        now += passed
        outcome = _outcome(said)
        interrupt(fold([breaker])(ask(model)), effects, how, outcome, now)  # type: ignore[arg-type]
        if isinstance(outcome, Reply):
            open_streams.append(outcome.body)
    # The server is well from here on; streams that are still open stay so.
    begun, probes = now, 0
    for model in ("m", "n"):
        pair = breaker._board.pair("api", "api", model if per == "endpoint+model" else "")
        while not pair.closed:
            now += breaker.retry_in("api", now, model) + 1e-6
            assert interrupt(fold([breaker])(ask(model)), 9, "cancel", 200, now) == "returned"  # type: ignore[arg-type]
            probes += 1
            assert probes <= 2 * breaker.rule.close_after
    assert now - begun <= 2 * breaker.rule.max_open + 1
    assert not pair.transport._leases
    assert not pair.service._leases


def _outcome(said: Any) -> Outcome:
    match said:
        case "lost":
            return refused()
        case "short":
            return DeadlineExceeded(elapsed=0.1)
        case "mine":
            return Interrupted()
        case "stream":
            return Reply(200, Headers(JSON), ask(), body=Piecewise(b"a"))
        case "broken stream":
            return Reply(200, Headers(JSON), ask(), body=Piecewise(failure=TruncatedBody()))
    return int(said)


def test_threads_share_it() -> None:
    breaker, ended = CircuitBreaker(consecutive=5, open_for=0.001, max_open=0.01, panic=None), list[str]()

    def work(number: int) -> None:
        for turn in range(100):
            outcome: Outcome = refused() if (number * turn) % 3 else 200
            ended.append(interrupt(fold([breaker])(ask()), turn % 5, "cancel", outcome, turn / 100))  # type: ignore[arg-type]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ended) == 3200
    assert (
        {"CancelledError", "ConnectError", "returned"}
        <= set(ended)
        <= {"CancelledError", "ConnectError", "returned", "CircuitOpen"}
    )
    pair = breaker._board.pair("api", "api", "m")
    assert not pair.transport._leases
    for now in (50.0, 100.0, 150.0):
        assert interrupt(fold([breaker])(ask()), 9, "cancel", 200, now) == "returned"  # type: ignore[arg-type]
    assert pair.closed
