"""The bounds that keep a hostile or broken server from exhausting this process."""

from __future__ import annotations

from typing import NamedTuple

KiB = 1024
MiB = 1024 * KiB
GiB = 1024 * MiB


class WireLimits(NamedTuple):
    """What one reply may take; sizes in bytes. Beyond a bound the connection is closed and a typed error raised."""

    header_bytes: int = 64 * KiB
    header_count: int = 100
    informational: int = 20
    """How many 1xx replies may come before the real one."""
    body: int = 128 * MiB
    """The decoded size of a body that is read whole."""
    error_body: int = 1 * MiB
    """How much of a 4xx or 5xx body is kept; the rest is dropped."""
    stream: int = 1 * GiB
    """The decoded size of a streamed event body. Downloads are not bounded."""
    event: int = 64 * MiB
    """The size of one server-sent event."""
    ratio: int = 200
    """Decoded to encoded size, judged once more than `ratio_after` decoded bytes have come."""
    ratio_after: int = 32 * MiB
    depth: int = 200
    """How deep JSON may nest."""


class PoolLimits(NamedTuple):
    """How many connections a client may hold."""

    max_connections: int | None = 1000
    max_keepalive_connections: int | None = 100
    keepalive_expiry: float | None = 60.0
    """Seconds an idle connection is kept."""


DEFAULT_WIRE_LIMITS = WireLimits()
DEFAULT_CONNECTION_LIMITS = PoolLimits()
