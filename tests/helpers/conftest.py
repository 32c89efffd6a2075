"""A scripted server on a real socket: it answers from a list and remembers what was asked."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

import antiphon
from antiphon.helpers.chunked_upload import AsyncChunkedUpload, ChunkedUpload

from .agent_colour import Asynchronous, Blocking


class Asked(NamedTuple):
    """One request as it came."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Answer(NamedTuple):
    """One reply to give."""

    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = {}
    status: int = 200
    cut: bool = False


def sse(*events: Any, done: bool = False) -> Answer:
    """An event stream; events with a type are named by it."""
    lines = []
    for event in events:
        name = f"event: {event['type']}\n" if "type" in event else ""
        lines.append(f"{name}data: {json.dumps(event)}\n\n")
    if done:
        lines.append("data: [DONE]\n\n")
    return Answer("".join(lines).encode(), "text/event-stream")


def plain(value: Any, **headers: str) -> Answer:
    return Answer(json.dumps(value).encode(), headers={name.replace("_", "-"): text for name, text in headers.items()})


class Server:
    """Gives out `answers` in turn, the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[Asked] = []
        self.connections: set[tuple[str, int]] = set()
        self.delay = 0.0
        self.reply_to: Callable[[Asked], Answer] | None = None
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.headers.get("transfer-encoding") == "chunked":
                    body = self._chunks()
                outer.connections.add(self.client_address)
                asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                answer = outer._take(asked)
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body) + (100 if answer.cut else 0)))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                if answer.cut:
                    self.close_connection = True

            def _chunks(self) -> bytes:
                pieces = []
                while size := int(self.rfile.readline(), 16):
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(pieces)

            do_GET = do_POST = do_DELETE = handle_any

            def log_message(self, *args: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128  # with the five that are usual, a sixth at once knocks again a second later

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def _take(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(self.delay)
        with self._lock:
            self._at_once -= 1
            if self.reply_to is not None:
                return self.reply_to(asked)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


@pytest.fixture
def no_pauses(monkeypatch):
    """Broken streams are taken up at once."""
    monkeypatch.setattr("antiphon.helpers.resumption.FIRST_PAUSE", 0.001)


@pytest.fixture
def desk(server):
    """The server, taking uploads part by part."""
    # Imported here, as below, because it needs this module.
    from .upload_desk import Desk

    return Desk(server)


@pytest.fixture
def path(tmp_path):
    """A file to upload."""
    from .upload_desk import CONTENT

    made = tmp_path / "a.txt"
    made.write_bytes(CONTENT)
    return made


@pytest.fixture(params=["sync", "async"])
def perform(request, server):
    """Makes an upload and runs it; gives both."""

    def blocking(make, url=None, **options):
        with antiphon.OpenAI(**{"api_key": "sk-1", "base_url": url or server.url, "max_retries": 0, **options}) as made:
            upload = make(ChunkedUpload, made)
            return upload, upload.run()

    def asynchronous(make, url=None, **options):
        async def main():
            async with antiphon.AsyncOpenAI(
                **{"api_key": "sk-1", "base_url": url or server.url, "max_retries": 0, **options}
            ) as made:
                upload = make(AsyncChunkedUpload, made)
                return upload, await upload.run()

        return asyncio.run(main())

    return blocking if request.param == "sync" else asynchronous


@pytest.fixture
def files_are_closed():
    """What a test has opened to upload it."""
    from .upload_desk import OPEN

    with OPEN:
        yield


@pytest.fixture(params=[Blocking(), Asynchronous()], ids=["blocking", "asyncio"])
def follower(request):
    """Each colour of the client, to follow an agent with."""
    return request.param


@pytest.fixture(params=["Blocking", "Asynchronous"], ids=["sync", "async"])
def waiter(request):
    """Each colour of the client, to wait for background responses with."""
    from . import waiter

    return getattr(waiter, request.param)
