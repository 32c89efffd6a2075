"""Puts a reply on the ASGI connection, and breaks it on the way when a fault says so."""

from __future__ import annotations

import socket
import struct
from asyncio import sleep
from collections.abc import AsyncIterator, Iterable
from typing import Any

from .exchange import AnyReply, EventReply, FileReply, Header, Reply
from .fault import Fault

PIECE = 256 * 1024
BREATH = 64
NO_FAULT = Fault()


class ConnectionCut(Exception):
    """The connection was reset on demand; raised only where there is no socket to reset."""


class Sender:
    """Sends one reply."""

    __slots__ = ("_fault", "_send")

    def __init__(self, send: Any, fault: Fault | None) -> None:
        self._send = send
        self._fault = fault or NO_FAULT

    async def send(self, reply: AnyReply, head: list[Header]) -> None:
        """The head, then the body in the way of its kind."""
        if self._fault.reset == 0:
            return await self._cut()
        match reply:
            case Reply():
                await self._whole(reply, head)
            case EventReply():
                await self._events(reply, head)
            case FileReply():
                await self._file(reply, head)
        return None

    async def _whole(self, reply: Reply, head: list[Header]) -> None:
        body = reply.body[: len(reply.body) // 2] if self._fault.bad_json else reply.body
        length = (b"content-length", b"%d" % len(body))
        await self._start(reply.status, [(b"content-type", reply.content_type), length, *head, *reply.headers])
        if (cut := self._fault.reset) is not None:
            await self._piece(body[:cut], more=True)
            return await self._cut()
        await self._send({"type": "http.response.body", "body": body})
        return None

    async def _events(self, reply: EventReply, head: list[Header]) -> None:
        kind = (b"content-type", b"text/event-stream; charset=utf-8")
        await self._start(200, [kind, (b"cache-control", b"no-cache"), *head])
        if self._fault is NO_FAULT and not isinstance(reply.events, AsyncIterator):
            await self._plain(reply.events)
        elif not await self._faulty(reply.events):
            return
        await self._send({"type": "http.response.body", "body": b""})

    async def _plain(self, events: Iterable[bytes]) -> None:
        send = self._send
        for number, event in enumerate(events, 1):
            await send({"type": "http.response.body", "body": event, "more_body": True})
            if number % BREATH == 0:
                await sleep(0)

    async def _faulty(self, events: Iterable[bytes] | AsyncIterator[bytes]) -> bool:
        fault, held, sent, number = self._fault, None, 0, 0
        async for event in _each(events):
            if fault.truncate_sse is not None and number >= fault.truncate_sse:
                return True
            number += 1
            if number == fault.bad_json:
                event = _halved(event)
            ready, held = (held, event) if fault.no_done else (event, None)
            if ready is None:
                continue
            if fault.reset is not None and sent + len(ready) >= fault.reset:
                await self._piece(ready[: fault.reset - sent], more=True)
                break
            await self._piece(ready, more=True)
            sent += len(ready)
            await sleep(fault.pace)
        if fault.reset is None:
            return True
        await self._cut()
        return False

    async def _file(self, reply: FileReply, head: list[Header]) -> None:
        length = (b"content-length", b"%d" % reply.size)
        sent, most = 0, reply.size if self._fault.reset is None else self._fault.reset
        with reply.path.open("rb") as file:
            await self._start(200, [(b"content-type", reply.content_type), length, *head, *reply.headers])
            while piece := file.read(min(PIECE, most - sent)):
                await self._piece(piece, more=True)
                sent += len(piece)
        if self._fault.reset is None and sent == reply.size:
            return await self._piece(b"", more=False)
        return await self._cut()

    async def _start(self, status: int, headers: list[Header]) -> None:
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _piece(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})

    async def _cut(self) -> None:
        """Reset the connection: what was written may arrive, nothing after it does."""
        transport = getattr(getattr(self._send, "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionCut("the connection was cut, as asked")
        await sleep(0.01)  # the event loop writes at the end of its round: let out what was sent before
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await sleep(0.001)  # so that the server notices before this returns


def _halved(event: bytes) -> bytes:
    """An event whose JSON stops in the middle."""
    start = event.index(b"data: ") + 6
    return event[: start + (len(event) - start) // 2] + b"\n\n"


async def _each(events: Iterable[bytes] | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(events, AsyncIterator):
        async for event in events:
            yield event
    else:
        for event in events:
            yield event
