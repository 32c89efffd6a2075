"""A fetch that is under way: it lands once, and everybody may wait for that."""

from __future__ import annotations

import os

from ..core.signal import Signal


class Flight:
    """A fetch that is under way.

    Attributes:
        over: set when it has landed, well or not.
        owner: the process that flies it.
        failure: why it failed; `None` if it did not, or if nobody knows.
    """

    __slots__ = ("failure", "over", "owner")

    def __init__(self) -> None:
        self.over = Signal()
        self.owner = os.getpid()
        self.failure: Exception | None = None

    def land(self, failure: Exception | None) -> None:
        """It is over, well or not."""
        if not self.over.is_set:
            self.failure = failure
            self.over.set()

    @property
    def landed(self) -> bool:
        """Whether it is over; one of another process, from before a fork, is."""
        return self.over.is_set or self.owner != os.getpid()
