"""An open body of which the first bytes were looked at: its reader gets them first, and knows of nothing."""

from __future__ import annotations

from typing import Any

from ..core.reply import Reply


class _Peeked:
    """What both colours share.

    Args:
        body: what comes after.

    Attributes:
        first: what was looked at.
    """

    __slots__ = ("__weakref__", "_body", "first")

    def __init__(self, body: Any) -> None:
        self._body = body
        self.first = b""

    def __getattr__(self, name: str) -> Any:
        # Bodies of some transports can do more, such as bound their next read.
        return getattr(self._body, name)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be read."""
        return not self.first and bool(getattr(self._body, "closed", False))

    def close(self) -> None:
        """As `Body.close`."""
        self.first = b""
        self._body.close()


class PeekedBody(_Peeked):
    """In the blocking colour."""

    __slots__ = ()

    def read_chunk(self) -> bytes:
        """As `Body.read_chunk`."""
        if self.first:
            first, self.first = self.first, b""
            return first
        return self.look()

    def look(self) -> bytes:
        """The next bytes behind those that were looked at."""
        chunk: bytes = self._body.read_chunk()
        return chunk

    def finish(self) -> None:
        """As `Body.finish`."""
        self.first = b""
        self._body.finish()


class PeekedAsyncBody(_Peeked):
    """In the asyncio colour."""

    __slots__ = ()

    async def read_chunk(self) -> bytes:
        """As `AsyncBody.read_chunk`."""
        if self.first:
            first, self.first = self.first, b""
            return first
        return await self.look()

    async def look(self) -> bytes:
        """As `PeekedBody.look`."""
        chunk: bytes = await self._body.read_chunk()
        return chunk

    async def finish(self) -> None:
        """As `AsyncBody.finish`."""
        self.first = b""
        await self._body.finish()


def peek(reply: Reply, beyond: int = 0) -> bytes:
    """The first bytes of a reply's body, more than `beyond` unless it ends before; they stay there for its reader."""
    if reply.is_read or reply.body is None:
        return reply.content if reply.is_read else b""
    body = reply.body
    if not isinstance(body, PeekedBody):
        body = reply.body = PeekedBody(body)
    try:
        while len(body.first) <= beyond and (chunk := body.look()):
            body.first += chunk
    except BaseException:
        body.close()
        raise
    return body.first


async def peek_async(reply: Reply, beyond: int = 0) -> bytes:
    """As `peek`."""
    if reply.is_read or reply.body is None:
        return reply.content if reply.is_read else b""
    body = reply.body
    if not isinstance(body, PeekedAsyncBody):
        body = reply.body = PeekedAsyncBody(body)
    try:
        while len(body.first) <= beyond and (chunk := await body.look()):
            body.first += chunk
    except BaseException:
        body.close()
        raise
    return body.first
