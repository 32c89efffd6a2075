"""One blocking connection and the exchanges it carries, one after another.

Theory of operation. `exchange` puts a request out and reads until the reply's head (or, read whole, its end) is there; `receive`
then gives body bytes piece by piece. The connection knows nothing of pools: whoever holds it asks `parser.done` and
`parser.reusable` afterwards. Every wait is bounded by the phase's timeout and the call's deadline. Whatever else is raised,
a signal handler's exception above all, passes untouched; the holder closes the connection.

Requests hold credentials: their bytes are only ever expressions handed to `sendall`, never a name in a frame.
"""

from __future__ import annotations

import socket
from collections.abc import Hashable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..core.limits import WireLimits
from ..core.request import Request
from ..core.secret import Secret
from ..core.timeout import Timeout
from ..errors import ClientClosed
from ..steady import monotonic
from ..wire.encoding import encode_request
from ..wire.framing import SMALL, rest
from ..wire.reply import ReplyParser
from .failure import is_gone, lost, passed, timed_out
from .upload import upload
from .watch import Watch

if TYPE_CHECKING:
    from ..core.ticket import Ticket

RECEIVE = 64 * 1024
_UNARMED = -1.0
_CLOSED = (
    "the connection was closed under the call: by close(), or because this process is a fork of the one that made it"
)


class Stale(Exception):
    """A connection that had served before died before the first byte of a reply: worth one try on a fresh one."""


