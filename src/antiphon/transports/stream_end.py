"""How asyncio connections end, where asyncio itself does not tell: without a close_notify, with words unheard, or with their loop.

Knows quirks of transports; refuses to know exchanges.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress


def is_ragged(transport: asyncio.Transport) -> bool:
    """Whether TCP ended without TLS having said so: anyone on the way can do that, so it ends no body."""
    secured = transport.get_extra_info("ssl_object")
    if secured is None:
        return False
    try:
        return bool(secured.read(1) != b"")
    except ssl.SSLError:
        return True


def last_words(sock: socket.socket, loop: asyncio.AbstractEventLoop) -> Iterator[bytes]:
    """What the system still holds of a plain connection that asyncio has given up."""
    if not isinstance(loop, asyncio.BaseEventLoop):
        return  # another loop may have closed the descriptor, and its number may be someone else's by now
    with suppress(OSError, ValueError):
        while data := sock.recv(65536):
            yield data


def bury(transport: asyncio.Transport | None) -> None:
    """Free the descriptor of a transport whose loop is closed, and keep asyncio from complaining when it is collected."""
    inner = getattr(getattr(transport, "_ssl_protocol", None), "_transport", transport)
    # Both of them refuse in a dead loop, after they have done what matters.
    with suppress(Exception):
        getattr(transport, "abort")()  # noqa: B009
    with suppress(Exception):
        getattr(inner, "_call_connection_lost")(None)  # noqa: B009
