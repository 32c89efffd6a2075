"""What `x-ratelimit-*` header fields mean: which limit is told of, and how full the server's bucket is.

The published pairs (limit 5000, left 4999, reset 12 ms) are the state of a bucket that fills continuously: `reset` is the time
until it is full, `(limit - left) * period / limit`. From that the period is known, a minute or a day. Where the numbers do not fit
(a window that is reset at once, an unknown period, -1, nonsense), they are not used, but that nothing is left until the reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ...core.ratelimit import parse_count, parse_duration
from .limit import DAY, MINUTE

KINDS = (("requests", 0), ("tokens", 1))


class Told(NamedTuple):
    """One dimension of a reply's head.

    Attributes:
        kind: 0 for requests, 1 for tokens.
        limit: units per period; more than 0.
        reset: seconds until all of it is free again.
        period: 60 or 86400 seconds; `None` where the numbers fit neither.
        spent: whether nothing was left.
    """

    kind: int
    limit: int
    reset: float
    period: float | None
    spent: bool


def told(headers: Mapping[str, str]) -> list[Told]:
    """What a reply told, as far as it can be believed.

    >>> told({"x-ratelimit-limit-requests": "5000", "x-ratelimit-remaining-requests": "4999",
    ...       "x-ratelimit-reset-requests": "12ms"})
    [Told(kind=0, limit=5000, reset=0.012, period=60.0, spent=False)]
    """
    found: list[Told] = []
    for name, kind in KINDS:
        limit = parse_count(headers.get(f"x-ratelimit-limit-{name}"))
        if not limit:
            continue
        left = parse_count(headers.get(f"x-ratelimit-remaining-{name}"))
        reset = parse_duration(headers.get(f"x-ratelimit-reset-{name}"))
        if left is None or reset is None or left > limit:
            continue
        period = _period(limit, left, reset)
        if period is not None or (left == 0 and reset <= DAY):
            found.append(Told(kind, limit, reset, period, left == 0))
    return found


def _period(limit: int, left: int, reset: float) -> float | None:
    """The period in which a bucket with so much left is full after `reset` seconds; a minute where all is left."""
    part = (limit - left) / limit
    miss, period = min((abs(reset - part * each), each) for each in (MINUTE, DAY))
    return period if miss <= 1.0 + 0.1 * part * period else None
