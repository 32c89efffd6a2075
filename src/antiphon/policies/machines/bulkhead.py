"""A compartment: so many permits, and a queue of those who wait for one.

First come, first served: nobody overtakes, and a permit that is given back is handed to whoever has waited longest, past those
whose time is over. Arithmetic over counts and timestamps; a permit's `Signal` is all it has of the world. It refuses to know
what a permit is for, and how anybody waits.

A signal handler may raise after any call. So its owner makes a `Permit` before anything is taken: those that are out are a set,
and `leave` takes one back whatever its state, as often as it is called.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from ...core.signal import Signal
from .gradient import Adaptive
from .late import Late


class Permit:
    """One request's permit, or its place in the queue, or neither.

    Attributes:
        number: from 1 on, once it is permitted; 0 before.
        until: when its time in the queue is over.
        signal: of who lined up; set when it was permitted, or sent away.
    """

    # One is made for each call: without slots and a method for it that takes half the time.
    number = 0
    until = 0.0
    signal: Signal | None = None


class Compartment(Late):
    """Permits and their queue; threads and event loops may share it.

    >>> compartment = Compartment(limit=1, queue=1)
    >>> first, second = Permit(), Permit()
    >>> compartment.enter(first), compartment.enter(second)
    (True, False)
    >>> compartment.line_up(second, now=0.0, until=30.0)
    True
    >>> compartment.leave(first)
    >>> second.number
    2

    Args:
        limit: how many permits there are.
        queue: how many may wait.
        adaptive: what moves the limit, if anything does.

    Attributes:
        limit: how many there are now.
        refused: how many found the queue full, or were sent away.
    """

    __slots__ = (
        "_adaptive",
        "_last",
        "_mark",
        "_now",
        "_out",
        "_queue",
        "_soonest",
        "_waiters",
        "limit",
        "refused",
    )

    def __init__(self, limit: int, queue: int, adaptive: Adaptive | None = None) -> None:
        super().__init__()
        self.limit = limit if adaptive is None else int(adaptive.limit)
        self.refused = 0
        self._queue = queue
        self._out: set[Permit] = set()
        self._waiters: OrderedDict[Permit, None] = OrderedDict()
        self._adaptive = adaptive
        self._last = self._mark = 0
        self._now = self._soonest = float("-inf")

    def forget(self) -> None:
        """No permit is out, and nobody waits."""
        super().forget()
        self._out, self._waiters = set(), OrderedDict()

    @property
    def inflight(self) -> int:
        """How many permits are out."""
        return len(self._out)

    @property
    def queued(self) -> int:
        """How many wait."""
        return len(self._waiters)

    def enter(self, permit: Permit) -> bool:
        """Permit it, if one is free and nobody waits for it; whether it was. It is to be given back with `leave`."""
        with self._lock:
            free = len(self._out) < self.limit and not self._waiters
            if free:
                self._last = permit.number = self._last + 1
                self._out.add(permit)
        if self._late:
            self._settle()
        return free

    def line_up(self, permit: Permit, now: float, until: float) -> bool:
        """Give it a place at the end of the queue, and permit it at once if one is free; `False` if the queue is full.

        Args:
            permit: to be given back with `leave`.
            now: seconds on a clock that never goes back.
            until: when waiting makes no sense any more.
        """
        with self._lock:
            self._now = max(now, self._now)
            if len(self._waiters) >= self._queue:
                self._send_away()
            fits = len(self._waiters) < self._queue or self.inflight < self.limit
            if fits:
                permit.until, permit.signal = until, Signal()
                if not self._waiters or until < self._soonest:
                    self._soonest = until
                self._waiters[permit] = None
                self._hand_out()
            else:
                self.refused += 1
        if self._late:
            self._settle()
        return fits

    def leave(self, permit: Permit) -> None:
        """Give a permit back, or a place in the queue; nothing the second time. A finalizer may call it in any method here."""
        self._out.discard(permit)
        # A single step, so whoever lines up after this look finds the room; and who never lined up can be nowhere else.
        if self._waiters or permit.signal is not None or self._late:
            self._leave(partial(self._take_back, permit))

    def succeed(self, seconds: float | None) -> None:
        """A call with a permit went well; see `Adaptive.succeed`."""
        with self._lock:
            if self._adaptive is not None:
                self._adaptive.succeed(self.inflight, seconds)
                self.limit = int(self._adaptive.limit)
                self._hand_out()
        if self._late:
            self._settle()

    def drop(self, permit: Permit) -> None:
        """A call was refused for load, or timed out. All that were under way when the limit shrank count as one."""
        with self._lock:
            if self._adaptive is not None and permit.number > self._mark:
                self._mark = self._last
                self._adaptive.drop()
                self.limit = int(self._adaptive.limit)
        if self._late:
            self._settle()

    # All below is called under the lock.

    def _take_back(self, permit: Permit) -> None:
        if permit in self._waiters:
            del self._waiters[permit]
        self._out.discard(permit)
        self._hand_out()  # the second time too: the first may have been broken off here

    def _hand_out(self) -> None:
        waiters = self._waiters
        while waiters:
            permit = next(iter(waiters))
            if permit not in self._out:
                if len(self._out) >= self.limit:
                    return
                if permit.until >= self._now:
                    self._last = permit.number = self._last + 1
                    self._out.add(permit)
                else:
                    self.refused += 1
            self._tell(permit)

    def _send_away(self) -> None:
        """Make room of those whose time is over."""
        if self._soonest >= self._now:
            return
        for permit in [permit for permit in self._waiters if permit.until < self._now]:
            self._tell(permit)
            self.refused += 1
        self._soonest = min((permit.until for permit in self._waiters), default=float("inf"))

    def _tell(self, permit: Permit) -> None:
        """It waits no more. It leaves the queue last, so that a telling that is broken off is begun again."""
        assert permit.signal is not None
        permit.signal.set()
        del self._waiters[permit]
