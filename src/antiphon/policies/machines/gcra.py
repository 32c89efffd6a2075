"""The generic cell rate algorithm: a token bucket kept as one number, the time at which it will be full again.

Arithmetic over units and timestamps. Over any time of `seconds` it admits at most `burst + rate * seconds` units. More than the
burst at once is admitted when the bucket is full, and goes into debt, so that no request waits for ever. Knows no lock: whoever
holds it has one.
"""

from __future__ import annotations


class Gcra:
    """A bucket of units that fills at a rate.

    >>> bucket = Gcra("requests", 0, rate=1.0, burst=2.0)
    >>> bucket.take(2, now=10.0)
    >>> bucket.wait(1, now=10.5)
    0.5

    Args:
        name: of the dimension, for messages.
        kind: which of a request's numbers it counts (its place in `Units`).
        rate: units per second; more than 0.
        burst: units that may be taken at once; more than 0.

    Attributes:
        full: when it will be full again.
    """

    __slots__ = ("burst", "full", "gap", "kind", "name", "rate")

    def __init__(self, name: str, kind: int, rate: float, burst: float) -> None:
        self.name = name
        self.kind = kind
        self.full = float("-inf")
        self.pace(rate, burst)

    def pace(self, rate: float, burst: float) -> None:
        """Another rate and burst, from now on; a debt stays as long as it was."""
        self.rate = rate
        self.gap = 1.0 / rate
        self.burst = burst

    def wait(self, units: float, now: float, before: float = 0.0) -> float:
        """Seconds until so many units may be taken; 0 or less for at once.

        Args:
            units: how many.
            now: seconds on a clock that never goes back.
            before: units that others, who wait already, will take first.
        """
        wait = before * self.gap
        if self.full > now:
            wait += self.full - now
        if units < self.burst:
            wait -= (self.burst - units) * self.gap
        return wait

    def take(self, units: float, now: float) -> None:
        """Take them, whether there are enough or not."""
        if self.full < now:
            self.full = now
        self.full += units * self.gap

    def give(self, units: float) -> None:
        """Put back what was taken and not sent."""
        self.full -= units * self.gap

    def settle(self, spare: float) -> None:
        """So much of what was sent was not used; below 0 more was used than taken."""
        self.full -= spare * self.gap

    def shift(self, seconds: float) -> None:
        """The clock was set forward by so many seconds (below 0: back)."""
        self.full += seconds

    def left(self, now: float) -> float:
        """Which part of the burst may be taken now, from 0 to 1."""
        return min(1.0, max(0.0, -self.wait(0.0, now) * self.rate / self.burst))

    def __repr__(self) -> str:
        return f"<{self.name}: {self.rate:g}/s, burst {self.burst:g}>"
