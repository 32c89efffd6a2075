"""The budget as a flow: what is set aside, what is settled, and what every kind of end costs."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.price import PRICES, Price
from antiphon.core.request import Request
from antiphon.errors import (
    APIConnectionError,
    APIStatusError,
    BudgetExceeded,
    ConnectError,
    InternalServerError,
    ReadTimeout,
    StreamInterrupted,
    UnknownPrice,
)
from antiphon.operations import batches, embeddings, files, moderations
from antiphon.policies.budget import Budget
from antiphon.policies.failover import Failover
from antiphon.policies.machines.bill import at_most
from antiphon.policies.retry import Retry
from antiphon.policies.target import Target

from .spending import MODEL, House, answer, ask, chat, streamed, used

NANO = 1_000_000_000
SPENT = 10 * 400 + 5 * 1600
"""What the house's usual answer costs."""


def bound(request: Request, most: int = 100) -> int:
    """What a request may cost at most."""
    assert request.call is not None
    assert isinstance(request.content, bytes)
    return at_most("responses.create", request.call.body, len(request.content), PRICES[MODEL], most, 20_000).usd


def test_usage_is_settled_and_what_was_set_aside_comes_back() -> None:
    budget = Budget(usd=1, tokens=100_000, requests=10)
    House(budget)()
    report = budget.report()
    assert (report.spent, report.reserved, report.uncertain) == ((SPENT, 15, 1), (0, 0, 0), (0, 0, 0))
    assert report.left == (1 - SPENT / NANO, 99_985, 9)
    assert report.usd == SPENT / NANO
    assert not report.flags


def test_while_a_call_is_under_way_its_bound_is_set_aside() -> None:
    budget = Budget(usd=1)
    house = House(budget, seconds=1.0)
    house.start()
    house.driver.run(0.5)
    assert budget.report().reserved == (bound(ask()), len(ask().content or b"") + 100, 1)  # type: ignore[arg-type]
    house.driver.run()
    assert budget.report().reserved == (0, 0, 0)


def test_what_does_not_fit_is_refused_before_anything_is_sent() -> None:
    budget = Budget(usd=1.5 * bound(ask()) / NANO)
    house = House(budget, seconds=1.0)
    first, second = house.start(), house.start()
    house.driver.run()
    assert first.failure is None
    error = second.failure
    assert isinstance(error, BudgetExceeded)
    assert (error.unit, error.period) == ("usd", "run")
    assert error.limit == pytest.approx(budget.report().limits[0] / NANO)  # type: ignore[operator]
    assert error.spent == bound(ask()) / NANO
    assert "Budget: refused short=usd reason=no room" in str(error.trace)
    assert len(house.asked) == 1
    house()  # the first cost little, so there is room again


@pytest.mark.parametrize(
    ("limits", "unit"), [({"usd": 0}, "usd"), ({"tokens": 0}, "tokens"), ({"requests": 0}, "requests")]
)
def test_row_63_a_budget_of_nothing(limits: dict[str, Any], unit: str) -> None:
    house = House(Budget(**limits))
    with pytest.raises(BudgetExceeded) as caught:
        house()
    assert (caught.value.unit, house.asked) == (unit, [])


def test_row_63_a_price_that_is_not_known() -> None:
    budget = Budget(usd=1)
    house = House(budget)
    with pytest.raises(UnknownPrice, match="'mine'") as caught:
        house(ask(model="mine"))
    assert (caught.value.model, house.asked) == ("mine", [])
    lenient = Budget(usd=1, unknown_price="allow")
    House(lenient)(ask(model="mine"))
    assert (lenient.report().spent, lenient.report().flags) == ((0, 15, 1), {"unknown": 1})
    House(Budget(tokens=10_000))(ask(model="mine"))  # no dollars, no price needed


