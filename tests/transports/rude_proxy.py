"""A proxy for the tests that can be rude."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self

from .rude import shut


class RudeProxy:
    """A proxy: tunnels CONNECT, forwards absolute-form requests on; asks for credentials if given some.

    `answer=` replaces what it says to CONNECT.
    """

    def __init__(
        self, *, credentials: str | None = None, answer: bytes | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.credentials = credentials
        self.answer = answer
        self.tls = tls
        self.heads: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{self.port}"
        self._socks: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        for sock in [self.listener, *self._socks]:
            shut(sock)
            with contextlib.suppress(OSError):
                sock.close()
        for thread in list(self._threads):
            thread.join(5)

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self._socks.append(sock)
            self._talk(sock)
        with contextlib.suppress(OSError):
            sock.close()

    def _talk(self, sock: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            if not (data := sock.recv(65536)):
                return
            head += data
        self.heads.append(head)
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        if self.credentials is not None and not self._allowed(head):
            sock.sendall(
                b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 6\r\n\r\nDenied"
            )
            return
        if method == "CONNECT":
            if self.answer is not None:
                sock.sendall(self.answer)
                return
            host, _, port = target.rpartition(":")
            onward = socket.create_connection((host.strip("[]"), int(port)), 5)
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            authority, _, path = target.removeprefix("http://").partition("/")
            host, _, port = authority.partition(":")
            onward = socket.create_connection((host, int(port or 80)), 5)
            onward.sendall(head.replace(target.encode(), b"/" + path.encode(), 1))
        self._socks.append(onward)
        self._spawn(self._relay, sock, onward)
        self._relay(onward, sock)
        onward.close()

    def _allowed(self, head: bytes) -> bool:
        wanted = base64.b64encode((self.credentials or "").encode())
        return b"Proxy-Authorization: Basic " + wanted in head

    def _relay(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        shut(sink)
