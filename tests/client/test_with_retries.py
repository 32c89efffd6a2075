"""`with_retries`, and the number of retries of policies that were given."""

from __future__ import annotations

from typing import Any

import pytest

import antiphon
from antiphon import Redirect, Retry, RetryBudget
from tests.transports.rude import Rude

from .answer import create, ok, retrieve, wrong
from .colour import KEY, Colour, failure_of


def kinds(client: Any) -> list[str]:
    return [type(policy).__name__ for policy in client._policies]


def test_it_gives_a_copy_and_leaves_the_client_alone(colour: Colour) -> None:
    with Rude(wrong(500)) as server, colour.client(server.url, max_retries=1) as it:
        more = it.raw.with_retries(3, initial=1, longest=2, jitter=0)
        failure_of(it, lambda _: create(more))
        assert it.clock.slept == [1, 2, 2]
        failure_of(it, create)
        assert len(server.requests) == 4 + 2
        assert more._link is it.raw._link
    assert kinds(more) == ["Retry", "Redirect"]
    assert "policies=[Retry, Redirect]" in repr(more)
    assert "Retry(max_retries=3, initial=1 s, longest=2 s, jitter=0)" in more.explain()


def test_without_a_number_it_keeps_the_clients(colour: Colour) -> None:
    client = colour.make("http://127.0.0.1:1", max_retries=7)
    assert client.with_retries(delay=1).max_retries == 7
    assert client.with_retries(delay=1).explain().startswith("1. Retry(max_retries=7, delay=1 s)")


def test_it_takes_the_place_of_the_retry_that_was_there(colour: Colour) -> None:
    async def mine(request: Any, forward: Any) -> Any:
        return await forward(request)

    client = colour.make("http://127.0.0.1:1", policies=[mine, Retry(1), Redirect()])
    assert kinds(client.with_retries(2)) == ["function", "Retry", "Redirect"]
    client = colour.make("http://127.0.0.1:1", policies=[mine])
    assert kinds(client.with_retries(2)) == ["Retry", "function"]
    assert kinds(client.with_retries(2).with_retries(3)) == ["Retry", "function"]


def test_a_thin_client_gets_its_first_one(colour: Colour) -> None:
    with Rude(wrong(500), ok()) as server, colour.client(server.url, thin=True) as it:
        thin = it.raw.with_retries(1)
        it(lambda _: retrieve(thin))
        assert thin.explain() == "1. Retry(max_retries=1, initial=0.5 s, longest=8.0 s)\n→ send"


def test_a_copys_number_reaches_policies_that_were_given(colour: Colour) -> None:
    budget = RetryBudget(per_second=0)
    with Rude(wrong(500)) as server, colour.client(server.url, policies=[Retry(2, budget=budget)]) as it:
        failure_of(it, lambda client: create(client.with_options(max_retries=0)))
        assert len(server.requests) == 1
        failure_of(it, lambda client: create(client.with_options(timeout=5)))
        assert len(server.requests) == 1 + 3
        other = it.raw.with_options(max_retries=1)
        failure_of(it, lambda _: create(other))
        assert len(server.requests) == 1 + 3 + 2
    assert budget.left == 97  # one budget for all of them
    assert it.raw._policies[0].max_retries == 2


@pytest.mark.parametrize(("wrong_number", "kind"), [(-1, ValueError), (None, TypeError), ("2", TypeError)])
def test_a_number_that_is_none(wrong_number: Any, kind: type[Exception], colour: Colour) -> None:
    client = colour.make("http://127.0.0.1:1", policies=[Retry(2)])
    with pytest.raises(kind, match="max_retries"):
        client.with_retries(wrong_number)
    with pytest.raises(kind, match="max_retries"):
        client.with_options(max_retries=wrong_number)


def test_a_client_for_azure_has_it(colour: Colour) -> None:
    kind: Any = antiphon.AsyncAzureOpenAI if colour.is_async else antiphon.AzureOpenAI
    told: list[str | None] = []
    with Rude(wrong(418), ok()) as server, Colour(colour.colour, "own").client(server.url) as it:
        azure = kind(azure_endpoint=server.url, api_version="v", api_key=KEY, _clock=it.clock)
        mine = azure.with_retries(retry_on={418}, on_retry=lambda info: told.append(info.request.operation))
        it(lambda _: create(mine))
        it.wait(azure.close())
    assert told == ["responses.create"]


def test_what_a_subclass_overrides_goes_before_and_the_rest_holds(colour: Colour) -> None:
    base: Any = antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI

    class Mine(base):
        def _calculate_retry_timeout(self, *_: Any) -> float:
            return 9.0

    told: list[tuple[float, str | None]] = []
    with Rude(wrong(418), wrong(503)) as server, Colour(colour.colour, "own").client(server.url) as it:
        retry = Retry(5, retry_on={418}, on_retry=lambda info: told.append((info.delay, info.request.operation)))
        mine = Mine(api_key=KEY, base_url=server.url, policies=[retry], _clock=it.clock)
        failure_of(it, lambda _: create(mine))
        it.wait(mine.close())
        assert len(server.requests) == 2
    assert told == [(9.0, "responses.create")]