@pytest.mark.parametrize("price", [(2.0, 8.0), Price.per_million(2, output=8)])
def test_own_prices(price: Any) -> None:
    budget = Budget(usd=1, prices={"mine": price})
    House(budget)(ask(model="mine"))
    assert budget.report().spent.usd == 10 * 2000 + 5 * 8000


def test_row_43_usage_that_is_missing_costs_the_bound_and_is_uncertain() -> None:
    budget = Budget(usd=1)
    House(budget, say=answer())()
    report = budget.report()
    assert report.spent.usd == report.uncertain.usd == bound(ask())
    assert report.flags == {"missing": 1}


@pytest.mark.parametrize("usage", [used(-10, 5), used(10, 10**18), {"input_tokens": "12", "output_tokens": 1}])
def test_row_44_usage_that_cannot_be_costs_the_bound_and_is_flagged(usage: dict[str, Any]) -> None:
    budget = Budget(usd=1)
    house = House(budget)
    house()
    before = budget.report().spent
    house.say = answer(usage=usage)
    house()
    report = budget.report()
    assert report.spent.usd == before.usd + bound(ask())
    assert report.uncertain.usd == bound(ask())
    assert report.flags == {"unbelievable": 1}


def test_row_44_usage_that_is_text_is_missing() -> None:
    budget = Budget(usd=1)
    House(budget, say=answer(usage="12"))()
    assert budget.report().flags == {"missing": 1}


def test_more_than_the_bound_is_the_truth_all_the_same() -> None:
    budget = Budget(usd=0.001)
    House(budget, say=answer(usage=used(1_000_000, 5)))()
    report = budget.report()
    assert report.spent.usd == 1_000_000 * 400 + 5 * 1600
    assert report.over.usd == report.spent.usd - bound(ask())
    with pytest.raises(BudgetExceeded):
        House(budget)()


@pytest.mark.parametrize("status", [400, 429, 500])
def test_a_refusal_costs_a_request_and_no_money(status: int) -> None:
    budget = Budget(usd=1)
    with pytest.raises(APIStatusError):
        House(budget, say=answer(status))()
    assert (budget.report().spent, budget.report().reserved) == ((0, 0, 1), (0, 0, 0))


def test_what_was_never_sent_costs_nothing() -> None:
    budget = Budget(usd=1)
    house = House(budget, say=ConnectError(phase="dns", sent="no"))
    with pytest.raises(ConnectError):
        house()
    assert (budget.report().spent, budget.report().reserved) == ((0, 0, 0), (0, 0, 0))


def test_what_may_have_been_worked_on_costs_the_bound() -> None:
    budget = Budget(usd=1)
    with pytest.raises(ReadTimeout):
        House(budget, say=ReadTimeout(phase="head"))()
    report = budget.report()
    assert report.spent.usd == report.uncertain.usd == bound(ask())
    assert report.spent.requests == 1


def test_attempts_that_were_lost_before_a_success_are_counted_too() -> None:
    budget = Budget(usd=1)
    house = House(budget, Retry(3))
    house.script = [ReadTimeout(phase="head"), ConnectError(phase="connect"), answer(503)]
    house()
    report = budget.report()
    assert report.spent == (SPENT + bound(ask()), 15 + len(ask().content or b"") + 100, 1)  # type: ignore[arg-type]
    assert report.uncertain.usd == SPENT + bound(ask())
    assert len(house.asked) == 4


def test_a_call_that_is_cancelled_costs_the_bound_once_it_was_sent() -> None:
    budget = Budget(usd=1)
    house = House(budget, seconds=5.0)
    run = house.start()
    house.driver.run(1.0)
    run.cancel()
    assert budget.report().uncertain.usd == bound(ask())
    assert budget.report().reserved == (0, 0, 0)


def test_a_call_that_is_cancelled_before_it_was_sent_costs_nothing() -> None:
    budget = Budget(usd=1)
    house = House(budget, Waiting())
    run = house.start()
    house.driver.run(1.0)
    run.cancel()
    assert (budget.report().spent, budget.report().reserved) == ((0, 0, 0), (0, 0, 0))


