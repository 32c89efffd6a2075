"""What stands between us and a proxy is told with the proxy's name, its phase and never its credentials, in both colours."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.timeout import Timeout
from antiphon.errors import APIConnectionError, ConnectTimeout, ProxyError, TLSError
from antiphon.transports.sockets import SocketTransport
from antiphon.transports.streams import StreamTransport

from .asking import ask
from .rude import Rude, hang, reply
from .rude_proxy import RudeProxy
from .trust import authority_file, untrusted_tls

TARGETS = ["http://far.test/", "https://far.test/"]
COLOURS = ["sync", "async"]


def failure(colour: str, proxy: str, target: str, **options: Any) -> APIConnectionError:
    """The error of a request through a proxy that has credentials in its URL."""
    proxy = proxy.replace("://", "://user:canary@")
    request = ask(target, timeout=Timeout(5, connect=0.3))
    with pytest.raises(APIConnectionError) as caught:
        if colour == "sync":
            SocketTransport(proxy=proxy, **options).send(request)
        else:

            async def send() -> None:
                transport = StreamTransport(proxy=proxy, **options)
                try:
                    await transport.send(request)
                finally:
                    await transport.aclose()

            asyncio.run(send())
    error = caught.value
    assert "canary" not in f"{error!r} {error}"
    assert error.phase == "proxy"
    assert error.sent == "no"
    assert str(error.host).startswith("far.test:")
    return error


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("target", TARGETS)
class TestProxyFailures:
    def test_nobody_listens(self, colour: str, target: str) -> None:
        error = failure(colour, "http://127.0.0.1:1", target)
        assert type(error) is ProxyError
        assert "cannot reach the proxy 127.0.0.1:1: cannot connect: Connection refused" in str(error)

    def test_no_such_name(self, colour: str, target: str) -> None:
        error = failure(colour, "http://no-such-proxy.invalid:3128", target)
        assert type(error) is ProxyError
        assert "the proxy no-such-proxy.invalid:3128: cannot resolve" in str(error)

    def test_no_trust(self, colour: str, target: str, tmp_path: Path) -> None:
        with RudeProxy(tls=untrusted_tls()) as proxy:
            error = failure(colour, proxy.url, target, verify=authority_file(tmp_path))
            assert type(error) is TLSError
            assert f"the proxy localhost:{proxy.port}: no TLS connection" in str(error)

    def test_silence_in_the_handshake(self, colour: str, target: str) -> None:
        with Rude(hang) as server:
            error = failure(colour, server.url.replace("http:", "https:"), target)
            assert type(error) is ConnectTimeout
            assert f"the proxy was not ready in time: 127.0.0.1:{server.port}" in str(error)


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", "refuses these credentials (407)"),
        (b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", "refused the tunnel with status 502"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n", "answered with a page"),
        (b"what?\r\n\r\n", "gave no tunnel: "),
        (b"", "gave no tunnel: "),
    ],
)
def test_a_refused_tunnel_names_the_proxy(colour: str, answer: bytes, said: str) -> None:
    with RudeProxy(answer=answer) as proxy:
        error = failure(colour, proxy.url, "https://far.test/")
        assert type(error) is ProxyError
        assert f"the proxy 127.0.0.1:{proxy.port} {said}" in str(error)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_silent_tunnel_names_the_proxy(colour: str) -> None:
    with Rude(hang) as server:
        error = failure(colour, server.url, "https://far.test/")
        assert type(error) is ConnectTimeout
        assert f"127.0.0.1:{server.port}" in str(error)


@pytest.mark.parametrize("colour", COLOURS)
def test_what_fails_behind_the_tunnel_is_not_the_proxys(colour: str) -> None:
    with Rude(reply()) as server, RudeProxy() as proxy:
        transport: Any = SocketTransport(proxy=proxy.url) if colour == "sync" else StreamTransport(proxy=proxy.url)
        request = ask(f"https://127.0.0.1:{server.port}/", timeout=Timeout(5, connect=0.3))

        def send() -> None:
            if colour == "sync":
                transport.send(request)
            else:
                asyncio.run(transport.send(request))

        with pytest.raises(APIConnectionError) as caught:
            send()
        assert caught.value.phase == "tls"
