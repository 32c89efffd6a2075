"""Ledgers of idempotency keys: one in this process's memory, one in a store that others use too.

Knows how a row is read and changed. Refuses to know what rows say.
"""

from __future__ import annotations

from typing import Protocol

from ..core.effects import Now, Outside
from ..shared.store import Store
from .machines.idempotency import Book


class KeyLedger(Protocol):
    """Where rows are kept."""

    async def get(self, name: str) -> bytes | None:
        """What is kept under a name."""
        ...

    async def swap(self, name: str, expected: bytes | None, value: bytes | None) -> bool:
        """Keep something else (`None`: nothing) if what is kept is still what is expected; whether it was."""
        ...


class MemoryLedger:
    """In this process.

    Args:
        keep: seconds for which a row is kept.
    """

    def __init__(self, keep: float) -> None:
        self.keep = keep
        self._book = Book()

    async def get(self, name: str) -> bytes | None:
        """As `KeyLedger.get`."""
        return self._book.get(name, await Now())

    async def swap(self, name: str, expected: bytes | None, value: bytes | None) -> bool:
        """As `KeyLedger.swap`."""
        return self._book.swap(name, expected, value, await Now(), self.keep)

    def __repr__(self) -> str:
        return "memory"


class StoreLedger:
    """In a shared store: every process, and on Redis every machine, knows what the others sent.

    Args:
        store: a `SQLiteStore` or `RedisStore`.
        keep: seconds for which a row is kept.
    """

    def __init__(self, store: Store, keep: float) -> None:
        self.keep = keep
        self._store = store

    async def get(self, name: str) -> bytes | None:
        """As `KeyLedger.get`."""
        found: bytes | None = await Outside(self._store.get, name)
        return found

    async def swap(self, name: str, expected: bytes | None, value: bytes | None) -> bool:
        """As `KeyLedger.swap`."""
        changed: bool = await Outside(self._store.swap, name, expected, value, self.keep)
        return changed

    def __repr__(self) -> str:
        return repr(self._store)
