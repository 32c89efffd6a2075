"""Streams: the events of a call, as they come. Two thin shells over one machine, one for each colour.

A stream owns the open reply. Reading it to its end gives the connection back for the next call; leaving it early (`break`, an
exception, `close()`, garbage collection) closes the connection, and the server sees it.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from .core.call import Call
from .core.decode import body_json, error_in_success, is_error
from .core.event import EventMachine, failures_of, kind_of
from .core.model import caster
from .core.reference import caster_of
from .core.reply import AsyncBody, Body, Reply
from .errors import APIConnectionError, APITimeoutError, StreamInterrupted

if TYPE_CHECKING:
    from .core.trace import Trace

T = TypeVar("T")
_END: Any = object()


class Stream(Generic[T]):
    """The events of a blocking call.

    >>> with client.responses.create(model="gpt-5.5", input="Hi", stream=True) as stream:  # doctest: +SKIP
    ...     for event in stream:
    ...         print(event.type)

    Args:
        cast_to: what an event is: a class, any annotation, or a reference.
        response: the open reply.
        client: the client that made the call.
        options: the call.

    Raises:
        StreamTruncated: (while reading) the stream ended without its terminal event.
        StreamInterrupted: the connection broke.
        APIError: the server sent an error event.
        MalformedStream: an event cannot be read.
    """

    response: Reply

    def __init__(self, *, cast_to: Any, response: Reply, client: Any, options: Call[Any] | None = None) -> None:
        self.response = response
        self._body = cast("Body | None", response.body)
        self._lent = False
        cast_item = _cast(cast_to)
        machine, streams = _machine(response, cast_item, client, options), _is_event_stream(response)
        attend = getattr(client, "_attend", None)
        body = self._body
        if attend is not None:
            body = machine = _attended(attend, response, cast_item, machine, streams)
            streams = True
        self._items: Generator[T] = _events(response, body, cast_item, machine, streams)

    @property
    def trace(self) -> Trace | None:
        """What the policies decided on the way to it; `None` where none had to."""
        return self.response.trace

    def __iter__(self) -> Iterator[T]:
        self._lent = True
        return self._items

    def __next__(self) -> T:
        return next(self._items)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and close the connection, unless the stream was read to its end."""
        self._items.close()
        if self._body is not None:
            self._body.close()

    def __del__(self) -> None:
        # The items close the body when they are collected, unless they were never begun; nor are they if somebody has them.
        items = getattr(self, "_items", None)
        if items is not None and not self._lent and items.gi_frame and not (items.gi_suspended or items.gi_running):
            _drop(self.response, self._body)


