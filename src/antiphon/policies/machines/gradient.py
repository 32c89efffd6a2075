"""How many requests an endpoint bears at once, found out by watching it: two rules, each a number that moves.

Both are told what each call came to and how many were under way then, and move `limit`. While fewer than half of what is
allowed are under way they learn nothing from a success: that the endpoint bears ten says nothing about forty. Arithmetic only.
"""

from __future__ import annotations

from typing import Protocol

INITIAL, LEAST = 20, 4
DROP = 0.9
"""What is left of the limit after a call that was refused or timed out."""


class Adaptive(Protocol):
    """A limit that moves.

    Attributes:
        limit: how many may be under way at once; the whole part counts.
    """

    limit: float

    def succeed(self, inflight: int, seconds: float | None) -> None:
        """A call went well.

        Args:
            inflight: how many were under way, this one among them.
            seconds: from sending to the first byte; `None` where that tells nothing about the endpoint's load.
        """
        ...

    def drop(self) -> None:
        """A call was refused for load, or timed out."""
        ...


class Aimd:
    """Grows step by step while at least half of the limit is under way, and shrinks by a tenth after a drop.

    As in TCP: until the first drop each success adds one, so that the limit doubles while it is gone through once; after that,
    going through it once adds one.

    >>> rule = Aimd(100)
    >>> rule.succeed(15, None)
    >>> rule.limit
    21.0

    Args:
        most: what the limit never exceeds.
    """

    __slots__ = ("_dropped", "_least", "_most", "limit")

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._least = float(min(LEAST, most))
        self.limit = float(min(INITIAL, most))
        self._dropped = False

    def succeed(self, inflight: int, seconds: float | None) -> None:
        """As `Adaptive.succeed`; the time is not looked at."""
        if 2 * inflight >= self.limit:
            self.limit = min(self._most, self.limit + (1 / self.limit if self._dropped else 1))

    def drop(self) -> None:
        """As `Adaptive.drop`."""
        self._dropped = True
        self.limit = max(self._least, self.limit * DROP)


class Gradient(Aimd):
    """Compares each time to the first byte with the long run, as Netflix's Gradient2 does.

    While the endpoint is as quick as ever, the limit grows by a few requests that may queue there; as soon as it is slower
    than `TOLERANCE` times the long run, the limit shrinks in proportion, by half at most. Where a time tells nothing (the text
    of a reply that comes whole is made before its first byte), it moves as `Aimd` does.
    """

    __slots__ = ("_long", "_samples")

    SMOOTHING, TOLERANCE, QUEUE, WINDOW, WARM_UP = 0.2, 1.5, 4.0, 600, 10

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._long = 0.0
        self._samples = 0

    @property
    def usual(self) -> float:
        """Seconds to the first byte in the long run."""
        return self._long

    def succeed(self, inflight: int, seconds: float | None) -> None:
        """As `Adaptive.succeed`."""
        if not seconds:
            super().succeed(inflight, None)
            return
        self._learn(seconds)
        if 2 * inflight < self.limit:
            return
        gradient = max(0.5, min(1.0, self.TOLERANCE * self._long / seconds))
        wanted = self.limit * gradient + self.QUEUE
        moved = self.limit + self.SMOOTHING * (wanted - self.limit)
        self.limit = max(self._least, min(self._most, moved))

    def _learn(self, seconds: float) -> None:
        """Move the long run: the mean at first, then an average in which a sample counts for 2/601."""
        self._samples += 1
        if self._samples <= self.WARM_UP:
            self._long += (seconds - self._long) / self._samples
        else:
            self._long += (seconds - self._long) * 2 / (self.WINDOW + 1)
        if self._long > 2 * seconds:  # after a long slow time, the long run comes back sooner
            self._long *= 0.95
