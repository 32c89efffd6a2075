"""Least recently used goes first: a mapping that holds so many entries and so many bytes, and never more.

Arithmetic under a lock that is held for a moment. Knows neither what it holds nor how old that is.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import OrderedDict
from typing import Generic, TypeVar

from ...core.forked import inherit
from .number import whole

T = TypeVar("T")


class LRU(Generic[T]):
    """A bounded mapping.

    >>> kept = LRU[str](entries=2, size=100)
    >>> kept.put("a", "A", 1), kept.put("b", "B", 1), kept.get("a"), kept.put("c", "C", 1)
    (True, True, 'A', True)
    >>> kept.get("b"), kept.get("a"), len(kept), kept.size
    (None, 'A', 2, 2)

    Args:
        entries: how many it may hold; 1 or more.
        size: how many bytes they may have together; 1 or more.

    Attributes:
        size: how many bytes they have.

    Raises:
        ValueError, TypeError: a number that cannot be right.
    """

    __slots__ = ("__weakref__", "_kept", "_lock", "most", "most_size", "size")

    def __init__(self, entries: int, size: int) -> None:
        self.most = whole("entries", entries, 1)
        self.most_size = whole("size", size, 1)
        self.size = 0
        self._kept = OrderedDict[str, tuple[T, int]]()
        self._lock = allocate_lock()
        inherit(self)

    def forget(self) -> None:
        """Nobody holds the lock any more."""
        self._lock = allocate_lock()

    def get(self, key: str) -> T | None:
        """What is kept under a key; it is now the most recently used."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
        return found[0]

    def put(self, key: str, value: T, size: int) -> bool:
        """Keep a value instead of what was there; whether it was kept: one larger than everything may be is not."""
        with self._lock:
            self._drop(key)
            if size > self.most_size:
                return False
            self._kept[key] = (value, size)
            self.size += size
            while self.size > self.most_size or len(self._kept) > self.most:
                self._drop(next(iter(self._kept)))
            return True

    def oldest(self) -> T | None:
        """What was used least recently, if there is anything."""
        with self._lock:
            return next(iter(self._kept.values()))[0] if self._kept else None

    def drop(self, key: str) -> None:
        """Keep it no longer, if it was kept."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._kept.clear()
            self.size = 0

    def _drop(self, key: str) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size -= gone[1]

    def __len__(self) -> int:
        return len(self._kept)
