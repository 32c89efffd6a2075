"""What several processes or machines know together: the interface, its values and its one error.

Limiter, breaker, budget and cache are written against `Store` and reach it through the `Outside` effect alone:

    grant = await Outside(store.lease, key, quotas, patience)
    known = await Outside(store.get, key)

A store keeps three things, each atomic and each with keys of its own: *leases* of quota (so that a shared limit costs each
worker about one question a second, not one a request), *values* with compare-and-set and an end, and *counters* that may be
bounded. It knows nothing of requests, models or money; whoever uses it makes the keys, and makes them without secrets
(`scope_of` is hashed already). Keys are text; by custom they begin with the policy's name: "rate:…", "breaker:…".

Every method blocks, for a bounded time, and may be called from any thread. Whatever goes wrong (no server, a lock held too
long, a file that is no database) is a `StoreError`, and nothing else: a policy that catches it goes on alone, says so in the
trace, and asks again later (`policies.machines.rest.Rest` tells when).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..errors import OpenAIError

LARGEST = 2**53
"""Counters are exact up to this, both ways: as nano-dollars about nine million dollars."""


class StoreError(OpenAIError):
    """The shared store cannot be used now; `__cause__` says why. Policies go on alone and never raise it to a caller."""


class Quota(NamedTuple):
    """One dimension of a limit, and what a worker asks of it.

    Attributes:
        name: the dimension, e.g. "tokens"; unique within a lease.
        rate: units per second that all workers may use together; more than 0. A new rate holds at once, for all.
        burst: units that may be used at once after a time of rest.
        need: units without which the worker cannot go on.
        want: units it would like for the next span; it gets `need`, and of the rest what is a worker's fair part.
    """

    name: str
    rate: float
    burst: float
    need: float
    want: float = 0.0


class Portion(NamedTuple):
    """What was granted of one dimension, unit by unit.

    The unit number `u` (from 1) may be used from `start + u / rate`, or from the lease's `wait` if that is later. For as long as
    each is used before `burst / rate` seconds more have passed, all workers together never take more than `burst + rate * seconds`
    in any time of `seconds`. A worker that wants to be late takes a smaller burst for it, and lets go what is later still.

    Attributes:
        units: how many; at least what was needed.
        start: seconds from now; below 0 after a rest.
    """

    units: float
    start: float


class Lease(NamedTuple):
    """The answer to a worker.

    Attributes:
        portions: one for each quota, in order; empty where nothing was granted (all or nothing).
        wait: seconds until what was needed may be used, or could have been.
        workers: how many workers shared this limit lately, this one included.
    """

    portions: tuple[Portion, ...]
    wait: float
    workers: int


class Change(NamedTuple):
    """One step of a counter.

    Attributes:
        key: the counter's.
        amount: what is added; 0 only reads, below 0 gives back.
        most: the value that adding must not exceed; `None` for no bound. Amounts of 0 and below are never refused.
        seconds: how long the counter lives from when it is first counted; `None` for ever.
    """

    key: str
    amount: int
    most: int | None = None
    seconds: float | None = None


class Count(NamedTuple):
    """What became of changes.

    Attributes:
        done: whether they were made: all of them, or none.
        values: of the counters in order, after what was done.
    """

    done: bool
    values: tuple[int, ...]


class Store(Protocol):
    """What is shared. `MemoryStore`, `SQLiteStore` and `RedisStore` are the three there are."""

    def lease(self, key: str, quotas: Sequence[Quota], patience: float, span: float = 1.0) -> Lease:
        """Take quota from all dimensions at once, or from none; first come, first served.

        What is granted is taken when the lease is given, even where it may be used only later, so that nobody overtakes. Beyond
        what is needed each dimension gives up to `want`, as far as this worker's part of `span` seconds goes.

        Args:
            key: names the limit.
            quotas: the dimensions; always the same names under one key, though not all need to be there each time.
            patience: seconds; where the wait would be longer, nothing is taken.
            span: seconds for which quota is taken ahead (or a hundredth of the burst, if that is more), divided among the workers
            seen within the last two spans.
        """
        ...

    def get(self, key: str) -> bytes | None:
        """The value, or `None` where there is none or its time is over."""
        ...

    def put(self, key: str, value: bytes, seconds: float | None = None) -> None:
        """Set a value, for so many seconds or for ever."""
        ...

    def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float | None = None) -> bool:
        """Set (`None`: remove) a value if it is still what is expected (`None`: absent); whether it was.

        `swap(key, None, mine, 30)` takes a lock for half a minute, `swap(key, mine, None)` gives it back.
        """
        ...

    def count(self, changes: Sequence[Change]) -> Count:
        """Make all changes, or none where one of them would exceed its bound."""
        ...

    def now(self) -> float:
        """Seconds since the epoch by the clock that all who share the store go by (the Redis server's, this machine's)."""
        ...

    def close(self) -> None:
        """Give back connections and files; the store opens them again where it is used again."""
        ...
