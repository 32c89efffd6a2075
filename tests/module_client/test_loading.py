"""The module-level client, side by side with the official package's where that has an answer."""

from __future__ import annotations

import pickle
import threading
from typing import Any
from unittest import mock

import httpx2
import pytest

import antiphon
from antiphon.errors import InvalidCredential, OpenAIError
from tests.client.answer import CHAT, MODEL, chat, ok
from tests.transports.rude import Received, Rude, reply

KEYS = {"OPENAI_API_KEY": "sk-env", "OPENAI_ORG_ID": "org-env", "OPENAI_PROJECT_ID": "proj-env"}


def point(package: Any, server: Rude, **more: Any) -> None:
    """Set what a call needs."""
    for name, value in {"api_key": "sk-1", "base_url": f"{server.url}/v1/", **more}.items():
        setattr(package, name, value)


def told(request: Received) -> dict[str, str | None]:
    """What a request says that a program can set."""
    names = (
        "authorization",
        "openai-organization",
        "openai-project",
        "x-mine",
        "x-stainless-read-timeout",
        "user-agent",
    )
    fields = {name: request.headers.get(name) for name in names}
    fields["user-agent"] = (fields["user-agent"] or "").partition(" ")[0]
    fields["x-stainless-read-timeout"] = str(float(fields["x-stainless-read-timeout"] or "nan"))
    return {**fields, "line": request.line}


SETS: dict[str, list[dict[str, Any]]] = {
    "a key": [{}],
    "another key afterwards": [{}, {"api_key": "sk-2"}],
    "everything": [
        {
            "organization": "org",
            "project": "proj",
            "timeout": 7.0,
            "default_headers": {"X-Mine": "1"},
            "default_query": {"a": "b"},
        }
    ],
    "everything afterwards": [
        {},
        {"organization": "org"},
        {"project": "proj"},
        {"timeout": 7.0},
        {"default_headers": {"X-Mine": "1"}},
        {"default_query": {"a": "b"}},
        {"organization": None, "default_headers": {}, "default_query": {}},
    ],
}


