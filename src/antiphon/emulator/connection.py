"""One connection of the emulator's server: bytes in and out, HTTP/1.1 as llhttp reads it, and what it will not put up with.

A head that is too large is a 431, a target that is not what Host says a 421, a request that comes too slowly a 408, bytes that are no HTTP a 400, each in the API's
shape. Knows no routes: a request becomes a `Conversation`, and the application behind the house has it.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote_to_bytes

import httptools

from .conversation import Conversation, Header, line
from .problem import Problem

if TYPE_CHECKING:
    from .house import House

MOST_HEAD: Final = 64 * 1024
MOST_SYNTAX: Final = 1024 * 1024  # of anything but body in one request, one buffer that others share with it included
HIGH_WATER: Final = 256 * 1024
SLOWEST: Final = 64 * 1024  # bytes a second: what buys a large body more time
LINGER: Final = 2.0


class Connection(asyncio.Protocol):
    """Reads requests, has them answered one after the other, and closes when the other side is no use."""

    transport: asyncio.Transport
    _client: Any
    _server: Any

    def __init__(self, house: House) -> None:
        self.house = house
        self.writable: asyncio.Future[None] | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Conversation] = deque()
        self._current: Conversation | None = None
        self._arriving: Conversation | None = None
        self._url = b""
        self._headers: list[Header] = []
        self._head_size = 0
        self._in_head = False
        self._deaf = False
        self._paused = False
        self._lingering = False
        self._ended = False
        self._began = 0.0
        self._received = 0
        self._heard = 0
        self._due: float | None = None
        self._stopped = 0.0

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._client = transport.get_extra_info("peername")
        self._server = transport.get_extra_info("sockname")
        if self.house.closing:  # it was on its way in when the door closed
            self.transport.abort()
            return
        self.house.connections.add(self)
        self._due = self.house.clock() + self.house.patience

    def connection_lost(self, exc: Exception | None) -> None:
        self.house.connections.discard(self)
        self._deaf, self._due = True, None
        for conversation in (self._current, *self._waiting):
            if conversation is not None:
                conversation.lose()
        self._waiting.clear()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._deaf = True  # what follows is another protocol's; the request itself is answered as it stands
            if self._current is not None:
                self._current.keep_alive = False
        except httptools.HttpParserError as error:
            self._refuse(_unreadable(error))
        else:
            if self._in_head or self._arriving is not None:
                self._weigh(len(data))

    def eof_received(self) -> bool:
        if self._arriving is not None and not self._deaf:
            self._refuse(Problem(400, "The request was broken off.", code="incomplete_request"))
            return False
        self._ended = True
        return self._current is not None  # a client may stop sending and still listen

    def pause_writing(self) -> None:
        if self.writable is None:
            self.writable = self.house.loop.create_future()

    def resume_writing(self) -> None:
        if self.writable is not None and not self.writable.done():
            self.writable.set_result(None)
        self.writable = None

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._url, self._headers, self._head_size, self._in_head = b"", [], 0, True
        self._began, self._received, self._heard = self.house.clock(), 0, 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value) + 4
        if self._in_head:  # else it is a trailer
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_size + len(self._url) > MOST_HEAD:
            raise _Refused(_head_too_large())
        if self._names_another():
            raise _Refused(Problem(421, "The request's target and its Host differ.", code="host_not_allowed"))
        parser = self._parser
        keep_alive = parser.should_keep_alive() and not self.house.closing
        conversation = Conversation(self, self._scope(), keep_alive)
        self._arriving = conversation
        if self._current is None:
            self._begin(conversation)
        else:
            self._waiting.append(conversation)
            self.pause()

    def on_body(self, body: bytes) -> None:
        self._heard += len(body)
        conversation = self._arriving
        if conversation is not None and conversation.hear(body) > HIGH_WATER:
            self.pause()

    def on_message_complete(self) -> None:
        if self._arriving is not None:
            self._arriving.heard_all()
            self._arriving = None
        self._due = None if self._current is not None else self.house.clock() + self.house.idle

    # What a conversation calls.

    def finished(self, conversation: Conversation) -> None:
        """The answer is out: take the next request, wait for one, or close."""
        self._current = None
        following = None
        if conversation.keep_alive and self._waiting:
            following = self._waiting.popleft()
        self.resume()  # first, for it moves the time that is set below
        if following is not None:
            self._begin(following)
        elif not conversation.keep_alive or self._ended:
            self._close(linger=self._arriving is conversation)
        elif not self._in_head:  # the time of a head is counted already
            self._due = self.house.clock() + (self.house.idle if self._arriving is None else self.house.patience)

    def pause(self) -> None:
        """Read no more for now; the clock stands still for the sender meanwhile."""
        if not self._paused and not self.transport.is_closing():
            self._paused = True
            self._stopped = self.house.clock()
            self.transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._paused and not self._waiting:
            self._paused = False
            stood = self.house.clock() - self._stopped
            self._began += stood
            if self._due is not None:
                self._due += stood
            if not self.transport.is_closing():
                self.transport.resume_reading()

    # What the house calls.

    def check(self, now: float) -> None:
        """Close or refuse when the other side has taken too long."""
        if self._due is None or self._paused or now < self._due:
            return
        if self._deaf or (self._arriving is None and not self._in_head):
            self.transport.abort() if self._deaf else self.transport.close()
        elif self._arriving is None or not self._arriving.done:
            self._refuse(Problem(408, "The request took too long to arrive.", code="request_timeout"))
        else:
            self.transport.abort()

    def stop(self) -> None:
        """Close when idle; otherwise after the answer that is under way."""
        if self._current is None:
            self.transport.close()
        else:
            self._current.keep_alive = False

    def cut(self) -> None:
        """End whatever is under way: a stream breaks off, and a request without an answer gets a 503."""
        if self._current is not None and not self._current.started and not self.transport.is_closing():
            self._say(Problem(503, "The emulator is stopping.", type="server_error", code="stopping"))
        else:
            self.transport.abort()

    def _weigh(self, size: int) -> None:
        """More of a request that is not all there: give it time for what it brings, unless that is only syntax."""
        self._received += size
        if self._received > MOST_SYNTAX + 16 * self._heard:
            self._refuse(_head_too_large())
        elif self._arriving is None or not self._arriving.done:
            patience = self.house.patience
            average = self._began + patience + self._received / SLOWEST
            self._due = min(average, self.house.clock() + patience)

    def _begin(self, conversation: Conversation) -> None:
        self._current = conversation
        self.house.begin(conversation)

    def _names_another(self) -> bool:
        """Whether the target is a whole URL, as proxies are sent, of another authority than the Host header's."""
        _, found, rest = self._url.partition(b"://")
        if not found or self._url.startswith(b"/"):
            return False
        authority = re.split(rb"[/?#]", rest, maxsplit=1)[0].lower()
        return any(name == b"host" and value.strip().lower() != authority for name, value in self._headers)

    def _scope(self) -> dict[str, Any]:
        parser = self._parser
        url = httptools.parse_url(self._url)
        raw_path: bytes = url.path or b"/"
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": parser.get_http_version(),
            "method": parser.get_method().decode("ascii"),
            "scheme": "http",
            "path": (unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path).decode("utf-8", "replace"),
            "raw_path": raw_path,
            "query_string": url.query or b"",
            "root_path": "",
            "headers": self._headers,
            "client": self._client,
            "server": self._server,
        }

    def _refuse(self, problem: Problem) -> None:
        """Hear no more, and say why if it is this request's turn and nothing of an answer is out."""
        self._deaf = True
        current = self._current
        if self._arriving is not None and self._arriving.done:
            self.transport.abort()
        elif current is None or (current is self._arriving and not current.started):
            self._say(problem)
        elif current is self._arriving:
            self.transport.abort()
        else:
            current.keep_alive = False

    def _say(self, problem: Problem) -> None:
        """Answer in the application's stead, and close."""
        if self._current is not None:
            self._current.lose()
        body = problem.body()
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
        self.transport.write(line(problem.status) + self.house.date + head + body)
        self._close(linger=True)

    def _close(self, *, linger: bool) -> None:
        """Close; after a moment of deaf reading where more is on its way, for a reset would take the answer with it."""
        if self.transport.is_closing() or self._lingering:
            return
        if not linger:
            self.transport.close()
            return
        self._deaf = self._lingering = True
        self._due = self.house.clock() + LINGER
        if self.transport.can_write_eof():
            self.transport.write_eof()


class _Refused(Exception):
    """Thrown through the parser, which wraps it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _unreadable(error: httptools.HttpParserError) -> Problem:
    cause = error.__context__ or error.__cause__
    if isinstance(cause, _Refused):
        return cause.problem
    return Problem(400, "The request is not HTTP/1.1 that can be read.", code="invalid_http")


def _head_too_large() -> Problem:
    return Problem(431, f"The request's head is larger than {MOST_HEAD} bytes.", code="head_too_large")
