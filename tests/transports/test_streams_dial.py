"""Making asyncio connections: names, races, TLS, proxies, unix sockets, and what each step says when it fails."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import time
from typing import Any

import pytest

from antiphon.core.timeout import Timeout
from antiphon.errors import (
    APIConnectionError,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    ProxyError,
    TLSError,
    TruncatedBody,
)
from antiphon.transports import dial, stream_dial
from antiphon.transports.streams import StreamTransport
from antiphon.transports.tls import TLSConfig

from .asking import KEY, Parts, aread_to_end, ask
from .looping import LOOPS, both_loops, hall_of, run, settled, with_transport
from .rude import Rude, chunk, chunked, chunked_head, cut, hang, hang_up, pause, reply, reset
from .rude_proxy import RudeProxy
from .trust import authority, authority_file, expired_tls, good_tls, mutual_tls, untrusted_tls, wrong_host_tls

pytestmark = both_loops
PATIENCE = Timeout(5.0, connect=0.3)


@pytest.fixture
def trusting(tmp_path: Any) -> TLSConfig:
    return TLSConfig(ca_bundle=authority_file(tmp_path))


# -- names and addresses -----------------------------------------------------------------------------------------------


def test_a_name_that_does_not_resolve(loop: str) -> None:
    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectError) as caught:
            await transport.send(ask("http://no-such-host.invalid/"))
        assert (type(caught.value), caught.value.phase, caught.value.sent) == (ConnectError, "dns", "no")

    with_transport(loop, main)


def slow_names(monkeypatch: pytest.MonkeyPatch, addresses: list[Any], seconds: float = 0.0) -> None:
    async def resolve(self: Any, host: str, port: int) -> list[Any]:
        self.phase = "dns"
        await asyncio.sleep(seconds)
        return addresses

    monkeypatch.setattr(stream_dial._Work, "_resolve", resolve)


def test_a_resolver_that_takes_too_long(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow_names(monkeypatch, [], 30)

    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectTimeout) as caught:
            await transport.send(ask("http://slow.test/", timeout=PATIENCE))
        assert caught.value.phase == "dns"
        with pytest.raises(DeadlineExceeded):
            await transport.send(ask("http://slow.test/", deadline=time.monotonic() + 0.05))
        assert hall_of(transport).pool.held == 0

    with_transport(loop, main)


def test_localhost_by_either_family(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask(f"http://localhost:{server.port}/"))).content == b"{}"

        with_transport(loop, main)


def black_hole() -> tuple[socket.socket, list[socket.socket]]:
    """A listener whose queue is full: further connections hang."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


def test_an_address_that_never_answers(loop: str) -> None:
    listener, fillers = black_hole()

    async def main(transport: StreamTransport) -> None:
        with pytest.raises(ConnectTimeout) as caught:
            await transport.send(ask(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=PATIENCE))
        assert (caught.value.phase, caught.value.sent) == ("connect", "no")
        assert hall_of(transport).pool.held == 0

    with_transport(loop, main)
    for each in (listener, *fillers):
        each.close()


def test_addresses_are_raced(loop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    listener, fillers = black_hole()
    with Rude(reply(b"{}")) as server:
        hole = (socket.AF_INET, listener.getsockname())
        closed = (socket.AF_INET, ("127.0.0.1", 1))
        good = (socket.AF_INET, ("127.0.0.1", server.port))
        slow_names(monkeypatch, [hole, closed, good])
        monkeypatch.setattr(stream_dial, "STAGGER", 0.05)

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask("http://many.test/"))).content == b"{}"
            slow_names(monkeypatch, [closed, closed])
            with pytest.raises(ConnectError):
                await transport.send(ask("http://none.test/"))
            slow_names(monkeypatch, [])
            with pytest.raises(ConnectError, match="no address"):
                await transport.send(ask("http://empty.test/"))
            slow_names(monkeypatch, [hole, hole])
            with pytest.raises(ConnectTimeout):
                await transport.send(ask("http://holes.test/", timeout=PATIENCE))

        with_transport(loop, main)
    for each in (listener, *fillers):
        each.close()


