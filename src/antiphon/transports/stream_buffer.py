"""The link as asyncio's own loop likes it best: with a buffer to read into.

Knows which loop gains by it. Knows nothing of exchanges.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ..core.limits import WireLimits
from ..core.url import Origin
from .stream_link import StreamLink

if TYPE_CHECKING:
    from .stream_hall import Hall


class BufferedLink(StreamLink, asyncio.BufferedProtocol):
    """A link that lends asyncio's own loop the buffer to read into.

    Left to itself, that loop allocates 256 KiB for every read, which costs more than all the rest of a small exchange. One
    buffer serves all links of a loop, because it is filled and emptied in one go.
    """

    __slots__ = ()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self.hall.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """There they are."""
        self.data_received(bytes(self.hall.buffer[:nbytes]))


def link_for(hall: Hall, origin: Origin, limits: WireLimits) -> StreamLink:
    """A link of the kind that suits the hall's loop; other loops than asyncio's have buffers of their own."""
    kind = BufferedLink if isinstance(hall.loop, asyncio.SelectorEventLoop) else StreamLink
    return kind(hall, origin, limits)
