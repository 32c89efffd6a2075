"""A request's head as bytes.

Knows the grammar of the request line and of header fields, and that nothing a caller passes may add a line. Refuses to
know sockets. A serialised head holds credentials, so no frame here binds it, the list of fields or a single value to a
name: a traceback that prints locals shows masked `Headers` and opaque memoryviews only. That is why it reads as it does.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import itemgetter, methodcaller

from ..core.headers import Headers
from ..core.request import Request
from ..core.secret import Secret
from ..core.url import Origin
from ..errors import InvalidBody
from .framing import SMALL, length_of

_line = ": ".join
_name = itemgetter(0)
_without_ends = methodcaller("translate", None, b"\r\n\0")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_bad_in_value = re.compile("[\r\n\0\u0100-\U0010ffff]").search
_bad_in_target = re.compile("[^\x21-\x7e]").search
_DERIVED = frozenset({"content-length", "transfer-encoding"})
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})

# Names that passed the grammar once; "Host" and the derived ones never enter, so they always take the slow look.
_proven: set[str] = set()
_PROVEN_MAX = 1024


def encode_request(
    request: Request, *, absolute: bool = False, proxy_authorization: Secret | None = None
) -> memoryview:
    """The head, with a body of up to `SMALL` bytes, in one buffer; `framing.rest` gives what follows.

    >>> sock.sendall(encode_request(request))  # doctest: +SKIP

    Args:
        request: what to send.
        absolute: write the whole URL on the request line, as a proxy for plain HTTP needs it.
        proxy_authorization: the value of `Proxy-Authorization`.

    Raises:
        InvalidBody: a header or the target cannot be sent; says which, never its value.
    """
    headers = request.headers
    derived_host = _proven.issuperset(map(_name, headers.fields)) or _prove(headers)
    size = length_of(request.content)
    sealed = _sealed(
        _start(request.method, request.origin, request.target, absolute, derived_host),
        1 if derived_host else 0,
        headers,
        () if proxy_authorization is None else (proxy_authorization,),
        _tail(size, request.method),
    )
    if sealed is None:
        raise InvalidBody(*_blame(request))
    if size and size <= SMALL and isinstance(request.content, bytes):
        return memoryview(b"".join((sealed, request.content)))
    return sealed


def encode_connect(host: str, port: int, proxy_authorization: Secret | None = None) -> memoryview:
    """The request that asks a proxy for a tunnel.

    Args:
        host: where the tunnel ends, without brackets.
        port: its port.
        proxy_authorization: the value of `Proxy-Authorization`.

    Raises:
        InvalidBody: the credentials cannot be sent.
    """
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    secrets = () if proxy_authorization is None else (proxy_authorization,)
    sealed = _sealed(f"CONNECT {where} HTTP/1.1\r\nHost: {where}", 1, Headers(), secrets, "\r\n")
    if sealed is None:
        raise InvalidBody("the proxy's credentials hold a line break or a character beyond latin-1", "proxy")
    return sealed


def _start(method: str, origin: Origin, target: str, absolute: bool, derived_host: bool) -> str:
    where = f"{origin}{target}" if absolute else target
    if derived_host:
        return f"{method} {where} HTTP/1.1\r\nHost: {_authority(origin)}"
    return f"{method} {where} HTTP/1.1"


@lru_cache(maxsize=256)
def _authority(origin: Origin) -> str:
    return origin.authority


def _tail(size: int | None, method: str) -> str:
    if size:
        return f"Content-Length: {size}\r\n\r\n"
    if size is None:
        return "Transfer-Encoding: chunked\r\n\r\n"
    return "Content-Length: 0\r\n\r\n" if method in _BODY_METHODS else "\r\n"


def _sealed(start: str, inner: int, headers: Headers, secrets: tuple[Secret, ...], tail: str) -> memoryview | None:
    """The head, or `None` where a part of it would break out of its line; `inner` is how many line ends `start` should hold."""
    try:
        view = memoryview(
            "\r\n".join((start, *map(_line, headers.fields), *map(_proxy_line, secrets), tail)).encode("latin-1")
        )
    except (UnicodeEncodeError, TypeError):
        return None  # and not `raise` here: the exception holds the text
    # A stray CR, LF or NUL shows in their number; counting is far cheaper than looking at every value.
    ends = inner + 1 + len(headers.fields) + len(secrets) + tail.count("\n")
    if len(view) - len(_without_ends(view.obj)) == 2 * ends and start.count(" ") == 2 + inner and start.isascii():
        return view
    return None


def _proxy_line(secret: Secret) -> str:
    return f"Proxy-Authorization: {secret.reveal()}"


def _prove(headers: Headers) -> bool:
    """Check every name; whether `Host` is left to us. `_blame` finds out who is guilty of what."""
    given = False
    for name in map(_name, headers.fields):
        if not _is_text(name) or not _TOKEN.fullmatch(name):
            raise InvalidBody(f"{str(name)[:64]!r} is not a header name", "headers")
        lower = name.lower()
        if lower in _DERIVED:
            raise InvalidBody(f"{name} is derived from the body; leave it out of the headers", f"headers.{lower}")
        if lower == "host":
            given = True
        elif len(_proven) < _PROVEN_MAX:
            _proven.add(name)
    return not given


def _blame(request: Request) -> tuple[str, str]:
    """Why the head could not be written, and where the reason stands."""
    if _bad_in_target(request.target) or not request.method.isalpha() or not request.method.isascii():
        return (
            "the method or the request target holds a blank, a control character or non-ASCII; percent-encode it",
            "url",
        )
    for position, name in enumerate(map(_name, request.headers.fields)):
        if not _is_text(request.headers.fields[position][1]):
            return f"the value of header {name!r} is not a string", f"headers.{name}"
        if _bad_in_value(request.headers.fields[position][1]):
            return (
                f"the value of header {name!r} holds a line break, NUL or a character beyond latin-1",
                f"headers.{name}",
            )
    return "the proxy's credentials hold a line break or a character beyond latin-1", "proxy"


def _is_text(value: object) -> bool:
    return isinstance(value, str)
