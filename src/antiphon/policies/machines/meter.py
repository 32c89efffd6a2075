"""A meter: what a reply used, read off its body as it goes by.

Follows one body, and says at its end what was used and whether that was told, was counted here, or is not known at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.json import JSONError, decode_json
from ...core.shape import is_dict, is_list
from ...core.sse import SSEDecoder, SSEError
from ...core.usage import UsageReader

_LETTERS = ("content", "refusal", "reasoning_content", "arguments", "name", "text")


class Meter:
    """A follower that reports usage once, at the end.

    Args:
        events: whether the body is an event stream.
        counts: whether to count the text of chat chunks, for streams that were not asked to tell their usage.
        done: called at the end with the usage or `None`, the bytes of text that were counted, and whether the body was whole.
    """

    __slots__ = ("_decoder", "_done", "_letters", "_reader")

    def __init__(self, *, events: bool, counts: bool, done: Callable[[dict[str, Any] | None, int, bool], None]) -> None:
        self._reader = UsageReader(events=events)
        self._decoder = SSEDecoder() if events and counts else None
        self._letters = 0
        self._done = done

    def feed(self, chunk: bytes) -> None:
        """As `Follower.feed`."""
        self._reader.feed(chunk)
        if self._decoder is not None:
            try:
                for event in self._decoder.feed(chunk):
                    self._letters += _letters(event.raw)
            except SSEError:
                self._decoder = None

    def end(self, failure: BaseException | None, complete: bool) -> None:
        """As `Follower.end`."""
        reader = self._reader
        reader.end(failure, complete)
        self._done(reader.usage, self._letters, failure is None and reader.complete)


def _letters(data: bytes) -> int:
    """Bytes of text that a chunk of a chat completion brings."""
    try:
        chunk = decode_json(data)
        choices = chunk["choices"]
    except (JSONError, TypeError, KeyError):
        return 0
    total, stack = 0, [choices]
    while stack:
        value: Any = stack.pop()
        if is_list(value):
            stack.extend(value)
        elif is_dict(value):
            for name, item in value.items():
                if item.__class__ is str:
                    total += len(item.encode("utf-8", "surrogatepass")) if name in _LETTERS else 0
                elif item:
                    stack.append(item)
    return total
