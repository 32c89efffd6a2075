"""A store in this process: shared by clients and threads of one process, by tests, and by simulations that count time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Lock

from . import quota
from .store import Change, Count, Lease, Quota
from .terms import checked, seconds_left


class MemoryStore:
    """What clients of one process share; it ends with the process.

        store = MemoryStore()
        first, second = (Client(policies=[RateLimit(rpm=500, store=store)]) for _ in range(2))

    Args:
        clock: gives seconds since the epoch; a test brings its own.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = Lock()
        self._limits: dict[str, quota.State] = {}
        self._values: dict[str, tuple[bytes, float | None]] = {}
        self._counters: dict[str, tuple[int, float | None]] = {}

    def lease(
        self, key: str, quotas: Sequence[Quota], patience: float, span: float = 1.0, worker: str | None = None
    ) -> Lease:
        """As `Store.lease`; each thread is a worker, unless one is named."""
        from threading import get_ident

        with self._lock:
            now = self._clock()
            state = self._limits.setdefault(key, quota.fresh(now))
            return quota.lease(state, worker or str(get_ident()), quotas, patience, span, now)

    def get(self, key: str) -> bytes | None:
        """As `Store.get`."""
        with self._lock:
            return self._value(key)

    def put(self, key: str, value: bytes, seconds: float | None = None) -> None:
        """As `Store.put`."""
        with self._lock:
            self._values[key] = (bytes(value), seconds_left(seconds, self._clock()))

    def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float | None = None) -> bool:
        """As `Store.swap`."""
        with self._lock:
            if self._value(key) != expected:
                return False
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = (bytes(value), seconds_left(seconds, self._clock()))
            return True

    def count(self, changes: Sequence[Change]) -> Count:
        """As `Store.count`."""
        checked(changes)
        with self._lock:
            now = self._clock()
            sums: dict[str, tuple[int, float | None]] = {}
            done = True
            for key, amount, most, seconds in changes:
                value, until = sums.get(key) or self._counter(key, now) or (0, seconds_left(seconds, now))
                done = done and not (amount > 0 and most is not None and value + amount > most)
                sums[key] = (value + amount, until)
            if done:
                self._counters.update({key: sums[key] for key, amount, _, _ in changes if amount})
            values = (self._counter(change.key, now) for change in changes)
            return Count(done, tuple(value[0] if value else 0 for value in values))

    def now(self) -> float:
        """As `Store.now`."""
        return self._clock()

    def close(self) -> None:
        """Nothing to give back."""

    def _value(self, key: str) -> bytes | None:
        value, until = self._values.get(key, (None, None))
        if until is not None and until <= self._clock():
            del self._values[key]
            return None
        return value

    def _counter(self, key: str, now: float) -> tuple[int, float | None] | None:
        value = self._counters.get(key)
        if value is not None and value[1] is not None and value[1] <= now:
            del self._counters[key]
            return None
        return value

    def __repr__(self) -> str:
        return "MemoryStore()"
