"""Rate limits by GCRA, and the headers that tell their state. Pure arithmetic over the times it is given.

One number is kept for each key and dimension: the time at which the bucket is full again. Burst is one whole period, so
`remaining` = limit − (full_at − now) · limit/60, and `reset` = full_at − now: the time until full, as the API publishes it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

PERIOD = 60.0


class Bucket:
    """One dimension for one key."""

    __slots__ = ("full_at", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.full_at = 0.0

    def wait(self, now: float, cost: int) -> float:
        """Seconds until `cost` may be taken; infinite when it never may."""
        if cost > self.limit:
            return math.inf
        return max(0.0, max(now, self.full_at) + (cost * PERIOD / self.limit) - PERIOD - now)

    def take(self, now: float, cost: int) -> None:
        """Take `cost`, whatever `wait` says."""
        self.full_at = max(now, self.full_at) + cost * PERIOD / self.limit

    def reset(self, now: float) -> float:
        """Seconds until full."""
        return max(0.0, self.full_at - now)

    def remaining(self, now: float) -> int:
        """How much may be taken at once."""
        return max(0, math.floor(self.limit - self.reset(now) * self.limit / PERIOD + 1e-6))


class Verdict(NamedTuple):
    """Whether a request may pass, how long to wait if not, and which dimension says so."""

    wait: float
    dimension: str
    requests: Bucket
    tokens: Bucket

    def headers(self, now: float) -> list[tuple[bytes, bytes]]:
        """The six headers every answer carries."""
        return [
            header
            for name, bucket in ((b"requests", self.requests), (b"tokens", self.tokens))
            for header in (
                (b"x-ratelimit-limit-" + name, b"%d" % bucket.limit),
                (b"x-ratelimit-remaining-" + name, b"%d" % bucket.remaining(now)),
                (b"x-ratelimit-reset-" + name, duration(bucket.reset(now)).encode()),
            )
        ]


class Limiter:
    """The buckets of every key and model; the least recently used leave when there are too many."""

    def __init__(self, requests: int, tokens: int, capacity: int = 10_000) -> None:
        self._limits = (requests, tokens)
        self._capacity = capacity
        self._buckets: dict[tuple[str, str], tuple[Bucket, Bucket]] = {}

    def admit(self, key: tuple[str, str], now: float, tokens: int) -> Verdict:
        """Take one request and so many tokens together, or nothing at all."""
        pair = self._buckets.pop(key, None) or (Bucket(self._limits[0]), Bucket(self._limits[1]))
        self._buckets[key] = pair
        if len(self._buckets) > self._capacity:
            del self._buckets[next(iter(self._buckets))]
        requests, spent = pair
        waits = requests.wait(now, 1), spent.wait(now, tokens)
        if waits[0] <= 0 and waits[1] <= 0:
            requests.take(now, 1)
            spent.take(now, tokens)
            return Verdict(0.0, "", requests, spent)
        return Verdict(max(waits), "requests" if waits[0] >= waits[1] else "tokens", requests, spent)


def duration(seconds: float) -> str:
    """`6m0s`, `1.5s`, `12ms`: the API's way to write a time."""
    milliseconds = round(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / 1000:g}s"
    return f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}" if minutes else text
