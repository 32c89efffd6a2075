"""An open body whose reader is followed: in both colours the same body, with somebody told of every byte and of the end."""

from __future__ import annotations

from typing import Any, cast

from ..core.follower import Follower
from ..core.reply import AsyncBody, Body, Reply


class _Followed:
    """What both colours share.

    Args:
        body: what is read.
        follower: who is told.
    """

    __slots__ = ("__weakref__", "_body", "_ended", "_follower")

    def __init__(self, body: Any, follower: Follower) -> None:
        self._body = body
        self._follower = follower
        self._ended = False

    def __getattr__(self, name: str) -> Any:
        # Bodies of some transports can do more, such as bound their next read.
        return getattr(self._body, name)

    def close(self) -> None:
        """As `Body.close`."""
        try:
            self._body.close()
        finally:
            self._end(None, False)

    def __del__(self) -> None:
        self._end(None, False)

    def _end(self, failure: BaseException | None, complete: bool) -> None:
        if not self._ended:
            self._follower.end(failure, complete)
            self._ended = True  # not before: what a signal handler broke off is told again when the body is collected


class FollowedBody(_Followed):
    """In the blocking colour."""

    __slots__ = ()

    def read_chunk(self) -> bytes:
        """As `Body.read_chunk`."""
        try:
            chunk: bytes = self._body.read_chunk()
        except BaseException as failure:
            self._end(failure, False)
            raise
        if chunk:
            self._follower.feed(chunk)
        else:
            self._end(None, True)
        return chunk

    def finish(self) -> None:
        """As `Body.finish`."""
        try:
            self._body.finish()
        finally:
            self._end(None, True)


class FollowedAsyncBody(_Followed):
    """In the asyncio colour."""

    __slots__ = ()

    async def read_chunk(self) -> bytes:
        """As `AsyncBody.read_chunk`."""
        try:
            chunk: bytes = await self._body.read_chunk()
        except BaseException as failure:
            self._end(failure, False)
            raise
        if chunk:
            self._follower.feed(chunk)
        else:
            self._end(None, True)
        return chunk

    async def finish(self) -> None:
        """As `AsyncBody.finish`."""
        try:
            await self._body.finish()
        finally:
            self._end(None, True)


def follow(reply: Reply, follower: Follower, kind: type[FollowedBody | FollowedAsyncBody]) -> None:
    """Have a follower see what is left of a reply's body.

    Args:
        reply: one that nobody has begun to read.
        follower: who is told.
        kind: the body's class in the driver's colour.
    """
    if reply.is_read or reply.body is None:
        if reply.is_read and reply.content:
            follower.feed(reply.content)
        follower.end(None, True)
        return
    reply.body = cast("Body | AsyncBody", kind(reply.body, follower))
