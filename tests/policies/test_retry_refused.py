"""What a call comes to whose next attempt was refused, or failed otherwise than one before it: the truth about all of them."""

from __future__ import annotations

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.errors import ConnectError, ReadTimeout, RequestTooLarge
from antiphon.errors.policy import BulkheadFull, CircuitOpen, NoTarget, PolicyError, RateLimited
from antiphon.policies.machines.budget import RetryBudget
from antiphon.policies.machines.rule import RELIABLE_RULES
from antiphon.policies.retry import Retry

from .stepping import Script, reply
from .test_reliable_retry import asked, error, run, told

REFUSALS = (CircuitOpen("e", 4.0), BulkheadFull(1, 0), RateLimited(9.0, "tokens"), NoTarget(["e: down"]))


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_a_refused_attempt_leaves_is_what_the_one_before_came_to(refusal: PolicyError) -> None:
    """A refusal says that nothing was sent, which is not true of the call."""
    broken = ReadTimeout()
    for policy in (Retry(rules=RELIABLE_RULES), Retry()):
        made = asked()
        assert run(Script([reply(503, content=error("x")), refusal]), policy, made).status_code == 503
        assert told(made)[-1][:2] == ("stop", type(refusal).__name__)
        unread = Reply(502, Headers(), asked())
        assert run(Script([unread, refusal]), policy).content == b"", "its body was let go"
        with pytest.raises(ReadTimeout):
            run(Script([broken, refusal]), policy)
        with pytest.raises(type(refusal)):
            run(Script([refusal]), policy)


def test_a_refusal_that_is_about_the_request_is_told_itself() -> None:
    with pytest.raises(RequestTooLarge):
        run(Script([reply(503), RequestTooLarge(12, 10, "tokens")]))


def test_a_refused_attempt_costs_the_budget_nothing() -> None:
    budget = RetryBudget(capacity=1, per_success=0, per_second=0)
    for _ in range(3):
        script = Script([reply(503), CircuitOpen("e", 4.0)])
        run(script, Retry(rules=RELIABLE_RULES, budget=budget))
        assert len(script.sent) == 2, "the second was let go, and refused"


@pytest.mark.parametrize("policy", [Retry(1, rules=RELIABLE_RULES), Retry(1)])
def test_a_call_that_may_have_been_carried_out_once_says_so_however_it_ends(policy: Retry) -> None:
    for first, sent in (
        (ReadTimeout(), "maybe"),
        (reply(500), "maybe"),
        (reply(429), "no"),
        (ConnectError(sent="no"), "no"),
    ):
        with pytest.raises(ConnectError) as raised:
            run(Script([first, *(ConnectError(sent="no") for _ in range(9))]), policy)
        assert raised.value.sent == sent
