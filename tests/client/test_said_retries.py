"""`max_retries=` said beside policies: what somebody says goes before what a preset holds, and nothing else does."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import antiphon
from antiphon import Live, Policy, Redirect, Retry, RetryBudget
from tests.transports.rude import Rude

from .answer import create, wrong
from .colour import KEY, Colour, failure_of


def retries(client: Any) -> list[int]:
    return [policy.max_retries for policy in client._policies if isinstance(policy, Retry)]


@pytest.mark.parametrize("make", [Policy.production, lambda: [Retry(4), Redirect()], lambda: Live([Retry(4)])])
@pytest.mark.parametrize("said", [0, 1, 2])
def test_what_is_said_goes_before_the_policys_number(colour: Colour, make: Any, said: int) -> None:
    with Rude(wrong(503)) as server, colour.client(server.url, policies=make(), max_retries=said) as it:
        failure_of(it, create)
        assert len(server.requests) == 1 + said


def test_unsaid_it_is_the_policys(colour: Colour) -> None:
    client = colour.make("http://h.invalid", policies=[Retry(4)])
    assert retries(client) == retries(client.with_options(timeout=3)) == [4]


def test_copies_keep_it_and_may_say_otherwise(colour: Colour) -> None:
    client = colour.make("http://h.invalid", policies=Policy.production(), max_retries=7)
    assert retries(client.with_options(timeout=3)) == [7]
    assert retries(client.with_circuit_breaker(consecutive=2)) == [7]
    assert retries(client.with_options(max_retries=1)) == [1]
    assert retries(client.copy(policies=[Retry(4)], max_retries=1)) == [1]
    assert retries(client) == [7]


def test_policies_that_come_later_bring_their_own(colour: Colour) -> None:
    client = colour.make("http://h.invalid", max_retries=7)
    assert retries(client.with_policies(Policy.production())) == [2]
    assert retries(client.with_policies(Retry(4))) == [4]
    assert retries(client.copy(policies=[Retry(4)])) == [4]


def test_set_on_the_client_it_holds_from_then_on(colour: Colour) -> None:
    client = colour.make("http://h.invalid", policies=Policy.production())
    client.max_retries = 0
    assert retries(client) == retries(client.with_options(timeout=3)) == [0]
    with pytest.raises(ValueError, match="max_retries"):
        client.max_retries = -1
    assert retries(client) == [0]


def test_the_policy_itself_stays_as_it_is_and_shares_its_budget(colour: Colour) -> None:
    budget = RetryBudget(per_second=0)
    retry = Retry(4, budget=budget)
    with Rude(wrong(503)) as server, colour.client(server.url, policies=[retry], max_retries=1) as it:
        failure_of(it, create)
    assert (retry.max_retries, budget.left) == (4, 99)
    assert colour.make("http://h.invalid", policies=[retry], max_retries=4).policies == [retry]


@pytest.mark.parametrize("number", [-1, "2", 1.5])
def test_a_number_that_is_none_is_refused(colour: Colour, number: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="max_retries"):
        colour.make("http://h.invalid", policies=[Retry(4)], max_retries=number)


def test_it_travels(own_colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    kind: Any = antiphon.AsyncOpenAI if own_colour.is_async else antiphon.OpenAI
    for client in (
        kind(policies=Policy.production(), max_retries=7),
        kind(max_retries=7).with_policies(Policy.production()),
        kind(max_retries=7),
    ):
        twin = pickle.loads(pickle.dumps(client))
        assert (retries(twin), twin.max_retries) == (retries(client), 7)


def test_azure_heeds_it_too(own_colour: Colour) -> None:
    kind: Any = antiphon.AsyncAzureOpenAI if own_colour.is_async else antiphon.AzureOpenAI
    options: dict[str, Any] = {"azure_endpoint": "http://127.0.0.1:1", "api_version": "v", "api_key": KEY}
    assert retries(kind(**options, policies=[Retry(4)], max_retries=7)) == [7]
    assert retries(kind(**options, policies=[Retry(4)])) == [4]
