"""TLS within TLS, over a pair of sockets instead of a proxy."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from antiphon.transports.failure import is_blocked
from antiphon.transports.nested import NestedTLS

from .trust import authority, good_tls


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, two = socket.socketpair()
    with one, two:
        yield one, two


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


def serve(sock: socket.socket, work: Callable[[ssl.SSLSocket], Any]) -> threading.Thread:
    def run() -> None:
        with contextlib.suppress(OSError), good_tls().wrap_socket(sock, server_side=True) as peer:
            work(peer)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_both_ways(pair: tuple[socket.socket, socket.socket]) -> None:
    def echo(peer: ssl.SSLSocket) -> None:
        left = 300_000
        while left:
            data = peer.recv(65536)
            left -= len(data)
            peer.sendall(data)
        peer.unwrap()

    thread = serve(pair[1], echo)
    nested = NestedTLS(pair[0], client_context(), "localhost")
    sender = threading.Thread(target=nested.sendall, args=[memoryview(bytes(range(250)) * 1200)])
    sender.start()
    sender.join(10)
    got = b""
    while len(got) < 300_000:
        got += nested.recv(65536)
    assert got == bytes(range(250)) * 1200
    assert nested.recv(1) == b""  # an orderly end
    assert nested.pending() == 0
    assert nested.fileno() == pair[0].fileno()
    nested.close()
    thread.join(10)


def test_an_end_without_close_notify(pair: tuple[socket.socket, socket.socket]) -> None:
    thread = serve(pair[1], lambda peer: socket.socket.shutdown(peer, socket.SHUT_RDWR))
    nested = NestedTLS(pair[0], client_context(), "localhost")
    with pytest.raises(ssl.SSLEOFError):
        nested.recv(1)
    thread.join(10)


def test_a_handshake_that_fails(pair: tuple[socket.socket, socket.socket]) -> None:
    thread = serve(pair[1], lambda peer: peer.recv(1))
    with pytest.raises(ssl.SSLCertVerificationError):
        NestedTLS(pair[0], client_context(), "elsewhere.example")
    pair[0].close()
    thread.join(10)


def test_without_blocking(pair: tuple[socket.socket, socket.socket]) -> None:
    go = threading.Event()
    got: list[int] = []

    def slow(peer: ssl.SSLSocket) -> None:
        go.wait(10)
        while data := peer.recv(65536):
            got.append(len(data))
            if sum(got) == total:
                peer.sendall(b"done")

    thread = serve(pair[1], slow)
    nested = NestedTLS(pair[0], client_context(), "localhost")
    nested.settimeout(0)
    total = 1 << 40
    with pytest.raises(ssl.SSLWantReadError) as waiting:
        try:
            nested.recv(1)
        except BlockingIOError:
            raise ssl.SSLWantReadError from None
    assert is_blocked(waiting.value)
    sent = 0
    with pytest.raises(BlockingIOError):
        while True:
            sent += nested.send(memoryview(bytes(65536)))
    total = sent
    go.set()
    nested.settimeout(10)
    assert nested.recv(10) == b"done"  # what was held back has left first
    nested.close()
    thread.join(10)
