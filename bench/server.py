"""A server that costs as little as it can: fixed replies over uvloop, in a process and on a core of its own.

Paths: `/chat/completions` (JSON, or `count` events, each an HTTP chunk of its own, when the body says `"stream":true`),
`/responses` (the same for responses), `/files` (reads an upload and drops it), `/held` (events that stop half way until
`/release`). The number of events is the query's `count`.
"""

from __future__ import annotations

import asyncio
import sys
from functools import lru_cache
from typing import ClassVar

from .payload import COMPLETION, chat_events, response, response_events

_FIELDS = (
    b"x-request-id: req_1\r\nopenai-processing-ms: 12\r\nx-ratelimit-limit-requests: 5000\r\n"
    b"x-ratelimit-remaining-requests: 4999\r\nx-ratelimit-reset-requests: 12ms\r\n"
)
_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" + _FIELDS + b"transfer-encoding: chunked\r\n\r\n"
)
_FILE = b'{"id":"file_1","object":"file","bytes":1,"created_at":1,"filename":"f","purpose":"user_data","status":"processed"}'


def _json(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (
        _FIELDS,
        len(body),
        body,
    )


def _chunked(events: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events)


@lru_cache
def _stream(path: str, count: int) -> bytes:
    events = response_events(count) if path.endswith("/responses") else chat_events(count)
    return _STREAM_HEAD + _chunked(events) + b"0\r\n\r\n"


@lru_cache
def _reply(path: str) -> bytes:
    if path.endswith("/files"):
        return _json(_FILE)
    return _json(response() if path.endswith("/responses") else COMPLETION)


class Connection(asyncio.Protocol):
    """One client's connection."""

    held: ClassVar[set[Connection]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self.buffer = bytearray()
        self.left = -1
        self.chunked = False

    def connection_lost(self, _: Exception | None) -> None:
        self.held.discard(self)

    def data_received(self, data: bytes) -> None:
        if self.left > 0 and len(data) < self.left and self.path.endswith("/files"):
            self.left -= len(data)  # an upload is dropped as it comes
            return
        self.buffer += data
        while self._take():
            pass

    def _take(self) -> bool:
        if self.left < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self.buffer[:end])
            del self.buffer[: end + 4]
            self.path, _, query = head.split(b" ", 2)[1].decode().partition("?")
            self.count = int(query.rpartition("count=")[2] or 0)
            lower = head.lower()
            at = lower.find(b"content-length:")
            self.left = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.chunked = b"transfer-encoding: chunked" in lower
        if self.chunked:
            if not self.buffer.endswith(b"0\r\n\r\n"):
                del self.buffer[:-5]
                return False
            self.left = len(self.buffer)
        if len(self.buffer) < self.left:
            if self.path.endswith("/files"):
                self.left -= len(self.buffer)
                self.buffer.clear()
            return False
        body = bytes(self.buffer[: self.left])
        del self.buffer[: self.left]
        self.left, self.chunked = -1, False
        self._answer(body)
        return bool(self.buffer)

    def _answer(self, body: bytes) -> None:
        streamed = b'"stream":true' in body or b'"stream": true' in body
        if self.path.endswith("/release"):
            for connection in self.held:
                connection.transport.write(_chunked(chat_events(2)[1:]) + b"0\r\n\r\n")
            self.held.clear()
            self.transport.write(_json(b"{}"))
        elif streamed and self.count < 0:
            self.transport.write(_STREAM_HEAD + _chunked(chat_events(2)[:1]))
            self.held.add(self)
        else:
            self.transport.write(_stream(self.path, self.count) if streamed else _reply(self.path))


async def main() -> None:
    """Serve until the process is ended; prints the port."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    sys.exit(uvloop.run(main()))
