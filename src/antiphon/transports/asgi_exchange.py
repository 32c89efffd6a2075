"""One request to an ASGI app and its reply, as they pass between the caller's task and the app's.

Knows the HTTP messages of ASGI, back-pressure and disconnects. Knows neither who runs the app nor in which thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import ParamSpec, TypeVar

from ..core.headers import Headers
from ..core.request import Request
from ..errors import APIConnectionError, DeadlineExceeded, ProtocolError, ReadTimeout, TruncatedBody
from ..steady import monotonic
from ..wire.decoding import decoder_for
from ..wire.problem import Truncated, WireProblem
from .asgi_lifespan import Message
from .intake import Intake

P = ParamSpec("P")
T = TypeVar("T")

_HIGH_WATER = 64 * 1024


class ClientLeft(OSError):
    """What the app's `send` raises once nobody reads the reply any more."""


class Exchange:
    """One request and its reply between the caller's task and the app's."""

    def __init__(self, request: Request, raising: bool = False) -> None:
        self.request = request
        self.complete = False
        self._raising = raising
        self._loop = asyncio.get_running_loop()
        self._parts = _parts(request)
        self._sent_all = False
        self._gone = asyncio.Event()
        self._head: tuple[int, Headers] | None = None
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._failure: Exception | None = None
        self._returned = False
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    # called by the app

    async def receive(self) -> Message:
        """The next part of the request's body; once it is through, the disconnect."""
        if not self._sent_all and not self._gone.is_set():
            part = await anext(self._parts, None)
            if part is not None:
                return {"type": "http.request", "body": part, "more_body": True}
            self._sent_all = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take the head or a part of the body; waits while the reader is behind."""
        kind = message["type"]
        if kind == "http.response.start":
            self._head = (message["status"], Headers.from_raw(message.get("headers", ())))
        elif kind == "http.response.body":
            if self._head is None:
                raise RuntimeError("the app sent a body before its head")
            await self._take(message.get("body", b""), bool(message.get("more_body", False)))
        else:
            raise RuntimeError(f"the app sent {kind!r}, which is not part of HTTP over ASGI")
        self._news.set()

    async def _take(self, chunk: bytes, more: bool) -> None:
        if self.complete:
            raise RuntimeError("the app sent more after the end of its reply")
        if self._gone.is_set():
            raise ClientLeft("the client has disconnected")
        if chunk and self.request.method != "HEAD":
            self._chunks.append(bytes(chunk))
            self._held += len(chunk)
        if not more:
            self.complete = True
            self._gone.set()
            return
        self._news.set()
        while self._held > _HIGH_WATER:
            self._room.clear()
            await self._room.wait()
            if self._gone.is_set():
                raise ClientLeft("the client has disconnected")

    def app_returned(self, failure: Exception | None) -> None:
        """The app's coroutine is over."""
        self._failure = failure
        self._returned = True
        self._gone.set()
        self._news.set()

    # called by the reader

    async def head(self) -> tuple[int, Headers]:
        """Status and headers."""
        while self._head is None:
            if self._returned:
                raise self._broken(APIConnectionError, "head", "before it began its reply")
            await self._wait("head")
        return self._head

    async def chunk(self) -> bytes:
        """The next bytes of the body; `b""` at the end."""
        while not self._chunks:
            if self.complete:
                return b""
            if self._returned:
                raise self._broken(TruncatedBody, "body", "before its reply was complete")
            await self._wait("body")
        chunk = b"".join(self._chunks)
        self._chunks.clear()
        self._held = 0
        self._room.set()
        return chunk

    def leave(self) -> None:
        """Nobody reads any more; from any thread, never raises."""
        try:
            self._loop.call_soon_threadsafe(self._leave)
        except RuntimeError:
            return  # the loop is closed, and the app's task died with it

    def _leave(self) -> None:
        self._gone.set()
        self._room.set()

    def raise_failure(self) -> None:
        """Raise what the app raised, if it did."""
        if self._failure is not None:
            raise self._failure

    async def _wait(self, phase: str) -> None:
        allowed = self.request.timeout.read
        deadline = self.request.deadline
        remaining = None if deadline is None else max(0.0, deadline - monotonic())
        by_deadline = remaining is not None and (allowed is None or remaining < allowed)
        self._news.clear()
        try:
            async with asyncio.timeout(remaining if by_deadline else allowed):
                await self._news.wait()
        except TimeoutError:
            kind = DeadlineExceeded if by_deadline else ReadTimeout
            raise kind(self.request, phase=phase, host=self._host) from None

    def _broken(self, kind: type[APIConnectionError], phase: str, when: str) -> Exception:
        if self._failure is not None and self._raising:
            return self._failure
        did = "returned" if self._failure is None else f"raised {type(self._failure).__name__}"
        error = kind(message=f"the app {did} {when}", request=self.request, phase=phase, host=self._host)
        error.__cause__ = self._failure
        return error

    def checked(self, step: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Take a step of decoding; what is wrong with the data is the app's fault."""
        try:
            return step(*arguments, **named)
        except Truncated as problem:
            raise TruncatedBody(message=str(problem), request=self.request, phase="body", host=self._host) from None
        except WireProblem as problem:
            raise ProtocolError(message=str(problem), request=self.request, phase="body", host=self._host) from None

    @property
    def _host(self) -> str:
        return f"{self.request.origin.host}:{self.request.origin.port}"


class ASGIBody:
    """The open body of a reply; what is left unread when it is dropped disconnects the app."""

    def __init__(self, exchange: Exchange, intake: Intake, encoding: str) -> None:
        self._exchange = exchange
        self._intake = intake
        self._packed = 0
        self._open = True
        self._decoder = exchange.checked(decoder_for, encoding)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be read."""
        return not self._open

    async def read_chunk(self) -> bytes:
        """The next bytes as soon as the app has sent any; `b""` at the end."""
        if not self._open:
            return b""
        try:
            while True:
                packed = await self._exchange.chunk()
                self._packed += len(packed)
                chunk = self._intake.take(self._unpacked(packed), self._packed)
                if chunk or not packed:
                    break
        except BaseException:
            self.close()
            raise
        if not chunk:
            self.close()
        return chunk

    def _unpacked(self, packed: bytes) -> bytes:
        decoder, checked = self._decoder, self._exchange.checked
        if decoder is None:
            return packed
        if not packed:
            checked(decoder.end)
        parts = [checked(decoder.feed, packed)]
        while decoder.pending:
            parts.append(checked(decoder.more))
        return b"".join(parts)

    async def read_all(self) -> bytes:
        """Everything up to the end, within the bounds."""
        chunks: list[bytes] = []
        while not self._intake.full and (chunk := await self.read_chunk()):
            chunks.append(chunk)
        self.close()
        return b"".join(chunks)

    async def finish(self) -> None:
        """There is no connection to keep: the same as `close`."""
        self.close()

    def close(self) -> None:
        """Disconnect, unless the body has ended."""
        if self._open:
            self._open = False
            self._exchange.leave()

    def __del__(self) -> None:
        if hasattr(self, "_decoder"):
            self.close()


async def _parts(request: Request) -> AsyncIterator[bytes]:
    content = request.content
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, AsyncIterable):
        async for part in content:
            yield part
    elif content is not None:
        for part in content:
            yield part
