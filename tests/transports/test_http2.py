"""HTTP/2 through a borrowed client: many calls at the same time on one connection. Pain 22 of the official package's users."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

import antiphon

from .h2_server import H2Server
from .trust import authority

MODEL = b'{"id":"m","object":"model","created":1,"owned_by":"o"}'
FLIGHT = 8


@pytest.fixture
def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def test_tasks_share_one_connection(trusting: ssl.SSLContext) -> None:
    async def main(url: str) -> list[tuple[str, str]]:
        http = antiphon.DefaultAsyncHttpxClient(http2=True, verify=trusting, trust_env=False)
        async with antiphon.AsyncOpenAI(api_key="sk-1", base_url=f"{url}/v1", http_client=http) as client:
            retrieve = client.models.with_raw_response.retrieve
            replies = await asyncio.gather(*(retrieve(f"m{n}") for n in range(FLIGHT)))
            return [(reply.http_version, reply.parse().id) for reply in replies]

    with H2Server(MODEL, flight=FLIGHT) as server:
        assert asyncio.run(main(server.url)) == [("HTTP/2", "m")] * FLIGHT
    assert server.connections == 1
    assert sorted(server.paths) == [f"/v1/models/m{n}" for n in range(FLIGHT)]


def test_threads_share_one_connection(trusting: ssl.SSLContext) -> None:
    http = antiphon.DefaultHttpxClient(http2=True, verify=trusting, trust_env=False)
    with (
        H2Server(MODEL) as server,
        antiphon.OpenAI(api_key="sk-1", base_url=f"{server.url}/v1", http_client=http) as client,
    ):
        with ThreadPoolExecutor(FLIGHT) as threads:
            names = list(threads.map(lambda n: client.models.retrieve(f"m{n}").id, range(FLIGHT)))
        assert names == ["m"] * FLIGHT
    assert server.connections == 1


def test_ones_own_connections_refuse_a_server_of_http2_alone(trusting: ssl.SSLContext) -> None:
    with (
        H2Server(MODEL) as server,
        antiphon.OpenAI(api_key="sk-1", base_url=f"{server.url}/v1", verify=trusting, max_retries=0) as client,
    ):
        with pytest.raises(antiphon.APIConnectionError):
            client.models.retrieve("m")


@pytest.mark.parametrize("end", ["refused", "goaway", "cut"])
def test_row_15_a_stream_that_was_ended_is_tried_again(trusting: ssl.SSLContext, end: str) -> None:
    async def main(url: str) -> str:
        http = antiphon.DefaultAsyncHttpxClient(http2=True, verify=trusting, trust_env=False)
        async with antiphon.AsyncOpenAI(api_key="sk-1", base_url=f"{url}/v1", http_client=http) as client:
            return (await client.with_retries(2, delay=0).models.retrieve("m")).id

    with H2Server(MODEL, ends=(end, end)) as server:
        assert asyncio.run(main(server.url)) == "m"
    assert len(server.paths) == 3
    http = antiphon.DefaultHttpxClient(http2=True, verify=trusting, trust_env=False)
    with (
        H2Server(MODEL, ends=(end,)) as server,
        antiphon.OpenAI(api_key="sk-1", base_url=f"{server.url}/v1", http_client=http, max_retries=0) as client,
    ):
        with pytest.raises(antiphon.APIConnectionError):
            client.models.retrieve("m")


def test_it_is_what_httpx2_makes_of_it() -> None:
    assert isinstance(antiphon.DefaultHttpxClient(http2=True, trust_env=False), httpx2.Client)
