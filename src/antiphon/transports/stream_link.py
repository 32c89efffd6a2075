"""One connection on asyncio: a protocol that carries one exchange after another.

Knows when bytes come, go and stop, and for how long; refuses to know HTTP (that is `wire`'s), where connections come from
(`stream_dial.py`) and who gets them (`stream_hall.py`).

Theory of operation. The link is *idle* (`flow is None`) or serves one flow. Everything that ends a flow goes through
`_finish` (the reply is complete), `_break` (it will not be) or `abandon` (nobody wants it any more); each of them detaches the
flow first and gives the link's place in the pool back exactly once. So a late callback finds no flow and does nothing.

Small replies are read to their end within `data_received`, which then wakes the caller once: one future per request.
There is one timer per connection, armed lazily: a new due time that lies later than the armed one is only noted, and the
timer looks again when it fires. With the usual ten minutes for a read it fires, for a busy connection, every ten minutes.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, cast

from ..core.limits import WireLimits
from ..core.reply import Reply
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import Origin
from ..steady import monotonic
from ..wire.encoding import encode_request
from ..wire.framing import SMALL
from ..wire.problem import Truncated, WireProblem
from ..wire.reply import ReplyParser
from .stream_end import is_ragged, last_words
from .stream_flow import Flow, Overdue

if TYPE_CHECKING:
    from .stream_hall import Hall

HIGH_WATER = 256 * 1024
"""Decoded bytes that may wait for a slow reader before the connection is no longer read."""
_NEVER = float("inf")


class StreamLink(asyncio.Protocol):
    """One connection.

    Args:
        hall: the pool it belongs to.
        origin: what it serves.
        limits: the bounds on replies.

    Attributes:
        alive: whether it may carry another exchange.
        served: how many exchanges it completed.
        sock: the system's socket, while plain bytes travel on it.
        absolute: whether requests are written in a proxy's form.
        proxy_authorization: what such requests carry for the proxy.
    """

    __slots__ = (
        "_drainer",
        "_due",
        "_full",
        "_loop",
        "_timer",
        "_timer_at",
        "absolute",
        "alive",
        "flow",
        "hall",
        "origin",
        "parser",
        "proxy_authorization",
        "served",
        "sock",
        "transport",
    )

    def __init__(self, hall: Hall, origin: Origin, limits: WireLimits) -> None:
        self.hall = hall
        self.origin = origin
        self.parser = ReplyParser(limits)
        self.flow: Flow | None = None
        self.transport: asyncio.Transport | None = None
        self.sock: socket.socket | None = None
        self.absolute = False
        self.proxy_authorization: Secret | None = None
        self.alive = False
        self.served = 0
        self._loop = hall.loop
        self._full = False
        self._drainer: asyncio.Future[None] | None = None
        self._due = self._timer_at = _NEVER
        self._timer: asyncio.TimerHandle | None = None

    # -- called by the caller of an exchange -----------------------------------------------------------------------------

    def begin(self, request: Request, started: float) -> Flow:
        """Open an exchange: the head, and a small body with it, goes out at once."""
        flow = self.flow = Flow(request, started, self._loop.create_future())
        self.parser.expect(request.method, stream=request.stream or request.download, events=request.events)
        content = request.content
        flow.sent = content is None or (isinstance(content, bytes) and len(content) <= SMALL)
        self.allow(flow, request.timeout.read if flow.sent else None, started)
        if self.transport is None:
            self._break(flow, ConnectionResetError("it was lost before the request could be sent"))
            return flow
        try:
            self.transport.write(
                encode_request(request, absolute=self.absolute, proxy_authorization=self.proxy_authorization)
            )
        except BaseException:
            self.abandon(flow)
            raise
        return flow

    def allow(self, flow: Flow, seconds: float | None, now: float) -> None:
        """Let the phase that begins now take so long, within the request's deadline."""
        if self.flow is not flow:
            return  # it is over, and the link may serve another already, whose time this is not
        due = _NEVER if seconds is None else now + seconds
        deadline = flow.request.deadline
        if deadline is not None and deadline < due:
            due = deadline
        self._due = due
        if due < self._timer_at:
            self._arm(now)

    async def write(self, flow: Flow, piece: bytes | memoryview, *, last: bool = False) -> bool:
        """Send a piece of a large body and wait until the system has room; false when the flow wants no more of it."""
        if self.flow is not flow or self.parser.status or self.transport is None or self.transport.is_closing():
            return False
        flow.sent = last
        self.transport.write(piece)
        if self._full:
            self.allow(flow, flow.request.timeout.write, monotonic())
            self._drainer = self._loop.create_future()
            try:
                await self._drainer
            finally:
                self._drainer = None
            self.allow(flow, None, monotonic())
        return self.flow is flow

    def listen(self, flow: Flow) -> None:
        """The whole of a large request is out, or an answer came before its end: the reply's turn."""
        self.allow(flow, flow.request.timeout.read, monotonic())

    async def more(self, flow: Flow, seconds: float | None) -> None:
        """Wait until the flow has more to take, or is over; called when it has nothing.

        Args:
            flow: the flow, which must stream.
            seconds: how long the server may stay silent.
        """
        if self.flow is not flow or self._unpacked(flow):
            return
        if flow.paused:
            self._resume(flow)
        waiter = flow.waiter = self._loop.create_future()
        self.allow(flow, seconds, monotonic())
        try:
            await waiter
        finally:
            flow.waiter = None
            self.allow(flow, None, monotonic())

    def abandon(self, flow: Flow) -> None:
        """Nobody wants the flow any more: close the connection, unless the flow is over. Only within the loop."""
        if self.flow is flow:
            self._break(flow, Truncated("the reply was given up"), retry=False)
        elif flow.stale:
            flow.stale = False
            self.hall.drop()

    def abort(self) -> None:
        """Close the connection at once."""
        self.alive = False
        if self.transport is not None:
            self.transport.abort()

    def shut(self, problem: Exception) -> None:
        """Close the connection; a flow on it ends with the problem."""
        if self.flow is not None:
            self._break(self.flow, problem, retry=False)
        self.abort()

    # -- called by the event loop ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands (over TLS: the handshake is done)."""
        self.transport = cast("asyncio.Transport", transport)
        self.alive = True

    def data_received(self, data: bytes) -> None:
        """Bytes have come."""
        flow = self.flow
        if flow is None:
            self.abort()  # nobody asked: whatever follows could be taken for the answer to the next request
            return
        parser = self.parser
        if parser.pending or flow.held:
            flow.held.append(data)
            return
        try:
            body = parser.feed(data)
            if parser.done and not (flow.stream or flow.chunks):
                self._finish(flow, body)
                return
            if body:
                flow.chunks.append(body)
                flow.size += len(body)
            if parser.pending and not flow.stream:
                self._unpack(flow)
        except WireProblem as problem:
            self._break(flow, problem)
            return
        if parser.done:
            self._finish(flow)
        elif flow.stream and parser.status:
            self._advance(flow)
        else:
            self._extend(flow)

    def eof_received(self) -> None:
        """The server has closed its side; the transport closes ours."""
        self.alive = False
        flow = self.flow
        if flow is None:
            return
        if self.transport is not None and is_ragged(self.transport):
            return  # `connection_lost` follows and takes it for what it is
        if flow.held or self.parser.pending:
            flow.eof = True
        else:
            self._end(flow)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.alive = False
        self.hall.links.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        flow = self.flow
        if flow is not None and not flow.eof:
            self._hear_last_words()
            if self.flow is flow and self.parser.is_error:
                self._end(flow)
            elif self.flow is flow:
                self._break(flow, exc or self._missing())
        self.transport = self.sock = None
        self.resume_writing()

    def pause_writing(self) -> None:
        """The system takes no more for now."""
        self._full = True

    def resume_writing(self) -> None:
        """It does again."""
        self._full = False
        if self._drainer is not None and not self._drainer.done():
            self._drainer.set_result(None)

    # -- the flow --------------------------------------------------------------------------------------------------------

    def _advance(self, flow: Flow) -> None:
        if not flow.answered:
            self._answer(flow)
            self.resume_writing()
        if (flow.size > HIGH_WATER or self.parser.pending) and not flow.paused:
            self._pause(flow)
        flow.wake()

    def _extend(self, flow: Flow) -> None:
        """A piece of a head, or of a body that is read whole, was a sign of life."""
        if flow.sent or self.parser.status:
            timeout = flow.request.timeout
            self.allow(flow, timeout.body if self.parser.status else timeout.read, monotonic())
        if not flow.sent and self.parser.status:
            self.resume_writing()  # an early answer: the rest of the upload is not wanted

    def _answer(self, flow: Flow, content: bytes | None = None) -> None:
        parser = self.parser
        flow.answered = True
        elapsed = monotonic() - flow.started
        flow.reply = Reply(parser.status, parser.headers, flow.request, content, None, parser.version, elapsed)

    def _finish(self, flow: Flow, content: bytes | None = None) -> None:
        """The reply is complete, and may be all in one piece: free the connection for the next, then tell the reader."""
        if not flow.answered:
            self._answer(flow, flow.take() if content is None and not flow.stream else content)
        if flow.paused:
            self._resume(flow)
        flow.over = True
        self.flow = None
        self.served += 1
        if flow.sent and not self._full and self.alive and self.parser.reusable:
            self.hall.release(self)
        else:
            self.abort()
            self.hall.drop()
            self.resume_writing()
        flow.wake()

    def _break(self, flow: Flow, problem: Exception, *, retry: bool = True) -> None:
        """The reply will never be complete."""
        flow.over = True
        flow.problem = problem.with_traceback(None)  # whose frames hold the flow
        if flow.stream and self.parser.status and not flow.answered:
            self._answer(flow)
        self.flow = None
        self.abort()
        if retry and self.served and not self.parser.started and isinstance(problem, (OSError, Truncated)):
            flow.stale = True
        else:
            self.hall.drop()
        self.resume_writing()
        flow.wake()

    def _end(self, flow: Flow) -> None:
        try:
            self.parser.eof()
        except WireProblem as problem:
            self._break(flow, problem)
        else:
            self._finish(flow)

    def _missing(self) -> Truncated:
        parser = self.parser
        if parser.status:
            return parser.cut_short()
        return Truncated(
            "the connection ended within the reply's head" if parser.started else "the connection ended without a reply"
        )

    def _unpack(self, flow: Flow) -> None:
        while self.parser.pending:
            if body := self.parser.more():
                flow.chunks.append(body)

    def _unpacked(self, flow: Flow) -> bool:
        """Go on with what came but was not decoded yet; false if there is no such thing."""
        if self.parser.pending:
            try:
                body = self.parser.more()
            except WireProblem as problem:
                self._break(flow, problem)
                return True
            if body:
                flow.chunks.append(body)
                flow.size += len(body)
            if self.parser.done:
                self._finish(flow)
            return True
        held, flow.held = flow.held, []
        if held:
            self.data_received(b"".join(held))
        elif flow.eof:
            self._end(flow)
        return bool(held) or flow.eof

    # -- the connection --------------------------------------------------------------------------------------------------

    def _pause(self, flow: Flow) -> None:
        flow.paused = True
        if self.transport is not None:
            self.transport.pause_reading()

    def _resume(self, flow: Flow) -> None:
        flow.paused = False
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()

    def _hear_last_words(self) -> None:
        """A server that answers early and hangs up resets our upload, but what it said is still in the socket."""
        if self.sock is not None:
            for data in last_words(self.sock, self._loop):
                if self.flow is None:
                    break
                self.data_received(data)

    def _arm(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._due
        self._timer = self._loop.call_later(self._due - now, self._look)

    def _look(self) -> None:
        self._timer, self._timer_at = None, _NEVER
        flow, now = self.flow, monotonic()
        if flow is None or self._due == _NEVER:
            return
        if self._due > now:
            self._arm(now)
        elif self._drainer is not None:
            self._break(flow, Overdue("write"), retry=False)
        else:
            self._break(flow, Overdue("body" if self.parser.status else "head"), retry=False)
