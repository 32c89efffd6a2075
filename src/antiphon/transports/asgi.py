"""A transport that calls an ASGI application in this process: no socket, but every other manner of a server.

Knows the HTTP and lifespan parts of ASGI: replies stream with back-pressure, a reader that leaves is a disconnect for the
app, an app that fails is a server that broke. Knows no HTTP framing. `asgi_thread.py` offers the same to blocking callers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ..core.limits import DEFAULT_WIRE_LIMITS, WireLimits
from ..core.reply import Reply
from ..core.request import Request
from ..errors import ClientClosed
from ..steady import monotonic
from .asgi_exchange import ASGIBody, ClientLeft, Exchange
from .asgi_lifespan import App, Lifespan
from .intake import Intake

_LOG = logging.getLogger("antiphon")


class ASGITransport:
    """Carries requests to an ASGI application in the running event loop.

    >>> client = AsyncOpenAI(api_key="test", http_client=ASGITransport(app))

    Args:
        app: the application, ASGI 3.
        raise_app_exceptions: raise what the app raises as it is, instead of an `APIConnectionError` caused by it; a reply
            read whole then waits until the app has returned.
        lifespan: run the app's startup before the first request and its shutdown in `aclose()`.
        root_path: where the app is mounted.
        client: the address the app sees as its peer.
        limits: bounds on reply bodies.
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
        self._app = app
        self._raising = raise_app_exceptions
        self._lifespan = Lifespan(app) if lifespan else None
        self._root_path = root_path
        self._client = client
        self._limits = limits
        self._closed = False
        self._running: set[asyncio.Task[None]] = set()

    async def send(self, request: Request) -> Reply:
        """One exchange with the app.

        Raises:
            APIConnectionError: the app raised before its reply began (phase "head"); the cause tells what.
            TruncatedBody: the app raised or returned before its reply was complete.
            ReadTimeout: the app kept silent for `request.timeout.read`.
        """
        if self._closed:
            raise ClientClosed("the client was closed; make a new one")
        if self._lifespan is not None:
            await self._lifespan.startup()
        exchange = Exchange(request, self._raising)
        task = asyncio.ensure_future(self._run(exchange))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            return await self._reply(exchange, task)
        except BaseException:
            exchange.leave()
            raise

    async def _run(self, exchange: Exchange) -> None:
        error: Exception | None = None
        try:
            await self._app(self._scope(exchange.request), exchange.receive, exchange.send)
        except ClientLeft:
            pass
        except Exception as problem:
            if exchange.complete and not self._raising:
                _LOG.exception("the ASGI app failed after its reply was complete")
            error = problem
        finally:
            exchange.app_returned(error)

    async def _reply(self, exchange: Exchange, task: asyncio.Task[None]) -> Reply:
        request, started = exchange.request, monotonic()
        status, headers = await exchange.head()
        reply = Reply(status, headers, request=request, elapsed=monotonic() - started)
        encoding = "" if request.method == "HEAD" else headers.get("content-encoding", "")
        body = ASGIBody(exchange, Intake(reply, self._limits), encoding)
        if request.stream:
            reply.body = body
            return reply
        reply.content = await body.read_all()
        if self._raising:
            await asyncio.wait((task,))
            exchange.raise_failure()
        reply.elapsed = monotonic() - started
        return reply

    def _scope(self, request: Request) -> dict[str, Any]:
        path, _, query = request.target.partition("?")
        origin = request.origin
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": origin.scheme,
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": self._root_path,
            "headers": list(_fields(request)),
            "server": (origin.host, origin.port),
            "client": self._client,
            "state": {} if self._lifespan is None else self._lifespan.state.copy(),
        }

    async def aclose(self) -> None:
        """Disconnect and cancel what the app still runs in this loop, then shut its lifespan down."""
        self._closed = True
        loop = asyncio.get_running_loop()
        tasks = [task for task in self._running if task.get_loop() is loop]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._lifespan is not None:
            await self._lifespan.shutdown()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self._app, '__qualname__', type(self._app).__qualname__)}>"


def _fields(request: Request) -> Iterator[tuple[bytes, bytes]]:
    yield b"host", request.origin.authority.encode("latin-1")
    content = request.content
    if isinstance(content, bytes):
        yield b"content-length", str(len(content)).encode()
    elif content is not None:
        length = getattr(content, "length", None)
        yield (b"transfer-encoding", b"chunked") if length is None else (b"content-length", str(length).encode())
    for name, value in request.headers.fields:
        # Packing bytes that never leave the process is only work.
        if (lowered := name.lower()) != "accept-encoding":
            yield lowered.encode("latin-1"), value.encode("latin-1")
