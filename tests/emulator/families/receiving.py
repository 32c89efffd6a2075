"""A receiver of webhooks on loopback: it keeps what came and answers with the statuses it was told."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Event, Thread
from typing import Any


@dataclass
class Told:
    """One request: its headers by lower-case name, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes


def _set() -> Event:
    made = Event()
    made.set()
    return made


@dataclass
class Receiver:
    """What came, in order; `statuses` are the answers to the next ones, then 200; while it is not `open`, none comes."""

    url: str = ""
    came: Queue[Told] = field(default_factory=Queue[Told])
    statuses: list[int] = field(default_factory=list[int])
    open: Event = field(default_factory=_set)

    def next(self) -> Told:
        """The next request, waited for."""
        return self.came.get(timeout=10)


@contextmanager
def receiving() -> Generator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            receiver.came.put(Told(self.path, headers, body))
            receiver.open.wait(10)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", receiver.url + "/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Tests say what they see."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
