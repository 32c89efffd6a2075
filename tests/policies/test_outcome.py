"""What becomes of a reply: success is handed on, anything else is an error with its trace and what else was in the way."""

from __future__ import annotations

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.core.trace import Trace
from antiphon.errors import APIStatusError, ConnectError
from antiphon.policies.chain import Forward, fold
from antiphon.policies.machines.course import BUDGET, USED_UP
from antiphon.policies.outcome import Judge

from .spending import House, answer, streamed
from .stepping import Script, reply, request


@pytest.mark.parametrize("status", [200, 204, 299])
def test_a_success_is_handed_on_with_its_trace(status: int) -> None:
    script = Script([reply(status)])
    answered = script.run(fold([Judge()])(request()))
    assert answered.status_code == status
    assert answered.trace is script.sent[0].trace is not None


@pytest.mark.parametrize("status", [199, 300, 304, 404, 500])
def test_anything_else_is_an_error_with_its_trace(status: int) -> None:
    script = Script([reply(status)])
    with pytest.raises(APIStatusError) as raised:
        script.run(fold([Judge()])(request()))
    assert raised.value.status_code == status
    assert raised.value.trace is script.sent[0].trace is not None


def test_a_trace_that_is_there_is_kept_and_a_clock_goes_with_a_new_one() -> None:
    trace, script = Trace(), Script([reply(), reply()])
    script.run(fold([Judge(now=lambda: 7.0)])(request(trace=trace)))
    assert script.sent[0].trace is trace
    script.run(fold([Judge(now=lambda: 7.0)])(request()))
    assert script.sent[1].now() == 7.0  # type: ignore[misc]


def test_a_failure_of_the_connection_has_its_trace_too() -> None:
    script = Script([ConnectError(request=request(), sent="no")])
    with pytest.raises(ConnectError) as raised:
        script.run(fold([Judge()])(request()))
    assert raised.value.trace is script.sent[0].trace is not None


def test_an_error_that_is_still_to_be_read_is_read() -> None:
    def open_one(asked: Request) -> Reply:
        success = streamed(b'{"error": {"message": "broken down"}}')(asked)
        assert isinstance(success, Reply)
        return Reply(500, Headers({"content-type": "application/json"}), request=asked, body=success.body)

    with pytest.raises(APIStatusError) as raised:
        House(say=open_one)()
    assert "broken down" in str(raised.value.response.content)


@pytest.mark.parametrize(
    ("reasons", "noted"), [([BUDGET], True), (["500", BUDGET], True), ([BUDGET, "500"], False), ([], False)]
)
def test_that_the_retry_budget_was_used_up_is_said_if_it_was_the_last_reason(reasons: list[str], noted: bool) -> None:
    async def retry(asked: Request, forward: Forward) -> Reply:
        assert asked.trace is not None
        for reason in reasons:
            asked.trace.note("Retry", "stop", reason=reason)
        asked.trace.note("Hedge", "none", reason=BUDGET)
        return await forward(asked)

    with pytest.raises(APIStatusError) as raised:
        House(retry, say=answer(500))()
    assert (getattr(raised.value, "__notes__", []) == [USED_UP]) is noted
    assert bool(getattr(raised.value, "__notes__", [])) is noted


def test_who_makes_errors_may_be_another() -> None:
    script = Script([reply(500)])
    with pytest.raises(KeyError, match="500"):
        script.run(fold([Judge(lambda refused: KeyError(refused.status_code))])(request()))