class Waiting:
    """A policy that waits before it sends."""

    async def __call__(self, request: Request, forward: Any) -> Any:
        from antiphon.core.effects import Sleep

        await Sleep(10)
        return await forward(request)


def test_a_hit_of_the_cache_costs_nothing() -> None:
    def kept(request: Request) -> Any:
        reply = answer(usage=used(10, 5))(request)
        reply.cached = True  # type: ignore[union-attr]
        return reply

    budget = Budget(usd=1)
    House(budget, say=kept)()
    assert (budget.report().spent, budget.report().reserved) == ((0, 0, 0), (0, 0, 0))


DONE = {"type": "response.completed", "response": {"status": "completed", "usage": used(10, 5)}}


def test_a_stream_settles_when_it_ends() -> None:
    budget = Budget(usd=1)
    house = House(budget, say=streamed({"type": "response.output_text.delta", "delta": "x"}, DONE))
    body: Any = house(ask(stream=True)).body
    assert budget.report().reserved.usd == bound(ask(stream=True))
    while body.read_chunk():
        pass
    assert (budget.report().spent, budget.report().reserved) == ((SPENT, 15, 1), (0, 0, 0))


@pytest.mark.parametrize("how", ["close", "collect", "break"])
def test_a_stream_that_does_not_reach_its_end_costs_the_bound(how: str) -> None:
    budget = Budget(usd=1)
    failure = StreamInterrupted(phase="body") if how == "break" else None
    house = House(budget, say=streamed({"type": "response.output_text.delta", "delta": "x"}, DONE, failure=failure))
    house.say = streamed({"type": "response.output_text.delta", "delta": "x"}, failure=failure)
    body: Any = house(ask(stream=True)).body
    body.read_chunk()
    if how == "close":
        body.close()
    elif how == "break":
        with pytest.raises(StreamInterrupted):
            body.read_chunk()
    else:
        house.asked.clear()
        del body
    report = budget.report()
    assert (report.spent.usd, report.uncertain.usd) == (bound(ask()), bound(ask()))
    assert (report.reserved, report.flags) == ((0, 0, 0), {"missing": 1})


def delta(text: str) -> dict[str, Any]:
    return {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}}],
    }


def test_a_stream_of_chat_that_is_left_early_is_not_estimated() -> None:
    budget = Budget(usd=1)
    request = chat(stream=True)
    body: Any = House(budget, say=streamed(delta("four"), b"[DONE]"))(request).body
    body.read_chunk()
    body.close()
    assert budget.report().flags == {"missing": 1}
    assert budget.report().spent.tokens == len(request.content or b"") + 100  # type: ignore[arg-type]


def test_a_stream_of_chat_that_tells_no_usage_is_estimated_and_flagged() -> None:
    budget = Budget(usd=1)
    house = House(budget, say=streamed(delta("four"), delta("four"), b"[DONE]"))
    request = chat(stream=True)
    house.read(request)
    report = budget.report()
    assert report.spent.tokens == len(request.content or b"") + 4  # type: ignore[arg-type]
    assert (report.flags, report.uncertain) == ({"estimated": 1}, report.spent)


def test_thoughts_are_not_seen_so_they_are_not_estimated() -> None:
    budget = Budget(usd=5)
    request = chat(stream=True, model="o4-mini")
    House(budget, say=streamed(delta("four"), b"[DONE]")).read(request)
    assert budget.report().flags == {"missing": 1}
    assert budget.report().spent.tokens == len(request.content or b"") + 100  # type: ignore[arg-type]


def test_a_stream_of_chat_that_tells_usage_is_believed() -> None:
    budget = Budget(usd=1)
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    house = House(budget, say=streamed(delta("four"), {"choices": [], "usage": usage}, b"[DONE]"))
    house.read(chat(stream=True, stream_options={"include_usage": True}))
    assert (budget.report().spent, budget.report().flags) == ((SPENT, 15, 1), {})