def test_sockets_are_tuned(loop: str) -> None:
    with Rude(reply(b"{}")) as server:

        async def main(transport: StreamTransport) -> None:
            await transport.send(ask(server.url))
            (link,) = hall_of(transport).links
            sock = link.transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000

        with_transport(loop, main)
        assert dial.STAGGER == 0.25


def test_a_connection_that_is_reset_as_soon_as_it_stands(loop: str) -> None:
    with Rude(greeting=reset) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(20):
                with pytest.raises(APIConnectionError) as caught:
                    await transport.send(ask(server.url))
                assert caught.value.phase in ("head", "connect")

        with_transport(loop, main)


def test_a_unix_socket(loop: str, tmp_path: Any) -> None:
    path = os.fspath(tmp_path / "s")
    with Rude(reply(b"{}"), uds=path) as server:

        async def main(transport: StreamTransport) -> None:
            for _ in range(2):
                assert (await transport.send(ask("http://local.test/v1/models"))).content == b"{}"

        with_transport(loop, main, uds=path)
        assert server.connections == 1
        assert server.requests[0].headers["host"] == "local.test"

    async def gone(transport: StreamTransport) -> None:
        with pytest.raises(ConnectError):
            await transport.send(ask("http://local.test/v1/models"))

    with_transport(loop, gone, uds=path + "x")


# -- TLS ---------------------------------------------------------------------------------------------------------------


def test_over_tls(loop: str, trusting: TLSConfig) -> None:
    with Rude(reply(b"1"), chunked(b"a", b"b"), reply(b"3"), tls=good_tls()) as server:

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask(server.url, "POST", b"x" * 500_000))).content == b"1"
            streamed = await transport.send(ask(server.url, stream=True))
            assert b"".join(await aread_to_end(streamed.body)) == b"ab"
            assert (await transport.send(ask(server.url, "POST", Parts([b"z" * 300_000] * 9)))).content == b"3"

        with_transport(loop, main, tls=trusting)
        assert server.connections == 1
        assert len(server.requests[2].body) == 2_700_000


@pytest.mark.parametrize("server_tls", [wrong_host_tls, expired_tls, untrusted_tls])
def test_a_certificate_that_is_no_good(loop: str, trusting: TLSConfig, server_tls: Any) -> None:
    with Rude(reply(b"{}"), tls=server_tls()) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(TLSError) as caught:
                await transport.send(ask(server.url))
            assert (caught.value.phase, caught.value.sent) == ("tls", "no")
            assert hall_of(transport).pool.held == 0

        with_transport(loop, main, tls=trusting)
        assert not server.requests


def test_a_server_that_speaks_no_tls(loop: str, trusting: TLSConfig) -> None:
    with Rude(greeting=b"220 mail ESMTP ready\r\n") as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(TLSError):
                await transport.send(ask(server.url.replace("http:", "https:")))

        with_transport(loop, main, tls=trusting)


@pytest.mark.parametrize("greeting", [hang_up, reset])
def test_a_server_that_leaves_during_the_handshake(loop: str, trusting: TLSConfig, greeting: Any) -> None:
    with Rude(greeting=greeting) as server:

        async def main(transport: StreamTransport) -> None:
            # A reset may be seen before the handshake has begun.
            with pytest.raises(TLSError if greeting is hang_up else ConnectError):
                await transport.send(ask(server.url.replace("http:", "https:")))

        with_transport(loop, main, tls=trusting)


def test_a_trust_store_that_is_not_there(loop: str) -> None:
    async def main(transport: StreamTransport) -> None:
        with pytest.raises(TLSError, match="cannot load"):
            await transport.send(ask("https://127.0.0.1:1/"))

    with_transport(loop, main, tls=TLSConfig(ca_bundle="no-such-file.pem"))


