"""Asyncio connections over TLS: certificates, handshakes, ends."""

from __future__ import annotations

import asyncio
import os
import ssl
from typing import Any

import pytest

from antiphon.core.timeout import Timeout
from antiphon.errors import APIConnectionError, ConnectError, ConnectTimeout, TLSError, TruncatedBody
from antiphon.transports.streams import StreamTransport
from antiphon.transports.tls import TLSConfig

from .asking import Parts, aread_to_end, ask
from .looping import LOOPS, both_loops, hall_of, run, settled, with_transport
from .rude import Rude, chunk, chunked, chunked_head, cut, hang, hang_up, pause, reply, reset
from .trust import authority, authority_file, expired_tls, good_tls, mutual_tls, untrusted_tls, wrong_host_tls

PATIENCE = Timeout(5.0, connect=0.3)

pytestmark = both_loops


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


def test_the_default_context_is_the_systems(loop: str) -> None:
    assert isinstance(StreamTransport()._dial.tls.context(), ssl.SSLContext)
