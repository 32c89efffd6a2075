"""Server-sent events as bytes. Knows framing only: what an event means is said by those who make it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

encode: Final = msgspec.json.Encoder().encode
DONE: Final = b"data: [DONE]\n\n"


def data(value: Any) -> bytes:
    """An event without a name."""
    return b"data: %b\n\n" % encode(value)


def named(value: dict[str, Any]) -> bytes:
    """An event named by its own `type`."""
    return b"event: %b\ndata: %b\n\n" % (value["type"].encode(), encode(value))
