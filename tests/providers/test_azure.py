"""The Azure clients on the wire, side by side with the official ones; and that no credential leaves its resource."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import subprocess
import sys
import threading
from typing import Any

import openai
import pytest

import antiphon
from antiphon.core.call import Call
from antiphon.core.raw import raw_call
from antiphon.errors import (
    APIStatusError,
    CredentialScopeError,
    InvalidCredential,
    OpenAIError,
    RedirectRefused,
)
from antiphon.providers.azure import MutuallyExclusiveAuthError
from tests.client.answer import CHAT, chat, create, ok, retrieve, sse, wrong
from tests.client.colour import failure_of
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reply, reset

from .beside import Kind, seen
from .test_bedrock import reachable

KEY = "azure-canary-key-not-to-be-seen"
TOKEN = "azure-canary-token-not-to-be-seen"
VERSION = "2024-10-21"
PLAIN: dict[str, Any] = {"azure_endpoint": "{url}", "api_version": VERSION, "api_key": KEY}


@pytest.fixture(params=["sync", "async"])
def azure(request: pytest.FixtureRequest) -> Kind:
    """Each colour of antiphon's Azure client."""
    return Kind("AzureOpenAI", request.param)


def give_token() -> str:
    return TOKEN


async def give_token_later() -> str:
    return TOKEN


CALLS: dict[str, Any] = {
    "chat": lambda c: c.chat.completions.create(model="gpt 4o/é", messages=[{"role": "user", "content": "hi"}]),
    "chat stream": chat,
    "completions": lambda c: c.completions.create(model="m", prompt="p"),
    "embeddings": lambda c: c.embeddings.create(model="m", input="x", encoding_format="float"),
    "speech": lambda c: c.audio.speech.create(model="m", voice="alloy", input="hi"),
    "transcriptions": lambda c: c.audio.transcriptions.create(model="m", file=("a.wav", b"abc")),
    "translations": lambda c: c.audio.translations.create(model="m", file=("a.wav", b"abc")),
    "images": lambda c: c.images.generate(model="m", prompt="p"),
    "images without model": lambda c: c.images.generate(prompt="p"),
    "images edit": lambda c: c.images.edit(model="m", prompt="p", image=("a.png", b"abc")),
    "responses": create,
    "response": lambda c: c.responses.retrieve("resp_1", include=["a"]),
    "models": lambda c: c.models.list(),
    "model": retrieve,
    "files": lambda c: c.files.create(file=("a.txt", b"abc"), purpose="batch"),
    "file": lambda c: c.files.retrieve("file_1"),
    "batches": lambda c: c.batches.create(input_file_id="f", endpoint="/v1/responses", completion_window="24h"),
    "assistants": lambda c: c.beta.assistants.create(model="m"),
    "runs": lambda c: c.beta.threads.runs.retrieve("run_1", thread_id="thread_1"),
    "fine tuning": lambda c: c.fine_tuning.jobs.list(limit=3),
    "vector stores": lambda c: c.vector_stores.create(name="n"),
    "moderations": lambda c: c.moderations.create(input="x", model="m"),
    "raw deployed": lambda c: c.post("/chat/completions", cast_to=object, body={"model": "m"}),
    "raw": lambda c: c.get("/x?b=1", cast_to=object, options={"params": {"c": 2}}),
    "raw absolute": lambda c: c.get(f"{c.base_url}y", cast_to=object),
    "extra": lambda c: create(c, extra_headers={"X-Own": "1"}, extra_query={"q": "1"}, extra_body={"e": 1}),
    "extra version": lambda c: create(c, extra_query={"api-version": "other"}),
    "other key": lambda c: create(c, extra_headers={"Api-Key": "another"}),
    "other token": lambda c: create(c, extra_headers={"Authorization": "Bearer another"}),
    "with options": lambda c: create(c.with_options(api_version="2025-01-01", timeout=7, default_headers={"X-D": "d"})),
    "copied deployment": lambda c: c.copy(max_retries=0).models.list(),
}

CLIENTS: dict[str, dict[str, Any]] = {
    "endpoint": PLAIN,
    "endpoint with slash and path": {**PLAIN, "azure_endpoint": "{url}/gateway/"},
    "deployment": {**PLAIN, "azure_deployment": "dep-1"},
    "deployment below a path": {**PLAIN, "azure_endpoint": "{url}/gateway", "azure_deployment": "dep-1"},
    "base url": {"base_url": "{url}/openai", "api_version": VERSION, "api_key": KEY},
    "base url of a deployment": {"base_url": "{url}/openai/deployments/d", "api_version": VERSION, "api_key": KEY},
    "key from a function": {**PLAIN, "api_key": lambda: KEY},
    "token": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token": TOKEN},
    "token from a function": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token_provider": give_token},
    "defaults": {
        **PLAIN,
        "organization": "org",
        "project": "proj",
        "default_query": {"a": "1", "api-version": "hidden"},
        "default_headers": {"X-Mine": "1", "api-key": "below"},
    },
}  # fmt: skip


