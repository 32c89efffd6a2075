"""The open body of a streamed reply, blocking: it owns its connection until the body has ended.

Theory of operation. The body holds the connection while bytes may still come. It gives it back exactly once: when the end
has been read (`settle` decides whether it may serve again), or when the body is closed, finished early, breaks, or is
collected unread, which closes the connection so that the server notices at once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable

from ..core.request import Request
from ..errors import APIConnectionError, OpenAIError
from ..steady import monotonic
from ..wire.problem import WireProblem
from .connection import Connection, Stale
from .failure import complete, refused

DRAIN_BYTES = 64 * 1024
DRAIN_SECONDS = 0.1

Settle = Callable[[], None]


class OpenBody:
    """One reader at a time; implements `core.reply.Body`.

    Args:
        connection: what the rest of the body comes from.
        first: the body bytes that came with the head.
        request: what was asked, for errors.
        started: when, monotonic.
        settle: takes the connection back, in whatever state.
    """

    __slots__ = ("__weakref__", "_connection", "_first", "_request", "_settle", "_started")

    def __init__(self, connection: Connection, first: bytes, request: Request, started: float, settle: Settle) -> None:
        self._connection: Connection | None = connection
        self._first = first
        self._request = request
        self._started = started
        self._settle = settle
        connection._read_timeout = request.timeout.body  # pyright: ignore[reportPrivateUsage]
        if connection.parser.done:
            self._give_back()

    @property
    def closed(self) -> bool:
        """Whether nothing more will be read."""
        return self._connection is None and not self._first

    def read_chunk(self) -> bytes:
        """The next decoded bytes as soon as any are there; `b""` at the end.

        Raises:
            ReadTimeout, DeadlineExceeded: the server fell silent, or the call's time is over.
            TruncatedBody: the body broke off.
            ProtocolError, ResponseTooLarge: the body breaks its framing or a bound.
            ClientClosed: the client was closed meanwhile.
        """
        if self._first:
            data, self._first = self._first, b""
            return data
        connection = self._connection
        if connection is None:
            return b""
        try:
            while not (data := connection.receive()) and not connection.parser.done:
                pass
        except BaseException as problem:
            self.close()
            elapsed = monotonic() - self._started
            if isinstance(problem, WireProblem):
                raise refused(problem, connection.parser, self._request, connection.phase, elapsed) from problem
            if isinstance(problem, APIConnectionError):
                complete(problem, self._request, elapsed)
            raise
        if connection.parser.done:
            self._give_back()
        return data

    def bound_read(self, seconds: float) -> None:
        """Let each read, from now on, wait for so many seconds at most, or for its timeout where that is shorter."""
        connection, longest = self._connection, self._request.timeout.body
        if connection is not None:
            bound = seconds if longest is None else min(seconds, longest)
            connection._read_timeout = bound  # pyright: ignore[reportPrivateUsage]

    def finish(self) -> None:
        """The reader has all it wants: keep the connection if the end is at hand, within 64 KiB and 0.1 s; else close."""
        self._first = b""
        connection = self._connection
        if connection is None:
            return
        try:
            connection.bound_read(DRAIN_SECONDS)
            left = DRAIN_BYTES
            while left > 0 and not connection.parser.done:
                left -= len(connection.receive())
        except (OpenAIError, WireProblem, Stale):
            pass
        except BaseException:
            self.close()
            raise
        self._give_back()

    def close(self) -> None:
        """Give up at once; the connection is closed unless the body has ended."""
        self._first = b""
        self._give_back()

    def _give_back(self) -> None:
        if self._connection is not None:
            self._settle()
            self._connection = None  # only now: who is broken off in between settles once more, in vain

    def __repr__(self) -> str:
        return f"<OpenBody of {self._request!r}, {'ended or closed' if self._connection is None else 'open'}>"

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is not None:
            shown = repr(self)
            self.close()  # first, since a warning may be made an error
            if not sys.is_finalizing():
                warnings.warn(
                    f"{shown} was collected unread; close() it or read it to its end", ResourceWarning, 2, self
                )
