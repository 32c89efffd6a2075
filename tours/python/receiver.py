"""A receiver of webhooks on loopback: it keeps what came."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any


@dataclass
class Told:
    """One request."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, in order."""

    url: str
    came: Queue[Told] = field(default_factory=Queue)

    def next(self) -> Told:
        """The next request, waited for."""
        return self.came.get(timeout=20)


@contextmanager
def receiving() -> Generator[Receiver]:
    """A receiver that listens."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.came.put(Told({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """The tour says what it sees."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
