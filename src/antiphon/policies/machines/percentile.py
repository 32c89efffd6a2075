"""A percentile of the last so many numbers, kept in order, so that asking costs nothing and adding next to nothing."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque


class Percentile:
    """The last numbers, and where a share of them lies.

    >>> window = Percentile(4)
    >>> for number in (9, 1, 2, 3, 4):
    ...     window.add(number)
    >>> window.at(0.5), window.at(1.0), len(window)
    (2, 4, 4)

    Args:
        size: how many numbers are kept; 1 or more.
    """

    __slots__ = ("_last", "_order", "_size")

    def __init__(self, size: int = 256) -> None:
        self._size = size
        self._last: deque[float] = deque()
        self._order: list[float] = []

    def add(self, number: float) -> None:
        """Keep a number, and forget the oldest where there are too many."""
        order, last = self._order, self._last
        if len(last) == self._size:
            del order[bisect_left(order, last.popleft())]
        last.append(number)
        insort(order, number)

    def at(self, share: float) -> float:
        """The smallest number that at least this share of all does not exceed (nearest rank).

        Raises:
            IndexError: there are none.
        """
        count = len(self._order)
        # Rounded first: 0.95 * 20 is a little more than 19.
        rank = -int(-round(share * count, 9) // 1)
        return self._order[max(rank, 1) - 1]

    def __len__(self) -> int:
        return len(self._order)
