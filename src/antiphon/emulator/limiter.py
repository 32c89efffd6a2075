"""Rate limits by GCRA, and the headers that tell their state. Pure arithmetic over the times it is given.

One number is kept for each key and dimension: the time at which the bucket is full again. Burst is one whole period, so
`remaining` = limit − (full_at − now) · limit/60, and `reset` = full_at − now: the time until full, as the API publishes it.
Who shares a bucket and how large it is, the caller says; a limit that changes keeps what was used of it.
"""

from __future__ import annotations

import math
from typing import NamedTuple

PERIOD = 60.0
DAY = 86_400.0


class Limits(NamedTuple):
    """How much may be taken in a minute; requests also in a day, where that is told."""

    requests: int
    tokens: int
    requests_a_day: int | None = None
    images: int | None = None


class Cost(NamedTuple):
    """What one request takes besides itself."""

    tokens: int = 0
    images: int = 0


class Bucket:
    """One dimension for one key."""

    __slots__ = ("full_at", "limit", "period")

    def __init__(self, limit: int, period: float = PERIOD) -> None:
        self.limit = limit
        self.period = period
        self.full_at = 0.0

    def resize(self, now: float, limit: int) -> None:
        """Another limit from now on; what was used stays used."""
        if limit != self.limit:
            self.full_at = now + self.reset(now) * self.limit / limit
            self.limit = limit

    def wait(self, now: float, cost: int) -> float:
        """Seconds until `cost` may be taken; infinite when it never may."""
        if cost > self.limit:
            return math.inf
        return max(0.0, self.reset(now) + cost * self.period / self.limit - self.period)

    def take(self, now: float, cost: int) -> None:
        """Take `cost`, whatever `wait` says."""
        self.full_at = max(now, self.full_at) + cost * self.period / self.limit

    def reset(self, now: float) -> float:
        """Seconds until full."""
        return self.full_at - now if self.full_at > now else 0.0

    def remaining(self, now: float) -> int:
        """How much may be taken at once."""
        return max(0, math.floor(self.limit - self.reset(now) * self.limit / self.period + 1e-6))


class Verdict(NamedTuple):
    """Whether a request may pass, how long to wait if not, and which dimension says so."""

    wait: float
    dimension: str
    requests: Bucket
    tokens: Bucket
    rare: int = 0
    """The limit that was met, where it is neither of the two."""

    @property
    def limit(self) -> int:
        """The limit that says so."""
        return self.rare or (self.requests if self.dimension == "requests" else self.tokens).limit

    def headers(self, now: float) -> list[tuple[bytes, bytes]]:
        """The six headers every answer carries."""
        requests, tokens = self.requests, self.tokens
        return [
            (b"x-ratelimit-limit-requests", b"%d" % requests.limit),
            (b"x-ratelimit-remaining-requests", b"%d" % requests.remaining(now)),
            (b"x-ratelimit-reset-requests", duration(requests.reset(now)).encode()),
            (b"x-ratelimit-limit-tokens", b"%d" % tokens.limit),
            (b"x-ratelimit-remaining-tokens", b"%d" % tokens.remaining(now)),
            (b"x-ratelimit-reset-tokens", duration(tokens.reset(now)).encode()),
        ]


class Limiter:
    """The buckets of every key and model; the least recently used leave when there are too many."""

    def __init__(self, requests: int, tokens: int, capacity: int = 10_000) -> None:
        self.usual = Limits(requests, tokens)
        """What holds where nobody says otherwise."""
        self._capacity = capacity
        self._buckets: dict[tuple[str, str], tuple[Bucket, Bucket]] = {}
        self._rare: dict[tuple[str, str, str], Bucket] = {}

    def admit(self, key: tuple[str, str], now: float, tokens: int) -> Verdict:
        """Take one request and so many tokens together, or nothing at all."""
        requests, spent = self._pair(key, self.usual)
        one, many = requests.wait(now, 1), spent.wait(now, tokens)
        if one > 0 or many > 0:
            return Verdict(max(one, many), "requests" if one >= many else "tokens", requests, spent)
        requests.take(now, 1)
        spent.take(now, tokens)
        return Verdict(0.0, "", requests, spent)

    def admit_within(self, limits: Limits, key: tuple[str, str], now: float, cost: Cost) -> Verdict:
        """The same under limits of the key's own, which may be of more dimensions."""
        requests, tokens = self._pair(key, limits)
        requests.resize(now, limits.requests)
        tokens.resize(now, limits.tokens)
        wanted = [("requests", requests, 1), ("tokens", tokens, cost.tokens)]
        if limits.requests_a_day is not None:
            wanted.append(("requests per day", self._once("day", key, now, limits.requests_a_day, DAY), 1))
        if limits.images is not None and cost.images:
            wanted.append(("images", self._once("images", key, now, limits.images, PERIOD), cost.images))
        wait, dimension = max((bucket.wait(now, amount), name) for name, bucket, amount in wanted)
        if wait <= 0:
            for _, bucket, amount in wanted:
                bucket.take(now, amount)
            return Verdict(0.0, "", requests, tokens)
        limit = next(bucket.limit for name, bucket, _ in wanted if name == dimension)
        return Verdict(wait, dimension, requests, tokens, limit)

    def _pair(self, key: tuple[str, str], limits: Limits) -> tuple[Bucket, Bucket]:
        pair = self._buckets.pop(key, None) or (Bucket(limits.requests), Bucket(limits.tokens))
        self._buckets[key] = pair
        if len(self._buckets) > self._capacity:
            del self._buckets[next(iter(self._buckets))]
        return pair

    def _once(self, name: str, key: tuple[str, str], now: float, limit: int, period: float) -> Bucket:
        bucket = self._rare.setdefault((name, *key), Bucket(limit, period))
        bucket.resize(now, limit)
        return bucket


def duration(seconds: float) -> str:
    """`6m0s`, `1.5s`, `12ms`: the API's way to write a time."""
    milliseconds = round(seconds * 1000)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds else "0s"
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / 1000:g}s"
    return f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}" if minutes else text
