"""The connections of one transport in one event loop.

Knows who gets a connection, who waits and for how long, and how the hall ends with its loop. Refuses to know how a
connection is made. All of it runs in the hall's own loop; only `retire` and `close` may be asked for from elsewhere.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable

from ..core.limits import PoolLimits
from ..core.request import Request
from ..core.url import Origin
from ..errors import ClientClosed
from ..steady import monotonic
from ..wire.pool import OPEN, Open, Pool
from .failure import complete, passed, timed_out
from .stream_end import bury
from .stream_link import StreamLink

Place = StreamLink | Open
TRIM_SECONDS = 1.0
"""How long more connections than `max_keepalive_connections` may stay idle."""
READ_BYTES = 64 * 1024
"""The most that one read takes: of more, the events would fall out of the processor's cache before they are read."""


class Hall:
    """The pool of one loop.

    Args:
        loop: the running loop.
        limits: how many connections.
        ended: called when the loop ends.

    Attributes:
        links: every connection that stands, idle or not.
        buffer: what all links of the loop read into.
        retired: whether the transport is closed or gone, so that nothing may start or be kept.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: PoolLimits, ended: Callable[[], object]) -> None:
        self.loop = loop
        self._ended = ended
        self._pid = os.getpid()
        # Many replies arrive in one turn of the loop, before those who wait for them ask for connections again. Closing
        # what is too many at that moment would mean to open it again in the next, so the bound is kept with some delay.
        self._keep = limits.max_keepalive_connections
        self._trimming: asyncio.TimerHandle | None = None
        self.pool: Pool[StreamLink] = Pool(limits._replace(max_keepalive_connections=None) if self._keep else limits)
        self.links: set[StreamLink] = set()
        self.buffer = memoryview(bytearray(READ_BYTES))
        self.retired = False
        self._warden = _warden(self)

    async def open(self) -> None:
        """Bind the hall's end to the loop's: asyncio ends async generators before it closes."""
        await anext(self._warden)

    def checkout(self, origin: Origin, now: float) -> Place | None:
        """A live idle connection, the right to open one, or `None` for "wait"."""
        pool = self.pool
        while True:
            place = pool.acquire(origin, now)
            if isinstance(place, StreamLink):
                if place.alive:
                    return place
                pool.drop()
                continue
            self._close_doomed()
            return place

    async def wait(self, request: Request, started: float) -> Place:
        """Stand in line for a place.

        Raises:
            PoolTimeout: none came free within `request.timeout.pool`.
            DeadlineExceeded: nor before the request's deadline.
        """
        ticket = _Ticket(self.loop.create_future())
        self.pool.wait(request.origin, ticket)
        patience = _until(request.timeout.pool, request.deadline, started)
        alarm = None if patience is None else self.loop.call_later(patience, ticket.wake)
        try:
            await ticket.woken
        except BaseException:
            self._return(ticket)
            raise
        finally:
            if alarm is not None:
                alarm.cancel()
        if ticket.place is not None:
            return ticket.place
        detail = self.pool.describe()
        self.pool.leave(ticket)
        late = passed(request.deadline)
        raise complete(timed_out("pool", deadline=late, detail=detail), request, monotonic() - started)

    def _return(self, ticket: _Ticket) -> None:
        """A waiter gave up; what it was granted meanwhile goes to the next."""
        if self.pool.leave(ticket) or ticket.place is None:
            return
        if ticket.place is OPEN or not ticket.place.alive:
            self.drop()
        else:
            self.release(ticket.place)

    def release(self, link: StreamLink) -> None:
        """A connection comes back that may serve again."""
        if self.retired:
            link.abort()
            self.pool.drop()
            return
        pool = self.pool
        pool.release(link.origin, link, monotonic())
        if pool.dooming:
            self._close_doomed()
        if self._keep and pool.idle > self._keep and self._trimming is None:
            self._trimming = self.loop.call_later(TRIM_SECONDS, self._trim, self._keep)

    def _trim(self, keep: int) -> None:
        self._trimming = None
        self.pool.trim(keep)
        self._close_doomed()

    def drop(self) -> None:
        """A place comes back without one."""
        self.pool.drop()

    def _close_doomed(self) -> None:
        for link in self.pool.doomed():
            link.abort()

    def retire(self) -> None:
        """Close what is idle now, and the rest as it comes back. From any thread, never raises."""
        self.soon(self._retire)

    def close(self) -> None:
        """Close everything, calls in flight included. From any thread, never raises."""
        self.soon(self._close)

    def soon(self, action: Callable[..., None], *arguments: object) -> None:
        """Call within the loop: now, if this is it. From any thread; nothing happens if the loop is gone."""
        try:
            if asyncio._get_running_loop() is self.loop:
                action(*arguments)
            elif self._pid == os.getpid():
                self.loop.call_soon_threadsafe(action, *arguments)
        except RuntimeError:
            return  # the loop is closed, and its connections with it

    def _retire(self) -> None:
        self.retired = True
        for link in self.pool.clear():
            link.abort()

    def _close(self) -> None:
        self._retire()
        for link in list(self.links):
            link.shut(ClientClosed("the client was closed during the call"))

    def end(self) -> None:
        """The loop is about to end."""
        self._ended()
        self._close()

    def bury(self) -> None:
        """The loop was closed without warning: let go of its connections without a word."""
        for link in [*self.links]:
            link.flow = None
            bury(link.transport)
        self.links.clear()


class _Ticket:
    """A place in the line."""

    __slots__ = ("place", "woken")

    def __init__(self, woken: asyncio.Future[None]) -> None:
        self.woken = woken
        self.place: Place | None = None

    def grant(self, place: Place) -> None:
        """The pool's call."""
        self.place = place
        self.wake()

    def wake(self) -> None:
        """Granted, or too late."""
        if not self.woken.done():
            self.woken.set_result(None)


def _until(seconds: float | None, deadline: float | None, now: float) -> float | None:
    if deadline is None:
        return seconds
    left = max(0.0, deadline - now)
    return left if seconds is None else min(seconds, left)


async def _warden(hall: Hall) -> AsyncGenerator[None]:
    """Lives as long as the loop and closes the hall when the loop shuts down its async generators."""
    try:
        yield
    finally:
        hall.end()
        await asyncio.sleep(0)  # the transports say goodbye in the next turn of the loop
        await asyncio.sleep(0)
