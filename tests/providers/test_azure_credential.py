"""Azure's credentials: when they are asked for, what they may be, and what replaces them."""

from __future__ import annotations

from typing import Any

import pytest

import antiphon
from antiphon.errors import InvalidCredential
from antiphon.providers.azure import MutuallyExclusiveAuthError
from tests.client.answer import ok, retrieve, wrong
from tests.client.colour import failure_of
from tests.transports.rude import Rude

from .azure_pair import PLAIN, TOKEN, VERSION
from .beside import Kind


@pytest.mark.parametrize("awaitable", [False, True])
@pytest.mark.parametrize("field", ["api-key", "authorization"])
def test_a_function_is_asked_before_each_attempt(azure: Kind, awaitable: bool, field: str) -> None:
    found = iter(["one", "two", "three"])

    async def later() -> str:
        return next(found)

    source: Any = later if awaitable else lambda: next(found)
    name = "api_key" if field == "api-key" else "azure_ad_token_provider"
    arguments = {"azure_endpoint": "{url}", "api_version": VERSION, name: source}
    with Rude(wrong(503), ok()) as server, azure.client(server.url, **arguments) as it:
        if awaitable and not azure.is_async:
            assert "async" in str(failure_of(it, retrieve))
            assert not server.requests
            return
        it(retrieve)
        it(lambda client: retrieve(client.with_options(timeout=5)))
    prefix = "" if field == "api-key" else "Bearer "
    assert [got.headers[field] for got in server.requests] == [f"{prefix}{n}" for n in ("one", "two", "three")]


@pytest.mark.parametrize("given", ["", " ", "a\nb", None, b"bytes"])
def test_what_cannot_be_a_token_is_not_sent(azure: Kind, given: Any) -> None:
    arguments = {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token_provider": lambda: given}
    with Rude(ok()) as server, azure.client(server.url, **arguments) as it:
        error = failure_of(it, retrieve)
        assert isinstance(error, (InvalidCredential, ValueError))
        assert "azure_ad_token_provider" in str(error)
        assert not server.requests


def test_a_copy_changes_the_credential_of_whatever_kind(azure: Kind) -> None:
    steps: list[tuple[dict[str, Any], str, str]] = [
        ({"azure_ad_token": "t1"}, "authorization", "Bearer t1"),
        ({"timeout": 3}, "authorization", "Bearer t1"),
        ({"azure_ad_token_provider": lambda: "t2"}, "authorization", "Bearer t2"),
        ({"max_retries": 1}, "authorization", "Bearer t2"),
        ({"api_key": "k2"}, "api-key", "k2"),
        ({"api_key": lambda: "k3"}, "api-key", "k3"),
        ({"set_default_headers": {}}, "api-key", "k3"),
        ({"set_default_query": {}}, "api-key", "k3"),
    ]
    with Rude(ok()) as server, azure.client(server.url, **PLAIN, azure_deployment="dep") as it:
        client = it.raw
        for change, field, value in steps:
            client = client.copy(**change)
            it(lambda _, client=client: client.models.list())
            got = server.requests[-1]
            assert got.headers[field] == value
            assert {"authorization", "api-key"} & got.headers.keys() == {field}
            assert got.target == f"/openai/models?api-version={VERSION}"
        assert isinstance(failure_of(it, lambda c: c.copy(api_key="a", azure_ad_token="b")), MutuallyExclusiveAuthError)


def test_a_key_that_is_set_later_replaces_the_credential(azure: Kind) -> None:
    token = {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token": TOKEN}
    with Rude(ok()) as server, azure.client(server.url, **token) as it:
        assert it.raw.api_key == ""
        it.raw.api_key = "set-later"
        it(retrieve)
        it(lambda client: retrieve(client.copy(timeout=1)))
    for got in server.requests:
        assert got.headers["api-key"] == "set-later"
        assert "authorization" not in got.headers


def test_a_field_removed_on_purpose_is_not_sent(azure: Kind) -> None:
    bare = {"Api-Key": antiphon.omit}
    with Rude(ok()) as server, azure.client(server.url, **PLAIN) as it:
        it(lambda client: client.models.retrieve("m", extra_headers=bare))
        it(lambda client: retrieve(client.copy(default_headers=bare)))
    assert not [got for got in server.requests if "api-key" in got.headers]


def test_without_credentials_a_call_is_refused_unless_it_brings_one(azure: Kind) -> None:
    arguments = {"azure_endpoint": "{url}", "api_version": VERSION, "_enforce_credentials": False}
    with Rude(ok()) as server, azure.client(server.url, **arguments) as it:
        assert "azure_ad_token" in str(failure_of(it, retrieve))
        assert not server.requests
        it(lambda client: client.models.retrieve("m", extra_headers={"api-key": "own"}))
        it(lambda client: retrieve(client.copy(default_headers={"Authorization": "Bearer own"})))
    assert server.requests[0].headers["api-key"] == "own"
    assert server.requests[1].headers["authorization"] == "Bearer own"
