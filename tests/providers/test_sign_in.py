"""`provider=`: what it takes along and what it keeps out, side by side with the official package, for Bedrock and for Vertex."""

from __future__ import annotations

import copy
import datetime
import pickle
import subprocess
import sys
from typing import Any

import botocore.auth
import openai
import openai.providers
import pytest

import antiphon
from antiphon import providers
from antiphon.errors import APIStatusError, CredentialScopeError, OpenAIError
from antiphon.policies.redirect import Redirect
from antiphon.providers.provider import Provider
from tests.client.answer import CHAT, chat, create, ok, retrieve, wrong
from tests.client.colour import KEY, failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reply, reset

from .beside import Kind, seen
from .house import ACCESS, SECRET, SESSION, TOKEN, assert_signed
from .test_bedrock import reachable

KEYS = {"access_key_id": ACCESS, "secret_access_key": SECRET, "region": "us-east-1"}
STS = {**KEYS, "session_token": SESSION}
SECRETS = (ACCESS, SECRET, SESSION, TOKEN)

HOUSES: dict[str, tuple[str, dict[str, Any]]] = {
    "bedrock key": ("bedrock", {"api_key": TOKEN}),
    "bedrock token": ("bedrock", {"token_provider": lambda: TOKEN}),
    "bedrock keys": ("bedrock", KEYS),
    "bedrock session": ("bedrock", {**STS, "endpoint": "runtime"}),
    "vertex token": ("vertex", {"token_provider": lambda: TOKEN}),
}


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest) -> Kind:
    """Each colour of antiphon's client."""
    return Kind("OpenAI", request.param)


@pytest.fixture(params=sorted(HOUSES))
def house(request: pytest.FixtureRequest) -> str:
    """Each provider, with each kind of credential."""
    return str(request.param)


def at(house: str, url: str, package: Any = providers, **more: Any) -> Any:
    """The provider, at a server."""
    name, arguments = HOUSES[house]
    return getattr(package, name)(base_url=f"{url}/openai/v1", **arguments, **more)


CALLS: dict[str, Any] = {
    "responses": create,
    "stream": chat,
    "get": retrieve,
    "query": lambda c: c.responses.retrieve("resp_1", include=["a"]),
    "delete": lambda c: c.responses.delete("resp_1"),
    "fields": lambda c: create(c, extra_headers={"X-Own": "1"}, extra_query={"q": "1"}),
}


@pytest.mark.parametrize("call", CALLS)
def test_every_request_is_the_official_one(
    client: Kind, house: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.datetime(2026, 7, 1, 12, 0, 0)  # noqa: DTZ001
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: now)
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "sk-of-openai")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Of-Openai: 1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    ours = {"X-Stainless-Package-Version": openai.__version__, "Accept-Encoding": "gzip, deflate"}
    signed = "keys" in house or "session" in house
    with Rude(CHAT if call == "stream" else ok()) as server:
        for kind, package in ((client, providers), (client._replace(official=True), openai.providers)):
            options = {"default_headers": ours} if signed and not kind.official else {}
            with kind.client(server.url, provider=at(house, server.url, package), **options) as it:
                value = it.wait(CALLS[call](it.raw))
                if hasattr(value, "__anext__") or hasattr(value, "__next__"):
                    it.items(lambda _, value=value: value)
        mine, theirs = server.requests
    first, second = seen(mine), seen(theirs)
    assert first["headers"] == second["headers"] or not signed
    authorizations = [got["headers"].pop("authorization") for got in (first, second)]
    if signed:
        # What the two packages say of themselves is signed too: each must verify by itself.
        for got in (mine, theirs):
            service = "bedrock" if "session" in house else "bedrock-mantle"
            assert_signed(got, session=SESSION if "session" in house else None, service=service)
    else:
        assert authorizations == [f"Bearer {TOKEN}"] * 2
    assert first == second
    assert "sk-of-openai" not in str(first)


def test_organization_and_project_that_are_given_reach_bedrock_and_are_refused_by_vertex(
    client: Kind, house: str
) -> None:
    with Rude(ok()) as server:
        with client.client(server.url, provider=at(house, server.url), organization="o", project="p") as it:
            if house.startswith("vertex"):
                assert "openai-organization" in str(failure_of(it, retrieve))
                assert not server.requests
            else:
                it(retrieve)
                assert server.requests[0].headers["openai-organization"] == "o"


