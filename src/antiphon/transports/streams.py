"""The asyncio transport: HTTP over connections of our own, on whichever event loop is running.

Knows the course of one exchange: a connection, the request, the reply, and one silent retry where a kept connection turns
out dead. Connections are `stream_link.py`'s, their sharing `stream_hall.py`'s, their making `stream_dial.py`'s.

Each event loop has connections of its own, so one client serves any number of loops, in turn or in parallel; limits count
per loop. When a loop ends, its connections end with it. A forked child forgets what it inherited and starts afresh.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

from ..core.limits import DEFAULT_CONNECTION_LIMITS, DEFAULT_WIRE_LIMITS, PoolLimits, WireLimits
from ..core.omit import NotGiven, not_given
from ..core.reply import Reply
from ..core.request import BodyStream, Request
from ..errors import ClientClosed
from ..steady import monotonic
from .failure import complete, refused_by_proxy
from .proxy import Proxy, ProxyMap
from .stream_body import StreamBody, failed
from .stream_dial import StreamDial
from .stream_flow import Flow
from .stream_hall import Hall, Place
from .stream_link import StreamLink
from .stream_upload import upload
from .tls import TLSConfig

if TYPE_CHECKING:
    from .reach import Reach

# Connections inherited by a fork belong to the parent. They are kept here, untouched, because dropping the last reference
# would make asyncio complain about them, or act on them.
_inherited: list[Any] = []

_ELSEWHERE = (
    "an async client's own transport runs on asyncio, and no loop of that runs here; "
    "under trio pass http_client=httpx.AsyncClient()"
)


class StreamTransport:
    """Carries requests over asyncio connections. Safe to share between tasks, threads and event loops.

    >>> transport = StreamTransport(limits=PoolLimits(max_connections=10))
    >>> reply = await transport.send(request)  # doctest: +SKIP

    Args:
        limits: how many connections, how many idle, and how long; for each event loop.
        wire_limits: the bounds on replies.
        proxy: a proxy for every origin; `None` for none; left out, the environment decides.
        verify: as `TLSConfig.verify`.
        cert: the client certificate: a path, or paths of certificate and key, and the key's password.
        tls: all of TLS at once, instead of `verify` and `cert`.
        uds: the path of a unix socket to use for every origin.
        reach: which addresses may be connected to; all when left out.
    """

    def __init__(
        self,
        *,
        limits: PoolLimits | None = None,
        wire_limits: WireLimits | None = None,
        proxy: str | Proxy | NotGiven | None = not_given,
        verify: Any = True,
        cert: Any = None,
        tls: TLSConfig | None = None,
        uds: str | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._limits = limits or DEFAULT_CONNECTION_LIMITS
        self._dial = StreamDial(
            tls or TLSConfig.of(verify, cert), ProxyMap.chosen(proxy), uds, wire_limits or DEFAULT_WIRE_LIMITS, reach
        )
        self._halls: dict[asyncio.AbstractEventLoop, Hall] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._pid = os.getpid()
        weakref.finalize(self, _retire, self._halls).atexit = False

    async def send(self, request: Request) -> Reply:
        """One exchange; with `request.stream` the reply's `body` is open, else its `content` is complete.

        Raises:
            ConnectError, TLSError, ProxyError: no connection could be made.
            ConnectTimeout, ReadTimeout, WriteTimeout, PoolTimeout: a phase took longer than `request.timeout` allows.
            DeadlineExceeded: `request.deadline` passed.
            ProtocolError, TruncatedBody, ResponseTooLarge: the reply is not what it must be.
            InvalidBody: the request cannot be sent as it is.
            ClientClosed: the transport was closed.
        """
        started = monotonic()
        try:
            hall = self._halls.get(asyncio.get_running_loop())
        except RuntimeError:
            raise RuntimeError(_ELSEWHERE) from None
        if hall is None or self._closed or self._pid != os.getpid():
            hall = await self._enter()
        place = hall.checkout(request.origin, started)
        link = place if isinstance(place, StreamLink) else await self._connect(hall, request, place, started)
        while True:
            flow = link.begin(request, started)
            try:
                if not flow.sent:
                    await upload(link, flow)
                if not (flow.answered or flow.over) and flow.waiter is not None:
                    await flow.waiter
            except BaseException:
                link.abandon(flow)
                raise
            flow.waiter = None
            if not flow.stale:
                return _delivered(hall, link, flow)
            link = await self._again(hall, link, flow)

    async def aclose(self) -> None:
        """Close every connection, in every loop. Later sends raise `ClientClosed`."""
        self._closed = True
        with self._lock:
            halls = [*self._halls.values()]
            if self._pid != os.getpid():
                _inherited.append(halls)
                halls = []
            self._halls.clear()
        for hall in halls:
            hall.bury() if hall.loop.is_closed() else hall.close()
        await asyncio.sleep(0)  # the transports say goodbye in the next turn of the loop

    async def _enter(self) -> Hall:
        """The running loop's hall, made where there is none; a good moment to forget dead loops."""
        if self._closed:
            raise ClientClosed("the client was closed; make a new one")
        loop, halls = asyncio.get_running_loop(), self._halls
        with self._lock:
            if self._pid != os.getpid():
                _inherited.append([*halls.values()])
                halls.clear()
                self._pid = os.getpid()
            for dead in [other for other in halls if other.is_closed()]:
                halls.pop(dead).bury()
            hall = halls.get(loop)
            if hall is not None:
                return hall
            hall = halls[loop] = Hall(loop, self._limits, lambda: halls.pop(loop, None))
        await hall.open()
        return hall

    async def _connect(self, hall: Hall, request: Request, place: Place | None, started: float) -> StreamLink:
        if place is None:
            place = await hall.wait(request, started)
            if isinstance(place, StreamLink) and place.alive and not self._closed:
                return place
        return await self._opened(hall, request, started)

    async def _again(self, hall: Hall, link: StreamLink, flow: Flow) -> StreamLink:
        """A fresh connection in the place of one that died idle, if the request can be sent once more."""
        content = flow.request.content
        flow.stale = False
        try:
            if flow.request.only_once:
                again = False
            elif isinstance(content, BodyStream):
                again = content.rewind()
            else:
                again = content is None or isinstance(content, bytes)
        except BaseException:
            hall.drop()
            raise
        if not again:
            hall.drop()
            raise failed(link, flow)
        return await self._opened(hall, flow.request, flow.started)

    async def _opened(self, hall: Hall, request: Request, started: float) -> StreamLink:
        """A fresh connection in a place that is held; the place is given back if there is none."""
        try:
            if self._closed:
                raise ClientClosed("the client was closed while the call waited for a connection")
            return await self._dial.open(hall, request, started)
        except BaseException:
            hall.drop()
            raise

    def __repr__(self) -> str:
        if not hasattr(self, "_halls"):  # its making failed, and a traceback shows it
            return "<StreamTransport, not made>"
        return f"<{type(self).__name__} loops={len(self._halls)}{' closed' if self._closed else ''}>"


def _delivered(hall: Hall, link: StreamLink, flow: Flow) -> Reply:
    reply, flow.reply = flow.reply, None
    if reply is None:
        raise failed(link, flow)
    if flow.stream:
        reply.body = StreamBody(hall, link, flow)
    if link.absolute and reply.status_code == 407:
        if reply.body is not None:
            reply.body.close()
        raise complete(refused_by_proxy(), flow.request, monotonic() - flow.started)
    return reply


def _retire(halls: dict[asyncio.AbstractEventLoop, Hall]) -> None:
    for hall in [*halls.values()]:
        hall.retire()
