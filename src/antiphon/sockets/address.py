"""Where a session connects, with what header fields and options: pure, from the client's settings and the caller's extras.

A `Channel` is what is known of one of the API's WebSocket endpoints before anyone connects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, quote, urlencode

from ..core.headers import Headers
from ..core.omit import SENTINELS, given
from ..core.path import expand
from ..core.query import encode_query
from ..core.url import URL

KiB = 1024
MiB = 1024 * KiB

_WEBSOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class Discreet(dict[str, Any]):
    """Header fields as the caller gave them, sentinels included; its repr, and so a traceback with locals, shows names only."""

    def __repr__(self) -> str:
        return f"<header fields {', '.join(self)}>"


class Channel(NamedTuple):
    """One WebSocket endpoint.

    Attributes:
        path: below the base URL, e.g. "/live/sessions/{session_id}/fork".
        event: reference of what the server sends, e.g. "realtime:RealtimeServerEvent".
        headers: fields every connection carries.
        queue: how many bytes may wait to be sent, unless the caller says otherwise.
    """

    path: str
    event: str
    headers: Mapping[str, str] = {}
    queue: int = 1 * MiB


def address(
    base: URL, path: str, values: Mapping[str, Any], query: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> str:
    """The URL to connect to.

    The base's own query goes over the client's `defaults`, and `query` over both. As the official package does, a `None` in
    `query` is sent blank and a list as a repeated key, while defaults are written as for any other request.

    Raises:
        ValueError: a path value is empty.
    """
    own = given(dict(query))
    inherited = parse_qsl(encode_query(given(dict(defaults or {}))), keep_blank_values=True)
    based = parse_qsl(base.query, keep_blank_values=True)
    hidden = query.keys() | {name for name, _ in based}
    entries = [entry for entry in inherited if entry[0] not in hidden]
    entries += [entry for entry in based if entry[0] not in query]
    entries += [(name, _text(item)) for name, value in own.items() for item in _items(value)]
    place = base.path.rstrip("/") + (expand(path, dict(values)) if values else path)
    scheme = _WEBSOCKET_SCHEMES.get(base.scheme, base.scheme)
    return f"{scheme}://{base.origin.authority}{place}" + (f"?{urlencode(entries, quote_via=quote)}" if entries else "")


def _items(value: Any) -> list[Any]:
    return list(cast("list[Any]", value)) if isinstance(value, (list, tuple)) else [value]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def fields(*layers: Mapping[str, Any]) -> Headers:
    """The header fields, each layer over the ones before it; a sentinel value removes a field. Its repr hides credentials."""
    merged = Headers()
    for layer in layers:
        for name, value in layer.items():
            if value.__class__ in SENTINELS:
                merged.pop(name, None)
            else:
                merged[name] = str(value)
    return merged


def options(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The options for `websockets`: messages of any size, and then no compression, unless the caller chose."""
    result = {"user_agent_header": None, "max_size": None, **chosen}
    if result["max_size"] is None:
        # An unbounded message must not be able to unfold from a few bytes.
        result.setdefault("compression", None)
    return result
