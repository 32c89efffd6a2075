"""What `openai._streaming` has, for programs that import it; it lives elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .core.alias import lend

if TYPE_CHECKING:
    from .core.sse import ServerSentEvent as ServerSentEvent
    from .lib.decoder import SSEDecoder as SSEDecoder
    from .streaming import AsyncStream as AsyncStream
    from .streaming import Stream as Stream

lend(globals())
