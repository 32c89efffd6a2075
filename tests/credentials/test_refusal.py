"""A key that the server refuses: another one is asked for once, and what is refused twice stays refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import antiphon
from antiphon.core.secret import Secret
from antiphon.credentials import EnvKey, FunctionKey, StaticKey
from antiphon.errors import AuthenticationError, CredentialScopeError, InvalidCredential
from tests.client.answer import chat, create, retrieve, wrong
from tests.client.colour import Colour, failure_of
from tests.transports.rude import Rude

from .gate import Gate

OLD, NEW = "sk-old-0123456789", "sk-new-0123456789"


def test_row_27_a_rotated_key_is_read_anew_and_the_request_sent_once_more(
    colour: Colour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROTATED", OLD)
    with Gate(OLD) as gate, colour.client(gate.url, api_key=EnvKey("ROTATED")) as it:
        it(retrieve)
        gate.taken = {NEW}
        monkeypatch.setenv("ROTATED", NEW)
        it(create)
        it(retrieve)
        assert gate.seen == [(OLD, 200), (OLD, 401), (NEW, 200), (NEW, 200)]
        assert it.clock.slept == [], "no retry was needed"


def test_row_27_the_second_refusal_is_the_last(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATED", OLD)
    with Gate() as gate, colour.client(gate.url, api_key=EnvKey("ROTATED")) as it:
        assert isinstance(failure_of(it, retrieve), AuthenticationError)
        assert gate.seen == [(OLD, 401)], "the variable holds no other key"
        monkeypatch.setenv("ROTATED", NEW)
        assert isinstance(failure_of(it, retrieve), AuthenticationError)
        assert gate.seen[1:] == [(OLD, 401), (NEW, 401)]


def test_row_27_a_function_is_asked_again(colour: Colour) -> None:
    keys = iter([OLD, NEW])
    with Gate(NEW) as gate, colour.client(gate.url, api_key=lambda: next(keys)) as it:
        it(retrieve)
        assert gate.seen == [(OLD, 401), (NEW, 200)]


def test_row_27_a_function_that_never_gives_the_same_is_asked_twice(colour: Colour) -> None:
    asked: list[str] = []

    def source() -> str:
        asked.append(f"sk-{len(asked)}-0123456789")
        return asked[-1]

    with Gate() as gate, colour.client(gate.url, api_key=source) as it:
        assert isinstance(failure_of(it, retrieve), AuthenticationError)
        assert [key for key, _ in gate.seen] == asked
        assert len(asked) == 2


def test_a_function_that_gives_the_same_key_again_is_not_followed(colour: Colour) -> None:
    with Gate() as gate, colour.client(gate.url, api_key=lambda: OLD) as it:
        assert isinstance(failure_of(it, retrieve), AuthenticationError)
        assert gate.seen == [(OLD, 401)]


def test_an_async_function_is_asked_again(own_colour: Colour) -> None:
    keys = iter([OLD, NEW])

    async def source() -> str:
        await asyncio.sleep(0)
        return next(keys)

    with Gate(NEW) as gate, own_colour.client(gate.url, api_key=source) as it:
        if not own_colour.is_async:
            with pytest.raises(TypeError, match="async"):
                it(retrieve)
            return
        it(retrieve)
        assert gate.seen == [(OLD, 401), (NEW, 200)]


def test_a_plain_key_is_sent_once(colour: Colour) -> None:
    with Gate() as gate, colour.client(gate.url, api_key=OLD) as it:
        assert isinstance(failure_of(it, retrieve), AuthenticationError)
        assert gate.seen == [(OLD, 401)]


def test_a_stream_begins_with_the_new_key(colour: Colour, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.client.answer import CHAT

    monkeypatch.setenv("ROTATED", NEW)
    source = EnvKey("ROTATED")
    with Rude(wrong(401), CHAT) as server, colour.client(server.url, api_key=source) as it:
        source._kept = Secret(OLD)
        assert [event.choices[0].delta.content for event in it.items(chat)] == ["Hel", "lo", ""]
        assert [each.headers["authorization"] for each in server.requests] == [f"Bearer {OLD}", f"Bearer {NEW}"]


@pytest.mark.parametrize("make", [lambda: StaticKey("not needed"), lambda: FunctionKey(lambda: "not needed")])
def test_the_format_is_checked_for_the_official_host_only(make: Callable[[], Any]) -> None:
    client = antiphon.OpenAI(api_key=make(), base_url="https://api.openai.com/v1", max_retries=0)
    with pytest.raises(InvalidCredential, match="blank"):
        client.models.retrieve("m")
    with Gate("not needed") as gate:
        with antiphon.OpenAI(api_key=make(), base_url=f"{gate.url}/v1") as client:
            client.models.retrieve("m")


def test_row_57_a_bound_key_stays_where_it_belongs(colour: Colour) -> None:
    key = StaticKey(OLD, origins=["https://api.openai.com"])
    with Gate(OLD) as gate, colour.client(gate.url, api_key=key) as it:
        failure = failure_of(it, retrieve)
        assert isinstance(failure, CredentialScopeError)
        assert "https://api.openai.com" in str(failure)
        assert OLD not in str(failure)
        assert gate.seen == []


def test_row_57_a_source_never_answers_for_plain_http_through_a_network(colour: Colour) -> None:
    with colour.client("http://gateway.example", api_key=StaticKey(OLD), max_retries=0) as it:
        failure = failure_of(it, retrieve)
        assert isinstance(failure, CredentialScopeError)
        assert "origins=['http://gateway.example']" in str(failure)


def test_websockets_ask_the_source_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATED", OLD)
    client = antiphon.OpenAI(api_key=EnvKey("ROTATED"))
    assert client.websocket_headers()["Authorization"] == f"Bearer {OLD}"
    bound = antiphon.AsyncOpenAI(api_key=EnvKey("ROTATED", origins=["https://elsewhere.example"]))
    with pytest.raises(CredentialScopeError):
        asyncio.run(bound.websocket_headers())


@pytest.mark.parametrize("kind", [antiphon.AzureOpenAI, antiphon.AsyncAzureOpenAI])
def test_row_27_azures_keys_rotate_too(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROTATED", OLD)
    source = EnvKey("ROTATED")
    with Gate(NEW) as gate:
        client = kind(api_key=source, azure_endpoint=gate.url, api_version="2024-10-21")
        source._kept = Secret(OLD)
        monkeypatch.setenv("ROTATED", NEW)

        async def asked() -> None:
            await client.models.retrieve("m")
            await client.close()

        if kind is antiphon.AzureOpenAI:
            with client:
                client.models.retrieve("m")
        else:
            asyncio.run(asked())
        assert gate.seen == [(OLD, 401), (NEW, 200)]


def test_explain_names_the_source_and_no_key() -> None:
    assert (
        "Authorize(key from EnvKey('ROTATED'), once per attempt)"
        in antiphon.OpenAI(api_key=EnvKey("ROTATED")).explain()
    )
    assert "Authorize(key from a function, once per attempt)" in antiphon.OpenAI(api_key=lambda: OLD).explain()
    assert OLD not in antiphon.OpenAI(api_key=StaticKey(OLD)).explain()


@pytest.mark.parametrize(
    "options",
    [
        {"default_headers": {"api-key": OLD}},
        {"default_headers": {"Cookie": OLD}},
        {"default_query": {"key": OLD, "v": 1}},
    ],
    ids=["field", "cookie", "query"],
)
def test_row_57_no_default_that_holds_a_key_goes_to_another_origin(colour: Colour, options: dict[str, Any]) -> None:
    options = {"api_key": None, "_enforce_credentials": False, **options}
    bare = {"headers": {"Authorization": antiphon.omit}}
    with Gate(OLD) as home, Gate(OLD) as other, colour.client(home.url, **options) as it:
        failure = failure_of(it, lambda client: client.get(f"{other.url}/x", cast_to=dict, options=bare))
        assert isinstance(failure, CredentialScopeError)
        assert OLD not in str(failure)
        assert other.seen == []
        home.answers[""] = (200, {}, None)
        it(lambda client: client.get(f"{home.url}/v1/x", cast_to=dict, options=bare))
        assert len(home.seen) == 1


def test_row_57_a_subclass_with_hooks_keeps_a_bound_key_at_home() -> None:
    class Mine(antiphon.OpenAI):
        def _prepare_options(self, options: Any) -> Any:
            return options

    with Gate(OLD) as gate:
        bound = Mine(api_key=StaticKey(OLD, origins=["https://api.openai.com"]), base_url=f"{gate.url}/v1")
        with pytest.raises(CredentialScopeError):
            bound.models.retrieve("m")
        assert gate.seen == []
        with Mine(api_key=StaticKey(OLD), base_url=f"{gate.url}/v1") as free:
            assert free.models.retrieve("m").id == "m"
