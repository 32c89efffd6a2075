"""Keys that come from functions: what policies keep for one is nobody else's, and two clients with one function are one caller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import antiphon
from antiphon.policies.cache import Cache
from antiphon.policies.idempotency import Idempotency
from antiphon.policies.rate_limit import RateLimit
from antiphon.policies.single_flight import SingleFlight
from antiphon.shared.memory import MemoryStore
from antiphon.shared.sqlite import SQLiteStore
from tests.transports.rude import Rude

from .answer import create, ok
from .colour import Colour

VECTOR = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}], "model": "m"}


def embed(client: Any, model: str = "m") -> Any:
    return client.embeddings.create(model=model, input="hi", encoding_format="float")


def one() -> str:
    return "sk-one"


def two() -> str:
    return "sk-two"


def keyed(client: Any) -> Any:
    return create(client, extra_headers={"Idempotency-Key": "k-1"})


def answers() -> list[bytes]:
    return [ok({"id": f"resp_{n}", "object": "response", "output": [], "status": "completed"}) for n in range(9)]


def test_nobody_is_given_what_was_made_for_another(colour: Colour) -> None:
    policies = [Idempotency()]
    with Rude(*answers()) as server:
        made = []
        for function in (one, two, one):
            with colour.client(server.url, policies=policies, api_key=function) as it:
                made.append(it(keyed).id)
    assert made == ["resp_0", "resp_1", "resp_0"]


def test_one_function_that_speaks_for_several_is_asked_each_time(colour: Colour) -> None:
    keys = ["sk-a", "sk-a", "sk-b", "sk-b", "sk-a"]  # to know whose it is, and where it is sent
    with Rude(*answers()) as server:
        with colour.client(server.url, policies=[Idempotency()], api_key=lambda: keys.pop(0)) as it:
            assert [it(keyed).id for _ in range(3)] == ["resp_0", "resp_1", "resp_0"]


def test_a_ledger_that_lasts_knows_the_key_again(colour: Colour, tmp_path: Path) -> None:
    with Rude(*answers()) as server:
        made = []
        for function in (one, two, lambda: "sk-one", "sk-two"):
            policies = [Idempotency(SQLiteStore(tmp_path / "ledger.db"))]
            with colour.client(server.url, policies=policies, api_key=function) as it:
                made.append(it(keyed).id)
    assert made == ["resp_0", "resp_1", "resp_0", "resp_1"]


def test_each_function_has_lanes_of_its_own(colour: Colour) -> None:
    limit = RateLimit(rpm=60)
    with Rude(ok(VECTOR)) as server:
        for number, function in enumerate((one, one, two), 1):
            with colour.client(server.url, policies=[limit], api_key=function) as it:
                it(embed)
            assert len(limit._lanes) == {1: 1, 2: 1, 3: 2}[number]


def test_in_a_store_a_lane_is_the_given_keys(colour: Colour) -> None:
    class Store(MemoryStore):
        def lease(self, key: str, *args: Any) -> Any:
            leased.append(key)
            return super().lease(key, *args)

    leased: list[str] = []
    limits = {"rpm": 60, "per": "model", "store": Store()}
    with Rude(ok(VECTOR)) as server:
        with colour.client(server.url, policies=[RateLimit(**limits)], api_key=one) as it:
            it(embed)
            leased.clear()  # of before the function was asked
            it(lambda client: embed(client, "other"))
        with colour.client(server.url, policies=[RateLimit(**limits)], api_key="sk-one") as it:
            it(lambda client: embed(client, "other"))
    assert len(leased) == 2
    assert len(set(leased)) == 1


@pytest.mark.parametrize("policy", [Cache, SingleFlight])
def test_azure_keys_from_functions_are_not_known_yet_either(colour: Colour, policy: Any) -> None:
    kind: Any = antiphon.AsyncAzureOpenAI if colour.is_async else antiphon.AzureOpenAI
    shared = policy()
    with Rude(ok(VECTOR)) as server, Colour(colour.colour, "own").client(server.url) as it:
        for function in (one, two):
            options = {"azure_endpoint": server.url, "api_version": "v", "api_key": function}
            azure = kind(**options, policies=[shared], _clock=it.clock)
            step = it(lambda _, azure=azure: embed(azure)).trace.of(policy.__name__)[0]
            assert step.event == "bypass"
            assert "scope=" in step.get("reason")
            it.wait(azure.close())
        assert len(server.requests) == 2
