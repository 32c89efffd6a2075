"""Sending a large request body on asyncio.

Knows where the pieces come from (bytes, a body stream, an async iterable) and that reading a file must not hold up the
loop; the link knows when the system has room for them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterator

from ..core.request import BodyStream
from ..wire.framing import Buffer, checked, framing, length_of, rest
from .stream_flow import Flow
from .stream_link import StreamLink

INLINE = 1024 * 1024
"""Body streams up to this many bytes are read in the loop; larger ones, and those of unknown size, in a thread."""
BATCH = 1024 * 1024
"""Bytes that one visit to the thread fetches."""


async def upload(link: StreamLink, flow: Flow) -> None:
    """Send what goes after the head; stops early when an answer is there or the connection is gone.

    Raises:
        InvalidBody: the body is not what it declared to be.
    """
    content = flow.request.content
    if isinstance(content, BodyStream) or not isinstance(content, AsyncIterable):
        pieces = rest(flow.request) or iter(())
        await (_ready(link, flow, pieces) if _is_ready(content) else _fetched(link, flow, pieces))
    else:
        await _produced(link, flow, content)
    link.listen(flow)


def _is_ready(content: object) -> bool:
    return isinstance(content, bytes) or (length_of(content) or INLINE + 1) <= INLINE


async def _ready(link: StreamLink, flow: Flow, pieces: Iterator[Buffer]) -> bool:
    # One piece is held back, so that the last one is known as such: the answer may come before the write returns.
    last = next(pieces, b"")
    for piece in pieces:
        if not await link.write(flow, last):
            return False
        last = piece
    return await link.write(flow, last, last=True)


async def _fetched(link: StreamLink, flow: Flow, pieces: Iterator[Buffer]) -> bool:
    loop = asyncio.get_running_loop()
    batch = await loop.run_in_executor(None, _batch, pieces)
    while following := await loop.run_in_executor(None, _batch, pieces):
        for piece in batch:
            if not await link.write(flow, piece):
                return False
        batch = following
    return await _ready(link, flow, iter(batch))


def _batch(pieces: Iterator[Buffer]) -> list[Buffer]:
    batch: list[Buffer] = []
    size = 0
    for piece in pieces:
        batch.append(piece)
        size += len(piece)
        if size >= BATCH:
            break
    return batch


async def _produced(link: StreamLink, flow: Flow, content: AsyncIterable[bytes]) -> bool:
    frame = framing(length_of(content))
    async for data in content:
        if (piece := frame.piece(checked(data))) and not await link.write(flow, piece):
            return False
    return await link.write(flow, frame.end(), last=True)
