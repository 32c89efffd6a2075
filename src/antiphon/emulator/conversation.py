"""One request and its answer, as an ASGI application sees them: `receive` and `send` over a `Connection`.

Knows how an answer is framed (a length, or chunks); refuses to know what it says.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

    from .connection import Connection

Header = tuple[bytes, bytes]
_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}
_LINES: dict[int, bytes] = {}
_BODILESS: Final = frozenset({204, 304})


def line(status: int) -> bytes:
    """The status line."""
    if status not in _LINES:
        _LINES[status] = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode()
    return _LINES[status]


class Conversation:
    """Hears a request's body as it arrives and says the answer as it is made."""

    __slots__ = (
        "_body",
        "_chunked",
        "_connection",
        "_continue",
        "_given",
        "_held",
        "_more",
        "_news",
        "_silent",
        "_transport",
        "done",
        "keep_alive",
        "lost",
        "scope",
        "started",
    )

    def __init__(self, connection: Connection, scope: dict[str, Any], keep_alive: bool) -> None:
        self.scope = scope
        self.keep_alive = keep_alive
        self.started = self.done = self.lost = False
        self._connection = connection
        self._transport = connection.transport
        self._body = bytearray()
        self._more = True
        self._given = False
        self._held = b""
        self._news: asyncio.Future[None] | None = None
        self._chunked = False
        self._silent: bool = scope["method"] == "HEAD"
        self._continue = any(n == b"expect" and v.lower() == b"100-continue" for n, v in scope["headers"])

    @property
    def transport(self) -> asyncio.Transport:
        """The transport below, for whoever wants to break it."""
        return self._transport

    # What the connection says.

    def hear(self, body: bytes) -> int:
        """More of the request's body; gives how much lies unread."""
        if self.done or self.lost:
            return 0
        self._body += body
        self._wake()
        return len(self._body)

    def heard_all(self) -> None:
        """The request's body is complete."""
        self._more = False
        self._wake()

    def lose(self) -> None:
        """Nobody listens any more."""
        self.lost = True
        self._wake()

    def end(self) -> None:
        """The application has returned: what it left open is broken off, and the connection goes on."""
        if not self.done and not self.lost:
            self.lost = True
            self._transport.abort()
        self._connection.finished(self)

    # What the application calls.

    async def receive(self) -> dict[str, Any]:
        """The next piece of the request's body; after the last of them, that the client is gone, once it is."""
        if self._continue and self._more and not self.started and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._continue = False
        while not (self.lost or self.done) and (self._given or (self._more and not self._body)):
            self._connection.resume()
            self._news = self._connection.house.loop.create_future()
            await self._news
        if self.lost or self.done:
            return {"type": "http.disconnect"}
        body, self._body = bytes(self._body), bytearray()
        self._given = not self._more
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def send(self, message: dict[str, Any]) -> None:
        """The head, or a piece of the body; waits while the client does not keep up, and says nothing to one that left."""
        if (full := self._connection.writable) is not None and not self.lost:
            await full
        if self.lost:
            return
        if message["type"] == "http.response.start":
            self._start(message["status"], message["headers"])
        elif not self.done:
            self._piece(message.get("body", b""), last=not message.get("more_body", False))

    async def write_raw(self, data: bytes) -> None:
        """Bytes as they are, for answers that are meant to be broken; the connection ends after them."""
        if (full := self._connection.writable) is not None and not self.lost:
            await full
        if not self.lost:
            self.started, self.keep_alive = True, False
            self._transport.write(data)

    def hang_up(self) -> None:
        """End an answer where it stands, with an orderly close."""
        self.keep_alive, self.done = False, True
        if self._held:
            self._transport.write(self._held)
            self._held = b""
        self._wake()

    def _start(self, status: int, headers: list[Header]) -> None:
        if self.started:
            raise RuntimeError("the answer has begun already")
        self.started = True
        self._chunked = status not in _BODILESS and b"content-length" not in dict(headers)
        lines = b"".join([b"%b: %b\r\n" % header for header in headers])
        if len(lines.splitlines()) != len(headers):
            raise ValueError("a header of the answer holds a line break")
        length = b"transfer-encoding: chunked\r\n" if self._chunked else b""
        fate = b"" if self.keep_alive else b"connection: close\r\n"
        head = b"%b%b%b%b%b\r\n" % (line(status), self._connection.house.date, lines, length, fate)
        if self._chunked:
            self._transport.write(head)  # a stream's first event may be long in coming
        else:
            self._held = head

    def _piece(self, body: bytes, *, last: bool) -> None:
        head, self._held = self._held, b""
        if self._silent:
            body, end = b"", b""
        else:
            end = b"0\r\n\r\n" if self._chunked and last else b""
            if self._chunked and body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
        if head or body or end:
            self._transport.write(head + body + end)
        if last:
            self.done = True
            self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)