def test_without_a_maximum_the_models_own_is_set_aside() -> None:
    budget = Budget(usd=0.05)
    house = House(budget)
    with pytest.raises(BudgetExceeded, match=r"may take 0\.05"):
        house(ask(max_output_tokens=None))  # 32,768 tokens
    House(Budget(usd=0.05, most_output=1000))(ask(max_output_tokens=None))


def test_hosted_tools_are_billed_by_their_calls() -> None:
    budget = Budget(usd=1)
    house = House(budget, say=answer(usage=used(10, 5), output=[{"type": "web_search_call"}]))
    house(ask(tools=[{"type": "web_search"}], max_tool_calls=3))
    assert (budget.report().spent.usd, budget.report().uncertain.usd) == (SPENT + 10_000_000, 0)
    house.say = streamed(DONE)
    house.read(ask(stream=True, tools=[{"type": "web_search"}], max_tool_calls=3))
    assert (
        budget.report().spent.usd == 2 * SPENT + 40_000_000
    )  # a stream's calls are not counted, but taken for the most
    assert budget.report().uncertain.usd == SPENT + 30_000_000


def test_what_costs_nothing_passes_and_is_not_counted() -> None:
    budget = Budget(usd=0, requests=0)
    house = House(budget)
    house(ask(files.LIST))
    assert budget.report().spent == (0, 0, 0)
    free = Budget(usd=0)
    House(free, say=answer())(ask(moderations.CREATE, model=None, max_output_tokens=None))
    assert free.report().spent == (0, len(b'{"input":"hi"}'), 1)


def test_a_job_whose_cost_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(UnknownPrice, match=r"batches\.create"):
        House(Budget(usd=1))(ask(batches.CREATE, model=None, input=None, max_output_tokens=None))
    budget = Budget(requests=1)
    House(budget)(ask(batches.CREATE, model=None, input=None))
    assert budget.report().spent == (0, 15, 1)


def test_embeddings_have_no_output() -> None:
    budget = Budget(usd=1)
    usage = {"prompt_tokens": 8, "total_tokens": 8}
    house = House(budget, say=answer(usage=usage), seconds=1.0)
    house.start(ask(embeddings.CREATE, model="text-embedding-3-small", max_output_tokens=None))
    house.driver.run(0.5)
    assert budget.report().reserved.usd == len(b'{"model":"text-embedding-3-small","input":"hi"}') * 20
    house.driver.run()
    assert budget.report().spent == (160, 8, 1)


def test_an_error_in_reading_the_body_is_a_lost_answer() -> None:
    budget = Budget(usd=1)
    with pytest.raises(APIConnectionError):
        House(budget, say=APIConnectionError(phase="body"))()
    assert budget.report().uncertain.usd == bound(ask())


def test_a_server_error_after_a_lost_attempt() -> None:
    budget = Budget(usd=1)
    house = House(budget, Retry(1), say=answer(500))
    house.script = [ReadTimeout(phase="head")]
    with pytest.raises(InternalServerError):
        house()
    assert budget.report().spent == (bound(ask()), len(ask().content or b"") + 100, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("other", "spent"), [("gpt-4.1", 10 * 2000 + 5 * 8000), ("house-model", SPENT)])
@pytest.mark.parametrize("stream", [False, True])
def test_the_model_that_answered_says_what_it_cost(other: str, spent: int, stream: bool) -> None:
    budget = Budget(usd=1)
    there = Target("https://eu.example.com/v1", name="eu", models={MODEL: other})
    house = House(budget, Failover([there], cross_model=True, cross_provider=True))
    told = {"type": "response.completed", "response": {"usage": used(10, 5)}}
    house.script = [answer(503), streamed(told) if stream else answer(usage=used(10, 5))]
    (house.read if stream else house)(ask(stream=stream))
    assert [each.call.body["model"] for each in house.asked if each.call] == [MODEL, other]
    assert budget.report().spent == (spent, 15, 1)
