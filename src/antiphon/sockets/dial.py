"""Opening connections with `websockets`: imported when first needed, kept on the origin, and discreet in its log.

Knows what differs between versions 13 and 17 of that library. Refuses to know events and sessions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any

from ..core.headers import Headers, is_sensitive
from ..errors import OpenAIError


class _DiscreetLogger(logging.LoggerAdapter[logging.Logger]):
    """The library's own logger; it writes header fields at level DEBUG, so credentials are masked here."""

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if len(args) == 2 and is_sensitive(str(args[0])):
            args = (args[0], "<redacted>")
        super().log(level, msg, *args, **kwargs)


_LOGGER = _DiscreetLogger(logging.getLogger("websockets.client"), {})


def _missing(cause: ImportError) -> OpenAIError:
    error = OpenAIError("WebSocket connections need an extra: pip install antiphon[realtime]")
    error.__cause__ = cause
    return error


def _kept_on_origin(old: str, found: Exception | str) -> Exception | str:
    """What the library made of a redirect, unless it leads to another origin: our credentials are not meant for it."""
    if isinstance(found, Exception):
        return found
    from websockets.exceptions import SecurityError
    from websockets.uri import parse_uri

    before, after = parse_uri(old), parse_uri(found)
    if (before.secure, before.host, before.port) == (after.secure, after.host, after.port):
        return found
    return SecurityError(
        f"the server redirects to another origin, {after.host}:{after.port}; that is not followed, because the "
        "credentials belong to this one; if it is right, make it the client's websocket_base_url"
    )


def _same_origin(connector: Any) -> Any:
    """The library's connector, not following redirects to other origins."""
    follow = connector.process_redirect

    def process_redirect(self: Any, exc: Exception) -> Exception | str:
        return _kept_on_origin(self.uri, follow(self, exc))

    return type("SameOrigin", (connector,), {"process_redirect": process_redirect})


@cache
def _blocking_connect() -> Callable[..., Any]:
    try:
        from websockets.sync import client
    except ImportError as cause:
        raise _missing(cause) from cause
    base: Any = getattr(client, "reconnect", None)
    if base is None:
        # Older versions follow no redirects in this colour.
        return client.connect

    connector = _same_origin(base)

    def connect(url: str, **options: Any) -> Any:
        connection = connector(url, **options).connect()
        # This owner closes the connection itself, which the library would otherwise warn about.
        connection.pending_legacy_warning = False
        return connection

    return connect


@cache
def _asyncio_connect() -> Callable[..., Any]:
    try:
        from websockets.asyncio import client
    except ImportError as cause:
        raise _missing(cause) from cause
    connector: Callable[..., Any] = _same_origin(client.connect)
    return connector


def dial(url: str, headers: Headers, options: dict[str, Any]) -> Any:
    """Open a blocking connection.

    Raises:
        OpenAIError: `websockets` is not installed.
        websockets.exceptions.InvalidHandshake: the server refused; `InvalidStatus` has its answer.
        websockets.exceptions.SecurityError: it redirects to another origin.
        OSError: it could not be reached; `TimeoutError` within `open_timeout`.
    """
    return _blocking_connect()(url, additional_headers=headers, **{"logger": _LOGGER, **options})


async def adial(url: str, headers: Headers, options: dict[str, Any]) -> Any:
    """As `dial`, on asyncio."""
    return await _asyncio_connect()(url, additional_headers=headers, **{"logger": _LOGGER, **options})


def receive_bytes(connection: Any) -> bytes:
    """The next message as bytes, blocking, whatever its frame's type."""
    if _decodes_always():
        message: str | bytes = connection.recv()
        return message.encode() if isinstance(message, str) else message
    received: bytes = connection.recv(decode=False)
    return received


@cache
def _decodes_always() -> bool:
    # Version 13 cannot hand out the bytes of a text frame in this colour.
    from websockets.version import version

    return version.startswith("13.")
