"""The lifespan of an ASGI app: its startup and shutdown, once each.

Knows the lifespan messages. Knows nothing of requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, Protocol, cast

from ..errors import APIConnectionError

Message = MutableMapping[str, Any]
App = Callable[[Any, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class _AppCall(Protocol):
    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]: ...


class Lifespan:
    """Starts an app on first use and stops it in the same event loop."""

    def __init__(self, app: App) -> None:
        self._app = cast("_AppCall", app)
        self.state: dict[str, Any] = {}
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._wanted: asyncio.Queue[str]
        self._answers: asyncio.Queue[Message]

    async def startup(self) -> None:
        """Run the startup, unless it has been.

        Raises:
            APIConnectionError: the app refused or failed to start.
        """
        if self._task is not None:
            return
        async with self._lock:
            if self._task is not None:
                return
            self._wanted, self._answers = asyncio.Queue(), asyncio.Queue()
            scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
            task = asyncio.ensure_future(self._app(scope, self._receive, self._answers.put))
            await self._ask(task, "startup")
            self._task = task

    async def shutdown(self) -> None:
        """Run the shutdown, if the app was started, and in this loop."""
        task, self._task = self._task, None
        if task is not None and task.get_loop() is asyncio.get_running_loop():
            await self._ask(task, "shutdown")
            await asyncio.wait((task,))

    async def _receive(self) -> Message:
        return {"type": f"lifespan.{await self._wanted.get()}"}

    async def _ask(self, task: asyncio.Task[None], what: str) -> None:
        self._wanted.put_nowait(what)
        answer = asyncio.ensure_future(self._answers.get())
        await asyncio.wait((answer, task), return_when=asyncio.FIRST_COMPLETED)
        message: Message = answer.result() if answer.done() else {}
        answer.cancel()
        if message.get("type") == f"lifespan.{what}.complete":
            return
        cause = task.exception() if task.done() and not task.cancelled() else None
        task.cancel()
        said = message.get("message") or (type(cause).__name__ if cause else "no answer")
        raise APIConnectionError(message=f"the app failed its {what}: {said}", phase="connect", sent="no") from cause
