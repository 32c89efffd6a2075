"""Answers that travel wrong: slowly, in slices, with heads no server should send, cut, reset, or never.

Heads and chunks that break HTTP are written onto the connection itself, so they need the emulator's own server; the rest
goes over any ASGI server. Knows bytes and time; what they mean is not its concern.
"""

from __future__ import annotations

import socket
import struct
from asyncio import get_running_loop, sleep
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from ..exchange import AnyReply, EventReply, FileReply, Header, Reply
from . import answer, stream
from .kind import Fault

if TYPE_CHECKING:
    from ..conversation import Conversation

_PIECE: Final = 256 * 1024
_FOREVER: Final = 3600.0
_STALE: Final = 0.02
_APART: Final = 0.001
"""Seconds between slices, so that they travel one by one."""
_GARBAGE: Final = b"\x16\x03\x01 this is not HTTP\r\n"
_EARLY: Final = b"HTTP/1.1 103 Early Hints\r\nlink: </styles.css>; rel=preload\r\n\r\n"


class ConnectionCut(Exception):
    """The connection was broken on demand; raised only where there is no socket to break."""


class Broken:
    """Sends one reply as its fault wants it."""

    def __init__(self, send: Any, fault: Fault) -> None:
        self._send = send
        self._fault = fault
        self._conversation: Conversation | None = getattr(send, "__self__", None)
        if not hasattr(self._conversation, "write_raw"):
            self._conversation = None

    async def send(self, reply: AnyReply, head: list[Header]) -> None:
        """The head, then the body, as far as the fault lets them come."""
        fault = self._fault
        if fault.hang:
            await self._hang()
        if fault.reset == 0:
            return await self._reset()
        reply = await answer.entire(reply, fault)
        if isinstance(reply, Reply):
            reply = answer.spoiled(reply, fault)
        status, headers = _head(reply, head)
        length = _length(reply)
        if fault.bad_chunk:
            length = None
        pieces = _paced(_pieces(reply, fault), fault)
        if _breaks_http(fault):
            await self._raw(status, headers, length, pieces)
        else:
            await self._polite(status, headers, length, pieces)
        return None

    async def _polite(
        self, status: int, headers: list[Header], length: int | None, pieces: AsyncIterator[bytes]
    ) -> None:
        """HTTP as it should be, up to where it is cut."""
        if length is not None:
            headers = [*headers, (b"content-length", b"%d" % length)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        async for piece in _until(pieces, self._most()):
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        if self._most() is not None:
            return await (self._reset() if self._fault.reset is not None else self._close())
        await self._send({"type": "http.response.body", "body": b""})
        if self._fault.stale and self._conversation is not None:
            get_running_loop().call_later(_STALE, self._conversation.transport.close)
        return None

    async def _raw(self, status: int, headers: list[Header], length: int | None, pieces: AsyncIterator[bytes]) -> None:
        """Byte for byte what the fault says."""
        conversation, fault = self._conversation, self._fault
        if conversation is None:
            raise ConnectionCut("this fault needs the emulator's own server")
        head = _spoiled_head(status, headers, length, fault)
        if fault.slow_head:
            for number in range(len(head)):
                await conversation.write_raw(head[number : number + 1])
                await sleep(fault.slow_head)
        else:
            await conversation.write_raw(head)
        number = 0
        async for piece in _until(pieces, self._most()):
            number += 1
            size = b"no size" if fault.bad_chunk and number == 2 else b"%x" % len(piece)
            await conversation.write_raw(piece if length is not None else b"%b\r\n%b\r\n" % (size, piece))
        if fault.reset is not None:
            return await self._reset()
        if length is None and fault.close is None:
            await conversation.write_raw(b"0\r\n\r\n")
        return await self._close()

    def _most(self) -> int | None:
        return self._fault.reset if self._fault.reset is not None else self._fault.close

    async def _hang(self) -> None:
        """Nothing, until the other side has gone."""
        waited = 0.0
        while waited < _FOREVER and not (self._conversation is not None and self._conversation.lost):
            await sleep(0.05)
            waited += 0.05

    async def _close(self) -> None:
        """End the connection in order, with what was written."""
        if self._conversation is None:
            raise ConnectionCut("the connection was closed, as asked")
        self._conversation.hang_up()

    async def _reset(self) -> None:
        """Reset the connection: what was written may arrive, nothing after it does."""
        if self._conversation is None:
            raise ConnectionCut("the connection was cut, as asked")
        transport = self._conversation.transport
        await sleep(0.01)  # the event loop writes at the end of its round: let out what was sent before
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await sleep(0.001)  # so that the server notices before this returns


def _breaks_http(fault: Fault) -> bool:
    return bool(
        fault.garbage
        or fault.informational
        or fault.header_flood
        or fault.header_size
        or fault.two_lengths
        or fault.wrong_length
        or fault.bad_chunk
        or fault.slow_head
    )


def _head(reply: AnyReply, head: list[Header]) -> tuple[int, list[Header]]:
    match reply:
        case Reply():
            return reply.status, [(b"content-type", reply.content_type), *head, *reply.headers]
        case EventReply():
            kind = (b"content-type", b"text/event-stream; charset=utf-8")
            return 200, [kind, (b"cache-control", b"no-cache"), *head]
        case FileReply():
            return 200, [(b"content-type", reply.content_type), *head, *reply.headers]


def _length(reply: AnyReply) -> int | None:
    match reply:
        case Reply():
            return len(reply.body)
        case FileReply():
            return reply.size
        case EventReply():
            return None


def _spoiled_head(status: int, headers: list[Header], length: int | None, fault: Fault) -> bytes:
    from ..conversation import line

    lines = [b"%b: %b\r\n" % pair for pair in headers]
    lines += [b"x-flood-%d: %d\r\n" % (number, number) for number in range(fault.header_flood)]
    if fault.header_size:
        lines.append(b"x-large: " + b"x" * fault.header_size + b"\r\n")
    if length is None:
        lines.append(b"transfer-encoding: chunked\r\n")
    else:
        lines.append(b"content-length: %d\r\n" % max(0, length + fault.wrong_length))
        if fault.two_lengths:
            lines.append(b"content-length: %d\r\n" % (length + 1))
    before = _GARBAGE if fault.garbage else b""
    return b"".join([before, _EARLY * fault.informational, line(status), *lines, b"connection: close\r\n\r\n"])


async def _pieces(reply: AnyReply, fault: Fault) -> AsyncIterator[bytes]:
    """The body as it would come."""
    match reply:
        case Reply():
            half = len(reply.body) // 2 if fault.bad_chunk else 0
            for piece in (reply.body[:half], reply.body[half:]):
                if piece:
                    yield piece
        case EventReply():
            async for event in stream.spoiled(reply.events, fault):
                yield event
        case FileReply():
            with reply.path.open("rb") as file:
                while piece := file.read(_PIECE):
                    yield piece


async def _paced(pieces: AsyncIterator[bytes], fault: Fault) -> AsyncIterator[bytes]:
    """The same bytes in slices, and slowly."""
    most = 1 if fault.slow_body else fault.slice or (max(1, fault.bandwidth // 20) if fault.bandwidth else 0)
    async for piece in pieces:
        if not most:
            yield piece
            continue
        for start in range(0, len(piece), most):
            part = piece[start : start + most]
            yield part
            await sleep(fault.slow_body or (len(part) / fault.bandwidth if fault.bandwidth else _APART))


async def _until(pieces: AsyncIterator[bytes], most: int | None) -> AsyncIterator[bytes]:
    """The first `most` bytes."""
    left = most
    async for piece in pieces:
        if left is not None and len(piece) >= left:
            if left:
                yield piece[:left]
            return
        left = None if left is None else left - len(piece)
        yield piece
