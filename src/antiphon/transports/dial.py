"""Making a TCP (or unix) connection, blocking, without threads for the connecting itself.

Names with several addresses are raced in the manner of RFC 8305: families alternate, a new address starts every `STAGGER`
seconds or as soon as one has failed, the first to connect wins. Only the resolver runs in a thread of its own, for nothing
else can be given a time bound and be left at once by Ctrl-C. Knows sockets; refuses to know HTTP and TLS.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..steady import monotonic
from .failure import connect_failure, dns_failure, timed_out
from .patience import patience

if TYPE_CHECKING:
    from ..core.ticket import Ticket
    from .reach import Reach

STAGGER = 0.25
"""Seconds an address has for itself before the next one is tried beside it."""

Address = tuple[int, Any]
"""A family and what `connect` takes."""

_IN_PROGRESS = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS)})

# Option names differ between systems; what a system lacks is left out. Seconds, but for the last, in milliseconds.
_KEEPALIVE = (
    ("TCP_KEEPIDLE", 30),
    ("TCP_KEEPALIVE", 30),
    ("TCP_KEEPINTVL", 10),
    ("TCP_KEEPCNT", 3),
    ("TCP_USER_TIMEOUT", 120_000),
)
_TUNING = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
    (socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _KEEPALIVE if hasattr(socket, name)
]


def dial(
    host: str, port: int, until: float | None, reach: Reach | None = None, ticket: Ticket | None = None
) -> socket.socket:
    """A connected TCP socket in blocking mode.

    Args:
        host: a name or an address.
        port: 1 to 65535.
        until: the monotonic time by which it must be there, or `None`.
        reach: which of the host's addresses may be connected to; all when left out.
        ticket: looked at all the while.

    Raises:
        ConnectError: the name does not resolve, or no address takes the connection.
        ConnectTimeout: it took too long.
        ClientClosed: the ticket was withdrawn.
    """
    addresses = resolve(host, port, until, ticket)
    sock = race(alternate(addresses if reach is None else reach(host, addresses)), until, ticket)
    sock.setblocking(True)
    tune(sock)
    return sock


def dial_unix(path: str, until: float | None) -> socket.socket:
    """A connected unix socket; raises as `dial`. The system makes such a connection at once, or says no."""
    try:
        sock = socket.socket(socket.AF_UNIX)
    except OSError as problem:
        raise connect_failure(problem) from problem
    try:
        allow(sock, until, "connect")
        sock.connect(path)
    except TimeoutError:
        sock.close()
        raise timed_out("connect") from None
    except OSError as problem:
        sock.close()
        raise connect_failure(problem) from problem
    except BaseException:
        sock.close()
        raise
    sock.setblocking(True)
    return sock


def allow(sock: socket.socket, until: float | None, phase: str, ticket: Ticket | None = None, detail: str = "") -> None:
    """Let the socket's next operation last until a monotonic time; with a ticket, until that should be looked at.

    Raises:
        ConnectTimeout: the time is over.
        ClientClosed: the ticket was withdrawn.
    """
    seconds = patience(until, phase, ticket, detail)
    # Zero would mean "do not block" to the socket.
    sock.settimeout(None if seconds is None else max(seconds, 1e-4))


def tune(sock: socket.socket) -> None:
    """No delay, and probes that notice a dead peer; systems that lack an option go without."""
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        for level, name, value in _TUNING:
            with suppress(OSError):
                sock.setsockopt(level, name, value)


def resolve(host: str, port: int, until: float | None, ticket: Ticket | None = None) -> list[Address]:
    """The addresses of a host, in the system's order.

    Raises:
        ConnectError: there are none.
        ConnectTimeout: the resolver took too long; its thread ends when it answers.
        ClientClosed: the ticket was withdrawn.
    """
    with suppress(OSError, UnicodeError):
        return _addresses(host, port, socket.AI_NUMERICHOST)
    outcome: list[list[Address] | Exception] = []
    answered = threading.Event()

    def ask() -> None:
        try:
            outcome.append(_addresses(host, port, 0))
        except Exception as problem:  # whatever it is, it belongs to the waiting thread
            outcome.append(problem)
        answered.set()

    try:
        threading.Thread(target=ask, name="antiphon-resolver", daemon=True).start()
    except RuntimeError:  # no more threads, or the interpreter is about to exit: better to ask without a bound of time
        ask()
    while not answered.wait(patience(until, "dns", ticket, host)):
        pass
    if isinstance(outcome[0], Exception):
        raise dns_failure(host, outcome[0]) from outcome[0]
    return outcome[0]


def _addresses(host: str, port: int, flags: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [(family, address) for family, _, _, _, address in found]


def alternate(addresses: Iterable[Address]) -> list[Address]:
    """The same addresses, families taking turns, beginning with the first one's."""
    queues: dict[int, deque[Address]] = {}
    for address in addresses:
        queues.setdefault(address[0], deque()).append(address)
    turns: list[Address] = []
    while queues:
        for family in list(queues):
            turns.append(queues[family].popleft())
            if not queues[family]:
                del queues[family]
    return turns


def race(addresses: Iterable[Address], until: float | None, ticket: Ticket | None = None) -> socket.socket:
    """The first socket to connect, in non-blocking mode; the others are closed. Raises as `dial`."""
    try:
        selector = selectors.DefaultSelector()
    except OSError as problem:  # it takes a file descriptor, and there may be none
        raise connect_failure(problem) from problem
    with selector:
        runners = _Race(selector, deque(addresses), until, ticket)
        try:
            return runners.run()
        finally:
            runners.close()


class _Race:
    def __init__(
        self, selector: selectors.BaseSelector, waiting: deque[Address], until: float | None, ticket: Ticket | None
    ) -> None:
        self.selector = selector
        self.waiting = waiting
        self.until = until
        self.ticket = ticket
        self.running: set[socket.socket] = set()
        self.problem = OSError(errno.EADDRNOTAVAIL, "no address to connect to")

    def run(self) -> socket.socket:
        next_start = monotonic()
        while self.waiting or self.running:
            left = patience(self.until, "connect", self.ticket)
            now = monotonic()
            failure = self.problem
            if self.waiting and now >= next_start:
                next_start = now + STAGGER
                winner = self._start(self.waiting.popleft())
            else:
                soon = next_start - now if self.waiting else None
                winner = self._wait(min((each for each in (left, soon) if each is not None), default=None))
            if winner is not None:
                return winner
            if self.problem is not failure:
                next_start = now
        raise connect_failure(self.problem) from self.problem

    def close(self) -> None:
        for sock in self.running:
            sock.close()

    def _start(self, address: Address) -> socket.socket | None:
        try:
            sock = socket.socket(address[0], socket.SOCK_STREAM)
        except OSError as problem:
            self.problem = problem
            return None
        self.running.add(sock)
        sock.setblocking(False)
        code = sock.connect_ex(address[1])
        if code in _IN_PROGRESS:
            self.selector.register(sock, selectors.EVENT_WRITE)
            return None
        return self._judge(sock, code)

    def _wait(self, seconds: float | None) -> socket.socket | None:
        for key, _ in self.selector.select(seconds):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            self.selector.unregister(sock)
            if winner := self._judge(sock, sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                return winner
        return None

    def _judge(self, sock: socket.socket, code: int) -> socket.socket | None:
        self.running.discard(sock)
        if code == 0:
            return sock
        self.problem = OSError(code, os.strerror(code))
        sock.close()
        return None
