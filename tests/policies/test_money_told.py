"""What a budget tells and writes down where: its line, its notes, sums in a store after a failure, bills by odd bodies."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.headers import Headers
from antiphon.core.price import dollars
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import APIError, APIStatusError, BudgetExceeded, ConnectError, ReadTimeout, UnknownPrice
from antiphon.operations import batches, images, moderations
from antiphon.policies.budget import Budget
from antiphon.policies.machines.budget_report import BudgetReport
from antiphon.policies.retry import Retry
from antiphon.shared.memory import MemoryStore

from .spending import House, answer, ask

SIZE = len(ask().content or b"")  # type: ignore[arg-type]
BOUND = SIZE * 400 + 100 * 1600


def held(budget: Budget, made: Request | None = None) -> tuple[int, int, int]:
    """What is set aside for a call under way."""
    house = House(budget, seconds=1.0)
    house.start(made)
    house.driver.run(0.5)
    return budget.report().reserved


def test_its_line_says_with_whom_it_is_shared() -> None:
    assert "shared" not in repr(Budget(usd=1))
    shared = Budget(usd=1, store=MemoryStore(), name="night", store_fails="alone")
    assert repr(shared).endswith(", shared as 'night', store_fails=alone)")


@pytest.mark.parametrize("lifetime", [0, 0.5, 0.999])
def test_a_reservation_in_a_store_lives_for_a_second_or_more(lifetime: float) -> None:
    with pytest.raises(ValueError, match="lifetime must be 1 second"):
        Budget(usd=1, store=MemoryStore(), lifetime=lifetime)
    Budget(usd=1, store=MemoryStore(), lifetime=1)


def test_the_trace_says_what_was_set_aside() -> None:
    reply = House(Budget(usd=1))()
    assert reply.trace is not None
    assert str(reply.trace.of("Budget")[0]) == f"Budget: reserved usd={dollars(BOUND):g} tokens={SIZE + 100}"


def test_arguments_beside_the_body_are_billed_too() -> None:
    made = ask()
    assert made.call is not None
    made.call.extra_body = {"max_output_tokens": 700}
    assert held(Budget(tokens=10_000), made)[1] == SIZE + 700


@pytest.mark.parametrize("model", ["", 7, None])
def test_a_body_that_names_no_model_is_called_by_its_operation(model: Any) -> None:
    with pytest.raises(UnknownPrice, match=r"responses\.create"):
        House(Budget(usd=1))(ask(model=model))


def test_a_picture_of_no_model_in_particular_costs_what_the_usual_one_does() -> None:
    made = ask(images.GENERATE, model=None, input=None, max_output_tokens=None, prompt="a cat")
    named = ask(images.GENERATE, model="dall-e-2", input=None, max_output_tokens=None, prompt="a cat")
    assert held(Budget(usd=1), made).usd == held(Budget(usd=1), named).usd > 0  # type: ignore[attr-defined]


def test_of_a_job_only_the_request_is_set_aside() -> None:
    made = ask(batches.CREATE, model=None, input=None, max_output_tokens=None)
    assert held(Budget(tokens=10, requests=1), made) == (0, 0, 1)


def test_what_is_known_exactly_needs_no_usage_to_be_certain() -> None:
    budget = Budget(usd=0)
    House(budget, say=answer())(ask(moderations.CREATE, model=None, max_output_tokens=None))
    assert (budget.report().uncertain, budget.report().flags) == ((0, 0, 0), {})


@pytest.mark.parametrize("status", [300, 302, 503])
def test_what_was_lost_before_a_reply_that_is_no_success_costs_its_bound(status: int) -> None:
    budget = Budget(usd=1)
    house = House(budget, Retry(1), say=answer(status))
    house.script = [ReadTimeout(phase="head")]
    with pytest.raises(APIStatusError):
        house()
    assert (budget.report().spent.usd, budget.report().spent.requests) == (BOUND, 1)


@pytest.mark.parametrize(
    ("outcome", "spent"),
    [(answer(400), 0), (ReadTimeout(phase="head"), BOUND), (ConnectError(phase="connect", sent="no"), None)],
)
def test_what_a_failure_left_is_written_down_for_others_at_once(outcome: Any, spent: int | None) -> None:
    store = MemoryStore()
    with pytest.raises(APIError):
        House(Budget(usd=1, requests=1, store=store), say=outcome)()
    report = Budget(usd=1, requests=1, store=store).report("run")
    assert report.reserved == (0, 0, 0)
    assert (report.spent.usd, report.spent.requests) == ((0, 0) if spent is None else (spent, 1))


def test_on_soft_of_a_shared_budget_is_told_the_sums_of_all() -> None:
    store, told = MemoryStore(), list[BudgetReport]()
    House(Budget(requests=4, soft=0.75, store=store))()
    house = House(Budget(requests=4, soft=0.75, store=store, on_soft=told.append))
    house()
    house()
    assert [report.spent.requests for report in told] == [3]
    house()
    with pytest.raises(BudgetExceeded):
        house()
    assert len(told) == 1


def test_hosted_calls_in_an_answer_without_usage_are_within_its_bound() -> None:
    budget = Budget(usd=1)
    made = ask(tools=[{"type": "web_search"}], max_tool_calls=2)
    House(budget, say=answer(output=[{"type": "web_search_call"}], usage=None))(made)
    assert budget.report().spent.usd == held(Budget(usd=1), made)[0]


def test_a_call_that_was_refused_and_then_reached_nobody_costs_a_request() -> None:
    budget = Budget(usd=1)
    house = House(budget, Retry(1))
    house.script = [answer(503), ConnectError(phase="connect", sent="no")]
    with pytest.raises(ConnectError):
        house()
    assert (budget.report().spent, budget.report().reserved) == ((0, 0, 1), (0, 0, 0))


def test_without_a_body_only_the_answer_is_bounded() -> None:
    made = ask()
    made.content = None
    assert held(Budget(tokens=1000), made)[1] == 100


def test_events_that_were_read_as_a_whole_tell_their_usage() -> None:
    budget = Budget(usd=1)
    event = b'data: {"type":"response.completed","response":{"usage":{"input_tokens":10,"output_tokens":5}}}\n\n'
    fields = Headers({"content-type": "text/event-stream"})

    def say(request: Request) -> Reply:
        return Reply(200, fields, request=request, content=event)

    House(budget, say=say)()
    assert (budget.report().spent, budget.report().uncertain.usd) == ((10 * 400 + 5 * 1600, 15, 1), 0)
