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
    None may grow more than `limits.ratio`-fold when decompressed.
    Of a 4xx or 5xx read whole only the first `limits.error_body` bytes are kept; `full` says that there is no need for more.
    """

    __slots__ = ("_bound", "_cut", "_given", "_limits", "_reply", "full")

    def __init__(self, reply: Reply, limits: WireLimits) -> None:
        request = reply.request
        self._reply = reply
        self._cut = reply.status_code >= 400 and not request.stream
        self._bound: int | None
        if request.stream:
            self._bound = limits.stream if request.events else None
        elif self._cut:
            self._bound = limits.error_body
        else:
            self._bound = None if request.download else limits.body
        self._limits = limits
        self._given = 0
        self.full = False

    def take(self, chunk: bytes, encoded: int | None = None) -> bytes:
        """The part of the chunk to keep.

        Args:
            chunk: decoded bytes.
            encoded: how many bytes of the body have come so far, before decoding; `None` where nothing is decoded.

        Raises:
            ResponseTooLarge: the body goes past its bound.
        """
        self._given += len(chunk)
        limits, bound = self._limits, self._bound
        if encoded is not None and self._given > limits.ratio_after and self._given > limits.ratio * encoded:
            raise self._refusal(f"grows more than {limits.ratio}-fold when decompressed")
        if bound is None or (self._given <= bound and (self._cut or self._declared() <= bound)):
            return chunk
        if self._cut:
            self.full = True
            return chunk[: len(chunk) - (self._given - bound)]
        raise self._refusal(f"is larger than {bound} bytes; raise the limit if it is wanted")

    def _declared(self) -> int:
        """The size the server announced, which spares reading what will be refused."""
        length = self._reply.headers.get("content-length", "")
        return int(length) if length.isdigit() and "content-encoding" not in self._reply.headers else 0

    def _refusal(self, flaw: str) -> ResponseTooLarge:
        return ResponseTooLarge(self._reply, None, message=f"the reply's body {flaw}")
