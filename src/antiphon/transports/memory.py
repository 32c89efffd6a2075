"""A scripted transport in memory: replies come from a function or a list, requests are recorded, nothing waits.

Knows how to turn what a test wants to say (a status, a dict, a list of chunks, an exception) into a `Reply`. Knows no
socket, no clock and no HTTP framing; a timeout is an exception that the script raises.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

import msgspec

from ..core.headers import Headers
from ..core.limits import DEFAULT_WIRE_LIMITS, WireLimits
from ..core.reply import Reply
from ..core.request import Request
from ..errors import APIConnectionError, ClientClosed, OpenAIError, TruncatedBody
from .intake import Intake

Answer = Any
"""A `Reply`; a status; `bytes`, `str` or a JSON value (200); an exception; or a tuple (status, body) or (status, headers, body),
where the body may also be a list or iterator of chunks. A chunk that is an exception breaks the body there."""
Script = Callable[[Request], Answer] | Iterable[Answer]

_EXHAUSTED = object()
Self = TypeVar("Self", bound="_Script")


class _Script:
    """What both colours share: the script, the record, and the life cycle."""

    def __init__(self, script: Script, *, limits: WireLimits = DEFAULT_WIRE_LIMITS) -> None:
        self._answer: Callable[[Request], Answer] = script if callable(script) else _in_turn(script)
        self.limits = limits
        self._closed = False
        self.requests: list[Request] = []
        self.open_bodies = 0

    def _record(self, request: Request, content: bytes | None) -> Request:
        if self._closed:
            raise ClientClosed("the client was closed; make a new one")
        seen = Request(
            request.method,
            request.origin,
            request.target,
            request.headers,
            content,
            request.timeout,
            stream=request.stream,
            deadline=request.deadline,
            events=request.events,
        )
        self.requests.append(seen)
        return seen

    def __repr__(self) -> str:
        return f"<{type(self).__name__} requests={len(self.requests)}>"


class MemoryTransport(_Script):
    """Answers requests from a script, blocking.

    >>> transport = MemoryTransport(lambda request: {"object": "list", "data": []})
    >>> transport = MemoryTransport([503, (200, {"x-request-id": "r"}, b"{}"), ConnectionResetError()])

    Args:
        script: a function of the request, or an iterable of answers given out in turn (see `Answer`).
        limits: bounds on reply bodies.

    Attributes:
        requests: what was sent, in order; bodies that were streams stand there as bytes.
        open_bodies: how many streamed replies are neither at their end nor closed.
    """

    def send(self, request: Request) -> Reply:
        """The next answer. Raises what the script says, `OSError`s as `APIConnectionError`."""
        content = request.content
        if content is not None and not isinstance(content, bytes):
            if isinstance(content, AsyncIterable):
                raise TypeError("an async iterable body needs the async client")
            content = b"".join(content)
        seen = self._record(request, content)
        with _as_connection_error(request, "head"):
            status, headers, body = _reading(self._answer(seen))
        reply = Reply(status, headers, request=request)
        if isinstance(body, AsyncIterable):
            raise TypeError("an async iterable of chunks needs AsyncMemoryTransport")
        opened = MemoryBody(self, reply, iter((body,) if isinstance(body, bytes) else body))
        if request.stream:
            reply.body = opened
        else:
            reply.content = opened.read_all()
        return reply

    def close(self) -> None:
        """Refuse further requests."""
        self._closed = True


class AsyncMemoryTransport(_Script):
    """`MemoryTransport` for asyncio: the script's function and its iterables of chunks may be async too."""

    async def send(self, request: Request) -> Reply:
        """The next answer. Raises what the script says, `OSError`s as `APIConnectionError`."""
        content = request.content
        if content is not None and not isinstance(content, bytes):
            content = b"".join([part async for part in content] if isinstance(content, AsyncIterable) else content)
        seen = self._record(request, content)
        with _as_connection_error(request, "head"):
            answer = self._answer(seen)
            if inspect.isawaitable(answer):
                answer = await answer
            status, headers, body = _reading(answer)
        reply = Reply(status, headers, request=request)
        opened = AsyncMemoryBody(self, reply, _each((body,) if isinstance(body, bytes) else body))
        if request.stream:
            reply.body = opened
        else:
            reply.content = await opened.read_all()
        return reply

    async def aclose(self) -> None:
        """Refuse further requests."""
        self._closed = True


class _Opened:
    """The life of an open body in memory."""

    def __init__(self, owner: _Script, reply: Reply) -> None:
        self._owner = owner
        self._request = reply.request
        self._intake = Intake(reply, owner.limits)
        self.closed = False
        owner.open_bodies += 1

    def _chunk(self, chunk: Any) -> bytes:
        if isinstance(chunk, BaseException):
            raise chunk
        return self._intake.take(chunk.encode() if isinstance(chunk, str) else bytes(chunk))

    def close(self) -> None:
        """Give up; the rest of the chunks is never asked for."""
        if not self.closed:
            self.closed = True
            self._owner.open_bodies -= 1


