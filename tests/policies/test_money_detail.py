"""A budget to the nano-dollar: bounds without a maximum, calls that nobody traces, and waiting that is told once."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.drivers.virtual import VirtualDriver
from antiphon.errors import APIStatusError, CircuitOpen, ConnectError, ReadTimeout
from antiphon.operations import audio, completions
from antiphon.policies.budget import Budget
from antiphon.policies.chain import fold

from .spending import NOON, House, Sent, answer, ask, chat, used

BOUND = (len(ask().content or b"") * 400 + 100 * 1600) / 1e9  # type: ignore[arg-type]
"""Dollars that one call may cost at most."""


def reserved(budget: Budget, made: Request) -> tuple[int, int, int]:
    """What is set aside for a call while it is under way."""
    house = House(budget, seconds=1.0)
    house.start(made)
    house.driver.run(0.5)
    return budget.report().reserved


@pytest.mark.parametrize(("n", "answers"), [(None, 1), (1, 1), (2, 2), (3, 3), (0, 1), ("x", 1)])
def test_without_a_maximum_each_answer_may_have_the_most(n: Any, answers: int) -> None:
    made = chat(max_tokens=None, n=n)
    tokens = reserved(Budget(tokens=10**6, most_output=50), made)[1]
    assert tokens == len(made.content or b"") + 50 * answers  # type: ignore[arg-type]


def test_a_completion_has_sixteen_tokens_where_it_sets_no_maximum() -> None:
    made = ask(completions.CREATE, input=None, max_output_tokens=None, model="gpt-3.5-turbo-instruct", prompt="hi")
    assert reserved(Budget(tokens=10**6, most_output=50), made)[1] == len(made.content or b"") + 16  # type: ignore[arg-type]


@pytest.mark.parametrize("most", [0, 1])
def test_a_maximum_that_is_said_holds(most: int) -> None:
    made = ask(max_output_tokens=most)
    assert reserved(Budget(tokens=10**6, most_output=50), made)[1] == len(made.content or b"") + most  # type: ignore[arg-type]


@pytest.mark.parametrize(("length", "seconds"), [(4000, 3), (None, 1)])
def test_a_body_that_is_sent_piece_by_piece_is_bounded_by_its_length(length: int | None, seconds: int) -> None:
    made = ask(audio.TRANSCRIPTIONS_CREATE, model="whisper-1", input=None, max_output_tokens=None)
    made.content = Sent(length)  # type: ignore[assignment]
    assert reserved(Budget(usd=1), made) == (seconds * 100_000, 0, 1)


def untraced(budget: Budget, outcome: Any) -> None:
    """A call that keeps no trace."""
    made = ask()
    driver = VirtualDriver(lambda asked, now: (0.0, outcome), wall=NOON)
    assert made.trace is None
    with pytest.raises(type(outcome)):
        driver.perform(fold([budget])(made))


@pytest.mark.parametrize("failure", [ConnectError(request=ask(), sent="no"), CircuitOpen("open", retry_in=1.0)])
def test_of_a_call_without_a_trace_what_was_not_sent_costs_nothing(failure: Exception) -> None:
    budget = Budget(usd=1)
    untraced(budget, failure)
    report = budget.report()
    assert (report.spent, report.reserved, report.uncertain) == ((0, 0, 0),) * 3


def test_of_a_call_without_a_trace_what_was_lost_costs_its_bound() -> None:
    budget = Budget(usd=1)
    untraced(budget, ReadTimeout(ask()))
    report = budget.report()
    assert report.spent == report.uncertain == (round(BOUND * 1e9), len(ask().content or b"") + 100, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [300, 304, 400])
def test_what_is_no_success_costs_a_request(status: int) -> None:
    budget = Budget(usd=1)
    with pytest.raises(APIStatusError):
        House(budget, say=answer(status))()
    assert budget.report().spent == (0, 0, 1)


@pytest.mark.parametrize("content", [b'data: {"usage": {}}', b'{"usage": ', b'["usage"]'])
def test_an_answer_that_cannot_be_read_costs_the_bound(content: bytes) -> None:
    budget = Budget(usd=1)
    headers = Headers({"content-type": "application/json"})
    House(budget, say=lambda request: Reply(200, headers, request=request, content=content))()
    report = budget.report()
    assert report.spent == report.uncertain
    assert report.spent.usd == round(BOUND * 1e9)


def test_hosted_calls_are_counted_though_the_answer_tells_no_usage() -> None:
    budget = Budget(usd=1)
    made = ask(tools=[{"type": "web_search"}], max_tool_calls=2)
    House(budget, say=answer(output=[{"type": "web_search_call"}]))(made)
    assert "missing" in budget.report().flags


def test_the_whole_limit_may_be_the_soft_one() -> None:
    told: list[Any] = []
    budget = Budget(requests=2, soft=1, on_soft=told.append)
    house = House(budget)
    house()
    assert told == []
    house()
    assert len(told) == 1


def test_nine_million_dollars_can_be_counted_and_no_more() -> None:
    assert Budget(usd=9_000_000).report().limits[0] == 9_000_000 * 10**9
    with pytest.raises(ValueError, match="usd must be"):
        Budget(usd=9_000_000.5)


def test_who_waits_says_so_once_however_often_it_looks() -> None:
    budget = Budget(usd=BOUND * 1.5, on_exceed="wait")
    house = House(budget, seconds=10_000.0)
    runs = [house.start(), house.start(at=1.0)]
    house.driver.run()
    waiting = runs[1].result
    assert waiting is not None
    assert waiting.trace is not None
    assert str(waiting.trace).count("Budget: wait short=usd until=room") == 1
    assert runs[1].ended == 20_000.0


def test_who_waits_for_another_period_says_that() -> None:
    budget = Budget(requests=1, per="hour", on_exceed="wait")
    house = House(budget, say=answer(usage=used(1, 1)))
    house()
    run = house.start(at=10.0)
    house.driver.run()
    assert run.result is not None
    assert str(run.result.trace).count("Budget: wait short=requests until=next period") == 1
    assert run.ended == pytest.approx(3600.0)


def test_what_is_left_is_the_scarcest_part_with_what_is_set_aside_counted() -> None:
    budget = Budget(tokens=400, requests=4)
    assert budget.left() == 1.0
    house = House(budget, say=answer(usage=used(20, 20)), seconds=1.0)
    house(ask(max_output_tokens=20))
    assert budget.left() == 0.75  # of the requests; of the tokens there are nine tenths
    house.start(ask(max_output_tokens=240 - len(ask(max_output_tokens=100).content or b"")))  # type: ignore[arg-type]
    house.driver.run(house.driver.now + 0.5)
    assert budget.left() == pytest.approx(0.3)
    assert Budget(requests=0, tokens=5).left() == 0.0


def test_more_spent_than_there_was_leaves_nothing() -> None:
    budget = Budget(tokens=400)
    House(budget, say=answer(usage=used(2000, 100)))()
    assert budget.report().spent.tokens > 400
    assert budget.left() == 0.0
