"""No credential of an Azure client leaves its place: redirects, absolute URLs, new base URLs, raw paths."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import antiphon
from antiphon.core.call import Call
from antiphon.core.raw import raw_call
from antiphon.errors import APIStatusError, CredentialScopeError, RedirectRefused
from tests.client.answer import ok, retrieve
from tests.client.colour import failure_of
from tests.transports.rude import Rude, reply

from .azure_pair import CALLS, KEY, MODES, PLAIN, VERSION
from .beside import Kind


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("borrowed", [False, True])
def test_a_redirect_elsewhere_is_refused(azure: Kind, mode: str, status: int, borrowed: bool) -> None:
    with Rude(ok()) as other, Rude(reply(b"", status, f"Location: {other.url}/openai/models/m")) as server:
        http_client: Any = None
        if borrowed:
            make = antiphon.DefaultAsyncHttpx2Client if azure.is_async else antiphon.DefaultHttpx2Client
            http_client = make(trust_env=False)
        with azure.client(server.url, **MODES[mode], http_client=http_client) as it:
            assert isinstance(failure_of(it, retrieve), (RedirectRefused, APIStatusError))
            if http_client is not None:
                it.wait(http_client.aclose() if azure.is_async else http_client.close())
    assert not other.requests


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("hooked", [False, True])
def test_an_absolute_url_elsewhere_is_refused(azure: Kind, mode: str, hooked: bool) -> None:
    kind = azure.kind
    if hooked:

        class Hooked(kind):  # type: ignore[misc]
            @property
            def default_query(self) -> Any:
                return super().default_query

        kind = Hooked
    with Rude(ok()) as other, Rude(ok()) as server, azure.client(server.url, **MODES[mode]) as it:
        client = kind(**{**MODES[mode], "azure_endpoint": server.url, "http_client": it.raw._link})
        error = failure_of(it, lambda _: client.get(f"{other.url}/x", cast_to=object))
        assert isinstance(error, CredentialScopeError)
        it(lambda _: client.get(f"{server.url}/x", cast_to=object))
        it(
            lambda _: client.get(
                f"{other.url}/y",
                cast_to=object,
                options={"headers": {"api-key": "own", "authorization": antiphon.omit}},
            )
        )
    assert [got.headers["api-key"] for got in other.requests] == ["own"]
    assert len(server.requests) == 1


def test_a_new_base_url_takes_the_credential_along_and_leaves_the_endpoint(azure: Kind) -> None:
    with Rude(ok()) as first, Rude(ok()) as second:
        with azure.client(first.url, **PLAIN, azure_deployment="dep") as it:
            it.raw.base_url = f"{second.url}/openai"
            it(retrieve)
            it(CALLS["embeddings"])
            it(lambda client: retrieve(client.copy(base_url=f"{second.url}/other")))
            assert isinstance(failure_of(it, lambda c: c.get(f"{first.url}/x", cast_to=object)), CredentialScopeError)
    assert not first.requests
    assert [got.target.partition("?")[0] for got in second.requests] == [
        "/openai/models/m",
        "/openai/deployments/m/embeddings",
        "/other/models/m",
    ]


def test_a_setting_that_is_refused_changes_nothing(azure: Kind) -> None:
    client = azure.make("http://x", **PLAIN, azure_deployment="dep")
    before = (client._azure, client.settings, client._endpoint)
    with pytest.raises(ValueError):
        client._change(base_url=antiphon.URL("http://elsewhere/"), timeout=-1)
    assert (client._azure, client.settings, client._endpoint) == before


def test_a_session_says_for_whom_it_is(azure: Kind) -> None:
    headers = {"X-Mine": "1", "X-Not": antiphon.omit}
    client = azure.make("http://x", **PLAIN, organization="o", project="p", default_headers=headers)
    fields = client.websocket_headers()
    fields = asyncio.run(fields) if azure.is_async else fields
    assert fields == {"OpenAI-Organization": "o", "OpenAI-Project": "p", "X-Mine": "1", "api-key": KEY}


def test_more_raw_paths_than_are_remembered_go_where_they_should(azure: Kind) -> None:
    client = azure.make("http://x", **PLAIN)
    endpoint = client._endpoint
    for number in range(1030):
        call = raw_call("GET", f"/x{number}", dict)
        request = endpoint.request(call)
        assert request.headers["api-key"] == KEY
        assert request.target == f"/openai/x{number}?api-version={VERSION}"


def test_each_model_is_its_own_place_however_many_there_are(azure: Kind) -> None:
    operation = raw_call("POST", "/embeddings", dict).operation
    endpoint = azure.make("http://x", **PLAIN)._endpoint
    for _ in range(2):
        for number in range(1030):
            request = endpoint.request(Call(operation, body={"model": f"m{number}"}))
            assert request.target == f"/openai/deployments/m{number}/embeddings?api-version={VERSION}"
    more = endpoint.request(Call(operation, body={"model": "m1"}, extra_query={"q": "1"}))
    assert more.target == f"/openai/deployments/m1/embeddings?api-version={VERSION}&q=1"
