"""A server that writes down what it is asked and answers as little as it may."""

from __future__ import annotations

import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

_EMBEDDINGS = b'{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":"AACAPwAAAEA="}]}'


class Seen(NamedTuple):
    """What one request said; the order of query entries, of JSON keys and of header fields does not count."""

    verb: str
    path: str
    query: list[tuple[str, str]]
    content_type: str
    body: Any
    accept: str
    beta: str
    idempotency: str
    credential: str


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes; the second would wait 40 ms for the first's receipt
    server: Recorder

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        while self.headers.get("transfer-encoding") == "chunked" and (size := int(self.rfile.readline(), 16)):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.server.seen.append(self._seen(body))
        reply = _EMBEDDINGS if self.path.partition("?")[0].endswith("/embeddings") else b"{}"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take

    def _seen(self, body: bytes) -> Seen:
        url = urlsplit(self.path)
        label = self.headers.get("content-type", "")
        said = self.headers.get
        return Seen(
            self.command,
            url.path,
            sorted(parse_qsl(url.query, keep_blank_values=True)),
            label.partition(";")[0],
            _content(label, body),
            said("accept", ""),
            said("openai-beta", ""),
            said("idempotency-key", ""),
            said("authorization", ""),
        )

    def log_message(self, *_: object) -> None:
        """Nothing."""


def _content(label: str, body: bytes) -> Any:
    if label.startswith("multipart/"):
        return _parts(label, body)
    if label.startswith("application/json"):
        return msgspec.json.decode(body) if body else None
    return body


def _parts(label: str, body: bytes) -> list[tuple[str, ...]]:
    """The parts of a form: name, file name, content type, content."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {label}\r\n\r\n".encode() + body)
    return sorted(
        (
            str(part.get_param("name", header="content-disposition")),
            str(part.get_filename()),
            part.get_content_type() if "content-type" in part else "",
            (part.get_payload(decode=True) or b"").decode(),
        )
        for part in message.iter_parts()
    )


class Recorder(ThreadingHTTPServer):
    """Use it as a context manager; `url` is its base URL, `seen` what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[Seen] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
