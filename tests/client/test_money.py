"""Budgets, the audit log and privacy as users meet them: both colours, over the emulator and over servers that misbehave."""

from __future__ import annotations

import asyncio
import gc
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.hash_chain import check
from antiphon.core.price import PRICES
from antiphon.errors import APIConnectionError, BudgetExceeded, NotFoundError, PolicyError, UnknownPrice
from antiphon.policies.audit import Audit
from antiphon.policies.budget import Budget
from antiphon.policies.privacy import Privacy, carried
from antiphon.policies.retry import Retry
from antiphon.shared.sqlite import SQLiteStore
from antiphon.testing import TestServer
from tests.transports.rude import Rude, hang, reset

from .answer import CHAT, ok, sse, wrong
from .colour import Colour, Driven, failure_of

MODEL = "gpt-4.1-mini"


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    with TestServer() as running:
        yield running


def client(colour: Colour, server: TestServer, *policies: Any, **options: Any) -> Driven:
    return colour.client(
        server.base_url.removesuffix("/v1"), policies=list(policies), api_key=server.api_key, **options
    )


def answered(c: Any, **more: Any) -> Any:
    """A call that the emulator answers."""
    return c.responses.create(**{"model": MODEL, "input": "What is 6*7?", "max_output_tokens": 200, **more})


def price(usage: Any) -> int:
    row = PRICES[MODEL]
    return int(usage.input_tokens * row.input + usage.output_tokens * row.output)


def test_what_the_server_says_was_used_is_what_was_spent(colour: Colour, server: TestServer) -> None:
    budget = Budget(usd=1)
    with client(colour, server, budget, Retry(2)) as it:
        used = [it(answered).usage for _ in range(3)]
        report = budget.report()
        assert report.spent == (sum(map(price, used)), sum(each.total_tokens for each in used), 3)
        assert (report.reserved, report.uncertain, dict(report.flags)) == ((0, 0, 0), (0, 0, 0), {})
        assert "Budget(1 usd per run" in it.raw.explain()


def test_streams_settle_at_their_end(colour: Colour, server: TestServer) -> None:
    budget = Budget(usd=1)
    with client(colour, server, budget) as it:
        events = it.items(lambda c: answered(c, stream=True))
        assert budget.report().spent.usd == price(events[-1].response.usage)
        assert budget.report().reserved == (0, 0, 0)


OPEN: Any = [sse({"type": "response.output_text.delta", "delta": "a"}, done=False)[:-5], hang]
"""A stream that begins and does not end."""


def test_a_stream_that_is_left_early_costs_its_bound(colour: Colour) -> None:
    budget = Budget(usd=1)
    with Rude(OPEN) as server, colour.client(server.url, policies=[budget]) as it:
        stream, _ = it.first(lambda c: answered(c, stream=True))
        held = budget.report().reserved
        assert held.requests == 1
        it.wait(stream.close())
        report = budget.report()
        assert (report.spent, report.uncertain, report.reserved) == (held, held, (0, 0, 0))


def test_row_54_a_stream_that_is_collected_gives_back_what_it_held(own_colour: Colour) -> None:
    budget = Budget(usd=1)
    with Rude(OPEN) as server, own_colour.client(server.url, policies=[budget]) as it:
        stream, _ = it.first(lambda c: answered(c, stream=True))
        del stream
        gc.collect()
        it.turn()
        assert budget.report().reserved == (0, 0, 0)
        assert budget.report().uncertain.requests == 1


def test_a_chat_stream_without_usage_is_estimated(colour: Colour) -> None:
    budget = Budget(usd=1)
    with Rude(CHAT) as server, colour.client(server.url, policies=[budget]) as it:
        messages = [{"role": "user", "content": "hi"}]
        it.items(lambda c: c.chat.completions.create(model="gpt-4o", messages=messages, max_tokens=50, stream=True))
    report = budget.report()
    assert dict(report.flags) == {"estimated": 1}
    assert 0 < report.spent.usd == report.uncertain.usd < 100 * 2_500 + 50 * 10_000


def test_a_reset_that_is_tried_again_leaves_a_lost_attempt_on_the_bill(own_colour: Colour) -> None:
    budget = Budget(usd=1)
    body = {
        "id": "resp_1",
        "object": "response",
        "output": [],
        "status": "completed",
        "usage": {"input_tokens": 7, "output_tokens": 1},
    }
    with Rude(reset, ok(body)) as server, own_colour.client(server.url, policies=[budget, Retry(2)]) as it:
        it(answered)
    report = budget.report()
    assert report.spent.usd > 7 * 400 + 1600
    assert report.uncertain.usd == report.spent.usd
    assert report.spent.requests == 1


