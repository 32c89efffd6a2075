"""An open body of which the first bytes were looked at: its reader gets them first, and knows of nothing."""

from __future__ import annotations

from typing import Any, cast

from ..core.reply import AsyncBody, Body, Reply


class _Peeked:
    """What both colours share.

    Args:
        body: what comes after.
        first: what was looked at.
    """

    __slots__ = ("__weakref__", "_body", "_first")

    def __init__(self, body: Any, first: bytes) -> None:
        self._body = body
        self._first = first

    def __getattr__(self, name: str) -> Any:
        # Bodies of some transports can do more, such as bound their next read.
        return getattr(self._body, name)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be read."""
        return not self._first and bool(getattr(self._body, "closed", False))

    def close(self) -> None:
        """As `Body.close`."""
        self._first = b""
        self._body.close()


class PeekedBody(_Peeked):
    """In the blocking colour."""

    __slots__ = ()

    def read_chunk(self) -> bytes:
        """As `Body.read_chunk`."""
        if self._first:
            first, self._first = self._first, b""
            return first
        chunk: bytes = self._body.read_chunk()
        return chunk

    def finish(self) -> None:
        """As `Body.finish`."""
        self._first = b""
        self._body.finish()


class PeekedAsyncBody(_Peeked):
    """In the asyncio colour."""

    __slots__ = ()

    async def read_chunk(self) -> bytes:
        """As `AsyncBody.read_chunk`."""
        if self._first:
            first, self._first = self._first, b""
            return first
        chunk: bytes = await self._body.read_chunk()
        return chunk

    async def finish(self) -> None:
        """As `AsyncBody.finish`."""
        self._first = b""
        await self._body.finish()


def peek(reply: Reply) -> bytes:
    """The first bytes of a reply's body, which stay there for its reader."""
    if reply.is_read or reply.body is None:
        return reply.content if reply.is_read else b""
    body = cast("Body", reply.body)
    try:
        first = body.read_chunk()
    except BaseException:
        body.close()
        raise
    reply.body = PeekedBody(body, first)
    return first


async def peek_async(reply: Reply) -> bytes:
    """As `peek`."""
    if reply.is_read or reply.body is None:
        return reply.content if reply.is_read else b""
    body = cast("AsyncBody", reply.body)
    try:
        first = await body.read_chunk()
    except BaseException:
        body.close()
        raise
    reply.body = PeekedAsyncBody(body, first)
    return first
