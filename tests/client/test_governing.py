"""A client is given policies: copies that go by them, one call under others, presets, and one that changes at run time."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest

import antiphon
from antiphon import (
    Bulkhead,
    Cache,
    CircuitBreaker,
    CircuitOpen,
    Deadline,
    Live,
    Policy,
    RateLimit,
    Redirect,
    Retry,
)
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.policies.chain import ORDER, Forward
from antiphon.policies.policy import PRESETS
from tests.transports.rude import Rude

from .answer import ok, retrieve, wrong
from .colour import KEY, Colour, failure_of

NAMED = {
    "with_audit": "Audit",
    "with_budget": "Budget",
    "with_bulkhead": "Bulkhead",
    "with_cache": "Cache",
    "with_circuit_breaker": "CircuitBreaker",
    "with_coalescing": "Coalesce",
    "with_failover": "Failover",
    "with_hedging": "Hedge",
    "with_idempotency": "Idempotency",
    "with_privacy": "Privacy",
    "with_rate_limit": "RateLimit",
    "with_single_flight": "SingleFlight",
    "with_timeouts": "Timeouts",
}
OPTIONS: dict[str, dict[str, Any]] = {"with_budget": {"usd": 1}}


def names(client: Any) -> list[str]:
    return [type(policy).__name__ for policy in client.policies]


@pytest.mark.parametrize("method", sorted(set(NAMED) - {"with_audit", "with_failover"}))
def test_each_policy_has_a_method_and_stands_in_its_place(colour: Colour, method: str) -> None:
    client = colour.make("http://h.invalid")
    other = getattr(client, method)(**OPTIONS.get(method, {}))
    assert set(names(other)) == {"Retry", "Redirect", NAMED[method]}
    assert names(other) == sorted(names(other), key=ORDER.index)
    assert NAMED[method] in other.explain()
    assert names(client) == ["Retry", "Redirect"], "the client itself stays as it is"
    assert other._link is client._link, "the connections are shared"


def test_each_method_tells_what_it_takes() -> None:
    client = antiphon.OpenAI(api_key=KEY)
    for method, policy in NAMED.items():
        bound = getattr(client, method)
        kind = getattr(antiphon, policy)
        assert inspect.signature(bound) == inspect.signature(kind)
        assert kind.__doc__ in bound.__doc__


def test_a_policy_takes_the_place_of_the_one_of_its_kind(colour: Colour) -> None:
    client = colour.make("http://h.invalid").with_bulkhead(3).with_retries(1).with_bulkhead(7)
    assert names(client) == ["Retry", "Redirect", "Bulkhead"]
    assert "max_concurrency=7" in client.explain()


def test_policies_stand_in_their_order_however_they_are_named(colour: Colour) -> None:
    chain = [CircuitBreaker(), RateLimit(rpm=500), Deadline(30), Retry(3), Cache()]
    client = colour.make("http://h.invalid", policies=chain)
    assert names(client) == ["Deadline", "Cache", "Retry", "CircuitBreaker", "RateLimit"]


def test_a_policy_of_ones_own_stays_inside_the_one_it_was_named_after(colour: Colour) -> None:
    async def mine(request: Request, forward: Forward) -> Reply:
        return await forward(request)

    client = colour.make("http://h.invalid", policies=[RateLimit(rpm=1), mine, Retry(1)])
    assert names(client) == ["Retry", "RateLimit", "function"]
    assert names(client.with_policies(mine)) == ["Retry", "RateLimit", "function", "function"]


def test_what_a_policy_knows_is_shared_by_all_that_hold_it(colour: Colour) -> None:
    breaker = CircuitBreaker(consecutive=2)
    with Rude(wrong(500)) as server, colour.client(server.url, policies=[breaker]) as it:
        for _ in range(2):
            failure_of(it, retrieve)
        it.raw = it.raw.with_retries(0)
        assert isinstance(failure_of(it, retrieve), CircuitOpen)
        assert len(server.requests) == 2


def test_one_call_goes_by_other_policies(colour: Colour) -> None:
    with Rude(wrong(503), ok()) as server, colour.client(server.url, thin=True) as it:
        model = it(lambda client: client.execute_with_policies(lambda other: other.models.retrieve("m"), Retry(1)))
        assert model.id == "m"
        assert names(it.raw) == []
        assert len(server.requests) == 2


def test_a_call_as_a_value_goes_by_other_policies(colour: Colour) -> None:
    from antiphon.operations import models

    call = models.RETRIEVE.call(path={"model": "m"})
    with Rude(wrong(503), ok()) as server, colour.client(server.url, thin=True) as it:
        assert it(lambda client: client.execute_with_policies(call, Policy(retry=Retry(1)))).id == "m"


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_each_preset_serves_a_call(colour: Colour, name: str) -> None:
    with Rude(ok()) as server, colour.client(server.url, policies=PRESETS[name]()) as it:
        assert it(retrieve).id == "m"
        assert it.raw.explain().endswith("→ send")
        assert KEY not in it.raw.explain()


def test_a_preset_replaces_the_whole_chain_and_can_be_changed(colour: Colour) -> None:
    client = colour.make("http://h.invalid", policies=[Bulkhead(3)])
    production = client.with_policies(Policy.production())
    assert names(production) == ["Timeouts", "Retry", "Redirect", "CircuitBreaker", "Bulkhead", "RateLimit"]
    slim = client.with_policies(Policy.production().replace(bulkhead=None, rate_limit=None), Deadline(9))
    assert names(slim) == ["Deadline", "Timeouts", "Retry", "Redirect", "CircuitBreaker"]
    assert names(client.with_policies(Policy.none())) == []


def test_bulk_waits_where_interactive_says_no(colour: Colour) -> None:
    with Rude(*[wrong(503)] * 6, ok()) as server:
        bulk = Policy.bulk().replace(circuit_breaker=None, bulkhead=None, rate_limit=None)
        with colour.client(server.url, policies=bulk) as it:
            assert it(retrieve).id == "m"
            assert len(server.requests) == 7
    with Rude(wrong(503)) as server:
        interactive = Policy.interactive().replace(circuit_breaker=None, timeouts=None)
        with colour.client(server.url, policies=interactive) as it:
            assert failure_of(it, retrieve).status_code == 503
            assert len(server.requests) == 3


def test_a_live_policy_changes_a_client_between_two_calls(colour: Colour) -> None:
    live = Live(Policy.none())
    with Rude(wrong(503), wrong(503), ok()) as server, colour.client(server.url, policies=live) as it:
        assert failure_of(it, retrieve).status_code == 503
        live.update([Retry(2), Redirect()])
        assert it(retrieve).id == "m"
        assert "max_retries=2" in it.raw.explain()


def test_live_retries_are_told_of_as_others_are(colour: Colour) -> None:
    told: list[Any] = []
    for policies in (Live([Retry(5, on_retry=told.append)]), [Retry(5, on_retry=told.append)]):
        told.clear()
        script = [wrong(503), wrong(503), ok()] * 2
        with Rude(*script) as server, colour.client(server.url, policies=policies) as it:
            it(retrieve)
            it(retrieve)
        assert {info.request.operation for info in told} == {"models.retrieve"}
        first, *_, last = [info.request.call for info in told]
        assert [info.request.call for info in told] == [first, first, last, last]
        assert 0 < first != last


def test_the_number_of_retries_of_a_call_holds_for_a_live_policy_too(colour: Colour) -> None:
    with Rude(wrong(503)) as server, colour.client(server.url, policies=Live([Retry(5)])) as it:
        failure_of(it, lambda client: client.get("/x", cast_to=object, options={"max_retries": 1}))
        assert len(server.requests) == 2


def test_a_client_with_policies_travels_to_another_process(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    if not colour.own:
        pytest.skip("a client with an http_client does not travel")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    kind = antiphon.AsyncOpenAI if colour.is_async else antiphon.OpenAI
    client = kind(policies=Policy.production())
    assert pickle.loads(pickle.dumps(client)).explain() == client.explain()


@pytest.mark.parametrize("wrong_one", [Retry, 3])
def test_what_is_no_policy_is_refused(colour: Colour, wrong_one: Any) -> None:
    with pytest.raises(TypeError, match="is not a policy"):
        colour.make("http://h.invalid").with_policies(wrong_one)


@pytest.mark.parametrize(("asked", "attempts"), [(0, 1), (4, 5)])
def test_a_copy_under_live_policies_has_a_number_of_retries_of_its_own(
    colour: Colour, asked: int, attempts: int
) -> None:
    live = Live([Retry(1)])
    with Rude(wrong(503)) as server, colour.client(server.url, policies=live) as it:
        failure_of(it, lambda client: retrieve(client.with_options(max_retries=7).with_options(max_retries=asked)))
        assert len(server.requests) == attempts
        failure_of(it, retrieve)
        assert len(server.requests) == attempts + 2, "the others keep theirs"


def test_retries_are_not_added_to_live_ones(colour: Colour) -> None:
    client = colour.make("http://h.invalid", policies=Live([Retry(1)]))
    with pytest.raises(ValueError, match="multiply"):
        client.with_retries(3)
    free = colour.make("http://h.invalid", policies=Live([]))
    assert names(free.with_retries(3)) == ["Allowance", "Live", "Retry"]
    with Rude(wrong(503)) as server, colour.client(server.url, policies=Live([Retry(9)])) as it:
        free = it.raw.with_options(max_retries=1).with_policies(Live([])).with_retries(3)
        failure_of(it, lambda _: retrieve(free))
        assert len(server.requests) == 4


@pytest.mark.parametrize("given", [None, "production", Retry(1), 3])
def test_what_is_no_list_of_policies_is_told_what_is(colour: Colour, given: Any) -> None:
    with pytest.raises(TypeError, match=r"a list such as"):
        colour.make("http://h.invalid", policies=given)


def test_a_made_policy_goes_to_with_policies(colour: Colour) -> None:
    client = colour.make("http://h.invalid")
    with pytest.raises(TypeError, match="with_policies"):
        client.with_bulkhead(Bulkhead(3))
    with pytest.raises(TypeError, match="without a list"):
        client.with_policies([Retry(1)])
    with pytest.raises(TypeError, match="replace"):
        colour.make("http://h.invalid", policies=[Policy.production(), Cache()])