def test_row_63_a_budget_that_is_used_up_sends_nothing(colour: Colour) -> None:
    with Rude(wrong(500)) as server:
        with colour.client(server.url, policies=[Budget(usd=0)]) as it:
            error = failure_of(it, answered)
            assert isinstance(error, BudgetExceeded)
            assert error.trace is not None
        with colour.client(server.url, policies=[Budget(usd=1)]) as it:
            assert isinstance(failure_of(it, lambda c: answered(c, model="nobody-knows")), UnknownPrice)
        assert not server.requests


def at_once(it: Driven, number: int) -> list[Any]:
    """What so many calls at the same time give: answers and errors."""
    if it.runner is not None:

        async def race() -> list[Any]:
            return await asyncio.gather(*(answered(it.raw) for _ in range(number)), return_exceptions=True)

        return it.runner.run(race())

    def attempt(_: int) -> Any:
        try:
            return answered(it.raw)
        except BudgetExceeded as full:
            return full

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(attempt, range(number)))


def bound_of(colour: Colour) -> float:
    """Dollars that one such call may cost at most."""
    budget = Budget(usd=1)
    with Rude(OPEN) as server, colour.client(server.url, policies=[budget]) as it:
        stream, _ = it.first(lambda c: answered(c, stream=True))
        held = budget.report().reserved.usd / 1e9
        it.wait(stream.close())
    return held


def test_row_63_many_at_once_stay_below_the_limit(own_colour: Colour, server: TestServer) -> None:
    budget = Budget(usd=bound_of(own_colour) * 5.5)
    with client(own_colour, server, budget) as it:
        outcomes = at_once(it, 40)
    done = [each for each in outcomes if not isinstance(each, Exception)]
    assert all(isinstance(each, BudgetExceeded) for each in outcomes if isinstance(each, Exception))
    assert len(done) >= 5
    assert budget.report().spent.usd == sum(price(each.usage) for each in done)
    assert budget.report().spent.usd <= budget.report().limits[0]  # type: ignore[operator]


def test_calls_that_wait_take_turns(own_colour: Colour, server: TestServer) -> None:
    budget = Budget(usd=bound_of(own_colour) * 2.5, on_exceed="wait")
    with client(own_colour, server, budget) as it:
        outcomes = at_once(it, 30)
    assert [each for each in outcomes if isinstance(each, Exception)] == []
    assert budget.report().spent.usd == sum(price(each.usage) for each in outcomes)
    assert budget.report().reserved == (0, 0, 0)


@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_row_60_tasks_that_are_cancelled_at_any_moment_hold_nothing(
    server: TestServer, tmp_path: Path, shared: bool
) -> None:
    colour = Colour("async", "own")
    store = SQLiteStore(tmp_path / "s.db", patience=5) if shared else None
    budget = Budget(usd=bound_of(colour) * 8.5, on_exceed="wait", store=store)
    chance = random.Random(7)

    async def one(raw: Any, number: int) -> Any:
        if number % 3:
            return await answered(raw)
        stream = await answered(raw, stream=True)
        return [event async for event in stream]

    async def whole(raw: Any) -> list[Any]:
        tasks = [asyncio.ensure_future(one(raw, number)) for number in range(120)]
        for task in tasks[::2]:
            asyncio.get_running_loop().call_later(chance.random() / 5, task.cancel)
        return await asyncio.gather(*tasks, return_exceptions=True)

    with client(colour, server, budget, Retry(1)) as it:
        assert it.runner is not None
        outcomes = it.runner.run(whole(it.raw))
        gc.collect()
        it.turn()
    failures = [each for each in outcomes if isinstance(each, BaseException)]
    assert all(isinstance(each, (asyncio.CancelledError, BudgetExceeded)) for each in failures)
    report = budget.report()
    assert report.reserved == (0, 0, 0)
    assert report.spent.usd <= report.limits[0]  # type: ignore[operator]


def test_waiting_calls_go_on_when_there_is_room(own_colour: Colour, server: TestServer) -> None:
    budget = Budget(requests=1, per="hour", on_exceed="wait")
    with client(own_colour, server, budget) as it:
        it(answered)
        error = failure_of(it, lambda c: answered(c.with_options(deadline=5.0)))
        assert isinstance(error, BudgetExceeded)  # the next hour is farther than the call may wait


