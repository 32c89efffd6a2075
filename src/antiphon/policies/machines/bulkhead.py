"""A compartment: so many permits, and a queue of those who wait for one.

First come, first served: nobody overtakes, and a permit that is given back is handed to whoever has waited longest, past those
whose time is over. Arithmetic over counts and timestamps; a waiter's `Signal` is all it has of the world. It refuses to know
what a permit is for, and how anybody waits.
"""

from __future__ import annotations

from collections import OrderedDict

from ...core.signal import Signal
from .gradient import Adaptive
from .late import Late


class Waiter:
    """Somebody's place in the queue.

    Attributes:
        until: when its time is over.
        permit: the permit it was given; 0 while it has none.
        signal: set when it was given one, or sent away.
    """

    __slots__ = ("permit", "signal", "until")

    def __init__(self, until: float) -> None:
        self.until = until
        self.permit = 0
        self.signal = Signal()


class Compartment(Late):
    """Permits and their queue; threads and event loops may share it. A permit is a number from 1 on.

    >>> compartment = Compartment(limit=1, queue=1)
    >>> compartment.enter(), compartment.enter()
    (1, 0)
    >>> waiter = compartment.line_up(now=0.0, until=30.0)
    >>> compartment.leave()
    >>> waiter.permit
    2

    Args:
        limit: how many permits there are.
        queue: how many may wait.
        adaptive: what moves the limit, if anything does.

    Attributes:
        inflight: how many permits are out.
        limit: how many there are now.
        refused: how many found the queue full, or were sent away.
    """

    __slots__ = (
        "_adaptive",
        "_last",
        "_mark",
        "_now",
        "_queue",
        "_soonest",
        "_waiters",
        "inflight",
        "limit",
        "refused",
    )

    def __init__(self, limit: int, queue: int, adaptive: Adaptive | None = None) -> None:
        super().__init__()
        self.limit = limit if adaptive is None else int(adaptive.limit)
        self.inflight = self.refused = 0
        self._queue = queue
        self._waiters: OrderedDict[Waiter, None] = OrderedDict()
        self._adaptive = adaptive
        self._last = self._mark = 0
        self._now = self._soonest = float("-inf")

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._waiters)

    def enter(self) -> int:
        """A permit, if one is free and nobody waits for it; else 0."""
        with self._lock:
            permit = 0
            if self.inflight < self.limit and not self._waiters:
                self.inflight += 1
                self._last = permit = self._last + 1
        if self._late:
            self._settle()
        return permit

    def line_up(self, now: float, until: float) -> Waiter | None:
        """A place at the end of the queue, with a permit at once if one is free; `None` if the queue is full.

        Args:
            now: seconds on a clock that never goes back.
            until: when waiting makes no sense any more.
        """
        with self._lock:
            self._now = max(now, self._now)
            if len(self._waiters) >= self._queue:
                self._send_away()
            waiter = None
            if len(self._waiters) < self._queue or self.inflight < self.limit:
                waiter = Waiter(until)
                if not self._waiters or until < self._soonest:
                    self._soonest = until
                self._waiters[waiter] = None
                self._hand_out()
            else:
                self.refused += 1
        if self._late:
            self._settle()
        return waiter

    def withdraw(self, waiter: Waiter) -> None:
        """Give the place up, and the permit if one came meanwhile. Never waits: it may be called while dying."""
        self._leave(lambda: self._withdraw(waiter))

    def leave(self) -> None:
        """Give a permit back. Never waits: it may be called from a finalizer."""
        if not self._lock.acquire(False):
            self._leave(self._give_back)
            return
        try:
            self.inflight -= 1
            if self._waiters:
                self._hand_out()
        finally:
            self._lock.release()
        if self._late:
            self._settle()

    def succeed(self, seconds: float | None) -> None:
        """A call with a permit went well; see `Adaptive.succeed`."""
        with self._lock:
            if self._adaptive is not None:
                self._adaptive.succeed(self.inflight, seconds)
                self.limit = int(self._adaptive.limit)
                self._hand_out()
        if self._late:
            self._settle()

    def drop(self, permit: int) -> None:
        """A call was refused for load, or timed out. All that were under way when the limit shrank count as one."""
        with self._lock:
            if self._adaptive is not None and permit > self._mark:
                self._mark = self._last
                self._adaptive.drop()
                self.limit = int(self._adaptive.limit)
        if self._late:
            self._settle()

    # All below is called under the lock.

    def _withdraw(self, waiter: Waiter) -> None:
        self._waiters.pop(waiter, None)
        if waiter.permit:
            waiter.permit = 0
            self._give_back()

    def _give_back(self) -> None:
        self.inflight -= 1
        self._hand_out()

    def _hand_out(self) -> None:
        waiters = self._waiters
        while waiters and self.inflight < self.limit:
            waiter, _ = waiters.popitem(last=False)
            if waiter.until >= self._now:
                self.inflight += 1
                self._last = waiter.permit = self._last + 1
            else:
                self.refused += 1
            waiter.signal.set()

    def _send_away(self) -> None:
        """Make room of those whose time is over."""
        if self._soonest >= self._now:
            return
        for waiter in [waiter for waiter in self._waiters if waiter.until < self._now]:
            del self._waiters[waiter]
            self.refused += 1
            waiter.signal.set()
        self._soonest = min((waiter.until for waiter in self._waiters), default=float("inf"))