class AsyncStream(Generic[T]):
    """The events of an asyncio call; as `Stream`, with `async for`."""

    response: Reply

    def __init__(self, *, cast_to: Any, response: Reply, client: Any, options: Call[Any] | None = None) -> None:
        self.response = response
        self._body = cast("AsyncBody | None", response.body)
        self._cast = _cast(cast_to)
        self._streams = _is_event_stream(response)
        self._machine = _machine(response, self._cast, client, options)
        attend = getattr(client, "_attend", None)
        if attend is not None:
            self._body = self._machine = _attended(attend, response, self._cast, self._machine, self._streams)
            self._streams = True
        self._ready: Iterator[T] = iter(())
        self._begun = self._over = False

    @property
    def trace(self) -> Trace | None:
        """What the policies decided on the way to it; `None` where none had to."""
        return self.response.trace

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        item: T = next(self._ready, _END)
        if item is not _END:
            return item
        return await self._next()

    async def _next(self) -> T:
        if self._over:
            raise StopAsyncIteration
        body, machine = self._body, self._machine
        self._begun = True
        try:
            if body is None or not self._streams:
                self._over = True
                await self._whole()
            while not self._over:
                if machine.done or not (chunk := await body.read_chunk()):  # type: ignore[union-attr]
                    self._over = True
                    machine.end()
                    await body.finish()  # type: ignore[union-attr]
                elif items := machine.feed(chunk):
                    self._ready = iter(items)
                    break
        except BaseException as failure:
            self._over = True
            self._shut()
            if not isinstance(failure, APIConnectionError) or isinstance(failure, (APITimeoutError, StreamInterrupted)):
                raise
            raise interrupted(failure, self.response, machine) from failure
        item: T = next(self._ready, _END)
        if item is _END:
            raise StopAsyncIteration
        return item

    async def _whole(self) -> None:
        """A reply that is no event stream, or was read whole: its events are there at once."""
        from .drivers.asynchronous import read

        await read(self.response)
        self._ready = iter(_content_events(self.response, self._cast, self._machine))

    def _shut(self) -> None:
        if self._body is not None:
            self._body.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop reading and close the connection, unless the stream was read to its end."""
        self._over = True
        self._ready = iter(())
        self._shut()

    aclose = close

    def __del__(self) -> None:
        if getattr(self, "_over", True):
            return
        if self._begun:
            self._shut()
        else:
            _drop(self.response, self.response.body)


def _drop(reply: Reply, body: Body | AsyncBody | None) -> None:
    """Close a stream that nobody read, and say so: it was paid for."""
    if body is None:
        return
    body.close()
    if not sys.is_finalizing():
        import warnings

        message = f"the stream of {reply.request!r} was never read; read it, close it, or use it in a `with` block"
        warnings.warn(message, ResourceWarning, stacklevel=3, source=reply)


def _cast(cast_to: Any) -> Callable[[Any], Any]:
    return caster_of(cast_to) if isinstance(cast_to, str) else caster(cast_to)


def _machine(reply: Reply, cast: Callable[[Any], Any], client: Any, call: Call[Any] | None) -> EventMachine:
    query: dict[str, Any] = {} if call is None or call.query is None else call.query
    after = query.get("starting_after")
    return EventMachine(
        kind_of(call.operation.name if call is not None else ""),
        cast,
        failures_of(reply),
        strict=getattr(client, "strict_streams", True),
        last_sequence=after if isinstance(after, int) else None,
    )


def _attended(
    attend: Callable[..., Any], reply: Reply, cast: Callable[[Any], Any], machine: EventMachine, streams: bool
) -> Any:
    """Body and machine of a stream whose client wants its silence bounded, or its events told."""
    if streams and reply.body is not None:
        return attend(reply, machine, None)
    return attend(reply, machine, lambda: _content_events(reply, cast, machine))


def _events(
    reply: Reply, body: Body | None, cast: Callable[[Any], Any], machine: EventMachine, streams: bool
) -> Generator[Any]:
    """The items of an open reply. Knows no `Stream`, so that a forgotten one is collected, and closed, at once."""
    if body is None or not streams:
        from .drivers.blocking import read

        read(reply)
        yield from _content_events(reply, cast, machine)
        return
    try:
        while not machine.done and (chunk := body.read_chunk()):
            yield from machine.feed(chunk)
        machine.end()
        body.finish()
    except (APITimeoutError, StreamInterrupted):
        raise
    except APIConnectionError as failure:
        raise interrupted(failure, reply, machine) from failure
    finally:
        body.close()


def _is_event_stream(reply: Reply) -> bool:
    label = reply.headers.get("content-type", "").lower()
    if "json" not in label and "html" not in label:
        return True
    # Some servers label their events as JSON; the events themselves tell.
    return reply.is_read and reply.content.startswith((b"data:", b"event:", b"id:", b":"))


def _content_events(reply: Reply, cast: Callable[[Any], Any], machine: EventMachine) -> Iterator[Any]:
    """The events of a body that was read whole; JSON where events were asked for is an error object, or one event."""
    if _is_event_stream(reply):
        yield from machine.feed(reply.content)
        machine.end()
        return
    data = body_json(reply)
    if is_error(data):
        raise error_in_success(reply, data["error"])
    yield cast(data)


def interrupted(failure: APIConnectionError, reply: Reply, machine: EventMachine) -> StreamInterrupted:
    """A connection that broke in the middle of a stream, as what it means for the stream."""
    error = StreamInterrupted(
        message=f"the stream broke off: {failure.message}",
        request=reply.request,
        phase="stream",
        host=failure.host or reply.request.origin.authority,
        elapsed=failure.elapsed,
    )
    error.sequence_number = machine.last_sequence
    return error
