"""Frames that wait for a connection, in order and within a bound of bytes.

A frame stays charged to the bound while it is being sent; what was handed out is never put back, because a frame that may
have arrived must not arrive twice. Not locked: the session that owns it is.
"""

from __future__ import annotations

from collections import deque

from ..errors import WebSocketQueueFullError

Frame = str | bytes


def size_of(frame: Frame) -> int:
    """The bytes a frame takes on the wire, without its header."""
    if isinstance(frame, bytes) or frame.isascii():
        return len(frame)
    return len(frame.encode())


class Outbox:
    """A queue of frames, at most `limit` bytes together."""

    __slots__ = ("_frames", "held", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._frames: deque[Frame] = deque()

    def put(self, frame: Frame) -> None:
        """Queue a frame.

        Raises:
            WebSocketQueueFullError: it does not fit; it was not queued.
        """
        size = size_of(frame)
        if self.held + size > self.limit:
            raise WebSocketQueueFullError(
                f"the send queue is full and the message was not queued: {self.held} of {self.limit} bytes wait already, "
                f"this one has {size}; wait for the connection, or raise max_queue_size"
            )
        self._frames.append(frame)
        self.held += size

    def take(self) -> Frame | None:
        """The next frame to send, still charged until `settle`; `None` when there is none."""
        return self._frames.popleft() if self._frames else None

    def settle(self, frame: Frame) -> None:
        """The frame that was taken has been sent, or is lost."""
        self.held -= size_of(frame)

    def drain(self) -> list[Frame]:
        """Every frame that was not taken; the queue is empty then."""
        frames = list(self._frames)
        self._frames.clear()
        self.held -= sum(map(size_of, frames))
        return frames

    def __len__(self) -> int:
        return len(self._frames)
