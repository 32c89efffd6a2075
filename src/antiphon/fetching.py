"""Fetching what a URL leads to, where a user or a model named the URL: from the public internet only, bounded, and without a key.

A server that fetches such URLs carelessly is a door into its own network: to its databases, to its cloud's credentials. Nothing
here knows a client, so nothing it sends can carry a credential.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection
from typing import Any, NamedTuple
from urllib.parse import urljoin

from .core.effects import Discard, Now, Read, Send
from .core.headers import Headers
from .core.reply import Reply
from .core.request import Request
from .core.timeout import Timeout
from .core.url import URL
from .drivers.asynchronous import AsyncDriver
from .drivers.blocking import BlockingDriver
from .errors import (
    APIStatusError,
    InvalidBaseURL,
    RedirectRefused,
    ResponseTooLarge,
    UnexpectedContentType,
    class_for_status,
)
from .transports.reach import Reach, public_only
from .version import __version__

_MOVED = frozenset({301, 302, 303, 307, 308})
_MiB = 1024 * 1024
_PORTS = (80, 443)
_no_calls: Any = None
"""These drivers make no API calls."""


class Fetched(NamedTuple):
    """What a URL led to.

    Attributes:
        url: where it was found, after redirects.
        content_type: as the server said, without parameters; "" where it said nothing.
        content: the bytes.
    """

    url: str
    content_type: str
    content: bytes

    @property
    def data_url(self) -> str:
        """The same as a `data:` URL, which models take where they take an image's or a file's URL."""
        return f"data:{self.content_type or 'application/octet-stream'};base64,{b64encode(self.content).decode()}"


def fetch(
    url: str,
    *,
    most: int = 20 * _MiB,
    seconds: float = 10.0,
    types: Collection[str] = (),
    redirects: int = 3,
    ports: Collection[int] = _PORTS,
    reach: Reach = public_only,
) -> Fetched:
    """Fetch a URL that somebody else named.

    >>> fetch("https://example.com/cat.png", types=["image/"]).data_url  # doctest: +SKIP

    Args:
        url: `https://` or `http://`.
        most: bytes it may have.
        seconds: it may take, redirects and all.
        types: beginnings of the content types that are taken, e.g. "image/"; any when left out.
        redirects: how many moves are followed; each place is judged as the first one.
        ports: that may be asked.
        reach: which addresses may be connected to; public ones when left out.

    Raises:
        ConnectError: the host is not public, or cannot be reached.
        InvalidBaseURL: it is no such URL, or of another port.
        RedirectRefused: it moves too often, or to what is no such URL.
        UnexpectedContentType, ResponseTooLarge, APIStatusError, APITimeoutError, APIConnectionError: what came is not that.
    """
    from .transports.sockets import SocketTransport

    transport = SocketTransport(proxy=None, reach=reach)
    try:
        return BlockingDriver(transport.send, _no_calls).run(
            _fetched(url, most, seconds, tuple(types), redirects, ports)
        )
    finally:
        transport.close()


async def fetch_async(
    url: str,
    *,
    most: int = 20 * _MiB,
    seconds: float = 10.0,
    types: Collection[str] = (),
    redirects: int = 3,
    ports: Collection[int] = _PORTS,
    reach: Reach = public_only,
) -> Fetched:
    """As `fetch`, on asyncio."""
    from .transports.streams import StreamTransport

    transport = StreamTransport(proxy=None, reach=reach)
    try:
        return await AsyncDriver(transport.send, _no_calls).run(
            _fetched(url, most, seconds, tuple(types), redirects, ports)
        )
    finally:
        await transport.aclose()


async def _fetched(
    url: str, most: int, seconds: float, types: tuple[str, ...], redirects: int, ports: Collection[int]
) -> Fetched:
    end = await Now() + seconds
    place = _place(url, ports)
    left = redirects
    while True:
        reply = await Send(_request(place, end, seconds))
        if reply.status_code not in _MOVED:
            return await _taken(reply, place, most, types)
        await Discard(reply)
        if not left:
            raise RedirectRefused(f"more than {redirects} redirects", response=reply, body=None)
        left -= 1
        place = _moved(place, reply, ports)


def _place(url: object, ports: Collection[int]) -> URL:
    place = URL(url)
    if place.scheme not in ("http", "https"):
        raise InvalidBaseURL(f"only https:// and http:// are fetched; got {place.scheme}://")
    if place.origin.port not in ports:
        raise InvalidBaseURL(f"port {place.origin.port} is not asked; only {', '.join(map(str, sorted(ports)))}")
    return place


def _moved(place: URL, reply: Reply, ports: Collection[int]) -> URL:
    try:
        return _place(urljoin(str(place), reply.headers.get("location") or ""), ports)
    except ValueError:
        raise RedirectRefused("it moves to what is no URL to be fetched", response=reply, body=None) from None


def _request(place: URL, end: float, seconds: float) -> Request:
    headers = Headers({"Accept": "*/*", "User-Agent": f"antiphon/{__version__}"})
    timeout = Timeout(seconds)
    return Request("GET", place.origin, place.target, headers, None, timeout, stream=True, deadline=end, download=True)


async def _taken(reply: Reply, place: URL, most: int, types: tuple[str, ...]) -> Fetched:
    kind = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    refusal: APIStatusError | UnexpectedContentType | ResponseTooLarge | None = None
    length = reply.headers.get("content-length", "")
    if not reply.is_success:
        refusal = class_for_status(reply.status_code)(
            f"the server answered {reply.status_code}", response=reply, body=None
        )
    elif types and not kind.startswith(types):
        refusal = UnexpectedContentType(reply, None, message=f"wanted {' or '.join(types)}; got {kind or 'no type'}")
    elif length.isascii() and length.isdigit() and int(length) > most:
        refusal = ResponseTooLarge(reply, None, message=f"it has {length} bytes; at most {most} are taken")
    if refusal is not None:
        await Discard(reply)
        raise refusal
    content = await Read(reply, most + 1)
    if len(content) > most:
        raise ResponseTooLarge(reply, None, message=f"it has more than {most} bytes")
    return Fetched(str(place), kind, content)
