"""Asyncio connections through proxies, plain and secure, willing and not."""

from __future__ import annotations

from typing import Any

import pytest

from antiphon.core.timeout import Timeout
from antiphon.errors import ConnectError, ConnectTimeout, ProxyError
from antiphon.transports.streams import StreamTransport
from antiphon.transports.tls import TLSConfig

from .asking import KEY, ask
from .looping import both_loops, hall_of, settled, with_transport
from .rude import Rude, hang, reply
from .rude_proxy import RudeProxy
from .trust import good_tls

PATIENCE = Timeout(5.0, connect=0.3)

pytestmark = both_loops


# -- proxies -----------------------------------------------------------------------------------------------------------


def test_plain_http_through_a_proxy(loop: str) -> None:
    with Rude(reply(b"{}")) as server, RudeProxy(credentials="user:pa ss") as proxy:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                assert (await transport.send(ask(f"{server.url}/v1/x?y=z"))).content == b"{}"

        with_transport(loop, main, proxy=proxy.url.replace("http://", "http://user:pa%20ss@"))
        assert proxy.heads[0].startswith(f"GET http://127.0.0.1:{server.port}/v1/x?y=z HTTP/1.1\r\n".encode())
        assert proxy.connections == 1


@pytest.mark.parametrize("secure_proxy", [False, True])
def test_https_through_a_proxy(loop: str, trusting: TLSConfig, secure_proxy: bool) -> None:
    with Rude(reply(b"{}"), tls=good_tls()) as server, RudeProxy(tls=good_tls() if secure_proxy else None) as proxy:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                assert (await transport.send(ask(server.url, "POST", b"x" * 300_000))).content == b"{}"

        with_transport(loop, main, tls=trusting, proxy=proxy.url)
        assert proxy.heads[0].startswith(f"CONNECT localhost:{server.port} HTTP/1.1\r\n".encode())
        assert KEY.encode() not in b"".join(proxy.heads)
        assert proxy.connections == 1


def test_http_through_a_secure_proxy(loop: str, trusting: TLSConfig) -> None:
    with Rude(reply(b"{}")) as server, RudeProxy(tls=good_tls()) as proxy:

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask(server.url))).content == b"{}"

        with_transport(loop, main, tls=trusting, proxy=proxy.url)


REFUSALS: list[tuple[str, dict[str, Any]]] = [
    ("credentials (407)", {"credentials": "user:other"}),
    ("status 200", {"answer": b"HTTP/1.1 502 Bad\r\n\r\n"}),
    ("gave no tunnel", {"answer": b"what?\r\n\r\n"}),
    ("gave no tunnel", {"answer": b""}),
]


@pytest.mark.parametrize(("said", "manners"), REFUSALS)
def test_a_proxy_that_refuses(loop: str, trusting: TLSConfig, said: str, manners: dict[str, Any]) -> None:
    with Rude(reply(b"{}"), tls=good_tls()) as server, RudeProxy(**manners) as proxy:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(ProxyError) as caught:
                await transport.send(ask(server.url))
            assert (caught.value.phase, caught.value.sent) == ("proxy", "no")
            assert said.replace("status 200", "status 502") in str(caught.value)
            assert "secret" not in str(caught.value)
            assert hall_of(transport).pool.held == 0

        with_transport(loop, main, tls=trusting, proxy=proxy.url.replace("http://", "http://user:secret@"))
        assert not server.requests


def test_a_proxy_that_is_not_there(loop: str) -> None:
    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectError):
            await transport.send(ask("https://far.test/"))

    with_transport(loop, main, proxy="http://127.0.0.1:1")


def test_a_proxy_that_hangs(loop: str) -> None:
    with Rude(hang) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(ConnectTimeout) as caught:
                await transport.send(ask("https://far.test/", timeout=PATIENCE))
            assert caught.value.phase == "proxy"
            await settled(server.peers[0].gone.is_set)

        with_transport(loop, main, proxy=server.url)
