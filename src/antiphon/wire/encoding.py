"""A request's head as bytes.

Knows the grammar of the request line and of header fields, and that nothing a caller passes may add a line. Refuses to
know sockets. A serialised head holds credentials, so no frame here binds it, the list of fields or a single value to a
name: a traceback that prints locals shows masked `Headers` and opaque memoryviews only. That is why it reads as it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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


def encode_request(request: Request, absolute: bool = False, proxy_authorization: Secret | None = None) -> memoryview:
    """The head, with a body of up to `SMALL` bytes, in one buffer; `framing.rest` gives what follows.

    >>> sock.sendall(encode_request(request))  # doctest: +SKIP

    Args:
        request: what to send.
        absolute: write the whole URL on the request line, as a proxy for plain HTTP needs it.
        proxy_authorization: the value of `Proxy-Authorization`.

    Raises:
        InvalidBody: a header or the target cannot be sent; says which, never its value.
    """
    headers, content = request.headers, request.content
    lines = headers.lines or _written(headers)
    if lines is None:
        raise InvalidBody(*_blame(request))
    start = _start(request.method, request.origin, request.target, absolute, lines.host)
    if start is None:
        raise InvalidBody(*_blame(request))
    if isinstance(content, bytes) and 0 < (size := len(content)) <= SMALL:
        tail, body = b"Content-Length: %d\r\n\r\n" % size, content
    else:
        tail, body = _tail(length_of(content), request.method), b""
    proof = b"" if proxy_authorization is None else _proxy_line(proxy_authorization)
    return memoryview(b"".join((start, proof, lines.reveal(), tail, body)))


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
    proof = b"" if proxy_authorization is None else _proxy_line(proxy_authorization)
    return memoryview(b"".join((f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n".encode("ascii"), proof, b"\r\n")))


class Lines:
    """Header fields as they go on the wire, checked once. The bytes hold credentials, so they are kept in a closure.

    Attributes:
        reveal: gives the bytes.
        host: whether `Host` is among the fields.
    """

    __slots__ = ("host", "reveal")

    def __init__(self, reveal: Callable[[], bytes], host: bool) -> None:
        self.reveal = reveal
        self.host = host


def _written(headers: Headers) -> Lines | None:
    """The fields' lines, kept with the headers until they change; `None` where a value would break out of its line."""
    host = not _proven.issuperset(map(_name, headers.fields)) and _prove(headers)
    sealed = _sealed(headers)
    if sealed is None:
        return None
    headers.lines = lines = Lines(sealed, host)
    return lines


def _sealed(headers: Headers) -> Callable[[], bytes] | None:
    try:
        view = memoryview("\r\n".join((*map(_line, headers.fields), "")).encode("latin-1"))
    except (UnicodeEncodeError, TypeError):
        return None  # and not `raise` here: the exception holds the text
    # A stray CR, LF or NUL shows in their number; counting is far cheaper than looking at every value.
    if len(view) - len(_without_ends(view.obj)) == 2 * len(headers.fields):
        return view.tobytes
    return None


@lru_cache(maxsize=256)
def _start(method: str, origin: Origin, target: str, absolute: bool, host_given: bool) -> bytes | None:
    """The request line, with the host's line unless that is given, or `None` where it could not be one."""
    line = f"{method} {origin}{target} HTTP/1.1\r\n" if absolute else f"{method} {target} HTTP/1.1\r\n"
    if line.count(" ") == 2 and line.isascii() and line[:-2].isprintable():
        return (line if host_given else f"{line}Host: {origin.authority}\r\n").encode("ascii")
    return None


def _tail(size: int | None, method: str) -> bytes:
    if size:
        return b"Content-Length: %d\r\n\r\n" % size
    if size is None:
        return b"Transfer-Encoding: chunked\r\n\r\n"
    return b"Content-Length: 0\r\n\r\n" if method in _BODY_METHODS else b"\r\n"


def _proxy_line(secret: Secret) -> bytes:
    """The proxy's credentials, checked like any value."""
    sealed = _sealed(Headers([("Proxy-Authorization", secret.reveal())]))
    if sealed is None:
        raise InvalidBody("the proxy's credentials hold a line break or a character beyond latin-1", "proxy")
    return sealed()


def _prove(headers: Headers) -> bool:
    """Check every name; whether `Host` is among them. `_blame` finds out who is guilty of what."""
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
    return given


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
            what = "holds a line break, NUL or a character beyond latin-1"
            return f"the value of header {name!r} {what}", f"headers.{name}"
    return "a header cannot be written", "headers"


def _is_text(value: object) -> bool:
    return isinstance(value, str)
