"""The bookkeeping of a connection pool: who may open, who gets which, who waits, what is too old.

Knows numbers and timestamps; refuses to know sockets, clocks and locks. The shell holds its own lock around each call, and
afterwards, outside the lock, closes what `doomed()` gives and wakes the waiters that were granted something.

Theory of operation. A *place* is the right to one connection; `max_connections` of them exist. A place is either held by an
exchange (whether its connection is open yet or not) or by an idle connection. `acquire` answers with

    a connection     the newest idle one of the origin (the others may age away undisturbed)
    OPEN             a place without a connection: dial one. An idle connection of another origin gives way if need be
    None             every place is held: stand in line with `wait`

and each acquired place comes back through exactly one of `release` (the connection may serve again) or `drop` (it may not,
or was never opened). A place that comes back while others wait goes to the first in line at once, so nobody can overtake,
and as long as anyone waits nothing is idle. Every operation is O(1), but for the sweep of expired connections, which
touches each connection once in its life.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Generic, Literal, Protocol, TypeVar

from ..core.limits import DEFAULT_CONNECTION_LIMITS, PoolLimits

C = TypeVar("C", bound=Hashable)
G = TypeVar("G", contravariant=True)


class Grant(Enum):
    """What `acquire` gives where it gives no connection."""

    OPEN = "open"

    def __repr__(self) -> str:
        return "OPEN"


OPEN = Grant.OPEN
Open = Literal[Grant.OPEN]


class Waiter(Protocol[G]):
    """One who stands in line; told once, within the pool's lock, so it should only note the grant and wake its owner."""

    def grant(self, place: G | Open) -> None:
        """Take the place; it is yours to release or drop."""
        ...


class Pool(Generic[C]):
    """The places and idle connections of one client (and, on asyncio, of one event loop).

    >>> pool: Pool[str] = Pool()
    >>> pool.acquire("origin", now=0.0)
    OPEN
    >>> pool.release("origin", "connection", now=1.0)
    >>> pool.acquire("origin", now=2.0)
    'connection'

    Args:
        limits: how many connections, how many of them idle, and how long.
        owner: the process (and whatever else) that may use these connections; compare before use, `abandon` if it differs.
    """

    __slots__ = ("_doomed", "_expiry", "_idle", "_keep", "_max", "_order", "_waiters", "held", "owner")

    def __init__(self, limits: PoolLimits = DEFAULT_CONNECTION_LIMITS, *, owner: object = None) -> None:
        self._max = float("inf") if limits.max_connections is None else limits.max_connections
        self._keep = float("inf") if limits.max_keepalive_connections is None else limits.max_keepalive_connections
        self._expiry = float("inf") if limits.keepalive_expiry is None else limits.keepalive_expiry
        self._idle: dict[Hashable, deque[C]] = {}
        self._order: OrderedDict[C, tuple[Hashable, float]] = OrderedDict()  # oldest first: (origin, idle since)
        self._waiters: OrderedDict[Waiter[C], Hashable] = OrderedDict()
        self._doomed: list[C] = []
        self.owner = owner
        self.held = 0
        """Places held by exchanges."""

    def acquire(self, origin: Hashable, now: float) -> C | Open | None:
        """A place: an idle connection, `OPEN`, or `None` for "stand in line"."""
        if stack := self._idle.get(origin):
            connection = stack[-1]
            if now - self._order[connection][1] <= self._expiry:
                stack.pop()
                del self._order[connection]
                self.held += 1
                return connection
            self._sweep(now)
        return self.acquire_open()

    def acquire_open(self) -> Open | None:
        """As `acquire`, for a caller who wants a fresh connection."""
        if self.held + len(self._order) >= self._max:
            if not self._order:
                return None
            self._doom_oldest()
        self.held += 1
        return OPEN

    def release(self, origin: Hashable, connection: C, now: float) -> None:
        """A place comes back with a connection that may serve again."""
        if self._waiters:
            self._hand_on(origin, connection)
            return
        self.held -= 1
        stack = self._idle.get(origin)
        if stack is None:
            stack = self._idle[origin] = deque()
        stack.append(connection)
        self._order[connection] = (origin, now)
        self._sweep(now)
        if len(self._order) > self._keep:
            self._doom_oldest()

    def drop(self) -> None:
        """A place comes back without a connection: it was closed, or never opened."""
        if self._waiters:
            self._waiters.popitem(last=False)[0].grant(OPEN)
        else:
            self.held -= 1

    def wait(self, origin: Hashable, waiter: Waiter[C]) -> None:
        """Stand in line, after an `acquire` that gave `None`."""
        self._waiters[waiter] = origin

    def leave(self, waiter: Waiter[C]) -> bool:
        """Leave the line; false if the waiter was granted a place meanwhile, which it must give back."""
        return self._waiters.pop(waiter, None) is not None

    def doomed(self) -> Sequence[C]:
        """The connections to close, once; to be asked after each call that takes `now`, and after `acquire_open`."""
        if not self._doomed:
            return ()
        doomed, self._doomed = self._doomed, []
        return doomed

    def clear(self) -> list[C]:
        """Forget the idle connections and give them to the caller, to close (or, inherited by a fork, to let go)."""
        idle = [*self._order, *self.doomed()]
        self._order.clear()
        self._idle.clear()
        return idle

    def trim(self, keep: int) -> None:
        """Doom the oldest idle connections beyond so many: for a shell that bears with more of them for a while."""
        while len(self._order) > keep:
            self._doom_oldest()

    @property
    def idle(self) -> int:
        """How many connections are idle."""
        return len(self._order)

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._waiters)

    def describe(self) -> str:
        """The state in words, for an error message."""
        return f"{self.held} of {self._max} connections in use, {self.idle} idle, {self.waiting} waiting"

    def _hand_on(self, origin: Hashable, connection: C) -> None:
        waiter, wanted = self._waiters.popitem(last=False)
        if wanted == origin:
            waiter.grant(connection)
        else:
            self._doomed.append(connection)
            waiter.grant(OPEN)

    def _doom_oldest(self) -> None:
        oldest, (origin, _) = self._order.popitem(last=False)
        stack = self._idle[origin]
        stack.popleft()  # the oldest of all is the oldest of its origin
        if not stack:
            del self._idle[origin]
        self._doomed.append(oldest)

    def _sweep(self, now: float) -> None:
        while self._order and now - next(iter(self._order.values()))[1] > self._expiry:
            self._doom_oldest()
