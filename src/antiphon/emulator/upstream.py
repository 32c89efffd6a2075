"""One request to another server over HTTP/1.1, for an emulator that hands questions on: head first, body as it comes.

Knows bytes, over asyncio's streams and llhttp. Follows no redirect, keeps no connection, decodes no content.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httptools

CONNECT: Final = 10.0
SILENCE: Final = 300.0
"""Seconds the other server may say nothing."""
_PIECE: Final = 64 * 1024
_MOST_HEAD: Final = 256 * 1024


class Unreachable(Exception):
    """The other server did not answer, or not in HTTP."""


@dataclass(slots=True)
class Head:
    """What an answer begins with."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])

    def get(self, name: bytes) -> bytes:
        """A header's value; empty when it is not there."""
        return next((value for known, value in self.headers if known == name), b"")


class _Reading:
    """What llhttp calls."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.head = Head()
        self.body = bytearray()
        self.begun = self.done = False
        self.size = 0

    def on_message_begin(self) -> None:
        """An answer, or the next one after an interim one."""
        self.head = Head()
        self.done = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.head.status = self.parser.get_status_code()
        self.begun = self.head.status >= 200

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.done = True


@asynccontextmanager
async def ask(
    url: str, verb: str, headers: dict[str, str], body: bytes
) -> AsyncGenerator[tuple[Head, AsyncIterator[bytes]], None]:
    """Send it; gives the answer's head and its body, piece by piece.

    Raises:
        Unreachable: at once, or from the body where it breaks off.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    context: Any = None
    if secure:
        import ssl

        context = ssl.create_default_context()
    try:
        async with asyncio.timeout(CONNECT):
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if secure else 80), ssl=context
            )
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"{parts.netloc} does not answer: {error or type(error).__name__}") from error
    try:
        writer.write(_request(parts, verb, headers, body))
        await writer.drain()
        reading = _Reading()
        while not reading.begun:
            await _more(reader, reading)
        yield reading.head, _body(reader, reading)
    except (OSError, httptools.HttpParserError) as error:
        raise Unreachable(f"{parts.netloc} broke off: {error or type(error).__name__}") from error
    finally:
        writer.close()


async def _body(reader: asyncio.StreamReader, reading: _Reading) -> AsyncIterator[bytes]:
    bounded = reading.head.get(b"content-length") or reading.head.get(b"transfer-encoding")
    while True:
        if reading.body:
            piece, reading.body = bytes(reading.body), bytearray()
            yield piece
        if reading.done:
            return
        try:
            await _more(reader, reading)
        except EOFError:
            if bounded:
                raise Unreachable("the answer broke off") from None
            return


async def _more(reader: asyncio.StreamReader, reading: _Reading) -> None:
    try:
        async with asyncio.timeout(SILENCE):
            data = await reader.read(_PIECE)
    except TimeoutError as error:
        raise Unreachable(f"nothing came for {SILENCE:g} s") from error
    if not data:
        if reading.begun:
            raise EOFError
        raise Unreachable("the connection was closed without an answer")
    if not reading.begun:
        reading.size += len(data)
        if reading.size > _MOST_HEAD:
            raise Unreachable("the answer's head is too large")
    reading.parser.feed_data(data)


def _request(parts: Any, verb: str, headers: dict[str, str], body: bytes) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = {"Host": parts.netloc, "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = [f"{verb} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
