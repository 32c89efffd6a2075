"""When a broken connection is worth another try, how long to wait before it, and what its user is told.

Knows close codes and the arithmetic of delays. Refuses to know sockets, clocks and random numbers: the jitter comes in as
a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

ABNORMAL = 1006

RECOVERABLE_CODES = frozenset(
    {
        1001,  # the server goes away
        1005,  # a close frame without a code
        ABNORMAL,  # no close frame at all: the network failed
        1011,  # the server failed
        1012,  # the server restarts
        1013,  # the server is overloaded
        1015,  # the TLS handshake failed
    }
)


def is_recoverable_close(code: int) -> bool:
    """Whether a connection closed with this code may do better next time."""
    return code in RECOVERABLE_CODES


def close_code(error: BaseException) -> int | None:
    """The close code a `websockets` exception carries: 1006 where no close frame came, `None` for other exceptions."""
    if not hasattr(error, "rcvd"):
        return None
    frame: Any = getattr(error, "rcvd", None)
    return ABNORMAL if frame is None else int(frame.code)


@dataclass(frozen=True)
class ReconnectingEvent:
    """What `on_reconnecting` is told before each attempt.

    Attributes:
        attempt: which attempt this is, from 1.
        max_attempts: how many there may be.
        delay: seconds until it is made.
        close_code: the WebSocket close code that led to it.
        extra_query: the query entries it will use.
        extra_headers: the header fields it will use.
    """

    attempt: int
    max_attempts: int
    delay: float
    close_code: int
    extra_query: Mapping[str, Any]
    extra_headers: Mapping[str, Any]

    def __repr__(self) -> str:
        # The header fields may hold a credential.
        return (
            f"ReconnectingEvent(attempt={self.attempt}, max_attempts={self.max_attempts}, "
            f"delay={self.delay:.3f}, close_code={self.close_code})"
        )


class ReconnectingOverrides(TypedDict, total=False):
    """What `on_reconnecting` may answer: other query entries or header fields from now on, or `abort`."""

    extra_query: Mapping[str, Any]
    extra_headers: Mapping[str, Any]
    abort: bool


OnReconnecting = Callable[[ReconnectingEvent], Any]


class Backoff(NamedTuple):
    """How often and how slowly to try again; delays in seconds.

    >>> Backoff(5, 0.5, 8.0).delay(3, jitter=0.0)
    1.5
    """

    max_retries: int = 5
    initial_delay: float = 0.5
    max_delay: float = 8.0

    def delay(self, attempt: int, jitter: float) -> float:
        """The wait before an attempt: doubling, bounded, and three to four quarters of that by `jitter` in [0, 1)."""
        # The exponent is bounded so that a great number of attempts cannot overflow.
        doubled: float = self.initial_delay * 2.0 ** min(attempt - 1, 60)
        return min(doubled, self.max_delay) * (0.75 + 0.25 * jitter)
