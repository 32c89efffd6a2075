"""Pains 10, 15, 17, 22, 23 and 25: event loops, proxies and trust, what must be installed, hooks, and other houses."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
import httpx2
import pytest

import antiphon
from tests.client.answer import MODEL, create, ok, retrieve, wrong
from tests.client.colour import Colour
from tests.parity.official import openai
from tests.transports.rude import Rude, reply

from .conftest import told


def test_pain_10_one_async_client_serves_several_event_loops() -> None:
    program = """
import asyncio, sys
from tests.transports.rude import Rude
from tests.client.answer import ok
package = __import__(sys.argv[1])
with Rude(ok()) as server:
    client = package.AsyncOpenAI(api_key="sk-1", base_url=server.url + "/v1", max_retries=0)
    for _ in range(3):
        try:
            print(asyncio.run(client.models.retrieve("m")).id, end=" ")
        except Exception as error:
            print(type(error).__name__, end=" ")
"""
    assert told(program, "openai").startswith("m RuntimeError")
    assert told(program, "antiphon") == "m m m"


def test_pain_10_a_forgotten_client_ends_in_silence() -> None:
    program = """
import asyncio, gc, sys
import antiphon
from tests.transports.rude import Rude
from tests.client.answer import ok
async def ask(url):
    await antiphon.AsyncOpenAI(api_key="sk-1", base_url=url).models.retrieve("m")
    gc.collect()
    print(len(asyncio.all_tasks()))
with Rude(ok()) as server:
    asyncio.run(ask(server.url))
"""
    assert told(program) == "1"


def test_pain_15_a_proxy_is_an_argument(colour: Colour) -> None:
    with pytest.raises(TypeError, match="proxy"):
        openai.OpenAI(api_key="sk-1", proxy="http://127.0.0.1:1")
    with Rude(ok(MODEL)) as proxy, colour.client("http://api.example", proxy=proxy.url) as it:
        assert it(retrieve).id == "m"
        assert proxy.requests[0].line == "GET http://api.example/v1/models/m HTTP/1.1"


@pytest.mark.parametrize("name", ["verify", "cert", "limits"])
def test_pain_15_so_are_trust_and_limits(name: str) -> None:
    with pytest.raises(TypeError, match=name):
        openai.OpenAI(api_key="sk-1", **{name: None})
    assert antiphon.OpenAI(api_key="sk-1", **{name: {"verify": True}.get(name)}).max_retries == 2


def test_pain_17_nothing_of_http_must_be_installed() -> None:
    program = """
import sys
for name in ("httpx", "httpx2", "httpcore", "httpcore2", "pydantic", "anyio", "aiohttp"):
    sys.modules[name] = None
from tests.transports.rude import Rude
from tests.client.answer import ok
try:
    package = __import__(sys.argv[1])
except ImportError:
    print("cannot be imported")
else:
    with Rude(ok()) as server:
        print(package.OpenAI(api_key="sk-1", base_url=server.url).models.retrieve("m").id)
"""
    assert told(program, "openai") == "cannot be imported"
    assert told(program, "antiphon") == "m"


@pytest.mark.parametrize("package", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_pain_17_clients_of_both_generations_are_taken(package: Any, colour: Colour) -> None:
    http = package.AsyncClient(trust_env=False) if colour.is_async else package.Client(trust_env=False)
    with (
        Rude(ok(MODEL)) as server,
        colour.client(server.url, http_client=http, timeout=package.Timeout(5, connect=1)) as it,
    ):
        assert it(retrieve).id == "m"
        assert it.raw.base_url == f"{server.url}/v1/"


def test_pain_22_a_borrowed_client_may_speak_another_http(colour: Colour) -> None:
    """antiphon's own connections speak HTTP/1.1; what an http client speaks is its business."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json=MODEL, extensions={"http_version": b"HTTP/2"})

    async def aanswer(request: httpx2.Request) -> httpx2.Response:
        return answer(request)

    transport = httpx2.MockTransport(aanswer if colour.is_async else answer)
    http = (httpx2.AsyncClient if colour.is_async else httpx2.Client)(transport=transport)
    with colour.client("", http_client=http) as it:
        raw = it(lambda client: client.models.with_raw_response.retrieve("m"))
    assert raw.parse().id == "m"
    assert raw.http_version == "HTTP/2"


