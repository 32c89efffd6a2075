"""What goes wrong inside a borrowed httpx or httpx2 client, in our words.

Knows the names of their errors, which both libraries share, so neither has to be imported. Knows nothing of how a request
is sent.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from socket import gaierror
from typing import NoReturn

from ..core.request import Request
from ..errors import (
    APIConnectionError,
    ClientClosed,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    OpenAIError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadTimeout,
    TLSError,
    TruncatedBody,
    WriteTimeout,
)
from ..steady import monotonic

_KINDS: dict[str, tuple[type[APIConnectionError], str | None]] = {
    "ConnectTimeout": (ConnectTimeout, "connect"),
    "ReadTimeout": (ReadTimeout, None),
    "WriteTimeout": (WriteTimeout, "write"),
    "PoolTimeout": (PoolTimeout, "pool"),
    "ConnectError": (ConnectError, "connect"),
    "ProxyError": (ProxyError, "proxy"),
    "UnsupportedProtocol": (ConnectError, "connect"),
    "RemoteProtocolError": (ProtocolError, None),
    "LocalProtocolError": (ProtocolError, "write"),
    "DecodingError": (ProtocolError, "body"),
    "ReadError": (APIConnectionError, None),
    "WriteError": (APIConnectionError, "write"),
    "TransportError": (APIConnectionError, None),
    "RequestError": (APIConnectionError, None),
    "StreamError": (APIConnectionError, None),
    "BrokenResourceError": (APIConnectionError, None),
    "ClosedResourceError": (APIConnectionError, None),
    "EndOfStream": (APIConnectionError, None),
    "OSError": (APIConnectionError, None),
}
_NOT_SENT = frozenset({"connect", "pool", "proxy", "tls", "dns"})
_LOST_IN_BODY = ("without sending complete", "incomplete chunked", "peer closed connection", "Server disconnected")


def raise_ours(error: Exception, request: Request, phase: str, started: float) -> NoReturn:
    """Raise our error for theirs; what is neither theirs nor the system's is raised as it is.

    Args:
        error: what their client raised.
        request: what was asked.
        phase: "head" until the head of the reply is there, then "body".
        started: the monotonic time at which the attempt began.
    """
    if isinstance(error, OpenAIError):
        raise error
    if isinstance(error, RuntimeError) and "has been closed" in str(error):
        raise ClientClosed("the borrowed http_client was closed; make a new one") from None
    for ancestor in type(error).__mro__:
        if found := _KINDS.get(ancestor.__name__):
            kind, own_phase = _refined(error, *found, phase)
            raise _made(kind, error, request, own_phase or phase, started) from error
    raise error


def _refined(
    error: Exception, kind: type[APIConnectionError], own: str | None, phase: str
) -> tuple[type[APIConnectionError], str | None]:
    if kind is ConnectError or isinstance(error, OSError):
        if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
            return TLSError, "tls"
        if any(isinstance(cause, gaierror) for cause in _causes(error)):
            return ConnectError, "dns"
    if kind is ProtocolError and own is None:
        lost = any(hint in str(error) for hint in _LOST_IN_BODY)
        if lost:
            kind = TruncatedBody if phase == "body" else APIConnectionError
    elif kind is APIConnectionError and phase == "body" and own is None:
        kind = TruncatedBody
    return kind, own


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _made(
    kind: type[APIConnectionError], error: Exception, request: Request, phase: str, started: float
) -> APIConnectionError:
    now = monotonic()
    if request.deadline is not None and now >= request.deadline and kind.__name__.endswith("Timeout"):
        kind = DeadlineExceeded
    for cause in _causes(error):
        # Frames of their code hold the request's head, credentials and all; a report that prints locals would show them.
        cause.__traceback__ = None
    return kind(
        message=f"{type(error).__name__} in the borrowed http_client" + (f": {error}" if str(error) else ""),
        request=request,
        phase=phase,
        host=f"{request.origin.host}:{request.origin.port}",
        elapsed=now - started,
        sent="no" if phase in _NOT_SENT else "maybe",
    )
