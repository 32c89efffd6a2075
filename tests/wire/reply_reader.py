"""Replies as bytes, and the parser reading them in pieces."""

from __future__ import annotations

import gzip
import zlib

from antiphon.core.limits import WireLimits
from antiphon.wire.reply import ReplyParser

OK = b"HTTP/1.1 200 OK\r\n"
SMALL = WireLimits(
    header_bytes=2048, header_count=20, body=1000, error_body=100, stream=5000, ratio=20, ratio_after=10_000
)


def drain(parser: ReplyParser, data: bytes) -> bytes:
    out = [parser.feed(data)]
    while parser.pending:
        out.append(parser.more())
    return b"".join(out)


def read(
    *pieces: bytes,
    method: str = "GET",
    eof: bool = False,
    stream: bool = False,
    events: bool = False,
    limits: WireLimits = SMALL,
) -> tuple[ReplyParser, bytes]:
    parser = ReplyParser(limits)
    parser.expect(method, stream=stream, events=events)
    body = b"".join(drain(parser, piece) for piece in pieces)
    if eof:
        parser.eof()
    return parser, body


# (bytes, body, whether the connection may serve again)
COMPLETE = {
    "length": (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", b"", True),
    "close": (OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello", b"hello", False),
    "chunked": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=y\r\n!\r\n0\r\n\r\n", b"hello!", True),
    "Chunked": (OK + b"transfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello", True),
    "trailing blanks": (
        OK + b"Content-Encoding: gzip \t\r\nContent-Length: 22 \r\n\r\n" + gzip.compress(b"hi", mtime=0),
        b"hi",
        True,
    ),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n", b"hello", True),
    "204": (b"HTTP/1.1 204 No\r\n\r\n", b"", True),
    "204 with length": (b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", b"", True),
    "304": (b"HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", b"", True),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
    "1.0 keep-alive": (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "100 before": (
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 H\r\nLink: a\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx",
        b"x",
        True,
    ),
    "gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 22\r\n\r\n" + gzip.compress(b"hi", mtime=0), b"hi", True),
    "deflate chunked": (
        OK
        + b"Content-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\na\r\n"
        + zlib.compress(b"hi")
        + b"\r\n0\r\n\r\n",
        b"hi",
        True,
    ),
    "empty gzip": (OK + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", b"", True),
    "no phrase": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", b"x", True),
    "upgrade offered": (OK + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx", b"x", True),
    "empty lines ahead": (b"\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx", b"x", True),
    "empty lines after 100": (
        b"HTTP/1.1 100 C\r\n\r\n\r\n" + OK + b"X: y\r\nContent-Length: 1\r\n\r\nx",
        b"x",
        True,
    ),
    "error": (b"HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
}