CONFLICTS: dict[str, dict[str, Any]] = {
    "api_key": {"api_key": KEY},
    "admin_api_key": {"admin_api_key": KEY},
    "base_url": {"base_url": "http://x"},
    "workload_identity": {"workload_identity": {}},
    "data_residency": {"data_residency": "eu"},
}


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_what_contradicts_a_provider_is_refused(client: Kind, house: str, conflict: str) -> None:
    for kind, package in ((client, providers), (client._replace(official=True), openai.providers)):
        with pytest.raises((OpenAIError, openai.OpenAIError), match=conflict):
            kind.kind(provider=at(house, "http://x", package), **CONFLICTS[conflict])
    if conflict != "workload_identity":
        made = client.kind(provider=at(house, "http://x"))
        with pytest.raises((OpenAIError, ValueError), match=conflict):
            made.copy(**CONFLICTS[conflict])


def test_only_providers_are_providers(client: Kind) -> None:
    for kind in (client, client._replace(official=True)):
        for given in (object(), "bedrock", providers.bedrock):
            with pytest.raises((OpenAIError, openai.OpenAIError), match="Invalid provider"):
                kind.kind(provider=given)


def test_copies_keep_change_and_drop_the_provider(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with Rude(ok()) as first, Rude(ok()) as second:
        one, two = at("bedrock key", first.url), at("vertex token", second.url)
        own = {"default_headers": {"X-Mine": "1"}, "organization": "o", "default_query": {"q": "1"}}
        with client.client(first.url, provider=one, **own) as it:
            it(lambda c: retrieve(c.copy(timeout=3)))
            it(lambda c: retrieve(c.copy(provider=one)))
            it(lambda c: retrieve(c.copy(provider=two)))
            assert "127.0.0.1" not in str(it.raw.copy(provider=None).base_url)
            plain = it.raw.copy(provider=None, base_url=f"{second.url}/v1")
            it(lambda _: retrieve(plain))
            it(lambda _: retrieve(plain.copy(provider=two)))
    assert [got.headers["authorization"] for got in first.requests] == [f"Bearer {TOKEN}"] * 2
    assert {got.headers["x-mine"] for got in first.requests} == {"1"}
    assert [got.headers["authorization"] for got in second.requests] == [
        f"Bearer {TOKEN}",
        f"Bearer {KEY}",
        f"Bearer {TOKEN}",
    ]
    assert not [got for got in second.requests if {"x-mine", "openai-organization"} & got.headers.keys()]
    assert {got.target.partition("?")[2] for got in second.requests} == {"q=1"}


# -- no credential leaves its place ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("how", ["own", "borrowed", "policy"])
def test_no_redirect_is_followed(client: Kind, house: str, status: int, how: str) -> None:
    with Rude(ok()) as other, Rude(reply(b"", status, f"Location: {other.url}/x")) as server:
        options: dict[str, Any] = {}
        if how == "borrowed":
            make = antiphon.DefaultAsyncHttpx2Client if client.is_async else antiphon.DefaultHttpx2Client
            options["http_client"] = make(trust_env=False)
        if how == "policy":
            options["policies"] = [Redirect()]
        with client.client(server.url, provider=at(house, server.url), **options) as it:
            assert isinstance(failure_of(it, retrieve), APIStatusError)
            if how == "borrowed":
                it.wait(options["http_client"].aclose() if client.is_async else options["http_client"].close())
    assert not other.requests
    assert len(server.requests) == 1
    with Rude(reply(b"", status, "Location: /elsewhere")) as server:
        with client.client(server.url, provider=at(house, server.url)) as it:
            assert isinstance(failure_of(it, retrieve), APIStatusError)
    assert len(server.requests) == 1, "a signature is for one place only"


def test_another_origin_or_another_credential_is_refused(client: Kind, house: str) -> None:
    with Rude(ok()) as other, Rude(ok()) as server:
        with client.client(server.url, provider=at(house, server.url)) as it:
            assert isinstance(failure_of(it, lambda c: c.get(f"{other.url}/x", cast_to=object)), CredentialScopeError)
            own = {"authorization": "Bearer own"}
            assert "sets `Authorization` itself" in str(failure_of(it, lambda c: create(c, extra_headers=own)))
            it.raw.base_url = f"{other.url}/v1"
            assert isinstance(failure_of(it, create), CredentialScopeError)
    assert not [*other.requests, *server.requests]


def test_a_token_is_asked_for_before_each_attempt_and_its_failures_are_ours(client: Kind) -> None:
    for name in ("bedrock", "vertex"):
        tokens = iter(["one", "two"])

        async def later() -> str:
            return TOKEN

        def fail() -> str:
            raise KeyError(TOKEN)

        with Rude(wrong(503), ok()) as server:
            make = getattr(providers, name)
            with client.client(
                server.url, provider=make(base_url=server.url, token_provider=lambda t=tokens: next(t))
            ) as it:
                it(retrieve)
                error = failure_of(
                    it, lambda c, make=make: retrieve(c.copy(provider=make(base_url=server.url, token_provider=fail)))
                )
                assert type(error) is OpenAIError
                awaited = make(base_url=server.url, token_provider=later)
                if client.is_async:
                    it(lambda c, awaited=awaited: retrieve(c.copy(provider=awaited)))
                else:
                    text = str(failure_of(it, lambda c, awaited=awaited: retrieve(c.copy(provider=awaited))))
                    assert "AsyncOpenAI" in text
        assert [got.headers["authorization"] for got in server.requests[:2]] == ["Bearer one", "Bearer two"]


def test_no_websocket_is_opened(client: Kind, house: str) -> None:
    made = client.kind(provider=at(house, "http://x"))
    with pytest.raises(OpenAIError, match="not supported by WebSocket"):
        made.websocket_headers().send(None) if client.is_async else made.websocket_headers()


def test_hooks_and_providers_go_together(client: Kind, house: str) -> None:
    class Mine(client.kind):  # type: ignore[misc, name-defined]
        @property
        def user_agent(self) -> str:
            return "Mine/1"

    with Rude(wrong(503), ok()) as server:
        with client.client(server.url, provider=at(house, server.url)) as it:
            mine = Mine(provider=at(house, server.url), http_client=it.raw._link, _clock=it.clock)
            it(lambda _: create(mine))
    got = server.requests[1]
    assert got.headers["user-agent"] == "Mine/1"
    assert got.headers["authorization"].startswith(("Bearer bedrock-canary", "AWS4-HMAC-SHA256"))


# -- secrets, weight ---------------------------------------------------------------------------------------------------


def test_no_secret_in_repr_vars_or_anything_they_hold(client: Kind, house: str) -> None:
    with Rude(ok()) as server:
        provider = at(house, server.url)
        with client.client(server.url, provider=provider) as it:
            it(create)
            text = "\n".join(
                [
                    *reachable(it.raw, set()),
                    *reachable(provider, set()),
                    repr(provider),
                    it.raw.explain(),
                    repr(vars(it.raw)),
                ]
            )
    assert house.split()[0] in text
    assert not [secret for secret in SECRETS if secret in text]


def test_no_secret_in_a_traceback_with_locals(client: Kind, house: str) -> None:
    for answer in ([wrong(401)], [reset], [b"nonsense\r\n\r\n"]):
        with Rude(*answer) as server, client.client(server.url, provider=at(house, server.url), max_retries=1) as it:
            text = shown(failure_of(it, create))
        assert "policies" in text
        assert not [secret for secret in SECRETS if secret in text]


def test_a_provider_is_copied_as_itself_and_does_not_travel(client: Kind, house: str) -> None:
    provider = at(house, "http://x")
    assert isinstance(provider, Provider)
    assert copy.copy(provider) is copy.deepcopy(provider) is provider
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(provider)
    with pytest.raises(TypeError, match="does not pickle"):
        pickle.dumps(client.kind(provider=provider))


def test_the_functions_are_there_beside_their_modules() -> None:
    code = (
        "import sys, antiphon\n"
        "antiphon.BedrockOpenAI\n"
        "from antiphon.providers import bedrock, vertex\n"
        "assert callable(bedrock) and callable(vertex)\n"
        "client = antiphon.OpenAI(provider=vertex(project='p', location='global'))\n"
        "assert not {'google', 'asyncio', 'botocore'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert set(openai.providers.__all__) <= set(providers.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = providers.nonsense
