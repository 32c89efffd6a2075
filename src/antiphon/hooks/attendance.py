"""An open stream that somebody attends: its silence is bounded, its events are told of.

Theory of operation. An attended stream stands where a stream has its body and its machine: `read_chunk` reads from the one and
feeds the other until events are complete, and `feed` hands those through. So a stream that nobody attends has nothing of this in
its way. Silence is time spent waiting: it begins with the reader's wish for the next event and ends with an event; bytes that
complete none, such as keep-alives, do not end it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from ..core.event import EventMachine
from ..core.notice import ErrorInfo, RequestInfo, StreamEventInfo, request_info, response_info
from ..core.reply import Reply
from ..errors import APIConnectionError, APITimeoutError, ReadTimeout, StreamIdleTimeout, StreamInterrupted
from ..policies.telling import settled
from ..streaming import interrupted
from ..transports.read_bound import read_bound
from .listener import Listeners
from .observer import awaited_of

_TICK = 0.02
"""Seconds. Timers ring up to a tick of their clock early."""
_LONGEST = 1e9
"""Seconds: no bound, where there was one before."""
_END: Any = object()


class Attendance:
    """What a client's streams are attended for.

    Args:
        idle: seconds of silence after which a stream ends; `None` for no bound.
        listeners: whom events and errors are told.
        monotonic: the time in seconds, never going back.
        colour: "sync" or "async".
    """

    def __init__(
        self,
        idle: float | None,
        listeners: Listeners,
        monotonic: Callable[[], float],
        colour: str,
    ) -> None:
        self.idle = idle
        self.listeners = listeners
        self.monotonic = monotonic
        kinds: Any = (Attended, Told) if colour == "sync" else (AsyncAttended, AsyncTold)
        self._kind = kinds[bool(listeners.event or listeners.error)]
        self._told: WeakSet[Exception] = WeakSet()

    def __call__(self, reply: Reply, machine: EventMachine, whole: Callable[[], Iterator[Any]] | None) -> Any:
        """A reply's body and its machine in one.

        Args:
            reply: the open reply.
            machine: makes events of its bytes.
            whole: the events, where the reply is no event stream or has been read.
        """
        return self._kind(self, reply, machine, whole)

    def tell_failure(self, reply: Reply, failure: Exception) -> None:
        """Tell of what a blocking reader of a stream's events failed with, unless the stream itself did."""
        info = error_info(reply, failure)
        for function in self.ends(failure):
            settled(function(info))

    async def atell_failure(self, reply: Reply, failure: Exception) -> None:
        """As `tell_failure`, on asyncio."""
        info = error_info(reply, failure)
        for function in self.ends(failure):
            await awaited_of(function(info))

    def ends(self, failure: Exception) -> tuple[Callable[[Any], Any], ...]:
        """Whom a failure is to be told: nobody a second time."""
        if failure in self._told:
            return ()
        with suppress(TypeError):  # one that cannot be referred to weakly is not met again
            self._told.add(failure)
        return self.listeners.error


def _least(*bounds: float | None) -> float | None:
    """The smallest of the bounds that there are."""
    return min((each for each in bounds if each is not None), default=None)


def error_info(reply: Reply, failure: Exception) -> ErrorInfo:
    """What is told of a failure after a reply."""
    asked = request_info(reply.request, reply.retries_taken + 1)
    return ErrorInfo(request=asked, response=response_info(reply, asked), error=failure)


class _Attended:
    """What both colours know."""

    done = False

    def __init__(
        self, attendance: Attendance, reply: Reply, machine: EventMachine, whole: Callable[[], Iterator[Any]] | None
    ) -> None:
        self._reply = reply
        self._body: Any = reply.body
        self._machine = machine
        self._whole = whole
        self._rest: Iterator[Any] | None = None
        timeout = reply.request.timeout
        self._idle = self._steady = _least(attendance.idle, timeout.silent)
        if timeout.first_event is not None:
            self._steady = _LONGEST if self._idle is None else self._idle
            self._idle = max(0.0, min(timeout.first_event - reply.elapsed, self._steady))
        self._monotonic = attendance.monotonic
        self._listeners = attendance.listeners
        self._ends = attendance.ends
        self._tells = bool(attendance.listeners.event)
        self._waiting: deque[Any] = deque()
        self._asked: RequestInfo | None = None
        self._told = self._events = 0
        self._bound: float | None = None
        self._set_bound = None if self._idle is None else read_bound(reply.body, reply.request.timeout.read)

    @property
    def last_sequence(self) -> int | None:
        """The last sequence number seen."""
        return self._machine.last_sequence

    def feed(self, items: Any) -> Any:
        """What `read_chunk` gave."""
        return items

    def end(self) -> None:
        """Nothing: `read_chunk` has ended the machine, when there was no more to read."""

    def close(self) -> None:
        """Close the body."""
        if self._body is not None:
            self._body.close()

    def _wait_for(self, seconds: float) -> None:
        """Let each read of the body, from now on, take so long."""
        self._bound = seconds
        if self._set_bound is not None:
            self._set_bound(seconds)

    def _left(self, began: float) -> float:
        """Seconds of silence that are still allowed.

        Raises:
            StreamIdleTimeout: there are none.
        """
        assert self._idle is not None
        left = self._idle - (self._monotonic() - began)
        if left <= 0:
            raise self._silence()
        return left

    def _is_idle(self, began: float) -> bool:
        return self._idle is not None and self._monotonic() - began >= self._idle - _TICK

    def _silence(self) -> StreamIdleTimeout:
        reply, idle, first = self._reply, self._idle or 0.0, self._reply.request.timeout.first_event
        named: dict[str, Any] = {}
        if first is not None and not self._events:
            idle = first
            named["message"] = f"no event came for {idle:.3g} s after the request was sent (stream_first_event)"
        error = StreamIdleTimeout(
            reply.request, idle=idle, events=self._events, host=reply.request.origin.authority, **named
        )
        error.sequence_number = self._machine.last_sequence
        return error

    def _request_info(self) -> RequestInfo:
        if self._asked is None:
            self._asked = request_info(self._reply.request, self._reply.retries_taken + 1)
        return self._asked

    def _next_info(self, event: Any) -> StreamEventInfo:
        self._told += 1
        return StreamEventInfo(request=self._request_info(), event=event, index=self._told - 1)

    def _meant(self, failure: Exception) -> Exception:
        """A failure as what it means for the stream."""
        if not isinstance(failure, APIConnectionError) or isinstance(failure, (APITimeoutError, StreamInterrupted)):
            return failure
        error = interrupted(failure, self._reply, self._machine)
        error.__cause__ = failure
        return error


