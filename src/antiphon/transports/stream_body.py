"""The open body of a reply on asyncio.

Knows how to read, finish, close and drop one; refuses to know how bytes arrive. The connection never refers to this object,
so that a body nobody holds any more is collected, and its connection closed, from whichever thread that happens in.
"""

from __future__ import annotations

import sys
import warnings

from ..errors import APIConnectionError, OpenAIError
from ..steady import monotonic
from ..wire.problem import WireProblem
from .failure import complete, lost, passed, refused, timed_out
from .stream_flow import Flow, Overdue
from .stream_hall import Hall
from .stream_link import StreamLink

DRAIN_SECONDS = 0.1
DRAIN_BYTES = 256 * 1024


class StreamBody:
    """An open body; `Reply.body` of a streamed reply."""

    __slots__ = ("_closed", "_flow", "_hall", "_link", "_longest")

    def __init__(self, hall: Hall, link: StreamLink, flow: Flow) -> None:
        self._hall = hall
        self._link = link
        self._flow = flow
        self._closed = False
        self._longest = flow.request.timeout.body

    async def read_chunk(self) -> bytes:
        """The next decoded bytes as soon as any are there; `b""` at the end.

        Raises:
            ReadTimeout: nothing came for `Timeout.read`.
            DeadlineExceeded: the request's deadline passed.
            TruncatedBody: the body ended before its end.
            ProtocolError: the server broke HTTP.
            ResponseTooLarge: the body went past a bound.
        """
        flow = self._flow
        while not self._closed:
            if flow.chunks:
                return flow.take()
            if flow.over:
                if flow.problem is not None:
                    raise failed(self._link, flow)
                break
            await self._more(self._longest)
        return b""

    @property
    def closed(self) -> bool:
        """Whether nothing more will be read."""
        return self._closed or (self._flow.over and not self._flow.chunks)

    def bound_read(self, seconds: float) -> None:
        """Let each read, from now on, wait for so many seconds at most, or for its timeout where that is shorter."""
        longest = self._flow.request.timeout.body
        self._longest = seconds if longest is None else min(seconds, longest)

    async def finish(self) -> None:
        """Take what little may be left, so that the connection can be reused; close it if that is much or slow."""
        flow = self._flow
        until, taken = monotonic() + DRAIN_SECONDS, 0
        while not (self._closed or flow.over) and taken < DRAIN_BYTES and (left := until - monotonic()) > 0:
            taken += len(flow.take())
            await self._more(left)
        self.close()

    async def _more(self, seconds: float | None) -> None:
        try:
            await self._link.more(self._flow, seconds)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give up: the connection is closed, unless the body has ended. From any thread; never raises."""
        self._closed = True
        if not self._flow.over:
            self._hall.soon(self._link.abandon, self._flow)

    def __del__(self) -> None:
        if self._closed or self._flow.over or self._hall.loop.is_closed():
            return
        self.close()
        if not sys.is_finalizing():
            request = self._flow.request
            warnings.warn(f"the body of {request!r} was dropped unread; read it or close it", ResourceWarning, 2, self)


def failed(link: StreamLink, flow: Flow) -> OpenAIError:
    """The typed error for a flow that ended with a problem."""
    problem, request, now = flow.problem, flow.request, monotonic()
    phase = ("stream" if request.events else "body") if link.parser.status else "head" if flow.sent else "write"
    elapsed = now - flow.started
    if isinstance(problem, OpenAIError):
        return problem
    if isinstance(problem, WireProblem):
        return refused(problem, link.parser, request, phase, elapsed)
    if isinstance(problem, Overdue):
        late = passed(request.deadline)
        return complete(timed_out(phase if problem.phase == "body" else problem.phase, deadline=late), request, elapsed)
    if isinstance(problem, OSError):
        error = lost(problem, phase)
        error.__cause__ = problem
        return complete(error, request, elapsed)
    return complete(APIConnectionError(message=f"the connection broke: {problem}", phase=phase), request, elapsed)
