"""Shelves: where a cache keeps its answers. One in this process's memory, one in a store that others use too.

Knows how an answer is put there and found again. Refuses to know which are worth it, and for how long they are good.
"""

from __future__ import annotations

import atexit
from contextlib import suppress
from typing import Any, ClassVar, Protocol
from weakref import WeakSet

from ..core.effects import Effect, Now, Outside, Wall
from ..shared.store import Store, StoreError
from .machines.cache_entry import Entry, pack, unpack
from .machines.cache_key import Question
from .machines.cipher import Cipher
from .machines.lru import LRU
from .machines.rest import Rest

_WAITING = 64
_WAITING_SIZE = 32 * 1024 * 1024


class Shelf(Protocol):
    """Where answers are kept."""

    clock: ClassVar[type[Effect[float]]]
    """The clock by which they age: one that never goes back, or, where others write too, the one all go by."""

    async def fetch(self, question: Question) -> Entry | None:
        """The answer to a question, if there is one."""
        ...

    async def keep(self, question: Question, entry: Entry) -> bool:
        """Put an answer there; whether it could be."""
        ...

    def note(self, question: Question, entry: Entry) -> bool:
        """As `keep`, for who must not wait."""
        ...

    def flush(self) -> None:
        """Have what was noted written down; blocks."""
        ...

    def told(self) -> dict[str, Any]:
        """Which of the cache's arguments it was made from."""
        ...


class MemoryShelf:
    """In this process.

    Args:
        entries: how many answers at most.
        size: how many bytes at most.
    """

    clock: ClassVar[type[Effect[float]]] = Now

    def __init__(self, entries: int, size: int) -> None:
        self.kept = LRU[Entry](entries, size)

    async def fetch(self, question: Question) -> Entry | None:
        """As `Shelf.fetch`."""
        return self.kept.get(question.key)

    async def keep(self, question: Question, entry: Entry) -> bool:
        """As `Shelf.keep`."""
        return self.note(question, entry)

    def note(self, question: Question, entry: Entry) -> bool:
        """As `Shelf.note`."""
        return self.kept.put(question.key, entry, entry.size)

    def flush(self) -> None:
        """As `Shelf.flush`: there is nothing to do."""

    def told(self) -> dict[str, Any]:
        """As `Shelf.told`."""
        return {"entries": self.kept.most, "size": self.kept.most_size}

    def __repr__(self) -> str:
        return f"memory: {self.kept.most} entries, {self.kept.most_size / 2**20:g} MiB"


class StoreShelf:
    """In a shared store. While that cannot be used there are no answers, and nobody waits for it.

    What comes in by `note` is in memory at first, and goes to the store with the next question, or when the program ends.

    Args:
        store: the store.
        cipher: makes rows unreadable.
        lasting: seconds for which the store keeps an answer.
    """

    clock: ClassVar[type[Effect[float]]] = Wall

    def __init__(self, store: Store, cipher: Cipher | None, lasting: float) -> None:
        self.store = store
        self.cipher = cipher
        self.lasting = lasting
        self._rest = Rest()
        self._noted = LRU[tuple[Question, Entry]](_WAITING, _WAITING_SIZE)

    async def fetch(self, question: Question) -> Entry | None:
        """As `Shelf.fetch`."""
        noted = self._noted.get(question.key)
        if noted is not None:
            return noted[1]
        now = await Now()
        if not self._rest.over(now):
            return None
        try:
            entry: Entry | None = await Outside(self._read, question)
        except StoreError:
            self._rest.failed(now)
            return None
        self._rest.worked()
        return entry

    async def keep(self, question: Question, entry: Entry) -> bool:
        """As `Shelf.keep`."""
        now = await Now()
        if not self._rest.over(now):
            return False
        try:
            kept: bool = await Outside(self._write, question, entry)
        except StoreError:
            self._rest.failed(now)
            return False
        return kept

    def note(self, question: Question, entry: Entry) -> bool:
        """As `Shelf.note`."""
        _noting.add(self)
        return self._noted.put(question.key, (question, entry), entry.size)

    def flush(self) -> None:
        """Write down what was noted. Blocks."""
        while (noted := self._noted.oldest()) is not None:
            self._noted.drop(noted[0].key)
            self._write(*noted)

    def told(self) -> dict[str, Any]:
        """As `Shelf.told`."""
        return {"store": self.store, "cipher": self.cipher}

    def _read(self, question: Question) -> Entry | None:
        with suppress(StoreError):  # a store that takes nothing may still give
            self.flush()
        row = self.store.get(_name(question))
        if row is not None and self.cipher is not None:
            row = self.cipher.open(row, question.key.encode())
        return None if row is None else unpack(question, row)

    def _write(self, question: Question, entry: Entry) -> bool:
        row = pack(question, entry)
        if row is None:
            return False
        if self.cipher is not None:
            row = self.cipher.seal(row, question.key.encode())
        self.store.put(_name(question), row, self.lasting)
        return True

    def __repr__(self) -> str:
        return f"{self.store!r}" + (f", {self.cipher!r}" if self.cipher else "")


def _name(question: Question) -> str:
    return f"cache:{question.key}"


_noting: WeakSet[StoreShelf] = WeakSet()


@atexit.register
def _write_down() -> None:
    """Not when a shelf is collected: that may happen while its store is in use by the same thread."""
    for shelf in [*_noting]:
        with suppress(StoreError):
            shelf.flush()
