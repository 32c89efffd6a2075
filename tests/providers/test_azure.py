"""The Azure clients side by side with the official ones: what they send, read and refuse."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from antiphon.errors import OpenAIError
from tests.client.answer import CHAT, create, ok, retrieve
from tests.transports.rude import Rude

from .azure_pair import CALLS, KEY, MODES, PLAIN, TOKEN, VERSION, give_token
from .beside import Kind, seen

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
