"""Puts a reply on the ASGI connection; one that is to break goes another way."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterator
from typing import Any

from .exchange import AnyReply, EventReply, FileReply, Header, Reply
from .fault.kind import Fault

PIECE = 256 * 1024
BREATH = 64
"""Events after which other requests have their turn."""


class Sender:
    """Sends one reply."""

    __slots__ = ("_fault", "_send")

    def __init__(self, send: Any, fault: Fault | None) -> None:
        self._send = send
        self._fault = fault

    async def send(self, reply: AnyReply, head: list[Header]) -> None:
        """The head, then the body in the way of its kind."""
        if self._fault is not None:
            from .fault.wire import Broken

            return await Broken(self._send, self._fault).send(reply, head)
        match reply:
            case Reply():
                length = (b"content-length", b"%d" % len(reply.body))
                await self._send(_start(reply.status, [_kind(reply), length, *head, *reply.headers]))
                await self._send({"type": "http.response.body", "body": reply.body})
            case EventReply():
                await self._events(reply, head)
            case FileReply():
                await self._file(reply, head)
        return None

    async def _events(self, reply: EventReply, head: list[Header]) -> None:
        kind = (b"content-type", b"text/event-stream; charset=utf-8")
        send, number = self._send, 0
        await send(_start(200, [kind, (b"cache-control", b"no-cache"), *head]))
        if isinstance(reply.events, AsyncIterator):
            async for event in reply.events:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        else:
            for event in reply.events:
                await send({"type": "http.response.body", "body": event, "more_body": True})
                number += 1
                if number % BREATH == 0:
                    await sleep(0)
        await send({"type": "http.response.body", "body": b""})

    async def _file(self, reply: FileReply, head: list[Header]) -> None:
        length = (b"content-length", b"%d" % reply.size)
        with reply.path.open("rb") as file:
            await self._send(_start(200, [_kind(reply), length, *head, *reply.headers]))
            while piece := file.read(PIECE):
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})


def _start(status: int, headers: list[Header]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def _kind(reply: Reply | FileReply) -> Header:
    return b"content-type", reply.content_type
