"""A borrowed httpx or httpx2 client as a transport, on asyncio or trio.

Knows what `httpx_sync` knows, in the other colour, and how to have something closed in a loop from outside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import Any

from ..core.reply import Reply
from ..core.request import BodyStream, Request
from ..errors import DeadlineExceeded
from ..steady import monotonic
from .borrowed_error import raise_ours
from .httpx_sync import Borrowed, OpenResponse
from .intake import Intake

_READ_INLINE = 1024 * 1024
_DRAIN_SECONDS = 0.1
_DRAIN_CHUNKS = 16


class AsyncHttpxTransport(Borrowed):
    """Carries requests through an httpx or httpx2 async client, on asyncio or trio. Made by `borrow`."""

    async def send(self, request: Request) -> Reply:
        """One exchange through their client."""
        content, started = request.content, monotonic()
        if content is not None and not isinstance(content, (bytes, AsyncIterable)):
            content = _each(content)
        response: Any = None
        try:
            with _Until(request):
                response = await self._client.send(self._theirs(request, content), stream=True, follow_redirects=False)
        except Exception as error:
            raise_ours(error, request, "head", started)
        reply = self._reply(request, response, started)
        body = AsyncHttpxBody(response, reply, Intake(reply, self._limits), started)
        if request.stream:
            reply.body = body
        else:
            reply.content = await body.read_all()
            reply.elapsed = monotonic() - started
        return reply

    async def aclose(self) -> None:
        """Close their client, connections and all."""
        await self._client.aclose()


class AsyncHttpxBody(OpenResponse):
    """An open body of theirs, decoded by them, on asyncio or trio."""

    def __init__(self, response: Any, reply: Reply, intake: Intake, started: float) -> None:
        super().__init__(response, reply, intake, started)
        self._chunks: AsyncIterator[bytes] = response.aiter_bytes()
        self._closing = _closer()

    async def read_chunk(self) -> bytes:
        """The next bytes as soon as any are there; `b""` at the end."""
        if not self._open:
            return b""
        try:
            self._overdue()
            with _Until(self._request):
                async for chunk in self._chunks:
                    if chunk:
                        return self._intake.take(chunk, self._response.num_bytes_downloaded)
            await self._aclose()
        except Exception as error:
            self.close()
            raise_ours(error, self._request, "body", self._started)
        except BaseException:
            self.close()
            raise
        return b""

    async def read_all(self) -> bytes:
        """Everything up to the end, within the bounds."""
        chunks: list[bytes] = []
        while not self._intake.full and (chunk := await self.read_chunk()):
            chunks.append(chunk)
        await self._aclose()
        return b"".join(chunks)

    async def finish(self) -> None:
        """Read the little that may be left, so that their connection can be reused; close it if it takes too long."""
        import anyio

        with anyio.move_on_after(_DRAIN_SECONDS):
            for _ in range(_DRAIN_CHUNKS):
                if not await self.read_chunk():
                    return
        await self._aclose()

    async def _aclose(self) -> None:
        if self._open:
            self._open = False
            await self._shut()

    async def _shut(self) -> None:
        with suppress(Exception):  # as in HttpxBody.close
            await self._response.aclose()

    def close(self) -> None:
        """Have their response closed as soon as the loop turns."""
        if self._open:
            self._open = False
            self._closing(self._shut())


async def _each(content: BodyStream) -> AsyncIterator[bytes]:
    parts = iter(content)
    if content.length is not None and content.length <= _READ_INLINE:
        for part in parts:
            yield part
        return
    from anyio import to_thread

    def following() -> bytes | None:
        return next(parts, None)

    # A large body is a file, most likely, and reading it must not hold up the loop.
    while (read := await to_thread.run_sync(following)) is not None:
        yield read


class _Until:
    """Holds whatever is awaited inside to the request's deadline, on asyncio or trio."""

    __slots__ = ("_request", "_scope")

    def __init__(self, request: Request) -> None:
        self._request = request
        self._scope: Any = None

    def __enter__(self) -> None:
        if self._request.deadline is not None:
            import anyio

            remaining = max(0.0, self._request.deadline - monotonic())
            self._scope = anyio.CancelScope(deadline=anyio.current_time() + remaining)
            self._scope.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        scope = self._scope
        if scope is None:
            return False
        handled = bool(scope.__exit__(kind, error, trace))
        if scope.cancelled_caught:
            raise DeadlineExceeded(self._request, host=f"{self._request.origin.host}:{self._request.origin.port}")
        return handled


def _closer() -> Callable[[Coroutine[Any, Any, None]], None]:
    """A function that runs a coroutine soon in the event loop of this moment; it may be called from any thread."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return _trio_closer()
    tasks: set[asyncio.Task[None]] = set()

    def start(work: Coroutine[Any, Any, None]) -> None:
        task = loop.create_task(work)
        tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(tasks.discard)

    def close(work: Coroutine[Any, Any, None]) -> None:
        try:
            loop.call_soon_threadsafe(start, work)
        except RuntimeError:
            work.close()  # the loop is closed, and its sockets with it

    return close


def _trio_closer() -> Callable[[Coroutine[Any, Any, None]], None]:
    lowlevel: Any = import_module("trio").lowlevel
    token = lowlevel.current_trio_token()

    async def run(work: Coroutine[Any, Any, None]) -> None:
        await work

    def close(work: Coroutine[Any, Any, None]) -> None:
        try:
            token.run_sync_soon(lowlevel.spawn_system_task, run, work)
        except Exception:
            work.close()

    return close