class MemoryBody(_Opened):
    """An open body over an iterator of chunks."""

    def __init__(self, owner: _Script, reply: Reply, chunks: Iterator[Any]) -> None:
        super().__init__(owner, reply)
        self._chunks = chunks

    def read_chunk(self) -> bytes:
        """The next chunk that is not empty; `b""` at the end."""
        while not self.closed:
            try:
                with _as_connection_error(self._request, "body"):
                    chunk = self._chunk(next(self._chunks))
            except StopIteration:
                break
            except BaseException:
                self.close()
                raise
            if chunk:
                return chunk
        self.close()
        return b""

    def read_all(self) -> bytes:
        """Everything up to the end, within the bounds."""
        chunks: list[bytes] = []
        while not self._intake.full and (chunk := self.read_chunk()):
            chunks.append(chunk)
        self.close()
        return b"".join(chunks)

    def finish(self) -> None:
        """Nothing to reuse in memory: the same as `close`."""
        self.close()


class AsyncMemoryBody(_Opened):
    """An open body over an async iterator of chunks."""

    def __init__(self, owner: _Script, reply: Reply, chunks: AsyncIterator[Any]) -> None:
        super().__init__(owner, reply)
        self._chunks = chunks

    async def read_chunk(self) -> bytes:
        """The next chunk that is not empty; `b""` at the end."""
        while not self.closed:
            try:
                with _as_connection_error(self._request, "body"):
                    chunk = self._chunk(await anext(self._chunks))
            except StopAsyncIteration:
                break
            except BaseException:
                self.close()
                raise
            if chunk:
                return chunk
        self.close()
        return b""

    async def read_all(self) -> bytes:
        """Everything up to the end, within the bounds."""
        chunks: list[bytes] = []
        while not self._intake.full and (chunk := await self.read_chunk()):
            chunks.append(chunk)
        self.close()
        return b"".join(chunks)

    async def finish(self) -> None:
        """Nothing to reuse in memory: the same as `close`."""
        self.close()


async def _each(chunks: Any) -> AsyncIterator[Any]:
    if isinstance(chunks, AsyncIterable):
        async for chunk in cast("AsyncIterable[object]", chunks):
            yield chunk
    else:
        for chunk in chunks:
            yield chunk


def _in_turn(answers: Iterable[Answer]) -> Callable[[Request], Answer]:
    remaining = iter(answers)
    lock = threading.Lock()

    def answer(request: Request) -> Answer:
        with lock:
            found = next(remaining, _EXHAUSTED)
        if found is _EXHAUSTED:
            raise AssertionError(f"the script has no answer left for {request!r}")
        return found

    return answer


def _reading(answer: Answer) -> tuple[int, Headers, Any]:
    """An answer as status, headers and body (bytes, or chunks)."""
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, Reply):
        return answer.status_code, answer.headers, answer.content
    if isinstance(answer, int):
        return answer, Headers(), b""
    if not isinstance(answer, tuple):
        return _with_type(200, Headers(), answer)
    parts = cast("Any", answer)
    return _spread(*parts)


def _spread(status: int, *rest: Any) -> tuple[int, Headers, Any]:
    if len(rest) not in (1, 2):
        raise TypeError(f"a scripted tuple is (status, body) or (status, headers, body), not {len(rest) + 1} values")
    return _with_type(status, Headers(rest[0] if len(rest) == 2 else ()), rest[-1])


def _with_type(status: int, headers: Headers, body: Any) -> tuple[int, Headers, Any]:
    if isinstance(body, str):
        body = body.encode()
    elif body is None:
        body = b""
    elif isinstance(body, Mapping):
        headers.setdefault("content-type", "application/json")
        body = msgspec.json.encode(body)
    elif isinstance(body, (bytearray, memoryview)):
        body = bytes(cast("bytearray", body))
    return status, headers, body


class _as_connection_error:  # noqa: N801
    """What a real transport would make of a system error that the script raises."""

    __slots__ = ("_phase", "_request")

    def __init__(self, request: Request, phase: str) -> None:
        self._request = request
        self._phase = phase

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, OpenAIError) or not isinstance(error, (OSError, EOFError)):
            return
        broken = TruncatedBody if self._phase == "body" else APIConnectionError
        raise broken(
            message=f"the script broke the connection: {error or type(error).__name__}",
            request=self._request,
            phase=self._phase,
            host=f"{self._request.origin.host}:{self._request.origin.port}",
        ) from error
