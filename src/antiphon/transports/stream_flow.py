"""One exchange as it stands: what was asked, what has come, who waits for it.

Knows only the state that an asyncio connection and the reader of its reply share. Who moves it is `stream_link.py`.

A flow begins open and ends once: `over` with `problem` unset means the reply is complete, with `problem` set that it will
never be. What came before a problem is still there to be read.
"""

from __future__ import annotations

import asyncio

from ..core.reply import Reply
from ..core.request import Request


class Overdue(Exception):
    """A phase took too long.

    Attributes:
        phase: "write", "head" or "body".
    """

    def __init__(self, phase: str) -> None:
        super().__init__(phase)
        self.phase = phase


class Flow:
    """The state of one exchange.

    Attributes:
        chunks: decoded body bytes that nobody has taken yet, `size` bytes of them.
        held: raw bytes that wait because the decoder is still unpacking what came before them.
        eof: the connection ended behind `held`.
        answered: the reply's head (unless streaming, its whole body) is there.
        reply: the reply, from then until the caller takes it: an open body must not be held by its own connection.
        stale: a reused connection died before the first byte; its place in the pool is still ours.
        sent: the whole request has been handed to the system.
    """

    __slots__ = (
        "answered",
        "chunks",
        "eof",
        "held",
        "over",
        "paused",
        "problem",
        "reply",
        "request",
        "sent",
        "size",
        "stale",
        "started",
        "stream",
        "waiter",
    )

    def __init__(self, request: Request, started: float, waiter: asyncio.Future[None]) -> None:
        self.request = request
        self.started = started
        self.stream = request.stream
        self.waiter: asyncio.Future[None] | None = waiter
        self.chunks: list[bytes] = []
        self.held: list[bytes] = []
        self.size = 0
        self.reply: Reply | None = None
        self.problem: Exception | None = None
        self.answered = self.over = self.paused = self.eof = self.stale = self.sent = False

    def wake(self) -> None:
        """Something has changed for whoever waits."""
        waiter = self.waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def take(self) -> bytes:
        """All decoded bytes that have come."""
        chunks = self.chunks
        taken = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()
        self.size = 0
        return taken
