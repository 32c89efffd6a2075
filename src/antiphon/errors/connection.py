"""No usable answer came over the network."""

from __future__ import annotations

from typing import Any

from .base import APIError


class APIConnectionError(APIError):
    """No usable answer came over the network.

    Attributes:
        phase: where it failed: "pool", "dns", "connect", "proxy", "tls", "write", "head", "body" or "stream".
        host: the origin's host and port.
        elapsed: seconds since the attempt began, when known.
        attempts: how many attempts were made.
        sent: whether the server may have seen the request, in whichever attempt: "no" or "maybe".
    """

    phase: str | None = None
    host: str | None = None
    elapsed: float | None = None
    attempts: int = 1
    sent: str = "maybe"

    def __init__(
        self,
        *,
        message: str = "Connection error.",
        request: Any = None,
        phase: str | None = None,
        host: str | None = None,
        elapsed: float | None = None,
        sent: str = "maybe",
    ) -> None:
        super().__init__(message, request, body=None)
        self.phase = phase
        self.host = host
        self.elapsed = elapsed
        self.sent = sent

    def __str__(self) -> str:
        facts = [f"phase {self.phase}"] if self.phase else []
        facts += [f"host {self.host}"] if self.host else []
        facts += [f"after {self.elapsed:.3f} s"] if self.elapsed is not None else []
        facts += [f"attempts {self.attempts}"] if self.attempts > 1 else []
        return f"{self.message} ({', '.join(facts)})" if facts else self.message


class APITimeoutError(APIConnectionError):
    """A phase took longer than its timeout."""

    def __init__(self, request: Any = None, *, message: str = "Request timed out.", **facts: Any) -> None:
        super().__init__(message=message, request=request, **facts)


class ConnectTimeout(APITimeoutError):
    """No connection (name, TCP, proxy, TLS) within `Timeout.connect`."""


class ReadTimeout(APITimeoutError):
    """The server stayed silent for `Timeout.read`."""


class WriteTimeout(APITimeoutError):
    """The server took no more of the request for `Timeout.write`."""


class PoolTimeout(APITimeoutError):
    """No connection became free within `Timeout.pool`: raise the limits, or send less at once."""


class DeadlineExceeded(APITimeoutError):
    """The total deadline of the call passed."""


class StreamIdleTimeout(APITimeoutError):
    """An event stream brought no event for `stream_idle_timeout`; the connection was closed.

    Attributes:
        idle: seconds for which no event came; keep-alives and parts of events may have.
        events: how many events came before.
        partial: what had come: the accumulated result where a helper kept one, else `None`.
        sequence_number: the last one seen, to resume from, or `None`.
    """

    partial: Any = None
    sequence_number: int | None = None

    def __init__(self, request: Any = None, *, idle: float = 0.0, events: int = 0, **facts: Any) -> None:
        before = f"{events} had come before" if events else "not even the first"
        message = f"no event came for {idle:.3g} s, {before}; keep-alives do not count (stream_idle_timeout)"
        super().__init__(request, **{"message": message, "phase": "stream", **facts})
        self.idle = idle
        self.events = events


class ConnectError(APIConnectionError):
    """No connection could be made; the server never saw the request."""


class TLSError(ConnectError):
    """The TLS handshake failed: an untrusted, expired or mismatched certificate, or no common version."""


class ProxyError(ConnectError):
    """The proxy refused the tunnel, asked for credentials, or answered nonsense."""


class ProtocolError(APIConnectionError):
    """The server broke the rules of HTTP; the connection was closed."""


class TruncatedBody(APIConnectionError):
    """The body ended before the end its framing promised; nothing of it is used."""


class StreamInterrupted(APIConnectionError):
    """An event stream broke before its terminal event.

    Attributes:
        partial: what had come: the accumulated result where a helper kept one, else `None`.
        sequence_number: the last one seen, to resume from, or `None`.
    """

    partial: Any = None
    sequence_number: int | None = None


class StreamTruncated(StreamInterrupted):
    """An event stream ended as if all were well, but without its terminal event."""
