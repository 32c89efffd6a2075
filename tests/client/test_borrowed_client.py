"""A client over somebody else's http_client: what it refuses, and that it runs on trio as well."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import trio

import antiphon
from antiphon.core.limits import PoolLimits
from antiphon.errors import APITimeoutError, DeadlineExceeded, InvalidBaseURL, ReadTimeout
from tests.transports.rude import Rude, hang, pause

from .answer import CHAT, chat, ok, wrong
from .colour import KEY

LIBRARIES = [httpx, httpx2]
KINDS = [antiphon.OpenAI, antiphon.AsyncOpenAI]


def borrowed(kind: Any, library: Any = httpx2) -> Any:
    return library.Client() if issubclass(kind, antiphon.OpenAI) else library.AsyncClient()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("proxy", "http://p:1"),
        ("proxy", None),
        ("verify", False),
        ("verify", ssl.create_default_context),
        ("cert", "client.pem"),
        ("limits", PoolLimits(max_connections=1)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_wiring_beside_an_http_client_is_refused(kind: Any, name: str, value: Any) -> None:
    value = value() if callable(value) else value
    with pytest.raises(TypeError, match=f"^{name} would be ignored.*give it to that client"):
        kind(api_key=KEY, http_client=borrowed(kind), **{name: value})


@pytest.mark.parametrize("kind", KINDS)
def test_several_are_named_together(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"^proxy and verify would be ignored.*give them to"):
        kind(api_key=KEY, http_client=borrowed(kind), proxy="http://p:1", verify=False)


@pytest.mark.parametrize("kind", KINDS)
def test_copies_share_the_wiring_or_bring_their_own(kind: Any) -> None:
    wired = kind(api_key=KEY, proxy="http://p:1", verify=False)
    assert wired.copy()._wiring == wired._wiring
    assert wired.copy(http_client=borrowed(kind))._link is not wired._link


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("proxy", ["socks5://u:canary@127.0.0.1:1080", "socks5h://h", "ftp://h", "http://h:x"])
def test_a_proxy_that_cannot_be_used_is_refused_at_once(kind: Any, proxy: str) -> None:
    with pytest.raises(InvalidBaseURL) as caught:
        kind(api_key=KEY, proxy=proxy)
    assert "canary" not in str(caught.value)
    assert ("httpx[socks]" in str(caught.value)) == proxy.startswith(("socks", "ftp"))


def on_trio(library: Any, main: Any, *script: Any, **options: Any) -> Any:
    """Run something with a client on trio, over a server."""

    async def whole() -> Any:
        with Rude(*script) as server:
            http = library.AsyncClient(trust_env=False)
            options_ = {"api_key": KEY, "base_url": f"{server.url}/v1", "http_client": http, **options}
            async with antiphon.AsyncOpenAI(**options_) as client:
                return await main(client, server)

    return trio.run(whole)


@pytest.mark.parametrize("library", LIBRARIES)
class TestTrio:
    def test_retries_wait_on_trio(self, library: Any) -> None:
        async def main(client: Any, server: Rude) -> None:
            assert (await client.models.retrieve("m")).id == "m"
            assert [request.headers["x-stainless-retry-count"] for request in server.requests] == ["0", "1", "2"]

        on_trio(library, main, wrong(500, "Retry-After-Ms: 1"), wrong(429, "Retry-After-Ms: 1"), ok())

    def test_a_retry_is_cancelled_while_it_waits(self, library: Any) -> None:
        async def main(client: Any, server: Rude) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.models.retrieve, "m")
                while not server.requests:
                    await trio.sleep(0.005)
                await trio.sleep(0.05)  # it has its answer
                nursery.cancel_scope.cancel()
            assert nursery.cancel_scope.cancelled_caught
            assert len(server.requests) == 1

        on_trio(library, main, wrong(500, "Retry-After: 60"))

    def test_streams_copies_and_keys_that_are_asked_for(self, library: Any) -> None:
        async def key() -> str:
            await trio.sleep(0)
            return KEY

        async def main(client: Any, server: Rude) -> None:
            stream = await chat(client.with_options(max_retries=1))
            assert [chunk.choices[0].delta.content async for chunk in stream] == ["Hel", "lo", ""]
            assert server.requests[1].headers["authorization"] == f"Bearer {KEY}"

        on_trio(library, main, wrong(503, "Retry-After-Ms: 1"), CHAT, api_key=key)

    def test_timeouts_and_the_deadline_end_it(self, library: Any) -> None:
        async def main(client: Any, server: Rude) -> None:
            for options, kind in (
                ({"timeout": 0.1, "max_retries": 1}, ReadTimeout),
                ({"deadline": 0.1}, DeadlineExceeded),
            ):
                with pytest.raises(APITimeoutError) as caught:
                    await client.with_options(**options).models.retrieve("m")
                assert type(caught.value) is kind

        on_trio(library, main, [pause(0.3), hang])

    def test_a_cancelled_call_closes_its_connection(self, library: Any) -> None:
        async def main(client: Any, server: Rude) -> None:
            with trio.move_on_after(0.2) as scope:
                await client.models.retrieve("m")
            assert scope.cancelled_caught
            assert await trio.to_thread.run_sync(server.peers[0].gone.wait, 2)

        on_trio(library, main, hang)

    def test_a_download_reaches_the_disk(self, library: Any, tmp_path: Path) -> None:
        async def main(client: Any, server: Rude) -> None:
            async with client.files.with_streaming_response.content("f") as response:
                await response.stream_to_file(tmp_path / "a")
            content = await client.files.content("f")
            with pytest.warns(DeprecationWarning, match="in memory"):
                await content.astream_to_file(tmp_path / "b")

        on_trio(library, main, ok({"a": 1}))
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b'{"a": 1}'
