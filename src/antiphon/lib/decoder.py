"""A decoder of event streams over pieces of bytes, for programs that read a stream of their own."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator

from ..core import sse
from ..core.sse import ServerSentEvent


class SSEDecoder(sse.SSEDecoder):
    """Reads events from pieces of a body, however it is cut.

    >>> [event.data for event in SSEDecoder().iter_bytes([b"data: a\\n", b"\\ndata: b\\n\\n"])]
    ['a', 'b']
    """

    def iter_bytes(self, iterator: Iterable[bytes]) -> Iterator[ServerSentEvent]:
        """The events of a body that comes in pieces; one that breaks off inside an event loses that event.

        Raises:
            ValueError: an event is too large, or not UTF-8.
        """
        for piece in iterator:
            yield from self.feed(piece)

    async def aiter_bytes(self, iterator: AsyncIterable[bytes]) -> AsyncIterator[ServerSentEvent]:
        """The same for a body that comes asynchronously.

        Raises:
            ValueError: an event is too large, or not UTF-8.
        """
        async for piece in iterator:
            for event in self.feed(piece):
                yield event
