"""Rude servers: raw sockets in threads that do exactly what a script says, decent HTTP or not.

    with Rude(reply(b"{}"), [reply(b"{}"), reset]) as server:   # two requests get an answer, the second then a reset
        ... server.url, server.requests, server.connections, server.peers[0].gone.wait(1)

A script is one *answer* per request, in order over all connections; the last one repeats. An answer is one *action* or a
list of them. An action is bytes to send, or a callable on the `Peer`: `pause(s)`, `drip(data, every)`, `reset`, `half_close`,
`hang_up`, `hang`, `upload_closed`. After the last action the connection stays open for the next request. `greeting=` is an
answer given on connect, before any request. `early=True` answers as soon as the head is read and leaves the body unread.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

Action = bytes | Callable[["Peer"], None]
Answer = Action | Sequence[Action]


@dataclass
class Received:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    raw_head: bytes
    connection: int
    body: bytes = b""

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class Peer:
    """The server's end of one connection."""

    sock: socket.socket
    number: int
    server: Rude
    buffer: bytearray = field(default_factory=bytearray)
    over: bool = False
    gone: threading.Event = field(default_factory=threading.Event)
    """Set once the client has closed or reset the connection."""

    def receive(self) -> bytes:
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.over = True
            self.gone.set()
        self.buffer += data
        return data

    def until(self, mark: bytes) -> bytes | None:
        while mark not in self.buffer:
            if not self.receive():
                return None
        end = self.buffer.index(mark) + len(mark)
        taken = bytes(self.buffer[:end])
        del self.buffer[:end]
        return taken

    def exactly(self, size: int) -> bytes:
        while len(self.buffer) < size and self.receive():
            pass
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def perform(self, answer: Answer) -> None:
        for action in answer if isinstance(answer, (list, tuple)) else [answer]:
            if self.over:
                return
            try:
                self.sock.sendall(action) if isinstance(action, bytes) else action(self)
            except OSError:
                self.over = True
                self.gone.set()


class Rude:
    """A server with a script; a context manager."""

    def __init__(
        self,
        *script: Answer,
        tls: ssl.SSLContext | None = None,
        greeting: Answer = (),
        early: bool = False,
        uds: str | None = None,
        backlog: int = 64,
        keep_bodies: bool = True,
    ) -> None:
        self.script = list(script) or [reply(b"{}")]
        self.tls = tls
        self.greeting = greeting
        self.early = early
        self.keep_bodies = keep_bodies
        self.requests: list[Received] = []
        self.peers: list[Peer] = []
        self.uploaded = 0
        self.failures: list[BaseException] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        if uds is None:
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
            self.port = self.listener.getsockname()[1]
        else:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(uds)
            self.listener.listen(backlog)
            self.port = 80

    @property
    def connections(self) -> int:
        return len(self.peers)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in list(self.peers):
            shut(peer.sock)
        for thread in list(self._threads):
            thread.join(5)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Whether the condition comes true within some seconds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def left(self, number: int = 0, seconds: float = 2.0) -> bool:
        """Whether the client has left (or leaves within some seconds) a connection."""
        return self.wait_for(lambda: len(self.peers) > number) and self.peers[number].gone.wait(seconds)

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
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, len(self.peers), self)
            self.peers.append(peer)
            self._spawn(self._serve, peer)

    def _serve(self, peer: Peer) -> None:
        try:
            if self.tls is not None:
                peer.sock = self.tls.wrap_socket(peer.sock, server_side=True, suppress_ragged_eofs=True)
            peer.perform(self.greeting)
            while not peer.over and (request := self._request(peer)):
                with self._lock:
                    answer = self.script[min(len(self.requests), len(self.script) - 1)]
                    self.requests.append(request)
                peer.perform(answer)
                if self.early:
                    self._swallow(peer, request)
        except OSError as problem:
            self.failures.append(problem)
        finally:
            peer.gone.set()
            with contextlib.suppress(OSError):
                peer.sock.close()

    def _request(self, peer: Peer) -> Received | None:
        head = peer.until(b"\r\n\r\n")
        if head is None:
            return None
        line, *fields = head.decode("latin-1")[:-4].split("\r\n")
        headers = {name.lower(): value for name, _, value in (item.partition(": ") for item in fields)}
        request = Received(line, headers, head, peer.number)
        if not self.early:
            self._swallow(peer, request)
        return request

    def _swallow(self, peer: Peer, request: Received) -> None:
        if request.headers.get("transfer-encoding") == "chunked":
            while size := int((peer.until(b"\r\n") or b"0").strip(), 16):
                self._keep(request, peer.exactly(size))
                peer.exactly(2)
            peer.until(b"\r\n")
            return
        left = int(request.headers.get("content-length", "0"))
        while left > 0 and not peer.over:
            data = peer.exactly(min(left, 1 << 20))
            left -= len(data)
            self._keep(request, data)

    def _keep(self, request: Received, data: bytes) -> None:
        self.uploaded += len(data)
        if self.keep_bodies:
            request.body += data


def shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


# -- answers -----------------------------------------------------------------------------------------------------------


def reply(body: bytes = b"{}", status: int = 200, *headers: str, length: int | None = None) -> bytes:
    """A decent reply with its length; `headers` are whole lines."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body) if length is None else length}"]
    if not any(line.lower().startswith("content-type:") for line in headers):
        lines.append("Content-Type: application/json")
    return ("\r\n".join([*lines, *headers]) + "\r\n\r\n").encode("latin-1") + body


def chunked_head(*headers: str, status: int = 200) -> bytes:
    """The head of a chunked reply."""
    return "\r\n".join([f"HTTP/1.1 {status} Whatever", "Transfer-Encoding: chunked", *headers, "", ""]).encode(
        "latin-1"
    )


def chunk(data: bytes) -> bytes:
    """One chunk; of no data, the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def chunked(*pieces: bytes, headers: Iterable[str] = ()) -> bytes:
    """A whole chunked reply."""
    return chunked_head(*headers) + b"".join(map(chunk, pieces)) + chunk(b"")


def events(*data: str) -> bytes:
    """A whole event stream, one chunk per event."""
    return chunked(*(f"data: {item}\n\n".encode() for item in data), headers=["Content-Type: text/event-stream"])


def pause(seconds: float) -> Action:
    """Do nothing for a while, or until the server stops."""
    return lambda peer: peer.server.stopping.wait(seconds) and None


def drip(data: bytes, every: float, size: int = 1) -> Action:
    """Send the data in small pieces with pauses between."""

    def act(peer: Peer) -> None:
        for start in range(0, len(data), size):
            peer.sock.sendall(data[start : start + size])
            if peer.server.stopping.wait(every):
                return

    return act


def hang(peer: Peer) -> None:
    """Say nothing more, but notice when the client goes."""
    while not peer.over:
        peer.receive()


def reset(peer: Peer) -> None:
    """RST instead of FIN."""
    peer.over = True
    raw = peer.sock
    with contextlib.suppress(OSError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()


def half_close(peer: Peer) -> None:
    """FIN from this side; keep reading."""
    peer.sock.shutdown(socket.SHUT_WR)


def hang_up(peer: Peer) -> None:
    """Close in order (over TLS: with a close_notify)."""
    peer.over = True
    if isinstance(peer.sock, ssl.SSLSocket):
        peer.sock.settimeout(0.2)
        with contextlib.suppress(OSError):
            peer.sock.unwrap()
    shut(peer.sock)
    peer.sock.close()


def cut(peer: Peer) -> None:
    """FIN below TLS: the connection ends without a close_notify."""
    peer.over = True
    if isinstance(peer.sock, ssl.SSLSocket):
        raw = socket.socket(fileno=peer.sock.detach())
        shut(raw)
        raw.close()
    else:
        hang_up(peer)
