"""How the system's and the wire's troubles become the typed errors of antiphon, for both colours.

Knows which error speaks of what; refuses to know sockets and clocks. Whoever is deep in a connection raises an error with
its phase; the shell's edge calls `complete` to add what only it knows: the request, the host, the time it took.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import TypeVar

from ..core.reply import Reply
from ..core.request import Request
from ..errors import (
    APIConnectionError,
    APITimeoutError,
    ConnectError,
    ConnectTimeout,
    DeadlineExceeded,
    OpenAIError,
    PoolTimeout,
    ProtocolError,
    ProxyError,
    ReadTimeout,
    ResponseTooLarge,
    TLSError,
    TruncatedBody,
    WriteTimeout,
)
from ..steady import monotonic
from ..wire.problem import BrokenProtocol, TooLarge, WireProblem
from ..wire.reply import ReplyParser

E = TypeVar("E", bound=APIConnectionError)

_TIMEOUTS: dict[str, tuple[type[APITimeoutError], str]] = {
    "pool": (PoolTimeout, "no connection became free in time"),
    "dns": (ConnectTimeout, "the name was not resolved in time"),
    "connect": (ConnectTimeout, "no connection in time"),
    "proxy": (ConnectTimeout, "the proxy was not ready in time"),
    "tls": (ConnectTimeout, "the TLS handshake did not end in time"),
    "write": (WriteTimeout, "the server took no more of the request in time"),
    "head": (ReadTimeout, "the server did not begin to answer in time"),
    "body": (ReadTimeout, "the server fell silent in the middle of the body"),
    "stream": (ReadTimeout, "the server fell silent in the middle of the stream"),
}
_UNSENT = frozenset({"pool", "dns", "connect", "proxy", "tls"})

_TICK = 0.02


def timed_out(phase: str, *, deadline: bool = False, detail: str = "") -> APITimeoutError:
    """The error for a phase that took too long; `deadline` if it was the whole call that did."""
    kind, message = _TIMEOUTS[phase]
    if deadline:
        kind, message = DeadlineExceeded, "the deadline of the call passed"
    sent = "no" if phase in _UNSENT else "maybe"
    return kind(message=f"{message}: {detail}" if detail else message, phase=phase, sent=sent)


def passed(deadline: float | None) -> bool:
    """Whether a deadline is what ended a wait. Timers ring up to a tick of their clock early, so a little before counts too."""
    return deadline is not None and monotonic() >= deadline - _TICK


def complete(error: E, request: Request, elapsed: float) -> E:
    """Fill in what the depths did not know; facts that are there already stay."""
    if error.request is None:
        error.request = request
    if error.host is None:
        error.host = f"{request.origin.host}:{request.origin.port}"
    if error.elapsed is None:
        error.elapsed = elapsed
    return error


def connect_failure(problem: OSError) -> ConnectError:
    """The error for a connection that could not be made."""
    reason = _words(problem)
    if reason.startswith("Connect call failed") and problem.errno is not None:  # asyncio's words, not the system's
        reason = os.strerror(problem.errno)
    return ConnectError(message=f"cannot connect: {reason}", phase="connect", sent="no")


def dns_failure(host: str, problem: Exception) -> ConnectError:
    """The error for a name that could not be resolved."""
    return ConnectError(message=f"cannot resolve {host!r}: {_words(problem)}", phase="dns", sent="no")


def proxy_failure(error: APIConnectionError, where: str) -> APIConnectionError:
    """The error for a proxy that cannot be reached, from the one for a host that cannot.

    Args:
        error: what went wrong on the way to the proxy.
        where: the proxy's host and port, without its credentials.
    """
    if isinstance(error, APITimeoutError):
        return error if isinstance(error, DeadlineExceeded) else timed_out("proxy", detail=where)
    if isinstance(error, TLSError):
        return TLSError(message=f"the proxy {where}: {error.message}", phase="proxy", sent="no")
    if isinstance(error, ProxyError):
        return error
    return ProxyError(message=f"cannot reach the proxy {where}: {error.message}", phase="proxy", sent="no")


def refused_by_proxy() -> ProxyError:
    """The error for a 407 to a request that a proxy was to pass on."""
    return ProxyError(message="the proxy asks for (other) credentials (407)", phase="proxy", sent="no")


def tls_failure(host: str, problem: Exception) -> TLSError:
    """The error for a handshake that failed, with OpenSSL's reason."""
    reason = getattr(problem, "verify_message", None) or getattr(problem, "reason", None) or _words(problem)
    hint = ""
    if getattr(problem, "verify_code", None) is not None:
        hint = "; for a private authority pass its certificate as ca_bundle"
    return TLSError(message=f"no TLS connection with {host!r}: {reason}{hint}", phase="tls", sent="no")


def lost(problem: OSError, phase: str) -> APIConnectionError:
    """The error for a connection that broke in mid-exchange."""
    if phase in {"body", "stream"}:
        return TruncatedBody(message=f"the body broke off: {_words(problem)}", phase=phase)
    return APIConnectionError(message=f"the connection broke: {_words(problem)}", phase=phase)


def refused(problem: WireProblem, parser: ReplyParser, request: Request, phase: str, elapsed: float) -> OpenAIError:
    """The typed error for a reply the wire refuses."""
    message = str(problem)
    if isinstance(problem, BrokenProtocol):
        return complete(ProtocolError(message=message, phase=phase), request, elapsed)
    if isinstance(problem, TooLarge):
        # A declared length is judged within the head, before the parser has told its status to anyone.
        status = parser.status or 200
        reply = Reply(
            status, parser.headers, request=request, content=b"", http_version=parser.version, elapsed=elapsed
        )
        return ResponseTooLarge(
            reply, None, message=f"{message} (host {request.origin.host}:{request.origin.port}, after {elapsed:.3f} s)"
        )
    kind = TruncatedBody if parser.status else APIConnectionError
    return complete(kind(message=message, phase=phase), request, elapsed)


def is_gone(problem: OSError) -> bool:
    """Whether the other side closed or reset the connection, as opposed to a timeout or a local failure."""
    if isinstance(problem, (ConnectionError, EOFError)) or problem.errno in _GONE:
        return True
    ssl = sys.modules.get("ssl")
    return ssl is not None and isinstance(problem, (ssl.SSLEOFError, ssl.SSLZeroReturnError))


def is_blocked(problem: OSError) -> bool:
    """Whether a non-blocking operation only has to wait."""
    if isinstance(problem, BlockingIOError):
        return True
    ssl = sys.modules.get("ssl")
    return ssl is not None and isinstance(problem, (ssl.SSLWantReadError, ssl.SSLWantWriteError))


_GONE = frozenset(
    {
        errno.EPIPE,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.ENOTCONN,
        errno.ESHUTDOWN,
        errno.ETIMEDOUT,
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
    }
)


def _words(problem: Exception) -> str:
    return getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
