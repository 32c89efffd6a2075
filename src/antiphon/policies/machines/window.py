"""A window: how many calls were made lately, how many of them failed, and how many were slow.

Counts in ten buckets of equal length, so that what is too old goes in steps of a tenth. Refuses to know what a failure
is, and what is slow.
"""

from __future__ import annotations

BUCKETS = 10


class Window:
    """Counts of the last seconds.

    >>> window = Window(30)
    >>> window.fail(0.0)
    >>> window.succeed(12.0)
    >>> window.failures / window.calls
    0.5

    Args:
        seconds: how far it reaches back; more than 0.

    Attributes:
        failures: how many calls of the window failed.
        slow: how many of its successes were slow.
        fresh: successes in the bucket at hand. While time is before `ends`, a success is `fresh += 1` and nothing more.
        ends: when that bucket ends.
    """

    __slots__ = ("_bad", "_good", "_late", "_slot", "_successes", "_width", "ends", "failures", "fresh", "slow")

    def __init__(self, seconds: float) -> None:
        self._width = seconds / BUCKETS
        self._slot = 0
        self.ends = float("-inf")
        self.clear()

    @property
    def calls(self) -> int:
        """How many calls the window holds, failures among them."""
        return self._successes + self.fresh + self.failures

    def clear(self) -> None:
        """Forget everything."""
        self._good = [0] * BUCKETS
        self._bad = [0] * BUCKETS
        self._late = [0] * BUCKETS
        self._successes = self.failures = self.fresh = self.slow = 0

    def succeed(self, now: float | None) -> None:
        """Count a success.

        Args:
            now: seconds on a clock that never goes back; `None` where none is at hand: it counts with the latest.
        """
        if now is not None and now >= self.ends:
            self._turn(now)
        self.fresh += 1

    def crawl(self, now: float | None) -> None:
        """Count a success that was slow; `now` as above."""
        self.succeed(now)
        self._late[self._slot % BUCKETS] += 1
        self.slow += 1

    def fail(self, now: float | None) -> None:
        """Count a failure; `now` as above."""
        if now is not None and now >= self.ends:
            self._turn(now)
        self._bad[self._slot % BUCKETS] += 1
        self.failures += 1

    def _turn(self, now: float) -> None:
        """Go on to the bucket of this time, and empty those that time has passed over."""
        good, bad, late, last = self._good, self._bad, self._late, self._slot
        good[last % BUCKETS] += self.fresh
        self._successes += self.fresh
        self.fresh = 0
        self._slot = slot = int(now // self._width)
        self.ends = (slot + 1) * self._width
        for passed in range(max(last + 1, slot - BUCKETS + 1), slot + 1):
            place = passed % BUCKETS
            self._successes -= good[place]
            self.failures -= bad[place]
            self.slow -= late[place]
            good[place] = bad[place] = late[place] = 0
