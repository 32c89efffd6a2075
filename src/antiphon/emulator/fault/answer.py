"""Whole answers made wrong: what they say, not how they travel. Values in, values out."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace

from ..exchange import AnyReply, EventReply, FileReply, Reply
from . import stream
from .kind import Fault

_MIB = 1024 * 1024
_PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in to this network.</p>"
_ERROR = (
    b'{"error":{"message":"The answer is an error, as asked.","type":"server_error","param":null,"code":"as_asked"}}'
)


async def entire(reply: AnyReply, fault: Fault) -> AnyReply:
    """The reply as one piece, where the fault is about what a whole answer says; else as it is, a stream or a file."""
    if isinstance(reply, Reply):
        return reply
    if fault.html or fault.error_200 or fault.empty or fault.redirect:
        return Reply(b"")  # something else is said instead
    packed = fault.gzip_bomb or fault.gzip_cut or fault.wrong_encoding
    if isinstance(reply, FileReply) and (packed or fault.bad_utf8 or fault.bad_json or fault.bad_chunk):
        return Reply(reply.path.read_bytes(), 200, reply.content_type, reply.headers)
    if isinstance(reply, EventReply) and packed:
        body = b"".join([event async for event in stream.spoiled(reply.events, fault)])
        return Reply(body, 200, b"text/event-stream; charset=utf-8")
    return reply


def spoiled(reply: Reply, fault: Fault) -> Reply:
    """The reply as the fault wants it."""
    if fault.redirect:
        return Reply(b"", 307, headers=[*reply.headers, (b"location", fault.redirect.encode("latin-1", "replace"))])
    if fault.html:
        return Reply(_PAGE, content_type=b"text/html; charset=utf-8")
    if fault.error_200:
        return replace(reply, body=_ERROR, status=200)
    if fault.empty:
        return replace(reply, body=b"")
    body, headers = reply.body, reply.headers
    if fault.bad_utf8:
        middle = len(body) // 2
        body = body[:middle] + b"\xff" + body[middle:]
    if fault.bad_json:
        body = body[: len(body) // 2]
    if fault.gzip_bomb:
        body = _bomb(fault.gzip_bomb, body)
    elif fault.gzip_cut:
        body = gzip.compress(body, mtime=0)
        body = body[: len(body) // 2]
    if fault.gzip_bomb or fault.gzip_cut or fault.wrong_encoding:
        headers = [*headers, (b"content-encoding", b"gzip")]
    return reply if body is reply.body and headers is reply.headers else replace(reply, body=body, headers=headers)


def _bomb(size: int, body: bytes) -> bytes:
    """Many blanks, which JSON allows, packed to a thousandth of their size."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:
        for _ in range(size):
            file.write(b" " * _MIB)
        file.write(body)
    return packed.getvalue()
