"""The blocking transport through proxies."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.timeout import Timeout
from antiphon.errors import ConnectTimeout, ProxyError, TLSError
from antiphon.transports.sockets import SocketTransport

from .asking import KEY, Parts, ask, read_to_end
from .rude import Rude, chunked, hang, reply
from .rude_proxy import RudeProxy
from .trust import authority_file, good_tls, untrusted_tls


@pytest.fixture(params=["plain", "tls"])
def context(request: pytest.FixtureRequest) -> ssl.SSLContext | None:
    return good_tls() if request.param == "tls" else None


def through(proxy: str, tmp_path: Path) -> SocketTransport:
    return SocketTransport(proxy=proxy, verify=authority_file(tmp_path))


@pytest.mark.parametrize("credentials", [None, "user:p@ss"])
def test_plain_http(tmp_path: Path, context: Any, credentials: str | None) -> None:
    with Rude(reply(b"fine")) as server, RudeProxy(tls=context, credentials=credentials) as proxy:
        transport = through(proxy.url.replace("//", "//user:p%40ss@" if credentials else "//"), tmp_path)
        for _ in range(2):
            assert transport.send(ask(f"{server.url}/x?y", "POST", b"body")).content == b"fine"
        assert proxy.heads[0].startswith(
            f"POST {server.url}/x?y HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n".encode()
        )
        assert proxy.connections == 1
        transport.close()


@pytest.mark.parametrize("credentials", [None, "user:p@ss"])
def test_a_tunnel(tmp_path: Path, context: Any, credentials: str | None) -> None:
    with (
        Rude(chunked(b"fi", b"ne"), tls=good_tls()) as server,
        RudeProxy(tls=context, credentials=credentials) as proxy,
    ):
        transport = through(proxy.url.replace("//", "//user:p%40ss@" if credentials else "//"), tmp_path)
        for stream in (False, True, False):
            answer = transport.send(ask(server.url, stream=stream))
            assert (b"".join(read_to_end(answer.body)) if stream else answer.content) == b"fine"
        assert proxy.heads[0].startswith(f"CONNECT localhost:{server.port} HTTP/1.1\r\n".encode())
        assert (proxy.connections, server.connections) == (1, 1)
        assert KEY.encode() not in b"".join(proxy.heads)
        assert "proxy-authorization" not in server.requests[0].headers
        transport.close()


@pytest.mark.parametrize("size", [100_000, 5_000_000])
def test_uploads_through_a_tunnel(tmp_path: Path, context: Any, size: int) -> None:
    with Rude(reply(b"ok"), tls=good_tls()) as server, RudeProxy(tls=context) as proxy:
        transport = through(proxy.url, tmp_path)
        data = bytes(range(256)) * (size // 256)
        for content in (data, Parts([data[:70_000], data[70_000:]], sized=False)):
            assert transport.send(ask(server.url, "POST", content)).content == b"ok"
        assert [request.body for request in server.requests] == [data, data]
        transport.close()


PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "status 403"),
        (b"HTTP/1.1 302 There\r\nLocation: http://portal\r\n\r\n", "status 302"),
        (PAGE, "a page instead"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", "a page instead"),
        (b"garbage\r\n\r\n", "not valid HTTP"),
        (b"HTTP/1.1 20", "within the reply's head"),
        (b"", "without a reply"),
    ],
)
def test_no_tunnel(tmp_path: Path, answer: bytes, message: str) -> None:
    with Rude(reply(), tls=good_tls()) as server, RudeProxy(answer=answer) as proxy:
        with pytest.raises(ProxyError, match=message) as caught:
            through(proxy.url, tmp_path).send(ask(server.url))
        assert (caught.value.phase, caught.value.sent) == ("proxy", "no")
        assert caught.value.host == f"localhost:{server.port}"
        assert server.connections == 0


@pytest.mark.parametrize(("userinfo", "message"), [("", "asks for credentials"), ("user:canary@", "refuses these")])
def test_407_to_a_tunnel(tmp_path: Path, userinfo: str, message: str) -> None:
    with Rude(reply(), tls=good_tls()) as server, RudeProxy(credentials="user:right") as proxy:
        with pytest.raises(ProxyError, match=message) as caught:
            through(proxy.url.replace("//", f"//{userinfo}"), tmp_path).send(ask(server.url))
        assert "canary" not in str(caught.value)


def test_407_to_plain_http(tmp_path: Path) -> None:
    with Rude(reply()) as server, RudeProxy(credentials="user:right") as proxy:
        with pytest.raises(ProxyError, match="407"):
            through(proxy.url, tmp_path).send(ask(server.url))
        assert server.connections == 0


def test_a_407_of_the_server_itself_is_its_own() -> None:
    with Rude(reply(b"{}", 407)) as server:
        assert SocketTransport(proxy=None).send(ask(server.url)).status_code == 407


def test_a_proxy_that_hangs(tmp_path: Path) -> None:
    with Rude(hang) as proxy:
        with pytest.raises(ConnectTimeout) as caught:
            through(proxy.url, tmp_path).send(ask("https://localhost:1/", timeout=Timeout(5, connect=0.1)))
        assert caught.value.phase == "proxy"


def test_a_proxy_or_server_that_is_not_trusted(tmp_path: Path) -> None:
    for theirs, ours in ((untrusted_tls(), good_tls()), (None, untrusted_tls())):
        with (
            Rude(reply(), tls=theirs) as server,
            RudeProxy(tls=ours) as proxy,
            pytest.raises(TLSError, match="localhost"),
        ):
            through(proxy.url, tmp_path).send(ask(server.url))


def test_the_environment_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Rude(reply(b"fine")) as server, RudeProxy() as proxy:
        for name in ("http_proxy", "no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        SocketTransport().send(ask(server.url))
        assert proxy.connections == 1
        SocketTransport(proxy=None).send(ask(server.url))
        monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
        SocketTransport().send(ask(server.url))
        assert proxy.connections == 1
