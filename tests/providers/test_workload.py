"""Workload identity on the wire: the exchange, the token's life, and what goes together; side by side with the official package."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

import antiphon
from antiphon.errors import AuthenticationError, OpenAIError
from tests.client.answer import CHAT, chat, create, ok, retrieve, wrong
from tests.client.colour import KEY, failure_of
from tests.transports.rude import Rude

from .beside import Kind, seen
from .workload_service import TOKEN, Service, bearers, granted, identity

# -- the exchange ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["jwt", "id"])
def test_the_exchange_and_the_request_are_the_official_ones(client: Kind, stand_in: Any, kind: str) -> None:
    exchanges, requests = [], []
    for colour in (client, client._replace(official=True)):
        with Service() as service, Rude(ok()) as server:
            stand_in(service)
            options = {"base_url": "{url}/v1", "workload_identity": identity(kind=kind), "organization": "o"}
            with colour.client(server.url, **options) as it:
                if colour.official:
                    it.raw._workload_identity_auth.token_exchange_url = service.place
                it(create)
            exchanges.append(seen(service.requests[0]))
            requests.append(seen(server.requests[0]))
    assert requests[0] == requests[1]
    assert requests[0]["headers"]["authorization"] == f"Bearer {TOKEN}"
    for name in ("verb", "path", "query", "body"):
        assert exchanges[0][name] == exchanges[1][name]
    assert exchanges[0]["headers"]["content-type"] == "application/json"
    assert not {"authorization", "openai-organization", "cookie", "api-key"} & exchanges[0]["headers"].keys()


def test_one_token_serves_calls_streams_and_copies(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(ok(), ok(), CHAT) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(create)
            it(lambda c: retrieve(c.with_options(timeout=3)))
            chunks = it(chat)
            assert it.raw.workload_identity["service_account_id"] == "sa_1"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello"
    assert len(service.requests) == 1
    assert bearers(server) == [f"Bearer {TOKEN}"] * 3


def test_a_crowd_exchanges_once(client: Kind, stand_in: Any) -> None:
    answer = [lambda _: time.sleep(0.1), granted()]
    with Service(answer) as service, Rude(ok()) as server:
        stand_in(service)
        made = client.make(server.url, base_url="{url}/v1", workload_identity=identity())
        if client.is_async:

            async def all_of_them() -> None:
                async with made:
                    await asyncio.gather(*(retrieve(made) for _ in range(64)))

            asyncio.run(all_of_them())
        else:
            with made, ThreadPoolExecutor(64) as threads:
                gate = threading.Barrier(64)
                calls = [threads.submit(lambda: (gate.wait(), retrieve(made))) for _ in range(64)]
                assert [call.result()[1].id for call in calls] == ["m"] * 64
        assert len(service.requests) == 1
    assert bearers(server) == [f"Bearer {TOKEN}"] * 64


def test_a_token_is_exchanged_anew_before_its_end(client: Kind, stand_in: Any) -> None:
    with Service(granted("one"), granted("two"), granted("three", 100)) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(
            server.url, base_url="{url}/v1", workload_identity=identity(refresh_buffer_seconds=600)
        ) as it:
            for passed in (0, 2990, 20, 2990, 20, 30, 30):
                it.clock.sleep(passed)
                it(retrieve)
    assert [text.split()[1] for text in bearers(server)] == ["one", "one", "two", "two", "three", "three", "three"]
    assert len(service.requests) == 4, "the last one's token is due at half of its life"


def test_a_service_that_is_down_costs_nothing_while_the_token_lives(client: Kind, stand_in: Any) -> None:
    with Service(granted("one"), wrong(500)) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(retrieve)
            it.clock.sleep(3000)
            it(retrieve)
            assert len(service.requests) == 4, "tried three times"
            it.clock.sleep(600)
            assert type(failure_of(it, retrieve)) is OpenAIError
    assert bearers(server) == ["Bearer one"] * 2


# -- a token that is refused -------------------------------------------------------------------------------------------


def test_a_refused_token_is_exchanged_once_and_the_body_sent_again(client: Kind, stand_in: Any) -> None:
    with Service(granted("one"), granted("two")) as service, Rude(wrong(401), ok(), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(create)
            it(create)
    assert bearers(server) == ["Bearer one", "Bearer two", "Bearer two"]
    assert server.requests[0].body == server.requests[1].body != b""
    assert [got.headers["x-stainless-retry-count"] for got in server.requests] == ["0", "0", "0"]
    assert len(service.requests) == 2


def test_a_second_refusal_is_told_and_the_next_call_tries_anew(client: Kind, stand_in: Any) -> None:
    with Service(*(granted(f"t{n}") for n in range(1, 9))) as service, Rude(wrong(401), wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            assert isinstance(failure_of(it, create), AuthenticationError)
            it(create)
    assert bearers(server) == ["Bearer t1", "Bearer t2", "Bearer t3"]
    assert len(service.requests) == 3


def test_a_crowd_that_is_refused_exchanges_once_more(client: Kind, stand_in: Any) -> None:
    started = threading.Barrier(16)

    def together(_: Any) -> None:
        started.wait(30)

    first = [[together, wrong(401)]] * 16
    with Service(granted("old"), granted("new")) as service, Rude(*first, ok()) as server:
        stand_in(service)
        made = client.make(server.url, base_url="{url}/v1", workload_identity=identity())
        if client.is_async:

            async def all_of_them() -> None:
                async with made:
                    await asyncio.gather(*(retrieve(made) for _ in range(16)))

            asyncio.run(all_of_them())
        else:
            with made, ThreadPoolExecutor(16) as threads:
                calls = [threads.submit(retrieve, made) for _ in range(16)]
                assert {call.result().id for call in calls} == {"m"}
        assert len(service.requests) == 2
    assert sorted(bearers(server)) == ["Bearer new"] * 16 + ["Bearer old"] * 16


def test_a_body_that_cannot_be_sent_again_is_refused_only_once(client: Kind, stand_in: Any) -> None:
    class Once:
        length = 3

        def __iter__(self) -> Any:
            return iter([b"abc"])

        def rewind(self) -> bool:
            return False

    with Service() as service, Rude(wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity(), max_retries=0) as it:
            error = failure_of(it, lambda c: c.post("/x", cast_to=object, content=Once()))
            assert isinstance(error, AuthenticationError)
    assert len(server.requests) == 1


def test_an_authorization_of_the_callers_own_is_let_be(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            own = {"Authorization": "Bearer own"}
            assert isinstance(failure_of(it, lambda c: create(c, extra_headers=own)), AuthenticationError)
            it(lambda c: create(c, extra_headers={"Authorization": antiphon.omit}))
    assert server.requests[0].headers["authorization"] == "Bearer own"
    assert "authorization" not in server.requests[1].headers
    assert not service.requests


# -- what goes together ------------------------------------------------------------------------------------------------


def test_a_key_and_an_identity_exclude_each_other(client: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (client.kind, client._replace(official=True).kind):
        with pytest.raises((OpenAIError, openai.OpenAIError), match="mutually exclusive"):
            kind(api_key=KEY, workload_identity=identity())
    monkeypatch.setenv("OPENAI_API_KEY", KEY)  # is not a contradiction
    assert client.kind(workload_identity=identity()).settings.api_key is None


def test_a_profile_gives_the_place_and_its_key_gives_way(
    client: Kind, stand_in: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    with Service() as service, Rude(ok()) as server:
        stand_in(service)
        path = tmp_path / "config.toml"
        path.write_text(f'[profile.lab]\nbase_url = "{server.url}/lab"\napi_key = "{KEY}"\n')
        path.chmod(0o600)
        monkeypatch.setenv("ANTIPHON_CONFIG", str(path))
        with client.client(server.url, workload_identity=identity(), profile="lab") as it:
            it(retrieve)
    assert server.requests[0].target == "/lab/models/m"
    assert bearers(server) == [f"Bearer {TOKEN}"]


def test_copies_change_how_they_sign_in(client: Kind, stand_in: Any) -> None:
    other = identity(lambda: "other-proof")
    with Service(granted("one"), granted("two")) as service, Rude(ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            it(retrieve)
            it(lambda c: retrieve(c.copy(workload_identity=other)))
            it(lambda c: retrieve(c.copy(api_key=KEY)))
            it(lambda c: retrieve(c.copy(api_key=KEY).copy(workload_identity=other).copy(api_key=KEY)))
            assert it.raw.copy(api_key=KEY).workload_identity is None
            with pytest.raises(OpenAIError, match="mutually exclusive"):
                it.raw.copy(api_key=KEY, workload_identity=other)
            with pytest.raises(OpenAIError, match="signs in by"):
                it.raw.api_key = KEY
            assert it.raw.copy(timeout=1).workload_identity == it.raw.workload_identity
    assert bearers(server) == ["Bearer one", "Bearer two", f"Bearer {KEY}", f"Bearer {KEY}"]


def test_no_websocket_is_opened(client: Kind) -> None:
    made = client.kind(workload_identity=identity())
    with pytest.raises(OpenAIError, match="not supported by WebSocket"):
        made.websocket_headers().send(None) if client.is_async else made.websocket_headers()


def test_an_admin_key_serves_admin_calls(client: Kind, stand_in: Any) -> None:
    with Service() as service, Rude(ok({"object": "list", "data": [], "has_more": False})) as server:
        stand_in(service)
        options = {"base_url": "{url}/v1", "workload_identity": identity(), "admin_api_key": "sk-admin-1"}
        with client.client(server.url, **options) as it:
            it.wait(it.raw.admin.organization.projects.list())
    assert bearers(server) == ["Bearer sk-admin-1"]
    assert not service.requests


def test_hooks_and_identities_go_together(client: Kind, stand_in: Any) -> None:
    class Mine(client.kind):  # type: ignore[misc, name-defined]
        @property
        def user_agent(self) -> str:
            return "Mine/1"

    with Service(granted("one"), granted("two")) as service, Rude(wrong(401), ok()) as server:
        stand_in(service)
        with client.client(server.url, base_url="{url}/v1", workload_identity=identity()) as it:
            mine = Mine(base_url=f"{server.url}/v1", workload_identity=identity(), http_client=it.raw._link)
            it(lambda _: create(mine))
    assert bearers(server) == ["Bearer one", "Bearer two"]
    assert server.requests[1].headers["user-agent"] == "Mine/1"
