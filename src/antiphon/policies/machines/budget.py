"""A retry budget: how many retries all calls of a client may make together at an endpoint, earned by its successes.

Arithmetic over numbers and timestamps; a lock guards it, and is never held while anything waits.
"""

from __future__ import annotations

from _thread import allocate_lock
from typing import Any

from ...core.forked import inherit
from ...core.resource import spelled
from .number import is_number

_TINY = 1e-9
_MOST = 1024
"""Endpoints. Where there are more, those whose bucket is full are forgotten: a new one is as full."""


class _Bucket:
    """What is left at one endpoint (less than none where somebody waits for more), what was put back so far, and when last."""

    __slots__ = ("at", "earned", "left")

    def __init__(self, left: float, at: float) -> None:
        self.left = left
        self.earned = 0.0
        self.at = at

    def put(self, amount: float, capacity: float) -> None:
        """Put some back, as far as there is room."""
        amount = min(amount, capacity - self.left)
        self.left += amount
        self.earned += amount


class RetryBudget:
    """Buckets of retries, one for each endpoint: a retry takes one out, each success and each second put some back.

    While a server is down, retries of many calls cannot multiply the load on it: over any time they number at most
    `capacity + per_second * seconds + per_success * successes`.

    >>> budget = RetryBudget(capacity=1, per_success=0.5, per_second=0)
    >>> budget.spend(0.0), budget.spend(1.0), budget.spend(1.0, "another.example:443")
    (True, False, True)

    Args:
        capacity: how many retries a bucket holds at most, and at first; 1 or more.
        per_success: what a success puts back; 0 or more.
        per_second: what a second puts back; 0 or more.

    Attributes:
        denied: how many retries were refused so far.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    @spelled
    def __init__(self, *, capacity: float = 100.0, per_success: float = 0.3, per_second: float = 1.0) -> None:
        for name, value, least in (
            ("capacity", capacity, 1),
            ("per_success", per_success, 0),
            ("per_second", per_second, 0),
        ):
            if not is_number(value):
                raise TypeError(f"a retry budget's {name} must be a number; got {value!r}")
            if not least <= value < float("inf"):
                raise ValueError(f"a retry budget's {name} must be {least} or more; got {value}")
        self.capacity = capacity
        self.per_success = per_success
        self.per_second = per_second
        self.denied = 0
        self._buckets: dict[str, _Bucket] = {}
        self._lock = allocate_lock()
        inherit(self)

    def forget(self) -> None:
        """Nobody holds the lock any more."""
        self._lock = allocate_lock()

    @property
    def left(self) -> float:
        """How many retries there were left, where there were fewest, when it was last asked."""
        with self._lock:
            return min((bucket.left for bucket in self._buckets.values()), default=float(self.capacity))

    def earn(self, endpoint: str = "") -> None:
        """Count a success."""
        bucket = self._buckets.get(endpoint)
        if bucket is None or bucket.left >= self.capacity:  # nothing was ever taken, or all is back
            return
        with self._lock:
            bucket.put(self.per_success, self.capacity)

    def spend(self, now: float, endpoint: str = "") -> bool:
        """Take a retry out, if there is one.

        Args:
            now: seconds on a clock that never goes back.
            endpoint: where it would go.
        """
        with self._lock:
            bucket = self._filled(now, endpoint)
            if bucket.left < 1:
                self.denied += 1
                return False
            bucket.left -= 1
            return True

    def reserve(self, now: float, endpoint: str = "") -> float | None:
        """Take a retry out, if need be one that is yet to come; first come, first served.

        Args:
            now: as for `spend`.
            endpoint: as for `spend`.

        Returns:
            The place in line, for `wait`; `None`, and nothing is taken, where there is none and seconds put none back.
        """
        with self._lock:
            bucket = self._filled(now, endpoint)
            if bucket.left < 1 and not self.per_second:
                self.denied += 1
                return None
            bucket.left -= 1
            return bucket.earned - min(0.0, bucket.left)

    def wait(self, place: float, now: float, endpoint: str = "") -> float:
        """Seconds until it is a place's turn, at most: successes bring it forward. 0: it is."""
        with self._lock:
            short = place - self._filled(now, endpoint).earned
            return short / self.per_second if short > _TINY else 0.0

    def give_back(self, endpoint: str = "") -> None:
        """Put back a retry that was taken out and not made."""
        with self._lock:
            bucket = self._buckets.get(endpoint)
            if bucket is not None:
                bucket.left = min(self.capacity, bucket.left + 1)

    def _filled(self, now: float, endpoint: str) -> _Bucket:
        """An endpoint's bucket with what came since it was last asked."""
        bucket = self._buckets.get(endpoint)
        if bucket is None:
            if len(self._buckets) >= _MOST:
                self._forget(now)
            bucket = self._buckets[endpoint] = _Bucket(float(self.capacity), now)
        passed = max(0.0, now - bucket.at)
        bucket.at = max(now, bucket.at)
        bucket.put(passed * self.per_second, self.capacity)
        return bucket

    def _forget(self, now: float) -> None:
        for endpoint, bucket in list(self._buckets.items()):
            if bucket.left + max(0.0, now - bucket.at) * self.per_second >= self.capacity:
                del self._buckets[endpoint]

    def __repr__(self) -> str:
        return (
            f"RetryBudget(capacity={self.capacity:g}, per_success={self.per_success:g}, per_second={self.per_second:g})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has a budget of its own.
        return (_remade, (type(self), self.capacity, self.per_success, self.per_second))


def _remade(kind: type[RetryBudget], capacity: float, per_success: float, per_second: float) -> RetryBudget:
    return kind(capacity=capacity, per_success=per_success, per_second=per_second)
