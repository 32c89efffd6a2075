"""A request that knows its operation keeps it through copies, and is a plain one for everybody else."""

from __future__ import annotations

import pickle

import antiphon
from antiphon.core.request import Request
from antiphon.hooks.named import Named, NamingEndpoint
from antiphon.operations import models
from tests.policies.stepping import request


def test_it_is_the_same_request() -> None:
    facts = [slot for slot in Request.__slots__ if slot not in ("__weakref__", "headers")]
    plain = request(**{slot: object() for slot in facts if slot not in ("origin", "target", "timeout")})
    named = Named.of(plain)
    named.operation, named.number = "models.list", 7
    other = named.replace()
    for slot in facts:
        assert getattr(other, slot) == getattr(plain, slot), slot
    assert (other.operation, other.number) == ("models.list", 7)
    assert other.headers == plain.headers
    assert type(pickle.loads(pickle.dumps(named))) is Request


def test_an_endpoint_names_what_another_makes() -> None:
    client = antiphon.OpenAI(api_key="sk-1")
    endpoint = NamingEndpoint(client._endpoint)
    first, second = (endpoint.request(antiphon.Call(models.LIST)) for _ in range(2))
    assert isinstance(first, Named)
    assert isinstance(second, Named)
    assert first.operation == "models.list"
    assert second.number == first.number + 1
    assert endpoint.base_url == client._endpoint.base_url
