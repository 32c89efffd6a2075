"""An open body in pieces."""

from __future__ import annotations


class Piecewise:
    """Comes in these pieces, and may break after them."""

    def __init__(self, *pieces: bytes, failure: Exception | None = None) -> None:
        self.pieces = list(pieces)
        self.failure = failure
        self.closed = False

    def read_chunk(self) -> bytes:
        if self.pieces:
            return self.pieces.pop(0)
        if self.failure is not None:
            raise self.failure
        return b""

    def finish(self) -> None:
        self.closed = True

    def close(self) -> None:
        self.closed = True