def test_each_call_is_a_line_that_can_be_checked(colour: Colour, server: TestServer, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with client(colour, server, Audit(path), Budget(usd=1)) as it:
        response = it(
            lambda c: c.responses.with_raw_response.create(model=MODEL, input="the secret word", max_output_tokens=50)
        )
        it.items(lambda c: answered(c, stream=True))
        with pytest.raises(NotFoundError):
            it(lambda c: c.responses.retrieve("resp_none"))
    with Rude(OPEN) as rude, colour.client(rude.url, policies=[Audit(path)]) as it:
        stream, _ = it.first(lambda c: answered(c, stream=True))
        it.wait(stream.close())
    with path.open("rb") as file:
        assert check(file).flaw is None
    begin, whole, streamed, missing, dropped = map(json.loads, path.read_text().splitlines())
    assert begin["event"] == "begin"
    assert whole["request_id"] == response.headers["x-request-id"]
    assert whole["nano_usd"] == price(response.parse().usage)
    assert (streamed["op"], streamed["status"], streamed["tokens"]["output"] > 0) == ("responses.create", 200, True)
    assert (missing["op"], missing["status"], missing["model"]) == ("responses.retrieve", 404, "")
    assert dropped["complete"] is False
    text = path.read_text()
    assert "secret word" not in text
    assert server.api_key not in text
    assert "resp_none" not in text


def test_a_connection_that_breaks_is_a_line(colour: Colour, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with Rude(reset) as server, colour.client(server.url, policies=[Audit(path)]) as it:
        assert isinstance(failure_of(it, answered), APIConnectionError)
    line = json.loads(path.read_text().splitlines()[-1])
    assert line["error"]
    assert "status" not in line


def test_nothing_is_kept_and_a_conversation_goes_on(colour: Colour, server: TestServer) -> None:
    with client(colour, server, Privacy()) as it:
        history: list[Any] = [{"role": "user", "content": "What is 6*7?"}]
        response = it(lambda c: c.responses.create(model="gpt-5.1", input=history, reasoning={"effort": "low"}))
        assert response.store is False
        with pytest.raises(NotFoundError):
            it(lambda c: c.responses.retrieve(response.id))
        thought = response.output[0]
        assert (thought.type, bool(thought.encrypted_content)) == ("reasoning", True)
        history += [*carried(response), {"role": "user", "content": "And what did I ask?"}]
        again = it(lambda c: c.responses.create(model="gpt-5.1", input=history, reasoning={"effort": "low"}))
        assert again.output_text
        assert again.store is False


def test_thoughts_that_came_without_their_seal_are_left_out(own_colour: Colour, server: TestServer) -> None:
    with client(own_colour, server, Privacy(encrypted_reasoning=False)) as it:
        response = it(lambda c: c.responses.create(model="gpt-5.1", input="What is 6*7?", reasoning={"effort": "low"}))
        assert response.output[0].type == "reasoning"
        assert [item["type"] for item in carried(response)] == ["message"]


def test_what_tells_who_somebody_is_never_leaves(colour: Colour) -> None:
    body: dict[str, Any] = {"id": "resp_1", "object": "response", "output": [], "status": "completed"}
    with Rude(ok(body)) as server, colour.client(server.url, policies=[Privacy(redact=True)]) as it:
        it(lambda c: c.responses.create(model=MODEL, input="I am ann@example.com", safety_identifier="ann@example.com"))
        sent = json.loads(server.requests[0].body)
    assert sent["input"] == "I am [EMAIL_1]"
    assert len(sent["safety_identifier"]) == 32


def test_a_redacting_coroutine_under_an_async_client() -> None:
    async def redact(text: str) -> str:
        await asyncio.sleep(0)
        return text.upper()

    colour = Colour("async", "own")
    events = sse(
        {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}, done=False
    )
    with Rude(events) as server, colour.client(server.url, policies=[Privacy(redact=redact)]) as it:
        it.items(lambda c: c.responses.create(model=MODEL, input="hi", stream=True))
        assert json.loads(server.requests[0].body)["input"] == "HI"


def test_what_asks_to_be_kept_is_refused(colour: Colour) -> None:
    with Rude(wrong(500)) as server, colour.client(server.url, policies=[Privacy()]) as it:
        assert isinstance(failure_of(it, lambda c: answered(c, store=True)), PolicyError)
        assert not server.requests