def test_pain_23_every_exchange_can_be_watched_without_patching(colour: Colour) -> None:
    seen: list[tuple[str, int, str | None]] = []

    async def watch(request: Any, forward: Any) -> Any:
        reply = await forward(request)
        seen.append((request.target, reply.status_code, reply.headers.get("x-request-id")))
        return reply

    policies = [antiphon.Retry(2), watch]
    with Rude(wrong(500), ok(MODEL, "x-request-id: req_1")) as server:
        with colour.client(server.url, policies=policies) as it:
            it(retrieve)
    assert seen == [("/v1/models/m", 500, None), ("/v1/models/m", 200, "req_1")]


def azure(package: Any, colour: Colour, url: str, **more: Any) -> Any:
    kind = package.AsyncAzureOpenAI if colour.is_async else package.AzureOpenAI
    return kind(azure_endpoint=url, api_version="2024-10-21", api_key="az-secret", max_retries=0, **more)


def asked(client: Any, *calls: Any) -> Any:
    """What comes of the last call, or its error; the client is closed then."""

    async def awaited() -> Any:
        async with client:
            return [await one(do) for do in calls][-1]

    async def one(do: Any) -> Any:
        try:
            return await do(client)
        except Exception as error:
            return error

    if hasattr(client, "__aenter__"):
        return asyncio.run(awaited())
    value: Any = None
    with client:
        for do in calls:
            try:
                value = do(client)
            except Exception as error:
                value = error
    return value


def test_pain_25_azures_key_stays_with_its_host(colour: Colour) -> None:
    with Rude(ok(MODEL)) as other, Rude(reply(b"", 307, f"Location: {other.url}/taken")) as server:
        asked(azure(openai, colour, server.url), retrieve)
        assert [request.headers.get("api-key") for request in other.requests] == [None]  # asked, though without the key
        other.requests.clear()
        error = asked(azure(antiphon, colour, server.url), retrieve)
        assert isinstance(error, antiphon.RedirectRefused)
        assert not other.requests


def test_pain_25_azures_first_chunk_has_no_choices(colour: Colour) -> None:
    from tests.client.answer import chat, delta, sse

    first = {
        "id": "",
        "object": "",
        "created": 0,
        "model": "",
        "choices": [],
        "prompt_filter_results": [{"prompt_index": 0}],
    }
    with Rude(sse(first, delta("Hello", "stop"))) as server, colour.client(server.url) as it:
        events = it(chat)
        assert events[0].choices == []
        assert events[0].prompt_filter_results == [{"prompt_index": 0}]
        assert events[1].choices[0].delta.content == "Hello"


@pytest.mark.parametrize("level", ["debug", "info"])
def test_pain_25_no_key_in_a_log(level: str, colour: Colour, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    import logging

    before = logging.getLogger("antiphon").level
    monkeypatch.setenv("OPENAI_LOG", level)
    try:
        with Rude(ok(MODEL)) as server:
            asked(azure(antiphon, colour, server.url), retrieve)
    finally:
        logging.getLogger("antiphon").setLevel(before)
    ours = [record for record in caplog.records if record.name == "antiphon"]
    assert bool(ours) == (level == "debug")
    assert all("az-secret" not in record.getMessage() for record in ours)
    assert os.environ["OPENAI_LOG"] == level


def test_pain_25_a_deployment_serves_where_it_belongs_and_nowhere_else(colour: Colour) -> None:
    lines = []
    for package in (openai, antiphon):
        with Rude(ok(MODEL)) as server:
            calls = (retrieve, create, lambda client: client.chat.completions.create(model="m", messages=[]))
            asked(azure(package, colour, server.url, azure_deployment="d"), *calls)
            lines.append([request.line for request in server.requests])
    assert lines[0] == lines[1]
