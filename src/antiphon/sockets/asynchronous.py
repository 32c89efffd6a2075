"""The asyncio shell: a session's connection for tasks, and the manager that opens it.

Holds no judgement: what to queue, when to reconnect and what to raise is `session`'s.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from inspect import isawaitable
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from ..core.effects import Effect, Invoke, Random
from .address import Channel
from .dial import adial
from .listener import Listeners, Listening
from .message import encode_event, parse_event
from .opening import Opening
from .reconnection import close_code
from .session import Dial, Hangup, Pause, Session, Transmit, begin, ended_normally, recover

R = TypeVar("R")
EventT = TypeVar("EventT")
ConnectionT = TypeVar("ConnectionT", bound="AsyncConnection[Any]")


class AsyncConnection(Listening, Generic[EventT]):
    """An open WebSocket connection: iterate it for events, or dispatch them to handlers.

    One task reads; any task of its event loop may send or close.
    """

    _channel: ClassVar[Channel]

    def __init__(
        self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Awaitable[Any]]
    ) -> None:
        self._session = session
        self._connect = connect
        self._listeners = Listeners()
        self._closing = asyncio.Event()

    async def start(self, listeners: Listeners) -> None:
        """Open the connection, send what waits for it, and take the handlers over. The manager does this."""
        await self._perform(begin(self._session))
        listeners.move_to(self._listeners)

    async def __aiter__(self) -> AsyncIterator[EventT]:
        """The events until the connection is closed for good.

        Raises:
            WebSocketConnectionClosedError: it closed while messages were waiting to be sent.
            websockets.exceptions.ConnectionClosedError: it closed abnormally.
        """
        while True:
            try:
                event = await self.recv()
            except Exception as problem:
                if await self._survives(problem):
                    continue
                return
            yield event

    async def recv(self) -> EventT:
        """The next event.

        Raises:
            websockets.exceptions.ConnectionClosed: there is none any more. Only iteration reconnects.
        """
        return self.parse_event(await self.recv_bytes())

    async def recv_bytes(self) -> bytes:
        """The next message as bytes; `parse_event` makes it an event."""
        message: bytes = await self._session.connection.recv(decode=False)
        self._session.received(message)
        return message

    async def send(self, event: Any) -> None:
        """Send an event, a model or a mapping; while reconnecting it is queued.

        Raises:
            InvalidBody: a value in it cannot be sent.
            WebSocketQueueFullError: it would have to wait, and the queue is full.
            websockets.exceptions.ConnectionClosed: the connection is closed.
        """
        await self.send_raw(encode_event(event))

    async def send_raw(self, data: bytes | str) -> None:
        """Send a frame as it is, text or binary; otherwise as `send`."""
        if not self._session.admit(data):
            await self._session.connection.send(data)

    def parse_event(self, data: str | bytes) -> EventT:
        """The event in a message that `recv_bytes` returned."""
        return cast("EventT", parse_event(data, self._channel.event))

    async def close(self, *, code: int = 1000, reason: str = "") -> None:
        """Close the connection, and end any reconnecting. Safe to repeat."""
        self._closing.set()
        connection = self._session.close()
        if connection is not None:
            await connection.close(code=code, reason=reason)

    async def dispatch_events(self) -> None:
        """Read events and call their handlers, awaiting those that can be, until the connection is closed.

        Raises:
            OpenAIError: an "error" event that no handler is there for.
        """
        async for event in self:
            for handler in self._listeners.for_event(event):
                result = handler(event)
                if isawaitable(result):
                    await result

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _survives(self, problem: Exception) -> bool:
        """Whether the session goes on after this; `False` after a normal end. Everything else is raised."""
        code = close_code(problem)
        if code is None:
            raise problem
        if await self._perform(recover(self._session, code)):
            return True
        self._session.check_unsent(problem)
        if ended_normally(problem):
            return False
        raise problem

    async def _perform(self, flow: Coroutine[Effect[Any], Any, R]) -> R:
        try:
            effect = flow.send(None)
            while True:
                try:
                    answer = await self._answer(effect)
                except BaseException as failure:
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(answer)
        except StopIteration as end:
            return cast("R", end.value)

    async def _answer(self, effect: Effect[Any]) -> Any:
        match effect:
            case Transmit():
                return await effect.connection.send(effect.frame)
            case Dial():
                return await self._connect(effect.query, effect.headers)
            case Pause():
                return await self._paused(effect.seconds)
            case Random():
                return random.random()  # noqa: S311 (jitter)
            case Invoke():
                answer = effect.function(*effect.arguments)
                return await answer if isawaitable(answer) else answer
            case Hangup():
                # A reader that is being cancelled must not leave a half-open connection behind.
                with suppress(Exception):
                    await asyncio.shield(effect.connection.close())
                return None
            case _:
                raise TypeError(f"not an effect of a session: {effect!r}")

    async def _paused(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


class AsyncConnectionManager(Opening, Generic[ConnectionT]):
    """Opens a connection on `async with` or `enter()`, and closes it on leaving; `send` and `on` work before that, too.

    >>> async with client.realtime.connect(model="gpt-realtime") as connection:  # doctest: +SKIP
    ...     await connection.response.create()
    """

    _connection_class: ClassVar[type[Any]]
    _connection: ConnectionT | None = None

    async def __aenter__(self) -> ConnectionT:
        session = self._session()
        connection = self._connection_class(session, self._dial)
        await connection.start(self._listeners)
        self._connection = connection
        return cast("ConnectionT", connection)

    async def enter(self) -> ConnectionT:
        """Open the connection outside an `async with`; then `close()` it yourself."""
        return await self.__aenter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if self._connection is not None:
            try:
                await self._connection.close()
            except Exception:
                if exc is None:
                    raise

    def send(self, event: Any) -> None:
        """Queue an event for when the connection is open.

        Raises:
            WebSocketQueueFullError: the queue is full.
        """
        self._queue(event)

    async def _dial(self, query: Mapping[str, Any], headers: Mapping[str, Any]) -> Any:
        # No credential becomes a local variable: a traceback may show those.
        carried = self._fields(await self._client.websocket_headers(), headers)
        return await adial(self._url(query), carried, self._options)
