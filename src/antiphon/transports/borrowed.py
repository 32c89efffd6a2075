"""A transport that belongs to someone else: an httpx or httpx2 client, or any object that can `send`.

Knows what may be handed in as `http_client=` and says so plainly where it may not. Imports neither library: who hands a
client in has imported it already.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Literal, overload

from ..core.limits import DEFAULT_WIRE_LIMITS, WireLimits
from ..core.timeout import Timeout
from .base import AsyncTransport, Transport

_LIBRARIES = ("httpx2", "httpx")
_STRANGERS = frozenset({"requests", "aiohttp", "urllib3", "niquests", "curl_cffi", "pyreqwest"})


@overload
def borrow(client: Any, *, colour: Literal["sync"], limits: WireLimits = ...) -> Transport: ...
@overload
def borrow(client: Any, *, colour: Literal["async"], limits: WireLimits = ...) -> AsyncTransport: ...
def borrow(
    client: Any, *, colour: Literal["sync", "async"], limits: WireLimits = DEFAULT_WIRE_LIMITS
) -> Transport | AsyncTransport:
    """A transport over what a user handed in as `http_client=`.

    >>> transport = borrow(httpx2.Client(proxy="http://proxy.example:3128"), colour="sync")

    Args:
        client: an `httpx2.Client` or `httpx.Client` (async: `AsyncClient`), or an object with `send(request)`, which is
            returned as it is.
        colour: which of the two the caller needs.
        limits: bounds on reply bodies.

    Raises:
        TypeError: it is neither, or of the other colour.
    """
    for library in _LIBRARIES:
        module = sys.modules.get(library)
        if module is None:
            continue
        if isinstance(client, module.Client) and colour == "sync":
            from .httpx_sync import HttpxTransport

            return HttpxTransport(client, limits)
        if isinstance(client, module.AsyncClient) and colour == "async":
            from .httpx_async import AsyncHttpxTransport

            return AsyncHttpxTransport(client, limits)
        if isinstance(client, (module.Client, module.AsyncClient)):
            raise _refusal(client, colour)
    if not _is_transport(client, colour):
        raise _refusal(client, colour)
    return client  # type: ignore[no-any-return]


def borrowed_timeout(client: Any) -> Timeout | None:
    """The timeout a user chose on an httpx or httpx2 client; `None` if it is the library's own or another kind of object.

    >>> borrowed_timeout(httpx2.Client(timeout=7.0))
    Timeout(connect=7.0, read=7.0, write=7.0, pool=7.0)
    """
    chosen = getattr(client, "timeout", None)
    if chosen is None or not hasattr(chosen, "pool"):
        return None
    timeout = Timeout(chosen)
    return None if timeout == Timeout(5.0) else timeout


def _is_transport(client: Any, colour: str) -> bool:
    send = getattr(client, "send", None)
    if isinstance(client, type) or not callable(send):
        return False
    if any(ancestor.__module__.partition(".")[0] in _STRANGERS for ancestor in type(client).__mro__):
        return False
    return inspect.iscoroutinefunction(send) == (colour == "async")


def _refusal(client: Any, colour: str) -> TypeError:
    name = "AsyncClient" if colour == "async" else "Client"
    method = "async def send(request)" if colour == "async" else "def send(request)"
    given = client.__name__ + " (the class)" if isinstance(client, type) else type(client).__qualname__
    return TypeError(
        f"http_client must be an httpx2.{name}, an httpx.{name} or a transport with `{method}`; got {given} of "
        f"module {type(client).__module__ if not isinstance(client, type) else client.__module__}"
    )
