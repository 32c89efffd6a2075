"""How much of one reply is let in: the size bounds, for transports whose bytes come decoded from elsewhere.

Knows the bounds of `WireLimits` and which of them applies to a reply. Knows nothing of sockets, framing or encodings: our
own wire judges those itself, closer to the bytes.
"""

from __future__ import annotations

from ..core.limits import WireLimits
from ..core.reply import Reply
from ..errors import ResponseTooLarge


class Intake:
    """Counts the decoded bytes of one reply and refuses what goes past its bound.

    A success that is read whole may take `limits.body` bytes, a streamed event body `limits.stream`, a download any number.
    Of a 4xx or 5xx read whole only the first `limits.error_body` bytes are kept; `full` says that there is no need for more.
    """

    __slots__ = ("_bound", "_cut", "_left", "_reply", "full")

    def __init__(self, reply: Reply, limits: WireLimits) -> None:
        request = reply.request
        self._reply = reply
        self._cut = reply.status_code >= 400 and not request.stream
        self._bound: int | None
        if request.stream:
            self._bound = limits.stream if request.events else None
        else:
            self._bound = limits.error_body if self._cut else limits.body
        self._left = self._bound
        self.full = False

    def take(self, chunk: bytes) -> bytes:
        """The part of the chunk to keep.

        Raises:
            ResponseTooLarge: the body goes past its bound.
        """
        if self._left is None:
            return chunk
        self._left -= len(chunk)
        if self._left >= 0:
            return chunk
        if self._cut:
            self.full = True
            return chunk[: self._left]
        raise ResponseTooLarge(
            self._reply,
            None,
            message=f"the reply's body is larger than {self._bound} bytes; raise the limit if it is wanted",
        )