def both(azure: Kind, arguments: dict[str, Any], do: Any, answer: Any = None) -> tuple[Any, Any]:
    """What antiphon and the official client send for the same call."""
    requests = []
    for kind in (azure, azure._replace(official=True)):
        given = arguments
        source = arguments.get("api_key")
        if kind.official and kind.is_async and callable(source):  # which takes only a coroutine function there

            async def later(source: Any = source) -> Any:
                return source()

            given = {**arguments, "api_key": later}
        with Rude(answer or ok()) as server, kind.client(server.url, **given) as it:
            value = it.wait(do(it.raw))
            if hasattr(value, "__anext__") or hasattr(value, "__next__"):
                it.items(lambda _, value=value: value)
            assert len(server.requests) == 1
            requests.append(seen(server.requests[0]))
    return requests[0], requests[1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("client", CLIENTS)
def test_every_request_is_the_official_one(azure: Kind, client: str, call: str) -> None:
    answer = CHAT if "stream" in call else None
    ours, theirs = both(azure, CLIENTS[client], CALLS[call], answer)
    assert ours == theirs


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "key": {"AZURE_OPENAI_API_KEY": KEY},
    "token before key": {"AZURE_OPENAI_API_KEY": KEY, "AZURE_OPENAI_AD_TOKEN": TOKEN},
    "openai's own": {
        "AZURE_OPENAI_API_KEY": KEY,
        "OPENAI_API_KEY": "sk-of-openai",
        "OPENAI_ADMIN_KEY": "sk-admin",
        "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
        "OPENAI_ORG_ID": "o",
        "OPENAI_PROJECT_ID": "p",
        "OPENAI_CUSTOM_HEADERS": "X-Env: e\nX-Own: env",
    },
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_environment_is_read_as_officially(azure: Kind, environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_VERSION", "2023-05-15")
    for name, value in ENVIRONMENTS[environment].items():
        monkeypatch.setenv(name, value)
    requests = []
    for kind in (azure, azure._replace(official=True)):
        with Rude(ok()) as server:
            monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", server.url)
            with kind.client(server.url, default_headers={"X-Own": "given"}) as it:
                it(create)
            requests.append(seen(server.requests[0]))
    assert requests[0] == requests[1]
    assert "sk-of-openai" not in str(requests[0])


def test_an_explicit_credential_goes_before_the_environments(azure: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "ambient")
    ours, theirs = both(azure, PLAIN, create)
    assert ours == theirs
    assert "authorization" not in ours["headers"]
    token = {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token_provider": give_token}
    ours, theirs = both(azure, token, create)
    assert ours == theirs
    assert "api-key" not in ours["headers"]


WRONG: dict[str, dict[str, Any]] = {
    "no credential": {"azure_endpoint": "http://x", "api_version": VERSION},
    "no version": {"azure_endpoint": "http://x", "api_key": KEY},
    "no place": {"api_version": VERSION, "api_key": KEY},
    "both places": {"azure_endpoint": "http://x", "base_url": "http://x", "api_version": VERSION, "api_key": KEY},
    "two": {**PLAIN, "azure_ad_token": TOKEN},
    "two tokens": {"azure_ad_token": TOKEN, "azure_ad_token_provider": give_token},
    "nothing": {},
    "x509": {**PLAIN, "workload_identity": {"type": "x509", "identity_provider_id": "i", "service_account_id": "s"}},
}


@pytest.mark.parametrize("flaw", WRONG)
def test_what_cannot_be_is_refused_as_officially(azure: Kind, flaw: str) -> None:
    kinds = []
    for kind in (azure, azure._replace(official=True)):
        with pytest.raises((ValueError, openai.OpenAIError, OpenAIError)) as caught:
            kind.kind(**WRONG[flaw])
        kinds.append(type(caught.value).__name__)
    assert kinds[0] == kinds[1]


def test_the_messages_say_what_to_do(azure: Kind) -> None:
    for flaw, words in (
        ("no credential", "AZURE_OPENAI_AD_TOKEN"),
        ("no version", "OPENAI_API_VERSION"),
        ("no place", "AZURE_OPENAI_ENDPOINT"),
        ("both places", "mutually exclusive"),
        ("two", "mutually exclusive"),
    ):
        with pytest.raises((ValueError, OpenAIError), match=words):
            azure.kind(**WRONG[flaw])
    with pytest.raises(OpenAIError, match="data_residency"):
        azure.kind(**PLAIN, data_residency="eu")
    client = azure.make("http://x", **PLAIN)
    with pytest.raises(OpenAIError, match="data_residency"):
        client.copy(data_residency="eu")
    with pytest.raises(OpenAIError, match="provider"):
        client.copy(provider=None)
    with pytest.raises(OpenAIError, match="workload identity"):
        client.copy(workload_identity={})


# -- credentials -------------------------------------------------------------------------------------------------------


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


# -- the newer API -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [{"azure_endpoint": "{url}/openai/v1"}, {"base_url": "{url}/openai/v1/"}])
def test_the_newer_api_has_openais_paths_and_needs_no_version(
    azure: Kind, place: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_VERSION", VERSION)  # which the newer API would refuse
    with Rude(ok()) as server, azure.client(server.url, **place, api_key=KEY, azure_deployment="ignored") as it:
        it(CALLS["embeddings"])
        it(create)
        it(lambda client: retrieve(client.copy(api_version="preview")))
        assert it.raw.realtime.connect(model="rt")._url({}) == f"ws{server.url[4:]}/openai/v1/realtime?model=rt"
    assert [got.target for got in server.requests] == [
        "/openai/v1/embeddings",
        "/openai/v1/responses",
        "/openai/v1/models/m?api-version=preview",
    ]
    assert {got.headers["api-key"] for got in server.requests} == {KEY}


# -- WebSockets --------------------------------------------------------------------------------------------------------


def official_address(kind: Kind, client: Any, model: str, query: dict[str, Any]) -> tuple[str, dict[str, str]]:
    made = client._configure_realtime(model, query)
    url, headers = asyncio.run(made) if kind.is_async else made
    return str(url), headers


SOCKETS: dict[str, dict[str, Any]] = {
    "endpoint": PLAIN,
    "deployment": {**PLAIN, "azure_deployment": "dep"},
    "gateway": {**PLAIN, "azure_endpoint": "{url}/gateway/", "azure_deployment": "dep"},
    "base url": {"base_url": "{url}/openai", "api_version": VERSION, "api_key": KEY},
    "websocket base": {**PLAIN, "websocket_base_url": "wss://elsewhere.example/rt?x=1"},
    "token": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token": TOKEN},
    "token from a function": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token_provider": give_token},
    "query": {**PLAIN, "default_query": {"a": "1"}},
}


@pytest.mark.parametrize("client", SOCKETS)
@pytest.mark.parametrize("query", [{}, {"b": "2", "a": "3"}, {"api-version": "other", "deployment": "other"}])
def test_a_realtime_session_is_where_it_officially_is(azure: Kind, client: str, query: dict[str, Any]) -> None:
    ours = azure.make("https://name.openai.azure.com", **SOCKETS[client])
    kind = azure._replace(official=True)
    theirs = kind.make("https://name.openai.azure.com", **SOCKETS[client])
    url, headers = official_address(kind, theirs, "rt model", query)
    mine = ours.realtime.connect(model="rt model", extra_query=query)._url(query)
    assert antiphon.URL(mine).with_path(antiphon.URL(mine).path, "") == antiphon.URL(url).with_path(
        antiphon.URL(url).path, ""
    )
    entries = [sorted(text.partition("?")[2].replace("+", "%20").split("&")) for text in (mine, url)]
    assert entries[0] == entries[1]
    carried = ours.websocket_headers()
    carried = asyncio.run(carried) if azure.is_async else carried
    assert {name: carried[name] for name in headers} == headers
    assert {"Authorization", "api-key"} & carried.keys() == headers.keys()


def test_a_realtime_session_needs_a_model_and_other_channels_their_own_place(azure: Kind) -> None:
    client = azure.make("https://name.openai.azure.com", **PLAIN, azure_deployment="dep")
    with pytest.raises(OpenAIError, match="`model` is required"):
        client.realtime.connect()
    older = client.beta.realtime.connect(model="rt")._url({})
    assert older == f"wss://name.openai.azure.com/openai/realtime?api-version={VERSION}&deployment=dep"
    address = client.responses.connect()._url({"x": "1"})
    assert address == f"wss://name.openai.azure.com/openai/responses?api-version={VERSION}&x=1"


def test_without_credentials_no_websocket_opens(azure: Kind) -> None:
    client = azure.make("http://x", azure_endpoint="http://x", api_version=VERSION, _enforce_credentials=False)
    with pytest.raises(TypeError, match="WebSockets need"):
        client.websocket_headers().send(None) if azure.is_async else client.websocket_headers()


# -- no credential leaves its place ------------------------------------------------------------------------------------


MODES: dict[str, dict[str, Any]] = {
    "key": PLAIN,
    "key from a function": {**PLAIN, "api_key": lambda: KEY},
    "token": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token": TOKEN},
    "token from a function": {"azure_endpoint": "{url}", "api_version": VERSION, "azure_ad_token_provider": give_token},
}


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


# -- subclasses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("deployment", [None, "dep"])
def test_a_subclass_with_hooks_sends_the_same(azure: Kind, mode: str, deployment: str | None) -> None:
    base = azure.kind

    class Mine(base):  # type: ignore[misc]
        @property
        def user_agent(self) -> str:
            return "Mine/1"

        @property
        def default_query(self) -> Any:
            return {**super().default_query, "h": "1"}

    arguments = {**MODES[mode], "azure_deployment": deployment}
    with Rude(ok()) as server, azure.client(server.url, **arguments) as it:
        mine = Mine(**{**arguments, "azure_endpoint": server.url, "http_client": it.raw._link})
        for call in ("chat", "models", "responses", "transcriptions"):
            it(CALLS[call])
            it(lambda _, call=call: CALLS[call](mine))
    pairs = [seen(got) for got in server.requests]
    for plain, hooked in zip(pairs[::2], pairs[1::2], strict=True):
        assert hooked["query"] == sorted([*plain["query"], ("h", "1")])
        assert hooked["agent"] == "Mine"
        assert {**hooked, "query": None, "agent": None} == {**plain, "query": None, "agent": None}


def test_a_subclass_may_override_the_officials_hooks(azure: Kind) -> None:
    class Mine(azure.kind):  # type: ignore[misc, name-defined]
        def _prepare_url(self, url: str) -> Any:
            made = super()._prepare_url(url)
            return made.with_path(f"/proxy{made.path}", made.query)

    with Rude(ok()) as server, azure.client(server.url, **PLAIN) as it:
        mine = Mine(**{**PLAIN, "azure_endpoint": server.url, "azure_deployment": "d", "http_client": it.raw._link})
        it(lambda _: mine.models.list())
        it(lambda _: CALLS["embeddings"](mine))
        assert mine.auth_headers == {"api-key": KEY}
    assert [got.target.partition("?")[0] for got in server.requests] == [
        "/proxy/openai/models",
        "/proxy/openai/deployments/d/embeddings",
    ]


# -- secrets, weight ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_in_repr_vars_or_anything_they_hold(azure: Kind, mode: str) -> None:
    client = azure.make("http://x", **MODES[mode])
    for holder in (client, client._azure, client._policies, client._endpoint, client.copy(timeout=1)):
        text = repr(holder) + repr(getattr(holder, "__dict__", ""))
        assert KEY not in text
        assert TOKEN not in text
    texts = "\n".join(reachable(client, set()))
    assert "openai" in texts
    assert KEY not in texts
    assert TOKEN not in texts


@pytest.mark.parametrize("mode", MODES)
def test_no_secret_in_a_traceback_with_locals(azure: Kind, mode: str) -> None:
    for answer in ([wrong(401)], [reset], [b"nonsense\r\n\r\n"]):
        with Rude(*answer) as server, azure.client(server.url, **MODES[mode], max_retries=1) as it:
            text = shown(failure_of(it, create))
        assert "policies" in text
        assert KEY not in text
        assert TOKEN not in text


def test_no_secret_in_a_traceback_of_a_client_that_was_not_made(azure: Kind) -> None:
    for flawed in (
        {**PLAIN, "api_key": f"{KEY}\n"},
        {"azure_endpoint": "http://x", "api_version": VERSION, "azure_ad_token": f"{TOKEN}\n"},
        {**PLAIN, "azure_ad_token": TOKEN},
        {"api_key": KEY},
        {"azure_ad_token": TOKEN},
    ):
        with pytest.raises((ValueError, OpenAIError)) as caught:
            azure.kind(**flawed)
        text = shown(caught.value).split("providers/azure.py", 1)[-1]
        assert KEY not in text
        assert TOKEN not in text


def test_a_client_travels_without_its_secrets(azure: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for mode in ("key", "token"):
        with pytest.raises(TypeError, match="does not pickle"):
            pickle.dumps(azure.make("http://x", **MODES[mode]))
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)
    place = {"azure_endpoint": "http://x/y", "azure_deployment": "d", "api_version": VERSION}
    for arguments in (
        place,
        {**place, "azure_ad_token_provider": give_token, "max_retries": 7},
        {"base_url": "http://x/openai/v1"},
    ):
        client = azure.kind(**arguments)
        data = pickle.dumps(client)
        assert KEY.encode() not in data
        again = pickle.loads(data)
        assert type(again) is type(client)
        assert again.settings == client.settings
        assert again._azure == client._azure
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", TOKEN)
    data = pickle.dumps(azure.kind(**place))
    assert TOKEN.encode() not in data
    assert pickle.loads(data)._azure.credential.token.reveal() == TOKEN


def test_what_frameworks_read_is_there(azure: Kind) -> None:
    client = azure.make("http://x", **PLAIN, azure_deployment="d")
    theirs = azure._replace(official=True).make("http://x", **PLAIN, azure_deployment="d")
    for name in ("_api_version", "_azure_deployment", "api_key", "max_retries"):
        assert getattr(client, name) == getattr(theirs, name)
    for name in ("_azure_endpoint", "base_url"):
        assert str(getattr(client, name)) == str(getattr(theirs, name))
    assert client.default_query == theirs.default_query
    assert issubclass(azure.kind, antiphon.AsyncOpenAI if azure.is_async else antiphon.OpenAI)


def test_a_first_chunk_without_choices_is_passed_on(azure: Kind) -> None:
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{"i": 0}]}
    with Rude(sse(first)) as server, azure.client(server.url, **PLAIN) as it:
        chunks = it(chat)
    assert chunks[0].choices == []
    assert chunks[0].prompt_filter_results == [{"i": 0}]


def test_a_blocking_azure_client_loads_no_asyncio_and_no_bedrock() -> None:
    code = (
        "import sys, antiphon\n"
        "client = antiphon.AzureOpenAI(azure_endpoint='http://x', api_version='v', api_key='k')\n"
        "assert not {'asyncio', 'botocore', 'antiphon.providers.aws'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- a session over real sockets ---------------------------------------------------------------------------------------


@pytest.fixture
def realtime() -> Any:
    """A WebSocket server that says one thing, and what was asked of it."""
    from websockets.sync.server import serve

    requests: list[Any] = []

    def handle(connection: Any) -> None:
        requests.append(connection.request)
        connection.send('{"type":"session.created","session":{}}')
        with contextlib.suppress(Exception):
            connection.recv()

    with serve(handle, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}", requests
        server.shutdown()
        thread.join(5)


SESSIONS = ("key", "key from a function", "token", "token from a function")


@pytest.mark.parametrize("mode", SESSIONS)
def test_a_session_opens_with_the_credential(azure: Kind, realtime: Any, mode: str) -> None:
    url, requests = realtime
    made = azure.make(url, **MODES[mode], azure_deployment="dep")
    if azure.is_async:

        async def main() -> Any:
            async with made, made.realtime.connect(model="rt") as connection:
                return await connection.recv()

        event = asyncio.run(main())
    else:
        with made, made.realtime.connect(model="rt") as connection:
            event = connection.recv()
    assert event.type == "session.created"
    assert requests[0].path == f"/openai/realtime?api-version={VERSION}&deployment=dep"
    headers = requests[0].headers
    if mode.startswith("key"):
        assert headers["api-key"] == KEY
        assert "authorization" not in headers
    else:
        assert headers["authorization"] == f"Bearer {TOKEN}"
        assert "api-key" not in headers


@pytest.mark.parametrize("mode", SESSIONS)
def test_a_session_takes_its_credential_to_no_other_origin(azure: Kind, mode: str) -> None:
    with Rude(ok()) as other, Rude(reply(b"", 307, f"Location: ws{other.url[4:]}/x")) as server:
        made = azure.make(server.url, **MODES[mode])
        if azure.is_async:

            async def main() -> None:
                async with made, made.realtime.connect(model="rt"):
                    raise AssertionError("it opened")

            with pytest.raises(Exception) as caught:
                asyncio.run(main())
        else:
            with pytest.raises(Exception) as caught:
                with made, made.realtime.connect(model="rt"):
                    raise AssertionError("it opened")
    assert "credentials belong" in str(caught.value)
    text = shown(caught.value).split("providers/azure.py", 1)[-1]
    assert KEY not in text
    assert TOKEN not in text
    assert not other.requests
