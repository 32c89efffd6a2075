"""An ASGI transport called in either colour, and small apps for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from antiphon.transports.asgi import ASGITransport
from antiphon.transports.asgi_thread import BlockingASGITransport

URL = "http://app.test/v1/mod%20els?limit=2"


class Hands:
    """One way to drive a transport from a test: `send` and `read` block in either colour."""

    def __init__(self, colour: str, app: Any, **options: Any) -> None:
        self.colour = colour
        self.transport: Any = (ASGITransport if colour == "async" else BlockingASGITransport)(app, **options)
        self.runner = asyncio.Runner() if colour == "async" else None

    def _do(self, result: Any) -> Any:
        if self.runner is None:
            return result

        async def awaited() -> Any:
            return await result

        return self.runner.run(awaited())

    def send(self, request: Any) -> Any:
        return self._do(self.transport.send(request))

    def chunk(self, reply: Any) -> bytes:
        return self._do(reply.body.read_chunk())

    def turn(self) -> None:
        """Let the app run on."""
        self._do(asyncio.sleep(0.02)) if self.runner else time.sleep(0.02)

    def close(self) -> None:
        if self.runner is None:
            self.transport.close()
        else:
            self._do(self.transport.aclose())
            self.runner.close()


Make = Callable[..., Hands]


async def start(send: Any, status: int = 200, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})


async def body(send: Any, chunk: bytes, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": more})


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was asked."""
    got, more = b"", True
    while more:
        message = await receive()
        got, more = got + message["body"], message["more_body"]
    names = b",".join(name for name, _ in scope["headers"])
    await start(send, 201, (b"X-Names", names), (b"x-path", scope["path"].encode()))
    await body(send, scope["query_string"] + b"|" + got)