class Connection:
    """A connected socket and the parser of its replies.

    Args:
        sock: connected, with TLS where the origin has it.
        limits: the bounds on replies.
        absolute: whether request lines carry the whole URL, for a proxy of plain HTTP.
        proxy_authorization: sent with each request to such a proxy.
    """

    __slots__ = (
        "_armed",
        "_deadline",
        "_read_timeout",
        "_spoiled",
        "_ticket",
        "_tls",
        "absolute",
        "closed",
        "key",
        "parser",
        "phase",
        "proxy_authorization",
        "served",
        "sock",
        "watch",
    )

    def __init__(
        self,
        sock: socket.socket,
        limits: WireLimits,
        *,
        absolute: bool = False,
        proxy_authorization: Secret | None = None,
    ) -> None:
        self.sock = sock
        self.parser = ReplyParser(limits)
        self.absolute = absolute
        self.proxy_authorization = proxy_authorization
        self.key: Hashable = None
        self.served = 0
        self.closed = False
        self.phase = "write"
        self._armed: float | None = _UNARMED
        self._read_timeout: float | None = None
        self._deadline: float | None = None
        self._tls = hasattr(sock, "pending")
        self._spoiled = False
        self._ticket: Ticket | None = None
        self.watch = Watch(sock)

    # -- an exchange ---------------------------------------------------------------------------------------------------

    def exchange(self, request: Request, ticket: Ticket | None = None) -> bytes:
        """Send a request and read until the head of its reply is there; gives the body bytes that came with it.

        Args:
            request: what is sent.
            ticket: whose alarm rings while this waits, or while what comes of the body is waited for.

        Raises:
            Stale: see there; nothing of the reply has come.
            APIConnectionError: the connection broke, or a phase took too long.
            WireProblem: the reply breaks HTTP or a bound.
            InvalidBody: the request cannot be sent.
        """
        timeout, parser = request.timeout, self.parser
        self._read_timeout, self._deadline, self._ticket = timeout.read, request.deadline, ticket
        self.phase = "write"
        parser.expect(request.method, stream=request.stream or request.download, events=request.events)
        content, body = request.content, b""
        if content is None or (isinstance(content, bytes) and len(content) <= SMALL):
            if self._deadline is not None or self._armed != timeout.write:
                self._arm(timeout.write)
            try:
                self.sock.sendall(encode_request(request, self.absolute, self.proxy_authorization))
            except OSError as problem:
                body = self._unsent(problem)
        else:
            body = self._upload(request, timeout)
        self.phase = "head"
        while not parser.status:
            body = self.receive()
        self.phase = "stream" if request.events else "body"
        self.served += 1
        return body

    def receive(self) -> bytes:
        """The decoded body bytes of the next arrival: none, where it held none. At the end `parser.done` is set.

        Raises:
            Stale, APIConnectionError, WireProblem: as `exchange`.
        """
        parser = self.parser
        if parser.pending:
            return parser.more()
        if self._deadline is not None or self._armed != self._read_timeout:
            self._arm(self._read_timeout)
        try:
            if self._ticket is None or self._ticket.due is None:
                data = self.sock.recv(RECEIVE)
            else:
                data = self._attend(self._ticket, self._ticket.due)
        except OSError as problem:
            if parser.is_error and is_gone(problem) and not self.closed:
                parser.eof()
                return b""
            raise self._broken(problem) from problem
        if data:
            return parser.feed(data)
        if self.closed:
            raise ClientClosed(_CLOSED)
        if self.served and not parser.started:
            raise Stale
        parser.eof()
        return b""

    def _attend(self, ticket: Ticket, due: float) -> bytes:
        """What comes next, where an alarm may ring before it; the wait is none the longer for that."""
        begun, patience = monotonic(), self._read_timeout
        ends = [end for end in (self._deadline, None if patience is None else begun + patience) if end is not None]
        if not ends or due < min(ends):
            if due > begun:
                self._arm(due - begun)
                try:
                    return self.sock.recv(RECEIVE)
                except TimeoutError as problem:
                    if problem.errno is not None:  # the system's own: the other side is gone
                        raise
            ticket.look(max(monotonic(), due))
            self._arm(None if patience is None else max(begun + patience - monotonic(), 1e-6))
        return self.sock.recv(RECEIVE)

    def receive_all(self, first: bytes, patience: float | None) -> bytes:
        """The rest of the body, after its first bytes, each piece within so many seconds. Raises as `receive`."""
        parser = self.parser
        if parser.done:
            return first
        self._read_timeout = patience
        parts = [first]
        while not parser.done:
            parts.append(self.receive())
        return b"".join(parts)

    def _upload(self, request: Request, timeout: Timeout) -> bytes:
        """Send a request with a large body; gives the body bytes of a reply that came before its end."""
        self._arm(timeout.write)
        try:
            self.sock.sendall(encode_request(request, self.absolute, self.proxy_authorization))
            self._armed = _UNARMED
            pieces = rest(request) or iter(())
            body, self._spoiled = upload(
                self.sock, self.watch, self.parser, pieces, timeout.write, self._deadline, self._ticket
            )
            return body
        except OSError as problem:
            return self._unsent(problem)

    def _unsent(self, problem: OSError) -> bytes:
        """Sending failed; but a server that refuses an upload answers before it hangs up, so its reply may lie here."""
        if not is_gone(problem):
            raise self._broken(problem) from problem
        self._spoiled = True
        body = b""
        while not self.parser.status:
            body = self.receive()
        return body

    def _broken(self, problem: OSError) -> Exception:
        """What a failed send or receive means for the exchange."""
        if self.closed:
            return ClientClosed(_CLOSED)
        if isinstance(problem, TimeoutError) and problem.errno is None:
            return timed_out(self.phase, deadline=passed(self._deadline))
        if is_gone(problem):
            if self.served and not self.parser.started:
                return Stale()
            if self.parser.status:
                return self.parser.cut_short()
        return lost(problem, self.phase)

    def _arm(self, seconds: float | None) -> None:
        if self._deadline is not None:
            left = self._deadline - monotonic()
            if left <= 0:
                raise timed_out(self.phase, deadline=True)
            seconds = left if seconds is None else min(seconds, left)
        # Zero would mean "do not block" to the socket, not "no time at all". The kernel's own bounds (SO_RCVTIMEO) would spare a
        # `poll`, but begin anew with each signal that is handled.
        self.sock.settimeout(seconds if seconds is None else max(seconds, 1e-6))
        self._armed = seconds

    # -- between exchanges ---------------------------------------------------------------------------------------------

    @property
    def reusable(self) -> bool:
        """Whether the exchange is over and another may follow."""
        return self.parser.reusable and self.parser.done and not self._spoiled and not self.closed

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last reply: an idle connection that can be read has ended or gone astray."""
        return not self.watch.readable() and not (self._tls and self.sock.pending())  # type: ignore[attr-defined]

    def close(self) -> None:
        """Close; never blocks, never raises. Nothing is said to the other side, so a forked child may do it too."""
        self.closed = True
        with suppress(OSError):
            self.sock.close()

    def bound_read(self, seconds: float) -> None:
        """Let the rest of the exchange last some seconds at most."""
        until = monotonic() + seconds
        self._deadline = until if self._deadline is None else min(self._deadline, until)

    def shut(self) -> None:
        """End the connection under the hands of the thread that uses it, which wakes and closes it."""
        self.closed = True
        # Not the TLS socket's own shutdown, which takes its state away from the other thread.
        with suppress(OSError):
            socket.socket.shutdown(getattr(self.sock, "under", self.sock), socket.SHUT_RDWR)
