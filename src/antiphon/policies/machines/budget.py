"""A retry budget: how many retries all calls of a client may make together, earned by their successes.

Arithmetic over a number and a timestamp; a lock guards it, and is never held while anything waits.
"""

from __future__ import annotations

from _thread import allocate_lock
from typing import Any

from ...core.resource import spelled
from .number import is_number


class RetryBudget:
    """A bucket of retries: each takes one out, each success and each second put some back.

    While a server is down, retries of many calls cannot multiply the load on it: over any time they number at most
    `capacity + per_second * seconds + per_success * successes`.

    >>> budget = RetryBudget(capacity=1, per_success=0.5, per_second=0)
    >>> budget.spend(0.0), budget.spend(1.0)
    (True, False)

    Args:
        capacity: how many retries it holds at most, and at first; 1 or more.
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
        self._left = float(capacity)
        self._at: float | None = None
        self._lock = allocate_lock()

    @property
    def left(self) -> float:
        """How many retries there were left when it was last asked."""
        return self._left

    def earn(self) -> None:
        """Count a success."""
        with self._lock:
            self._left = min(self.capacity, self._left + self.per_success)

    def spend(self, now: float) -> bool:
        """Take a retry out, if there is one.

        Args:
            now: seconds on a clock that never goes back.
        """
        with self._lock:
            passed = 0.0 if self._at is None else max(0.0, now - self._at)
            self._at = now if self._at is None else max(now, self._at)
            self._left = min(self.capacity, self._left + passed * self.per_second)
            if self._left < 1:
                self.denied += 1
                return False
            self._left -= 1
            return True

    def __repr__(self) -> str:
        return (
            f"RetryBudget(capacity={self.capacity:g}, per_success={self.per_success:g}, per_second={self.per_second:g})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has a budget of its own.
        return (_remade, (type(self), self.capacity, self.per_success, self.per_second))


def _remade(kind: type[RetryBudget], capacity: float, per_success: float, per_second: float) -> RetryBudget:
    return kind(capacity=capacity, per_success=per_success, per_second=per_second)
