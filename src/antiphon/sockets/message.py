"""Events as they go over the wire: encoding what is sent, and seeing what arrived as the typed event it is."""

from __future__ import annotations

from typing import Any

import msgspec

from ..core.encode import encode_json
from ..core.reference import caster_of
from ..errors import APIError

_DECODER = msgspec.json.Decoder()


def encode_event(event: Any) -> str:
    """The text frame for an event, a model or a mapping; sentinels in it are left out.

    Raises:
        InvalidBody: a value in it cannot be sent; `path` tells where.
    """
    return encode_json(event).decode()


def parse_event(data: str | bytes, reference: str) -> Any:
    """A message as the event it is; unknown types and fields are kept.

    Raises:
        APIError: the message is not JSON.
    """
    try:
        value = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise APIError(
            f"the server sent a WebSocket message that is not JSON ({len(data)} bytes): {problem}", None, body=None
        ) from problem
    return caster_of(reference)(value)
