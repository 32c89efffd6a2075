"""TLS for the blocking transport: whom to trust, whom not, and what is shown."""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from antiphon.core.timeout import Timeout
from antiphon.errors import APIConnectionError, ConnectError, ConnectTimeout, TLSError
from antiphon.transports.sockets import SocketTransport
from antiphon.transports.tls import TLSConfig

from .asking import ask, read_to_end
from .rude import Rude, events, hang, pause, reply
from .trust import authority, authority_file, expired_tls, good_tls, mutual_tls, untrusted_tls, wrong_host_tls


def old_tls() -> ssl.SSLContext:
    context = good_tls.__wrapped__()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def fetch(server: Rude, **options: Any) -> bytes:
    transport = SocketTransport(proxy=None, **options)
    try:
        return transport.send(ask(server.url)).content
    finally:
        transport.close()


@pytest.mark.parametrize("context", [good_tls, old_tls])
def test_a_trusted_server(tmp_path: Path, context: Any) -> None:
    transport = SocketTransport(proxy=None, verify=authority_file(tmp_path))
    with Rude(events("1", "2"), tls=context()) as server:
        for _ in range(3):
            assert transport.send(ask(server.url)).content == b"data: 1\n\ndata: 2\n\n"
            read_to_end(transport.send(ask(server.url, stream=True)).body)
        assert server.connections == 1
    transport.close()


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        (expired_tls, "expired"),
        (wrong_host_tls, "Hostname mismatch"),
        (untrusted_tls, "unable to get local issuer"),
    ],
)
def test_servers_not_to_trust(tmp_path: Path, context: Any, reason: str) -> None:
    with Rude(reply(), tls=context()) as server:
        with pytest.raises(TLSError, match=reason) as caught:
            fetch(server, verify=authority_file(tmp_path))
        assert isinstance(caught.value, ConnectError)
        assert (caught.value.phase, caught.value.sent, caught.value.host) == ("tls", "no", f"localhost:{server.port}")
        assert server.requests == []


def test_the_system_does_not_trust_our_authority() -> None:
    with Rude(reply(), tls=good_tls()) as server, pytest.raises(TLSError, match="ca_bundle"):
        fetch(server)


def test_the_environment_names_the_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Rude(reply(b"fine"), tls=good_tls()) as server:
        monkeypatch.setenv("SSL_CERT_FILE", authority_file(tmp_path))
        assert fetch(server) == b"fine"
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(TLSError):
            fetch(server)


def test_a_ready_context() -> None:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    with Rude(reply(b"fine"), tls=good_tls()) as server:
        assert fetch(server, verify=context) == b"fine"
        assert fetch(server, tls=TLSConfig(context)) == b"fine"


def test_no_verification_warns() -> None:
    with Rude(reply(b"fine"), tls=untrusted_tls()) as server, pytest.warns(RuntimeWarning, match="not verified"):
        assert (
            fetch(server, tls=TLSConfig(verify=False, ca_bundle=None, key="unused so that no other test shares it"))
            == b"fine"
        )


def test_client_certificates(tmp_path: Path) -> None:
    ca = authority_file(tmp_path)
    leaf = authority().issue_cert("client@example.org")
    both, chain, key = (str(tmp_path / name) for name in ("both.pem", "chain.pem", "key.pem"))
    leaf.private_key_and_cert_chain_pem.write_to_path(both)
    leaf.cert_chain_pems[0].write_to_path(chain)
    leaf.private_key_pem.write_to_path(key)
    with Rude(reply(b"fine"), tls=mutual_tls()) as server:
        assert fetch(server, verify=ca, cert=both) == b"fine"
        assert fetch(server, verify=ca, cert=(chain, key)) == b"fine"
        with pytest.raises(APIConnectionError):
            fetch(server, verify=ca)


def test_a_server_without_tls(tmp_path: Path) -> None:
    with Rude(greeting=b"HTTP/1.1 400 What\r\n\r\n") as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        transport = SocketTransport(proxy=None, verify=authority_file(tmp_path))
        with pytest.raises(TLSError) as caught:
            transport.send(ask(url))
        assert caught.value.phase == "tls"


@pytest.mark.parametrize("script", [hang, pause(5)])
def test_a_handshake_that_takes_too_long(tmp_path: Path, script: Any) -> None:
    with Rude(greeting=script) as server:
        transport = SocketTransport(proxy=None, verify=authority_file(tmp_path))
        started = time.monotonic()
        with pytest.raises(ConnectTimeout) as caught:
            transport.send(ask(f"https://localhost:{server.port}/", timeout=Timeout(30, connect=0.2)))
        assert (caught.value.phase, caught.value.sent) == ("tls", "no")
        assert time.monotonic() - started < 2
