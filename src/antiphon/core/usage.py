"""What a body says a call used: read out of JSON and of event streams, as they come, and nothing else of them."""

from __future__ import annotations

from typing import Any, cast

from .json import JSONError, decode_json
from .reply import Reply
from .sse import SSEDecoder, SSEError

_LARGEST = 32 * 1024 * 1024
_DONE = b"[DONE]"
_LAST = frozenset({"response.completed", "response.failed", "response.incomplete", "response.cancelled"})


class UsageReader:
    """A follower that finds the usage in a body, or an event stream's last one.

    >>> reader = UsageReader(events=False)
    >>> reader.feed(b'{"usage": {"total_tokens": 3}}')
    >>> reader.end(None, True)
    >>> reader.usage, reader.complete
    ({'total_tokens': 3}, True)

    Args:
        events: whether the body is an event stream.

    Attributes:
        usage: the `usage` object as the server sent it, or `None`.
        complete: whether the body came to its end, and an event stream to its last event.
    """

    def __init__(self, *, events: bool) -> None:
        self.usage: dict[str, Any] | None = None
        self.complete = False
        self._decoder = SSEDecoder() if events else None
        self._pieces: list[bytes] = []
        self._size = 0
        self._last = False

    def feed(self, chunk: bytes) -> None:
        """As `Follower.feed`."""
        if self._decoder is None:
            self._size += len(chunk)
            if self._size <= _LARGEST:
                self._pieces.append(chunk)
            return
        try:
            for event in self._decoder.feed(chunk):
                self._look(event.raw)
        except SSEError:
            pass  # the reader learns of it

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """As `Follower.end`."""
        if self._decoder is None:
            if failure is None and complete and self._size <= _LARGEST:
                self._take(b"".join(self._pieces))
            self.complete = complete
        else:
            self.complete = complete and self._last
        self._pieces.clear()

    def _look(self, data: bytes) -> None:
        if data == _DONE:
            self._last = True
        elif b'"usage"' in data or b'"response.' in data:
            self._take(data)

    def _take(self, data: bytes) -> None:
        try:
            value = decode_json(data)
        except JSONError:
            return
        if not isinstance(value, dict):
            return
        body = cast("dict[str, Any]", value)
        self._last = self._last or body.get("type") in _LAST
        inner = body.get("response")
        for holder in (body, cast("dict[str, Any]", inner) if isinstance(inner, dict) else {}):
            usage = holder.get("usage")
            if isinstance(usage, dict):
                self.usage = cast("dict[str, Any]", usage)


def usage_of(reply: Reply) -> dict[str, Any] | None:
    """The usage a reply tells that was read whole; `None` where it tells none."""
    if b'"usage"' not in reply.content:
        return None
    reader = UsageReader(events="event-stream" in reply.headers.get("content-type", ""))
    reader.feed(reply.content)
    reader.end(None, True)
    return reader.usage
