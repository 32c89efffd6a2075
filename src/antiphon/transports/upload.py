"""Sending a large body while listening: a server may answer, and stop reading, before it has seen all of it.

Knows one socket in non-blocking mode; refuses to know where the pieces come from. Memory stays at one piece.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..steady import monotonic
from ..wire.framing import Buffer
from ..wire.reply import ReplyParser
from .failure import is_blocked, passed, timed_out
from .watch import Watch

if TYPE_CHECKING:
    from ..core.ticket import Ticket


def upload(
    sock: socket.socket,
    watch: Watch,
    parser: ReplyParser,
    pieces: Iterator[Buffer],
    seconds: float | None,
    deadline: float | None,
    ticket: Ticket | None = None,
) -> tuple[bytes, bool]:
    """Send the pieces; leaves the socket non-blocking.

    Args:
        sock: where to.
        watch: its readiness.
        parser: takes what the server says meanwhile.
        pieces: the framed body.
        seconds: how long the system may take no bytes.
        deadline: the monotonic time by which the call must be over.
        ticket: whose alarm rings while the system takes no bytes.

    Returns:
        The body bytes of an early reply, and whether there was one; then the rest was not sent.

    Raises:
        WriteTimeout, DeadlineExceeded: the server took too long.
        OSError: the connection broke.
    """
    sock.settimeout(0)
    sender = _Sender(sock, watch, parser, seconds, deadline, ticket)
    for piece in pieces:
        if not sender.send(memoryview(piece)):
            return sender.body, True
    return b"", False


class _Sender:
    def __init__(
        self,
        sock: socket.socket,
        watch: Watch,
        parser: ReplyParser,
        seconds: float | None,
        deadline: float | None,
        ticket: Ticket | None,
    ) -> None:
        self.sock = sock
        self.watch = watch
        self.parser = parser
        self.seconds = seconds
        self.deadline = deadline
        self.ticket = ticket
        self.body = b""

    def send(self, view: memoryview) -> bool:
        """Whether the piece went out; false if the server has answered."""
        while view:
            if self.watch.readable():
                self._listen()
                if self.parser.status:
                    return False
            try:
                view = view[self.sock.send(view) :]
            except OSError as problem:
                if not is_blocked(problem):
                    raise
                self._wait()
        return True

    def _listen(self) -> None:
        try:
            data = self.sock.recv(65536)
        except OSError as problem:
            if is_blocked(problem):
                return
            raise
        if not data:
            raise ConnectionAbortedError("the server closed the connection during the upload")
        self.body = self.parser.feed(data)

    def _wait(self) -> None:
        now, ticket = monotonic(), self.ticket
        ends = [] if self.seconds is None else [now + self.seconds]
        if self.deadline is not None:
            ends.append(self.deadline)
        end = min(ends, default=None)
        if ticket is not None and ticket.due is not None and (end is None or ticket.due < end):
            if self.watch.ready(ticket.due - now):
                return
            ticket.look(monotonic())
        if not self.watch.ready(None if end is None else end - monotonic()):
            raise timed_out("write", deadline=passed(self.deadline))
