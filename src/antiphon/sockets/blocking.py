"""The blocking shell: a session's connection for threads, and the manager that opens it.

Holds no judgement: what to queue, when to reconnect and what to raise is `session`'s.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from threading import Event
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar, cast

from ..core.effects import Effect, Invoke, Random
from .address import Channel
from .dial import dial, receive_bytes
from .listener import Listeners, Listening
from .message import encode_event, parse_event
from .opening import Opening
from .reconnection import close_code
from .session import Dial, Hangup, Pause, Session, Transmit, begin, ended_normally, recover

R = TypeVar("R")
EventT = TypeVar("EventT")
ConnectionT = TypeVar("ConnectionT", bound="Connection[Any]")


class Connection(Listening, Generic[EventT]):
    """An open WebSocket connection: iterate it for events, or dispatch them to handlers.

    One thread reads; any thread may send or close.
    """

    _channel: ClassVar[Channel]

    def __init__(self, session: Session, connect: Callable[[Mapping[str, Any], Mapping[str, Any]], Any]) -> None:
        self._session = session
        self._connect = connect
        self._listeners = Listeners()
        self._closing = Event()

    def start(self, listeners: Listeners) -> None:
        """Open the connection, send what waits for it, and take the handlers over. The manager does this."""
        self._perform(begin(self._session))
        listeners.move_to(self._listeners)

    def __iter__(self) -> Iterator[EventT]:
        """The events until the connection is closed for good.

        Raises:
            WebSocketConnectionClosedError: it closed while messages were waiting to be sent.
            websockets.exceptions.ConnectionClosedError: it closed abnormally.
        """
        while True:
            try:
                event = self.recv()
            except Exception as problem:
                if self._survives(problem):
                    continue
                return
            yield event

    def recv(self) -> EventT:
        """The next event.

        Raises:
            websockets.exceptions.ConnectionClosed: there is none any more. Only iteration reconnects.
        """
        return self.parse_event(self.recv_bytes())

    def recv_bytes(self) -> bytes:
        """The next message as bytes; `parse_event` makes it an event."""
        message = receive_bytes(self._session.connection)
        self._session.received(message)
        return message

    def send(self, event: Any) -> None:
        """Send an event, a model or a mapping; while reconnecting it is queued.

        Raises:
            InvalidBody: a value in it cannot be sent.
            WebSocketQueueFullError: it would have to wait, and the queue is full.
            websockets.exceptions.ConnectionClosed: the connection is closed.
        """
        self.send_raw(encode_event(event))

    def send_raw(self, data: bytes | str) -> None:
        """Send a frame as it is, text or binary; otherwise as `send`."""
        if not self._session.admit(data):
            self._session.connection.send(data)

    def parse_event(self, data: str | bytes) -> EventT:
        """The event in a message that `recv_bytes` returned."""
        return cast("EventT", parse_event(data, self._channel.event))

    def close(self, *, code: int = 1000, reason: str = "") -> None:
        """Close the connection, and end any reconnecting. Safe to repeat."""
        self._closing.set()
        connection = self._session.close()
        if connection is not None:
            connection.close(code=code, reason=reason)

    def dispatch_events(self) -> None:
        """Read events and call their handlers until the connection is closed.

        Raises:
            OpenAIError: an "error" event that no handler is there for.
        """
        for event in self:
            for handler in self._listeners.for_event(event):
                handler(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _survives(self, problem: Exception) -> bool:
        """Whether the session goes on after this; `False` after a normal end. Everything else is raised."""
        code = close_code(problem)
        if code is None:
            raise problem
        if self._perform(recover(self._session, code)):
            return True
        self._session.check_unsent(problem)
        if ended_normally(problem):
            return False
        raise problem

    def _perform(self, flow: Coroutine[Effect[Any], Any, R]) -> R:
        try:
            effect = flow.send(None)
            while True:
                try:
                    answer = self._answer(effect)
                except BaseException as failure:
                    effect = flow.throw(failure)
                else:
                    effect = flow.send(answer)
        except StopIteration as end:
            return cast("R", end.value)

    def _answer(self, effect: Effect[Any]) -> Any:
        match effect:
            case Transmit():
                return effect.connection.send(effect.frame)
            case Dial():
                return self._connect(effect.query, effect.headers)
            case Pause():
                return self._closing.wait(effect.seconds)
            case Random():
                return random.random()  # noqa: S311 (jitter)
            case Invoke():
                return effect.function(*effect.arguments)
            case Hangup():
                with suppress(Exception):
                    effect.connection.close()
                return None
            case _:
                raise TypeError(f"not an effect of a session: {effect!r}")


class ConnectionManager(Opening, Generic[ConnectionT]):
    """Opens a connection on `with` or `enter()`, and closes it on leaving; `send` and `on` work before that, too.

    >>> with client.realtime.connect(model="gpt-realtime") as connection:  # doctest: +SKIP
    ...     connection.response.create()
    """

    _connection_class: ClassVar[type[Any]]
    _connection: ConnectionT | None = None

    def __enter__(self) -> ConnectionT:
        session = self._session()
        connection = self._connection_class(session, self._dial)
        connection.start(self._listeners)
        self._connection = connection
        return cast("ConnectionT", connection)

    def enter(self) -> ConnectionT:
        """Open the connection outside a `with`; then `close()` it yourself."""
        return self.__enter__()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        if self._connection is not None:
            try:
                self._connection.close()
            except Exception:
                if exc is None:
                    raise

    def send(self, event: Any) -> None:
        """Queue an event for when the connection is open.

        Raises:
            WebSocketQueueFullError: the queue is full.
        """
        self._queue(event)

    def _dial(self, query: Mapping[str, Any], headers: Mapping[str, Any]) -> Any:
        return dial(self._url(query), self._fields(self._client.websocket_headers(), headers), self._options)
