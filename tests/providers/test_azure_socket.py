"""Azure's WebSockets: where a session is, and with which credential it opens."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import Any

import pytest

import antiphon
from antiphon.errors import OpenAIError
from tests.client.answer import ok
from tests.client.test_credential import shown
from tests.transports.rude import Rude, reply

from .azure_pair import KEY, MODES, PLAIN, TOKEN, VERSION, give_token
from .beside import Kind


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
