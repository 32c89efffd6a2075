"""A roster: which of several keys is used next. Arithmetic over places and times; it knows no key and no clock."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

Choice = Literal["round_robin", "least_used"]


class Roster:
    """Places that take turns.

    Those that are parked are passed over until their time has come; where all are, the first to be free again is used, for a
    server that says no is better than nobody who asks.

    >>> roster = Roster(2, "round_robin")
    >>> roster.take(0.0), roster.take(0.0), roster.take(0.0)
    (0, 1, 0)

    Args:
        size: how many places.
        choice: "round_robin", or "least_used": the one with the fewest uses under way, then with the fewest ever.
    """

    def __init__(self, size: int, choice: Choice) -> None:
        self.choice = choice
        self.busy = [0] * size
        self.used = [0] * size
        self.parked = [0.0] * size
        self._last = -1

    def take(self, now: float, without: Collection[int] = ()) -> int | None:
        """The next place, in use from now on; `None` where none but those of `without` is left.

        Args:
            now: the monotonic time in seconds.
            without: places that will not do.
        """
        size = len(self.busy)
        order = [place for step in range(size) if (place := (self._last + 1 + step) % size) not in without]
        if not order:
            return None
        free = [place for place in order if self.parked[place] <= now]
        if not free:
            place = min(order, key=self.parked.__getitem__)
        elif self.choice == "round_robin":
            place = free[0]
        else:
            place = min(free, key=lambda each: (self.busy[each], self.used[each]))
        self._last = place
        self.busy[place] += 1
        self.used[place] += 1
        return place

    def give_back(self, place: int) -> None:
        """A use is over."""
        self.busy[place] -= 1

    def park(self, place: int, until: float) -> None:
        """Pass it over until then; never for a shorter time than was said before."""
        self.parked[place] = max(self.parked[place], until)

    def free(self, now: float) -> list[int]:
        """The places that are not parked."""
        return [place for place, until in enumerate(self.parked) if until <= now]
