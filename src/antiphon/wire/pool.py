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
and as long as anyone waits nothing is idle. Idle connections stand in one stack for each origin, the oldest at the bottom.
Acquiring and releasing are O(1); what looks at every origin is rare: a connection too many, or `_sweep_at`, before which
none can have expired.
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

    __slots__ = ("_expiry", "_idle", "_keep", "_max", "_sweep_at", "_waiters", "dooming", "held", "idle", "owner")

    def __init__(self, limits: PoolLimits = DEFAULT_CONNECTION_LIMITS, *, owner: object = None) -> None:
        self._max = float("inf") if limits.max_connections is None else limits.max_connections
        self._keep = float("inf") if limits.max_keepalive_connections is None else limits.max_keepalive_connections
        self._expiry = float("inf") if limits.keepalive_expiry is None else limits.keepalive_expiry
        self._idle: dict[Hashable, deque[tuple[C, float]]] = {}  # (connection, idle since)
        self._sweep_at = 0.0
        self._waiters: OrderedDict[Waiter[C], Hashable] = OrderedDict()
        self.dooming: list[C] = []
        """What `doomed()` will give."""
        self.owner = owner
        self.held = 0
        """Places held by exchanges."""
        self.idle = 0
        """Places held by idle connections."""

    def acquire(self, origin: Hashable, now: float) -> C | Open | None:
        """A place: an idle connection, `OPEN`, or `None` for "stand in line"."""
        if stack := self._idle.get(origin):
            connection, since = stack[-1]
            if now - since <= self._expiry:
                stack.pop()
                self.idle -= 1
                self.held += 1
                return connection
            self._sweep(now)
        return self.acquire_open()

    def acquire_open(self) -> Open | None:
        """As `acquire`, for a caller who wants a fresh connection."""
        if self.held + self.idle >= self._max:
            if not self.idle:
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
        stack.append((connection, now))
        self.idle += 1
        if now > self._sweep_at:
            self._sweep(now)
        if self.idle > self._keep:
            self._doom_oldest()

    def drop(self) -> None:
        """A place comes back without a connection: it was closed, or never opened."""
        if self._waiters:
            self._waiters.popitem(last=False)[0].grant(OPEN)
        else:
            self.held -= 1

    def recount(self, held: int) -> None:
        """Put the numbers right after an operation broke off in its middle, and hand on what is free.

        Args:
            held: how many places are held, by the shell's own account.
        """
        self.held = held
        self.idle = sum(map(len, self._idle.values()))
        while self._waiters and self.held + self.idle < self._max:
            self.held += 1
            self._waiters.popitem(last=False)[0].grant(OPEN)

    def wait(self, origin: Hashable, waiter: Waiter[C]) -> None:
        """Stand in line, after an `acquire` that gave `None`."""
        self._waiters[waiter] = origin

    def leave(self, waiter: Waiter[C]) -> bool:
        """Leave the line; false if the waiter was granted a place meanwhile, which it must give back."""
        return self._waiters.pop(waiter, None) is not None

    def doomed(self) -> Sequence[C]:
        """The connections to close, once; to be asked after each call that takes `now`, and after `acquire_open`."""
        doomed, self.dooming = self.dooming, []
        return doomed

    def clear(self) -> list[C]:
        """Forget the idle connections and give them to the caller, to close (or, inherited by a fork, to let go)."""
        idle = [connection for stack in self._idle.values() for connection, _ in stack]
        self._idle.clear()
        self.idle = 0
        return [*idle, *self.doomed()]

    def trim(self, keep: int) -> None:
        """Doom the oldest idle connections beyond so many: for a shell that bears with more of them for a while."""
        while self.idle > keep:
            self._doom_oldest()

    @property
    def line(self) -> list[Waiter[C]]:
        """Those who stand in line, the first one first."""
        return list(self._waiters)

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
            self.dooming.append(connection)
            waiter.grant(OPEN)

    def _doom_oldest(self) -> None:
        self._doom(min((stack[0][1], n, stack) for n, stack in enumerate(self._idle.values()) if stack)[2])

    def _doom(self, stack: deque[tuple[C, float]]) -> None:
        self.dooming.append(stack.popleft()[0])
        self.idle -= 1

    def _sweep(self, now: float) -> None:
        """Doom what has expired, and forget origins without connections."""
        for origin, stack in list(self._idle.items()):
            while stack and now - stack[0][1] > self._expiry:
                self._doom(stack)
            if not stack:
                del self._idle[origin]
        self._sweep_at = min((stack[0][1] for stack in self._idle.values()), default=now) + self._expiry
