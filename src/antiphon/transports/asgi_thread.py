"""`ASGITransport` for blocking callers: the app runs in an event loop on a thread of its own.

Knows how to start, ask and stop that loop, and that a forked child has no such thread. Knows nothing of ASGI.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import AsyncIterable, Callable, Coroutine
from typing import Any, TypeVar, cast

from ..core.limits import DEFAULT_WIRE_LIMITS, WireLimits
from ..core.reply import AsyncBody, Reply
from ..core.request import Request
from ..errors import ClientClosed
from .asgi import ASGITransport
from .asgi_lifespan import App

T = TypeVar("T")


class BlockingASGITransport:
    """Carries requests to an ASGI application from blocking code. Safe to share between threads.

    >>> client = OpenAI(api_key="test", http_client=BlockingASGITransport(app))

    The arguments are those of `ASGITransport`. The thread starts with the first request and ends with `close()`, or when the
    transport is collected.
    """

    def __init__(
        self,
        app: App,
        *,
        raise_app_exceptions: bool = False,
        lifespan: bool = False,
        root_path: str = "",
        client: tuple[str, int] = ("127.0.0.1", 0),
        limits: WireLimits = DEFAULT_WIRE_LIMITS,
    ) -> None:
        self._make: Callable[[], ASGITransport] = lambda: ASGITransport(
            app,
            raise_app_exceptions=raise_app_exceptions,
            lifespan=lifespan,
            root_path=root_path,
            client=client,
            limits=limits,
        )
        self._lock = threading.Lock()
        self._closed = False
        self._pid = 0
        self._inner: ASGITransport
        self._house: LoopThread

    def send(self, request: Request) -> Reply:
        """As `ASGITransport.send`."""
        if isinstance(request.content, AsyncIterable):
            raise TypeError("an async iterable body needs the async client")
        house = self._started()
        reply = house.ask(self._inner.send(request))
        if reply.body is not None:
            reply.body = ThreadedBody(house, cast("AsyncBody", reply.body))
        return reply

    def _started(self) -> LoopThread:
        with self._lock:
            if self._closed:
                raise ClientClosed("the client was closed; make a new one")
            if self._pid != os.getpid():
                self._pid, self._inner, self._house = os.getpid(), self._make(), LoopThread()
                weakref.finalize(self, self._house.stop)
            return self._house

    def close(self) -> None:
        """Disconnect and cancel what the app still runs, shut its lifespan down, end the thread."""
        with self._lock:
            was_closed, self._closed = self._closed, True
        if not was_closed and self._pid == os.getpid():
            self._house.ask(self._inner.aclose())
            self._house.stop()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class ThreadedBody:
    """An open body whose chunks are asked for across the threads."""

    def __init__(self, house: LoopThread, body: AsyncBody) -> None:
        self._house = house
        self._body = body

    @property
    def closed(self) -> bool:
        """Whether nothing more will be read."""
        return bool(getattr(self._body, "closed", False))

    def read_chunk(self) -> bytes:
        """The next bytes as soon as the app has sent any; `b""` at the end."""
        return self._house.ask(self._body.read_chunk())

    def finish(self) -> None:
        """There is no connection to keep: the same as `close`."""
        self._body.close()

    def close(self) -> None:
        """Disconnect, unless the body has ended."""
        self._body.close()


class LoopThread:
    """An event loop that runs in a daemon thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_run, args=(self._loop,), name="antiphon-asgi", daemon=True)
        self._thread.start()

    def ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine there and wait for it; an interrupted wait cancels it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def stop(self) -> None:
        """End the loop and the thread; safe to repeat."""
        if self._loop.is_closed() or not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5.0)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=1.0))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
