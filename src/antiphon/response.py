"""Replies as users hold them: raw, streamed, and binary, in both colours.

- `client.x.with_raw_response.method(...)` gives a `LegacyAPIResponse`: the reply has been read; `parse()` gives the result.
- `with client.x.with_streaming_response.method(...) as response` gives an `APIResponse` whose body is read only as far as you
  read it. The request is sent on entering and the reply closed on leaving.
- Methods that download give a `HttpxBinaryResponseContent`.

These classes wrap a `Reply` and the function that decodes it; they know neither the client nor how its bytes travel.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from .binary import HttpxBinaryResponseContent, thread_runner
from .core.decode import body_json
from .core.headers import Headers
from .core.reply import AsyncBody, Body, Reply
from .core.request import Request
from .core.segment import Sized, cut, cut_async, line_cutter, text_cutter
from .core.url import URL
from .errors import StreamAlreadyConsumed

if TYPE_CHECKING:
    from .core.ratelimit import RateLimits
    from .core.trace import Trace

__all__ = [
    "APIResponse",
    "AsyncAPIResponse",
    "AsyncResponseContextManager",
    "AsyncStreamedBinaryAPIResponse",
    "BaseAPIResponse",
    "HttpxBinaryResponseContent",
    "LegacyAPIResponse",
    "ResponseContextManager",
    "StreamAlreadyConsumed",
    "StreamedBinaryAPIResponse",
]

R = TypeVar("R")
T = TypeVar("T")
Decode = Callable[[Reply, Any], Any]
FilePath = str | os.PathLike[str]

_MISSING: Any = object()


class BaseAPIResponse(Generic[R]):
    """A reply and what it means.

    Args:
        reply: the reply.
        decode: makes the result, given the reply and what to decode to (`None` for what the call promised).
        stream: whether the result is a stream of events, which reads the body itself.

    Attributes:
        http_response: the reply itself.
        retries_taken: how many attempts failed before this one.
    """

    http_response: Reply
    retries_taken: int

    def __init__(self, reply: Reply, decode: Decode, *, stream: bool = False) -> None:
        self.http_response = reply
        self.retries_taken = reply.retries_taken
        self._decode = decode
        self._stream = stream
        self._taken = False
        self._closed = False
        self._parsed: dict[Any, Any] = {}

    def _result(self, to: Any) -> Any:
        """The decoded result, remembered for each target."""
        key = to if getattr(to, "__hash__", None) is not None else repr(to)
        result = self._parsed.get(key, _MISSING)
        if result is _MISSING:
            if self._stream and not self.http_response.is_read:
                self._take()
            result = self._parsed[key] = self._decode(self.http_response, to)
        return result

    @property
    def headers(self) -> Headers:
        """The reply's header fields."""
        return self.http_response.headers

    @property
    def http_request(self) -> Request:
        """What was asked."""
        return self.http_response.request

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.http_response.status_code

    @property
    def url(self) -> URL:
        """The URL that answered."""
        return self.http_response.url

    @property
    def method(self) -> str:
        """The verb that was sent."""
        return self.http_response.method

    @property
    def http_version(self) -> str:
        """E.g. "HTTP/1.1"."""
        return self.http_response.http_version

    @property
    def elapsed(self) -> timedelta:
        """The time from sending to the reply's head (or its end, where the body was read whole)."""
        return timedelta(seconds=self.http_response.elapsed)

    @property
    def request_id(self) -> str | None:
        """The server's `x-request-id`, for support."""
        return self.http_response.headers.get("x-request-id")

    @property
    def trace(self) -> Trace | None:
        """What the policies decided on the way to it; `None` where none had to."""
        return self.http_response.trace

    @property
    def ratelimit(self) -> RateLimits:
        """The `x-ratelimit-*` headers as a typed value."""
        from .core.ratelimit import RateLimits

        return RateLimits.from_headers(self.http_response.headers)

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing left to read: the body was read whole, given up, or handed to a stream that ended."""
        reply = self.http_response
        return reply.is_read or reply.body is None or bool(getattr(reply.body, "closed", False)) or self._closed

    def _take(self) -> None:
        """Claim the open body, which can be read once."""
        if self._taken or self._closed or self.http_response.is_stream_consumed:
            raise StreamAlreadyConsumed
        self._taken = self.http_response._taken = True

    def _shut(self) -> None:
        self._closed = True
        if self.http_response.body is not None:
            self.http_response.body.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{self.status_code} {self.http_response.reason_phrase}]>"


class LegacyAPIResponse(BaseAPIResponse[R]):
    """What `with_raw_response` gives, in both colours.

    >>> response = client.models.with_raw_response.list()  # doctest: +SKIP
    >>> response.headers["x-request-id"], response.parse().data  # doctest: +SKIP
    """

    @overload
    def parse(self, *, to: type[T]) -> T: ...

    @overload
    def parse(self) -> R: ...

    def parse(self, *, to: Any = None) -> Any:
        """The result the plain method would have given, or the body decoded to another type.

        Args:
            to: a model class, `dict`, `list[...]`, a union, `str`, `int`, `float`, `bool`, `bytes`, `Reply`; for event streams
                a `Stream[...]` of another type.

        Raises:
            APIResponseValidationError: the body cannot be that.
        """
        return self._result(to)

    @property
    def content(self) -> bytes:
        """The body."""
        return self.http_response.content

    @property
    def text(self) -> str:
        """The body as text."""
        return self.http_response.text


class APIResponse(BaseAPIResponse[R]):
    """What `with_streaming_response` gives to a blocking client: the head is there, the body is yours to read."""

    @overload
    def parse(self, *, to: type[T]) -> T: ...

    @overload
    def parse(self) -> R: ...

    def parse(self, *, to: Any = None) -> Any:
        """Read the body and decode it; see `LegacyAPIResponse.parse`."""
        if not self._stream:
            self.read()
        return self._result(to)

    def read(self) -> bytes:
        """Read the whole body; it is kept, so this may be called again.

        Raises:
            StreamAlreadyConsumed: it was iterated before.
        """
        reply = self.http_response
        if not reply.is_read:
            reply.content = b"".join(self._pieces())
        return reply.content

    def text(self) -> str:
        """Read the body as text."""
        self.read()
        return self.http_response.text

    def json(self) -> object:
        """Read the body as JSON."""
        self.read()
        return body_json(self.http_response)

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The body, decompressed, in pieces of `chunk_size` bytes, or as they come."""
        return cut(self._pieces(), Sized[bytes](chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """The body as text, in pieces of `chunk_size` characters, or as they come."""
        return cut(self._pieces(), text_cutter(self.http_response.encoding, chunk_size))

    def iter_lines(self) -> Iterator[str]:
        """The body's lines, without their ends."""
        return cut(self._pieces(), line_cutter(self.http_response.encoding))

    def close(self) -> None:
        """Give the connection back, or close it where the body was not read to its end."""
        self._shut()

    def _pieces(self) -> Iterator[bytes]:
        reply = self.http_response
        if reply.is_read:
            yield reply.content
            return
        self._take()
        body = cast("Body", reply.body)
        try:
            while piece := body.read_chunk():
                yield piece
            body.finish()
        finally:
            self._shut()


class AsyncAPIResponse(BaseAPIResponse[R]):
    """As `APIResponse`, for an asyncio client."""

    @overload
    async def parse(self, *, to: type[T]) -> T: ...

    @overload
    async def parse(self) -> R: ...

    async def parse(self, *, to: Any = None) -> Any:
        """As `APIResponse.parse`."""
        if not self._stream:
            await self.read()
        return self._result(to)

    async def read(self) -> bytes:
        """As `APIResponse.read`."""
        reply = self.http_response
        if not reply.is_read:
            reply.content = b"".join([piece async for piece in self._pieces()])
        return reply.content

    async def text(self) -> str:
        """As `APIResponse.text`."""
        await self.read()
        return self.http_response.text

    async def json(self) -> object:
        """As `APIResponse.json`."""
        await self.read()
        return body_json(self.http_response)

    def iter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """As `APIResponse.iter_bytes`."""
        return cut_async(self._pieces(), Sized[bytes](chunk_size))

    def iter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """As `APIResponse.iter_text`."""
        return cut_async(self._pieces(), text_cutter(self.http_response.encoding, chunk_size))

    def iter_lines(self) -> AsyncIterator[str]:
        """As `APIResponse.iter_lines`."""
        return cut_async(self._pieces(), line_cutter(self.http_response.encoding))

    async def close(self) -> None:
        """As `APIResponse.close`."""
        self._shut()

    async def _pieces(self) -> AsyncIterator[bytes]:
        reply = self.http_response
        if reply.is_read:
            yield reply.content
            return
        self._take()
        body = cast("AsyncBody", reply.body)
        try:
            while piece := await body.read_chunk():
                yield piece
            await body.finish()
        finally:
            self._shut()


class StreamedBinaryAPIResponse(APIResponse[bytes]):
    """A download, in a blocking client."""

    def stream_to_file(self, file: FilePath, *, chunk_size: int | None = None) -> None:
        """Write the body to a file as it comes, in constant memory."""
        with Path(file).open("wb") as target:
            target.writelines(self.iter_bytes(chunk_size))


class AsyncStreamedBinaryAPIResponse(AsyncAPIResponse[bytes]):
    """A download, in an asyncio client."""

    async def stream_to_file(self, file: FilePath, *, chunk_size: int | None = None) -> None:
        """Write the body to a file as it comes, in constant memory; the disk is waited for in a thread."""
        in_thread = thread_runner()
        target = await in_thread(Path(file).open, "wb")
        try:
            async for piece in self.iter_bytes(chunk_size):
                await in_thread(target.write, piece)
        finally:
            await in_thread(target.close)


C = TypeVar("C", bound=APIResponse[Any])
D = TypeVar("D", bound=AsyncAPIResponse[Any])


class ResponseContextManager(Generic[C]):
    """Sends the request on entering and closes the reply on leaving.

    Args:
        request: makes the call.
    """

    def __init__(self, request: Callable[[], C]) -> None:
        self._request = request
        self._response: C | None = None

    def __enter__(self) -> C:
        self._response = self._request()
        return self._response

    def __exit__(self, *_: object) -> None:
        if self._response is not None:
            self._response.close()


class AsyncResponseContextManager(Generic[D]):
    """As `ResponseContextManager`.

    Args:
        request: makes the call's coroutine; not called before the context is entered.
    """

    def __init__(self, request: Callable[[], Awaitable[D]]) -> None:
        self._request = request
        self._response: D | None = None

    async def __aenter__(self) -> D:
        self._response = await self._request()
        return self._response

    async def __aexit__(self, *_: object) -> None:
        if self._response is not None:
            await self._response.close()
