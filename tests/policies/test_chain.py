"""Folding, the deadline, authorization and the outcome."""

from __future__ import annotations

import pytest

from antiphon.core.credential import PENDING
from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import InvalidCredential, NotFoundError, RateLimitError
from antiphon.policies.authorize import Authorize
from antiphon.policies.chain import Forward, explain, fold, only_failures, ordered, send
from antiphon.policies.deadline import Deadline
from antiphon.policies.live import Live
from antiphon.policies.outcome import Judge
from antiphon.policies.policy import Policy
from antiphon.policies.retry import Retry

from .stepping import Script, reply, request


def test_the_first_policy_is_outermost() -> None:
    seen: list[str] = []

    def noting(name: str):
        async def policy(request: Request, forward: Forward) -> Reply:
            seen.append(f"{name} in")
            answer = await forward(request)
            seen.append(f"{name} out")
            return answer

        return policy

    Script([reply()]).run(fold([noting("a"), noting("b")])(request()))
    assert seen == ["a in", "b in", "b out", "a out"]


def test_an_empty_chain_is_send_itself() -> None:
    assert fold([]) is send


@pytest.mark.parametrize("wrong", [Retry, 3, None])
def test_a_class_or_a_number_is_no_policy(wrong: object) -> None:
    with pytest.raises(TypeError, match="is not a policy"):
        fold([wrong])  # type: ignore[list-item]


def test_explain_prints_the_chain_with_its_numbers() -> None:
    assert explain([Deadline(30), Retry(1)]).splitlines() == [
        "1. Deadline(30 s)",
        "2. Retry(max_retries=1, initial=0.5 s, longest=8.0 s)",
        "→ send",
    ]


def test_a_deadline_is_set_once_and_never_later() -> None:
    script = Script([reply(), reply()])
    script.run(Deadline(5)(request(), send))
    assert script.sent[0].deadline == 105.0
    script.run(Deadline(5)(request(deadline=101.0), send))
    assert script.sent[1].deadline == 101.0
    with pytest.raises(ValueError, match="more than 0"):
        Deadline(0)


def test_a_deadline_ends_retrying() -> None:
    script = Script([reply(500)] * 9)
    answer = script.run(fold([Deadline(3), Retry(8)])(request()))
    assert answer.status_code == 500
    assert sum(script.slept) < 3


def pending() -> Request:
    return request(headers=Headers({"Authorization": PENDING.reveal()}))


def test_the_key_is_asked_for_at_each_attempt() -> None:
    script = Script([reply(500), reply(200)])
    policy = Authorize(lambda: "never called here: the effect is answered by the script")
    script.run(fold([Retry(), policy])(pending()))
    assert [r.headers["authorization"] for r in script.sent] == ["Bearer sk-asked"] * 2
    assert "function" in repr(policy)


def test_a_callers_own_authorization_is_left_alone() -> None:
    script = Script([reply()])
    script.run(Authorize(lambda: "")(request(), send))
    assert script.sent[0].headers["authorization"] == "Bearer sk-1"


def test_row_56_a_key_with_a_line_break_is_refused_without_showing_it() -> None:
    script = Script([])
    script.key = "sk-very\nsecret"
    with pytest.raises(InvalidCredential) as caught:
        script.run(Authorize(lambda: "")(pending(), send))
    assert "very" not in str(caught.value)


def test_the_outcome_is_a_reply_or_its_typed_error() -> None:
    assert Script([reply(201)]).run(Judge()(request(), send)).status_code == 201
    body = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded", "param": null, "type": "requests"}}'
    with pytest.raises(RateLimitError) as caught:
        Script([reply(429, {"x-request-id": "req_1"}, body)]).run(Judge()(request(), send))
    error = caught.value
    assert (error.code, error.type, error.param, error.request_id) == ("rate_limit_exceeded", "requests", None, "req_1")
    assert str(error) == "Error code: 429 - slow down"
    with pytest.raises(NotFoundError, match="/v1"):
        Script([reply(404, content=b"<html>")]).run(Judge()(request(), send))


class Mine:
    """A policy of the user's own, that holds others."""

    def __init__(self, *policies: object) -> None:
        self.policies = policies

    def __repr__(self) -> str:
        return "Mine"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await forward(request)


def test_what_a_policy_holds_is_told_below_it() -> None:
    told = explain([Mine(Deadline(30), Mine(Deadline(5))), Deadline(1)])
    assert told.splitlines() == [
        "1. Mine",
        "   1. Deadline(30 s)",
        "   2. Mine",
        "      1. Deadline(5 s)",
        "2. Deadline(1 s)",
        "→ send",
    ]


def test_a_policy_of_the_users_own_stays_where_it_was_named() -> None:
    mine, retry, deadline, live = Mine(), Retry(1), Deadline(1), Live(Policy.production())
    assert ordered([mine, retry, deadline, live]) == [mine, live, deadline, retry]
    assert ordered([retry, mine, deadline, live]) == [live, deadline, retry, mine]
    assert not only_failures([mine])


@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        ([Retry(1)], "without a list"),
        ((Retry(1),), "without a list"),
        (Retry, r"an instance, e\.g\. Retry"),
        (3, "an instance"),
    ],
)
def test_what_is_no_policy_is_told_how_it_would_be_one(wrong: object, advice: str) -> None:
    with pytest.raises(TypeError, match=advice):
        fold([wrong])  # type: ignore[list-item]


def test_a_whole_policy_stands_alone() -> None:
    with pytest.raises(TypeError, match="stands alone"):
        fold([Policy.production()])  # type: ignore[list-item]