def test_a_handshake_that_hangs(loop: str, trusting: TLSConfig) -> None:
    with Rude(greeting=pause(30)) as server:

        async def main(transport: StreamTransport) -> None:
            with pytest.raises(ConnectTimeout) as caught:
                await transport.send(ask(server.url.replace("http:", "https:"), timeout=PATIENCE))
            assert caught.value.phase == "tls"
            task = asyncio.ensure_future(transport.send(ask(server.url.replace("http:", "https:"))))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert hall_of(transport).pool.held == 0

        with_transport(loop, main, tls=trusting)


def test_a_client_certificate(loop: str, tmp_path: Any) -> None:
    certificate = authority().issue_cert("client.example")
    chain, key = os.fspath(tmp_path / "chain.pem"), os.fspath(tmp_path / "key.pem")
    certificate.private_key_pem.write_to_path(key)
    for number, part in enumerate(certificate.cert_chain_pems):
        part.write_to_path(chain, append=number > 0)
    ca = authority_file(tmp_path)
    with Rude(reply(b"{}"), tls=mutual_tls()) as server:

        async def main(transport: StreamTransport) -> None:
            assert (await transport.send(ask(server.url))).content == b"{}"

        with_transport(loop, main, tls=TLSConfig(ca_bundle=ca, cert=chain, key=key))

        async def bare(transport: StreamTransport) -> None:
            with pytest.raises(APIConnectionError):
                await transport.send(ask(server.url))

        with_transport(loop, bare, tls=TLSConfig(ca_bundle=ca))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("ending", "outcome"), [(hang_up, b"all"), (cut, TruncatedBody)])
def test_only_a_close_notify_ends_a_body_that_has_no_length(
    loop: str, trusting: TLSConfig, ending: Any, outcome: Any, stream: bool
) -> None:
    with Rude([b"HTTP/1.1 200 OK\r\n\r\nall", pause(0.05), ending], tls=good_tls()) as server:

        async def main(transport: StreamTransport) -> Any:
            try:
                reply = await transport.send(ask(server.url, stream=stream))
                return b"".join(await aread_to_end(reply.body)) if stream else reply.content
            except APIConnectionError as error:
                return type(error)

        assert with_transport(loop, main, tls=trusting) == outcome


def test_closing_over_tls_reaches_the_server(loop: str, trusting: TLSConfig) -> None:
    with Rude([chunked_head(), chunk(b"a"), hang], tls=good_tls()) as server:

        async def main(transport: StreamTransport) -> None:
            reply = await transport.send(ask(server.url, stream=True))
            assert await reply.body.read_chunk() == b"a"
            body: Any = reply.body
            body.close()
            await settled(server.peers[0].gone.is_set)

        with_transport(loop, main, tls=trusting)


def test_a_loop_that_ends_with_tls_connections_is_silent(loop: str, trusting: TLSConfig) -> None:
    with Rude(reply(b"{}"), tls=good_tls()) as server:
        transport = StreamTransport(tls=trusting)
        for _ in range(2):
            run(loop, lambda: transport.send(ask(server.url)))
        assert not transport._halls
        dead = LOOPS["asyncio"]()
        dead.run_until_complete(transport.send(ask(server.url)))
        dead.close()
        run(loop, lambda: transport.send(ask(server.url)))


def test_a_stale_tls_connection_is_replaced(loop: str, trusting: TLSConfig) -> None:
    with Rude(reply(b"1"), cut, reply(b"2"), hang_up, reply(b"3"), tls=good_tls()) as server:

        async def main(transport: StreamTransport) -> None:
            assert [(await transport.send(ask(server.url))).content for _ in range(3)] == [b"1", b"2", b"3"]

        with_transport(loop, main, tls=trusting)
        assert server.connections == 3


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


def test_the_default_context_is_the_systems(loop: str) -> None:
    assert isinstance(StreamTransport()._dial.tls.context(), ssl.SSLContext)
