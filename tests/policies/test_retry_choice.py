"""Retry as a user shapes it, stepped by hand: what is repeated, after how long, who is told, and how often altogether."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from antiphon.core.notice import RetryInfo
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    DeadlineExceeded,
    RateLimitError,
    ReadTimeout,
    TLSError,
)
from antiphon.policies.chain import only_failures, send
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.machines.rule import RELIABLE_RULES
from antiphon.policies.retry import Retry

from .stepping import Script, reply, request

QUOTA = b'{"error": {"code": "insufficient_quota", "message": "no credit"}}'


def run(script: Script, policy: Retry, made: Request | None = None) -> Reply:
    answer: Reply = script.run(policy(made or request(), send))
    return answer


def test_statuses_that_are_named_are_repeated_and_no_other() -> None:
    script = Script([reply(418), reply(503)])
    assert run(script, Retry(retry_on={418})).status_code == 503
    assert len(script.sent) == 2


def test_kinds_of_failures_that_are_named_are_repeated_and_no_other() -> None:
    script = Script([ReadTimeout(), APIConnectionError()])
    with pytest.raises(APIConnectionError):
        run(script, Retry(retry_on=[ReadTimeout]))
    assert len(script.sent) == 2


def test_a_function_decides_or_leaves_it_to_the_rules() -> None:
    asked: list[APIError] = []

    def choose(error: APIError) -> bool | None:
        asked.append(error)
        return {404: True, 500: False}.get(error.status_code) if isinstance(error, APIStatusError) else None

    script = Script([reply(404), ReadTimeout(), reply(503), reply(500)])
    assert run(script, Retry(9, retry_on=choose)).status_code == 500
    assert [type(error).__name__ for error in asked] == [
        *("NotFoundError", "ReadTimeout", "InternalServerError", "InternalServerError")
    ]


def test_a_function_may_want_what_the_rules_refuse() -> None:
    script = Script([reply(429, content=QUOTA), TLSError(), reply(200)])
    assert run(script, Retry(retry_on=lambda error: True)).status_code == 200


@pytest.mark.parametrize("first", [reply(503, {"retry-after": "121"}), DeadlineExceeded()])
def test_no_function_is_asked_of_what_cannot_be_waited_for(first: Any) -> None:
    script = Script([first])
    with suppress(DeadlineExceeded):
        assert run(script, Retry(retry_on=lambda error: True)).status_code == 503
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    ("delay", "slept"),
    [
        (3, [3.0, 3.0, 3.0]),
        ([1, 4], [1.0, 4.0, 4.0]),
        (0, [0.0, 0.0, 0.0]),
        (lambda attempt, error: attempt * 10, [10.0, 20.0, 30.0]),
        (lambda attempt, error: 7 if isinstance(error, RateLimitError) else 1, [1.0, 7.0, 1.0]),
    ],
)
def test_pauses_of_ones_own(delay: Any, slept: list[float]) -> None:
    script = Script([reply(500), reply(429), ReadTimeout(), reply(200)])
    run(script, Retry(3, delay=delay))
    assert script.slept == slept


def test_a_pause_is_never_shorter_than_the_server_asks_for() -> None:
    script = Script([reply(503, {"retry-after": "5"}), reply(503, {"retry-after": "1"}), reply(200)])
    run(script, Retry(delay=2))
    assert script.slept == [5.0, 2.0]


def test_a_function_that_gives_no_pause_is_told_so() -> None:
    with pytest.raises(ValueError, match="0 seconds or more"):
        run(Script([reply(500)]), Retry(delay=lambda attempt, error: -1.0))


@pytest.mark.parametrize(("jitter", "slept"), [(False, 0.5), (True, 0.375), (1, 0.0), (0.5, 0.25)])
def test_jitter(jitter: Any, slept: float) -> None:
    script = Script([reply(500), reply(200)], dice=1.0)
    run(script, Retry(jitter=jitter))
    assert script.slept == [slept]


def test_somebody_is_told_before_each_pause() -> None:
    told: list[tuple[RetryInfo, int]] = []
    script = Script([reply(503, {"x-request-id": "req_1"}, b'{"error": {"message": "busy"}}'), ReadTimeout(), reply()])
    run(script, Retry(on_retry=lambda info: told.append((info, len(script.slept)))))
    (first, before), (second, after) = told
    assert (before, after) == (0, 1)
    assert (first.request.attempt, first.delay, first.error.message) == (1, 0.5, "Error code: 503 - busy")
    assert first.response is not None
    assert (first.response.status_code, first.response.request_id) == (503, "req_1")
    assert (second.request.attempt, second.delay, second.response) == (2, 1.0, None)
    assert isinstance(second.error, ReadTimeout)
    assert len(script.discarded) == 1


def test_what_is_told_holds_no_key() -> None:
    told: list[RetryInfo] = []
    made = request()
    failure = ReadTimeout(made)
    run(Script([reply(500), failure, reply()]), Retry(on_retry=told.append), made)
    for info in told:
        assert "sk-1" not in repr(info)
        assert info.request.headers["authorization"] == info.error.request.headers["authorization"] == "<redacted>"
    assert failure.request.headers["authorization"] == "Bearer sk-1"  # only what is told is bare


def test_who_is_told_may_end_it() -> None:
    class Enough(Exception):
        pass

    def stop(info: RetryInfo) -> None:
        raise Enough

    for first in (reply(500), ReadTimeout()):
        script = Script([first, reply()])
        with pytest.raises(Enough):
            run(script, Retry(on_retry=stop))
        assert (len(script.sent), script.slept) == (1, [])
        assert script.discarded == ([first] if isinstance(first, Reply) else [])


async def later(*_: Any) -> bool:
    return True


@pytest.mark.parametrize("options", [{"on_retry": later}, {"retry_on": later}, {"delay": later}])
def test_a_coroutine_function_is_nothing_for_a_blocking_client(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="blocking client"):
        run(Script([reply(500), reply()]), Retry(**options))


def test_a_budget_is_shared_by_calls_and_filled_by_successes() -> None:
    policy = Retry(1, budget=RetryBudget(capacity=1, per_success=0.5, per_second=0))
    assert run(Script([reply(500), reply(200)]), policy).status_code == 200
    script = Script([reply(500)])
    assert run(script, policy).status_code == 500
    with pytest.raises(ReadTimeout) as caught:
        run(Script([ReadTimeout()]), policy)
    assert "budget" in caught.value.__notes__[0]
    assert policy.budget is not None
    assert policy.budget.denied == 2
    assert run(Script([reply(400)]), policy).status_code == 400  # earns nothing
    run(Script([reply(200)]), policy)
    assert run(Script([reply(500), reply(200)]), policy.allowing(4)).retries_taken == 1


@pytest.mark.parametrize(
    ("policy", "method", "target", "once"),
    [
        (Retry(rules=RELIABLE_RULES), "POST", "/v1/batches", True),
        (Retry(rules=RELIABLE_RULES), "POST", "/v1/chat/completions", False),
        (Retry(rules=RELIABLE_RULES), "GET", "/v1/batches", False),
        (Retry(), "POST", "/v1/batches", False),
    ],
)
def test_what_may_not_be_repeated_is_not_repeated_further_in_either(
    policy: Retry, method: str, target: str, once: bool
) -> None:
    script = Script([reply()])
    run(script, policy, request(method=method, target=target))
    assert script.sent[0].only_once is once


def test_another_number_of_retries_is_another_policy() -> None:
    policy = Retry(1)
    assert policy.allowing(1) is policy
    assert [run(Script([reply(500)] * 9), each).retries_taken for each in (policy.allowing(4), policy)] == [4, 1]


def test_only_a_budget_must_see_successes() -> None:
    assert only_failures([Retry(retry_on={500}, delay=1, on_retry=print, jitter=0)])
    assert not only_failures([Retry(budget=RetryBudget())])
    assert not only_failures([Retry(budget=RetryBudget()).allowing(1)])


def test_no_retry_is_taken_from_the_budget_that_the_deadline_forbids() -> None:
    budget = RetryBudget(per_second=0)
    run(Script([reply(500)]), Retry(budget=budget), request(deadline=100.4))
    assert budget.left == 100


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        *[({name: value}, ValueError) for name in ("initial", "longest", "delay") for value in (-1, NAN, INF)],
        *[({name: value}, TypeError) for name in ("initial", "longest", "delay") for value in ("1", True)],
        *[({name: None}, TypeError) for name in ("initial", "longest", "jitter", "max_retries")],
        *[({"max_retries": value}, TypeError) for value in ("3", 1.5, True, NAN)],
        *[({"jitter": value}, ValueError) for value in (1.5, -0.1, NAN)],
        ({"max_retries": -1}, ValueError),
        ({"jitter": "1"}, TypeError),
        ({"delay": []}, ValueError),
        ({"delay": [1, NAN]}, ValueError),
        ({"delay": ["1"]}, TypeError),
        ({"delay": float}, TypeError),
        *[({"retry_on": value}, TypeError) for value in (429, "429", True, ["x"], [True], RateLimitError, ValueError)],
        *[({"retry_on": {value}}, ValueError) for value in (200, 99, 600)],
        ({"on_retry": 1}, TypeError),
        ({"budget": RetryBudget}, TypeError),
        ({"budget": 5}, TypeError),
    ],
)
def test_arguments_that_cannot_be_right(options: dict[str, Any], kind: type[Exception]) -> None:
    (name,) = options
    with pytest.raises(kind, match=name):
        Retry(**options)


def test_a_lone_status_is_told_to_stand_in_a_set() -> None:
    with pytest.raises(TypeError, match=r"retry_on takes several in a set, e\.g\. \{429, 503\}, .* got RateLimitError"):
        Retry(retry_on=RateLimitError)  # type: ignore[arg-type]


def test_a_misspelt_argument_names_the_nearest() -> None:
    wrong: Any = {"dealy": 1}
    with pytest.raises(TypeError, match=r"(?i)did you mean 'delay'"):
        Retry(**wrong)
    wrong = {"capcity": 1}
    with pytest.raises(TypeError, match=r"(?i)did you mean 'capacity'"):
        RetryBudget(**wrong)


@pytest.mark.parametrize(("value", "kind"), [(NAN, ValueError), (-1, ValueError), (None, TypeError), ("1", TypeError)])
def test_what_a_function_of_delays_gives_is_checked(value: Any, kind: type[Exception]) -> None:
    def mine(attempt: int, error: APIError) -> Any:
        return value

    with pytest.raises(kind, match="mine gives must be"):
        run(Script([reply(503)]), Retry(delay=mine))


def named(*_: Any) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"jitter": 0}, "initial=0.5 s, longest=8.0 s, jitter=0"),
        ({"retry_on": {503, 429}}, "on 429, 503, initial=0.5 s, longest=8.0 s"),
        ({"retry_on": named, "delay": named, "on_retry": named}, "on named, delay=named, on_retry=named"),
        ({"delay": [1, 2.5]}, "delay=1, 2.5 s"),
        (
            {"delay": 1, "budget": RetryBudget()},
            "delay=1 s, budget=RetryBudget(capacity=100, per_success=0.3, per_second=1)",
        ),
    ],
)
def test_it_says_its_numbers(options: dict[str, Any], said: str) -> None:
    assert repr(Retry(2, **options)) == f"Retry(max_retries=2, {said})"