@pytest.mark.parametrize("name", SETS)
def test_what_is_set_is_sent_as_the_official_package_sends_it(name: str, theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        said: list[list[dict[str, str | None]]] = []
        for package in (theirs, antiphon):
            server.requests.clear()
            point(package, server)
            for step in SETS[name]:
                for field, value in step.items():
                    setattr(package, field, value)
                assert package.models.retrieve("m").id == "m"
            said.append([told(request) for request in server.requests])
    assert len(said[1]) == len(SETS[name])
    assert said[0] == said[1]


def test_where_the_official_package_stumbles(theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        for package, line in ((theirs, "GET /v1models/m HTTP/1.1"), (antiphon, "GET /v1/models/m HTTP/1.1")):
            point(package, server, base_url=f"{server.url}/v1")
            package.models.retrieve("m")
            assert server.requests[-1].line == line
            package.default_headers = None
        with pytest.raises(TypeError, match="not a mapping"):
            theirs.models.retrieve("m")
        assert antiphon.models.retrieve("m").id == "m"


def test_the_environment_is_read_and_can_be_read_from_the_package(theirs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with Rude(ok(MODEL)) as server:
        for package in (theirs, antiphon):
            assert package.api_key is None
            package.base_url = f"{server.url}/v1/"
            package.models.retrieve("m")
            assert (package.api_key, package.organization, package.project) == tuple(KEYS.values())
        assert told(server.requests[0]) == told(server.requests[1])


def test_without_a_key_the_call_says_so(theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        for package in (theirs, antiphon):
            point(package, server, api_key=None)
            with pytest.raises(TypeError, match="Could not resolve authentication method"):
                package.models.list()
        assert not server.requests


def test_defaults_read_as_they_do_there(theirs: Any) -> None:
    assert antiphon.max_retries == theirs.max_retries
    ours, official = antiphon.timeout, theirs.timeout
    assert (ours.connect, ours.read, ours.pool) == (official.connect, official.read, official.pool)  # type: ignore[union-attr]
    for name in ("api_key", "base_url", "default_headers", "http_client", "api_type", "azure_endpoint"):
        assert getattr(antiphon, name) is None is getattr(theirs, name)


def test_retries_are_as_many_as_were_set() -> None:
    with Rude(reply(b"{}", 500, "retry-after-ms: 1")) as server:
        point(antiphon, server, max_retries=1)
        for attempts in (2, 3):
            with pytest.raises(antiphon.InternalServerError):
                antiphon.models.list()
            assert len(server.requests) == attempts
            antiphon.max_retries = 0


def test_a_key_from_a_function_is_asked_at_each_attempt() -> None:
    keys = iter(["sk-a", "sk-b"])
    with Rude(ok(MODEL)) as server:
        point(antiphon, server, api_key=lambda: next(keys))
        antiphon.models.retrieve("m")
        antiphon.models.retrieve("m")
        assert [told(request)["authorization"] for request in server.requests] == ["Bearer sk-a", "Bearer sk-b"]


def test_what_was_held_follows_too() -> None:
    with Rude(ok(MODEL)) as server, Rude(ok(MODEL)) as other:
        point(antiphon, server)
        models, method = antiphon.models, antiphon.models.retrieve
        method("m")
        point(antiphon, other, api_key="sk-2")
        method("m")
        models.with_raw_response.retrieve("m")
        antiphon.base_url = None
        point(antiphon, server)
        assert [told(request)["authorization"] for request in other.requests] == ["Bearer sk-2"] * 2
        assert len(server.requests) == 1


def test_headers_changed_in_place_are_seen(theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        for package in (theirs, antiphon):
            point(package, server, default_headers={"X-Mine": "1"})
            package.models.retrieve("m")
            package.default_headers["X-Mine"] = "2"
            package.models.retrieve("m")
        assert [request.headers["x-mine"] for request in server.requests] == ["1", "2", "1", "2"]


def test_an_http_client_comes_and_goes() -> None:
    with Rude(ok(MODEL)) as server:
        point(antiphon, server)
        antiphon.models.retrieve("m")
        with httpx2.Client(trust_env=False, headers={"X-Mine": "httpx"}) as borrowed:
            antiphon.http_client = borrowed
            antiphon.models.retrieve("m")
            antiphon.http_client = None
            antiphon.models.retrieve("m")
            assert not borrowed.is_closed
        assert [request.headers.get("x-mine") for request in server.requests] == [None, "httpx", None]
        assert [request.connection for request in server.requests] == [0, 1, 0]


def test_streams_and_chat() -> None:
    with Rude(CHAT) as server:
        point(antiphon, server)
        assert "".join(event.choices[0].delta.content or "" for event in chat(antiphon)) == "Hello"


def test_what_cannot_be_right_is_refused_and_changes_nothing() -> None:
    with Rude(ok(MODEL)) as server:
        point(antiphon, server)
        antiphon.models.retrieve("m")
        for name, value in {
            "api_key": "sk-1\n",
            "base_url": "ftp://x",
            "max_retries": -1,
            "http_client": object(),
        }.items():
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(antiphon, name, value)
                patch.setattr(antiphon, "organization", "org-new")
                with pytest.raises((TypeError, ValueError)):
                    antiphon.models.retrieve("m")
                with pytest.raises((TypeError, ValueError)):  # not only once
                    antiphon.models.retrieve("m")
            antiphon.models.retrieve("m")
        assert {told(request)["authorization"] for request in server.requests} == {"Bearer sk-1"}
        assert {told(request)["openai-organization"] for request in server.requests} == {None}
        assert len(server.requests) == 5


def test_a_refused_key_is_not_shown() -> None:
    antiphon.api_key = "very secret\nkey"
    with pytest.raises(InvalidCredential) as caught:
        antiphon.models.list()
    assert "very secret" not in str(caught.value)


def test_a_copy_does_not_follow() -> None:
    with Rude(ok(MODEL)) as server:
        point(antiphon, server)
        copy = antiphon._load_client().with_options(api_key="sk-copy")
        antiphon.api_key = "sk-later"
        copy.models.retrieve("m")
        antiphon.models.retrieve("m")
        assert [told(request)["authorization"] for request in server.requests] == ["Bearer sk-copy", "Bearer sk-later"]


def test_reset_makes_a_new_client_of_what_is_set_then(monkeypatch: pytest.MonkeyPatch) -> None:
    first = antiphon._load_client()
    assert antiphon._load_client() is first is antiphon._client
    antiphon._reset_client()
    assert antiphon._client is None
    monkeypatch.setenv("OPENAI_API_KEY", "sk-env")
    second = antiphon._load_client()
    assert second is not first
    assert second.api_key == "sk-env"
    vars(antiphon)["_client"] = None  # as tests of programs do it
    assert antiphon._load_client() is not second


def test_threads_make_one_client() -> None:
    made: list[Any] = []
    threads = [threading.Thread(target=lambda: made.append(antiphon._load_client())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in made}) == 1


def test_a_resource_is_a_proxy_that_shows_what_it_stands_for() -> None:
    assert isinstance(antiphon.chat, antiphon.resources.chat.Chat)
    assert "create" in dir(antiphon.chat.completions)
    assert "Chat" in repr(antiphon.chat)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = antiphon.chat.nonsense  # type: ignore[attr-defined]


def test_every_resource_of_the_official_package_is_there(theirs: Any) -> None:
    for name in vars(theirs._module_client):
        if isinstance(vars(theirs._module_client)[name], type) or name.startswith("_") or not name.islower():
            continue
        if type(vars(theirs._module_client)[name]).__name__.endswith("Proxy"):
            assert hasattr(getattr(antiphon, name), "_client"), name


def test_mocks_that_name_a_method_of_the_package_work() -> None:
    with mock.patch("antiphon.chat.completions.create", return_value="mocked"):
        assert chat(antiphon) == "mocked"
    with mock.patch.object(antiphon.responses, "create", return_value="mocked"):
        assert antiphon.responses.create(model="m", input="hi") == "mocked"


def test_keys_for_two_providers_are_ambiguous(theirs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "az-1")
    for package in (theirs, antiphon):
        with pytest.raises(package._AmbiguousModuleClientUsageError, match="api_type"):
            _ = package.chat.completions
        package.api_type = "openai"
        assert package.chat.completions is not None
    error = antiphon._AmbiguousModuleClientUsageError()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert isinstance(error, OpenAIError)


def test_the_type_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_TYPE", "open_ai")
    antiphon.api_key = "sk-1"
    assert type(antiphon._load_client()).__mro__[2] is antiphon.OpenAI


def test_an_unknown_type_is_refused() -> None:
    antiphon.api_type = "palm"  # type: ignore[assignment]
    with pytest.raises(OpenAIError, match="'palm'"):
        antiphon.models.list()


def test_bedrock(theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        for package in (theirs, antiphon):
            point(package, server, api_type="amazon-bedrock", api_key="br-1")
            package.models.retrieve("m")
            package.api_key = "br-2"
            package.models.retrieve("m")
        assert [told(request)["authorization"] for request in server.requests] == ["Bearer br-1", "Bearer br-2"] * 2
        assert isinstance(antiphon._load_client(), antiphon.BedrockOpenAI)


def test_bedrock_goes_back_to_its_own_credential(theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        for package in (theirs, antiphon):
            point(package, server, api_type="amazon-bedrock", api_key=None, bedrock_token_provider=lambda: "br-token")
            package.models.retrieve("m")
            package.api_key = "br-2"
            package.models.retrieve("m")
            package.api_key = None
            package.models.retrieve("m")
        keys = [told(request)["authorization"] for request in server.requests]
        assert keys == ["Bearer br-token", "Bearer br-2", "Bearer br-token"] * 2


AZURE: dict[str, dict[str, Any]] = {
    "a key": {"api_key": "az-1"},
    "a token": {"azure_ad_token": "ad-1"},
    "a function": {"azure_ad_token_provider": lambda: "ad-2"},
}


@pytest.mark.parametrize("name", AZURE)
def test_azure(name: str, theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        said: list[list[Any]] = []
        for package in (theirs, antiphon):
            server.requests.clear()
            package.azure_endpoint, package.api_version = server.url, "2024-10-21"
            for field, value in AZURE[name].items():
                setattr(package, field, value)
            package.models.retrieve("m")
            package.organization = "org"
            package.models.retrieve("m")
            assert package.api_type == "azure"
            headers = [request.headers for request in server.requests]
            said.append(
                [
                    *(request.line for request in server.requests),
                    *(
                        [it.get(field) for field in ("api-key", "authorization", "openai-organization")]
                        for it in headers
                    ),
                ]
            )
        assert isinstance(antiphon._load_client(), antiphon.AzureOpenAI)
    assert said[0] == said[1]


def test_azure_takes_another_key(theirs: Any) -> None:
    with Rude(ok(MODEL)) as server:
        for package in (theirs, antiphon):
            package.azure_endpoint, package.api_version, package.api_key = server.url, "2024-10-21", "az-1"
            package.models.retrieve("m")
            package.api_key = "az-2"
            package.models.retrieve("m")
        assert [request.headers.get("api-key") for request in server.requests] == ["az-1", "az-2"] * 2
