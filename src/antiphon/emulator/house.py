"""All connections of one server, from the first to the last: it opens them, keeps their time, and winds them down.

Knows asyncio and the ASGI application it serves; refuses to know threads and signals.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from .connection import Connection
from .conversation import Conversation

if TYPE_CHECKING:
    from .encryption import Encryption

Application = Callable[[Any, Any, Any], Awaitable[None]]
BACKLOG: Final = 2048
TICK: Final = 0.5
GRACE: Final = 0.25
LAST: Final = 1.0
FLUSHES: Final = 5
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOG = logging.getLogger("antiphon.emulator")


class House:
    """Serves an application on one listening socket until told to stop.

    Args:
        app: the ASGI application.
        patience: seconds a client may take to send a request; each 64 KiB it sends gives it one more.
        idle: seconds a connection may lie unused between requests.
        encryption: how TLS is spoken; None for plain HTTP.
        rest: sees to it, when all is over, that what is served begins nothing more in this event loop.
    """

    loop: asyncio.AbstractEventLoop

    def __init__(
        self,
        app: Application,
        *,
        patience: float = 30.0,
        idle: float = 75.0,
        encryption: Encryption | None = None,
        rest: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.patience = patience
        self.idle = idle
        self.connections: set[Connection] = set()
        self.closing = False
        self.date = b""
        self.clock = time.monotonic
        self._app = app
        self._encryption = encryption
        self._rest = rest
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def serve(self, sock: socket.socket, ready: Callable[[], None]) -> None:
        """Answer requests until `stop`; `ready` is called when the first can come."""
        try:
            await self._serve(sock, ready)
        finally:
            if self._rest is not None:
                await self._rest()

    async def _serve(self, sock: socket.socket, ready: Callable[[], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(self._complain)
        self._tick()
        if self._encryption is None:
            door: asyncio.Server | _Door = await self.loop.create_server(
                lambda: Connection(self), sock=sock, backlog=BACKLOG
            )
        else:
            door = _Door(self._spawn(self._accept(sock, self._encryption)))
        ready()
        try:
            await self._stopping.wait()
        finally:
            self.closing = True
            door.close()
            await self._wind_down()

    async def _accept(self, sock: socket.socket, encryption: Encryption) -> None:
        """Open the door by hand, for a handshake may be meant to fail before it begins."""
        while True:
            came, _ = await self.loop.sock_accept(sock)
            self._spawn(encryption.welcome(came, lambda: Connection(self)))

    def stop(self) -> None:
        """Stop soon; to be called in the loop's own thread."""
        self._stopping.set()

    def begin(self, conversation: Conversation) -> None:
        """Have a request answered."""
        self._spawn(self._answer(conversation))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, conversation: Conversation) -> None:
        try:
            await self._app(conversation.scope, conversation.receive, conversation.send)
        except Exception:
            _LOG.exception("the application failed at %s", conversation.scope["path"])
        finally:
            conversation.end()

    def _tick(self) -> None:
        """What happens twice a second: the date moves on, and connections that took too long are dealt with."""
        self.date = _date()
        now = self.clock()
        for connection in tuple(self.connections):
            connection.check(now)
        if not self.closing:
            self.loop.call_later(TICK, self._tick)

    async def _wind_down(self) -> None:
        """Let short answers finish, break off the rest, and be gone within a second and a half."""
        for connection in tuple(self.connections):
            connection.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE)
        for connection in tuple(self.connections):
            connection.cut()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LAST)
        for _ in range(FLUSHES):
            if not self.connections:
                return
            await asyncio.sleep(0.01)
        for connection in tuple(self.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def _complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """asyncio's complaints, but the thousands about one shortage of files: it tries again by itself, a second later.

        Even when the listening socket was closed in that second, and then it complains about the socket.
        """
        error, message = context.get("exception"), context.get("message", "")
        if _short(error) or (self.closing and isinstance(error, ValueError) and "._start_serving(" in message):
            _LOG.debug("too many open files to accept a connection")
        else:
            loop.default_exception_handler(context)


class _Door:
    """Where those who want TLS come in."""

    def __init__(self, keeper: asyncio.Task[None]) -> None:
        self._keeper = keeper

    def close(self) -> None:
        """Let nobody in any more."""
        self._keeper.cancel()


def _short(error: object) -> bool:
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)


def _date() -> bytes:
    """The header of that name; its names of days and months are English wherever the process lives."""
    now = time.gmtime()
    day, month = _DAYS[now.tm_wday], _MONTHS[now.tm_mon - 1]
    return f"date: {day}, {now.tm_mday:02} {month} {now.tm_year} {time.strftime('%H:%M:%S', now)} GMT\r\n".encode()
