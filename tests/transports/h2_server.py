"""A server that speaks HTTP/2 and nothing else: over TLS, with as many streams on a connection as clients like."""

from __future__ import annotations

import asyncio
import ssl
import threading
from types import TracebackType
from typing import Any, Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded

from .trust import authority


class _Line(asyncio.Protocol):
    """One connection; a reply goes out when `flight` requests wait for one, so they must be there at the same time."""

    def __init__(self, server: H2Server) -> None:
        self._server = server
        self._waiting: list[int] = []
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._server.connections += 1
        self._server.lines.append(transport)
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if isinstance(event, RequestReceived):
                self._server.paths.append(dict(event.headers)[":path"])  # type: ignore[arg-type]
            elif isinstance(event, DataReceived):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                self._waiting.append(event.stream_id)
        if len(self._waiting) >= self._server.flight:
            for stream in self._waiting:
                self._answer(stream, self._server.ends.pop(0) if self._server.ends else "")
            self._waiting.clear()
        self._flush()

    def _answer(self, stream: int, end: str) -> None:
        if end == "refused":
            self._h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
            return
        if end == "goaway":
            self._h2.close_connection(ErrorCodes.NO_ERROR, last_stream_id=0)
            return
        body = self._server.body
        self._h2.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
        if end == "cut":
            self._h2.send_data(stream, body[:5])
            self._h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        else:
            self._h2.send_data(stream, body, end_stream=True)

    def _flush(self) -> None:
        self._transport.write(self._h2.data_to_send())


class H2Server:
    """Runs in a thread, for `with`.

    Args:
        body: what every request is answered with.
        flight: how many requests must be on one connection before any of them is answered.
        ends: how the first requests end: "refused", "goaway" (both before they are processed), or "cut" in the middle.
    """

    def __init__(self, body: bytes, flight: int = 1, ends: tuple[str, ...] = ()) -> None:
        self.ends = list(ends)
        self.body = body
        self.flight = flight
        self.connections = 0
        self.lines: list[Any] = []
        self.paths: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert("localhost").configure_cert(context)
        context.set_alpn_protocols(["h2"])
        self._thread.start()
        made = self._loop.create_server(lambda: _Line(self), "127.0.0.1", 0, ssl=context)
        self._server = asyncio.run_coroutine_threadsafe(made, self._loop).result()
        self.url = f"https://localhost:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for line in self.lines:
            line.abort()
        await asyncio.sleep(0.01)
