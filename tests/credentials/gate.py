"""A server that takes some keys and refuses all others; which ones, may change at any time."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

MODEL = {"id": "m", "object": "model", "created": 1, "owned_by": "tests"}


class Gate:
    """Answers 200 to a key it takes and 401 to one it does not, or whatever `answers` says of a key.

    Attributes:
        taken: the keys it takes now.
        answers: a status, fields and `error.code` for some keys.
        seen: the key and status of every request, in order.
    """

    def __init__(self, *taken: str) -> None:
        self.taken = set(taken)
        self.answers: dict[str, tuple[int, dict[str, str], str | None]] = {}
        self.seen: list[tuple[str, int]] = []
        self.switch_after: tuple[int, set[str]] | None = None
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                gate.answer(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                gate.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._lock = threading.Lock()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        key = handler.headers.get("Authorization", "").removeprefix("Bearer ") or handler.headers.get("api-key", "")
        with self._lock:
            if self.switch_after is not None and len(self.seen) >= self.switch_after[0]:
                self.taken, self.switch_after = self.switch_after[1], None
            status, fields, code = self.answers.get(key, (200 if key in self.taken else 401, {}, None))
            self.seen.append((key, status))
        said: Any = MODEL if status == 200 else {"error": {"message": f"Incorrect API key: {key}", "code": code}}
        content = json.dumps(said).encode()
        handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **fields}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