class Attended(_Attended):
    """An attended stream, blocking."""

    def finish(self) -> None:
        """As the body's own."""
        if self._body is not None and self._whole is None:
            self._body.finish()

    def read_chunk(self) -> Any:
        """The next events; nothing at the end."""
        if self._whole is not None:
            return self._read_whole()
        machine, idle = self._machine, self._idle
        if idle is None:
            while not machine.done and (chunk := self._body.read_chunk()):
                if items := machine.feed(chunk):
                    return items
            machine.end()
            return ()
        began = self._monotonic()
        if self._bound != idle:
            self._wait_for(idle)
        while not machine.done:
            try:
                chunk = self._body.read_chunk()
            except ReadTimeout as failure:
                if not self._is_idle(began):
                    raise
                raise self._silence() from failure
            if not chunk:
                break
            if items := machine.feed(chunk):
                self._events += len(items)
                self._idle = self._steady
                return items
            self._wait_for(self._left(began))
        machine.end()
        return ()

    def _read_whole(self) -> Any:
        if self._rest is None:
            from ..drivers.blocking import read

            assert self._whole is not None
            read(self._reply)
            self._rest = self._whole()
        item = next(self._rest, _END)
        return () if item is _END else (item,)


class Told(Attended):
    """An attended stream whose events, or whose error, somebody is told of; blocking."""

    def read_chunk(self) -> Any:
        """The next events; nothing at the end."""
        waiting = self._waiting
        if not waiting:
            try:
                items = super().read_chunk()
            except Exception as failure:
                self.close()
                meant = self._meant(failure)
                try:
                    self._tell(self._ends(meant), error_info(self._reply, meant))
                    raise meant
                finally:
                    del meant  # an exception that its own frame holds is left to the collector
            if not (items and self._tells):
                return items
            waiting.extend(items)
        event = waiting.popleft()
        self._tell(self._listeners.event, self._next_info(event))
        return (event,)

    def _tell(self, functions: tuple[Callable[[Any], Any], ...], info: Any) -> None:
        for function in functions:
            settled(function(info))


class AsyncAttended(_Attended):
    """An attended stream, on asyncio; as `Attended`."""

    async def finish(self) -> None:
        """As the body's own."""
        if self._body is not None and self._whole is None:
            await self._body.finish()

    async def read_chunk(self) -> Any:
        """The next events; nothing at the end."""
        if self._whole is not None:
            return await self._read_whole()
        machine, idle = self._machine, self._idle
        if idle is None:
            while not machine.done and (chunk := await self._body.read_chunk()):
                if items := machine.feed(chunk):
                    return items
            machine.end()
            return ()
        began, left = self._monotonic(), idle
        while not machine.done:
            if self._bound != left:
                self._wait_for(left)
            try:
                chunk = await (self._body.read_chunk() if self._set_bound else self._within(left))
            except ReadTimeout as failure:
                if not self._is_idle(began):
                    raise
                raise self._silence() from failure
            if not chunk:
                break
            if items := machine.feed(chunk):
                self._events += len(items)
                self._idle = self._steady
                return items
            left = self._left(began)
        machine.end()
        return ()

    async def _within(self, seconds: float) -> bytes:
        """A piece of a body that cannot bound its own reads: the wait for it is bounded from outside."""
        from ..transports.borrowed_clock import running_trio

        if running_trio() is not None:
            import anyio

            with anyio.move_on_after(seconds):
                return await self._body.read_chunk()  # type: ignore[no-any-return]
        else:
            import asyncio

            bound = asyncio.timeout(seconds)
            try:
                async with bound:
                    return await self._body.read_chunk()  # type: ignore[no-any-return]
            except TimeoutError:
                if not bound.expired():
                    raise
        raise self._silence()

    async def _read_whole(self) -> Any:
        if self._rest is None:
            from ..drivers.asynchronous import read

            assert self._whole is not None
            await read(self._reply)
            self._rest = self._whole()
        item = next(self._rest, _END)
        return () if item is _END else (item,)


class AsyncTold(AsyncAttended):
    """An attended stream whose events, or whose error, somebody is told of; on asyncio."""

    async def read_chunk(self) -> Any:
        """The next events; nothing at the end."""
        waiting = self._waiting
        if not waiting:
            try:
                items = await super().read_chunk()
            except Exception as failure:
                self.close()
                meant = self._meant(failure)
                try:
                    await self._tell(self._ends(meant), error_info(self._reply, meant))
                    raise meant
                finally:
                    del meant  # an exception that its own frame holds is left to the collector
            if not (items and self._tells):
                return items
            waiting.extend(items)
        event = waiting.popleft()
        await self._tell(self._listeners.event, self._next_info(event))
        return (event,)

    async def _tell(self, functions: tuple[Callable[[Any], Any], ...], info: Any) -> None:
        for function in functions:
            await awaited_of(function(info))
