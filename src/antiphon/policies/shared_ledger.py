"""A ledger that is shared: a budget's sums in a store, and what this process still has to write down there.

Knows the store's interface alone. Its methods block where the store does; whoever calls them sees to it that they may.
"""

from __future__ import annotations

import atexit
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from weakref import ref

from ..shared.store import Change, Store, StoreError
from .machines.book import Book
from .machines.ledger import Amount, Limits, Short


class Claim:
    """A reservation that is being made in another thread, while whoever wants it may be gone.

    Whichever of the two comes second, the making or the going, takes it back.
    """

    __slots__ = ("_dropped", "_undo")

    def __init__(self) -> None:
        self._undo = deque[Callable[[], None]]()
        self._dropped = False

    def made(self, undo: Callable[[], None]) -> None:
        """It is made; `undo` takes it back."""
        self._undo.append(undo)
        if self._dropped:
            self.drop()

    def drop(self) -> None:
        """Nobody wants it any more."""
        self._dropped = True
        with suppress(IndexError):
            self._undo.pop()()


class SharedLedger:
    """One budget's sums, as all who share the store see them.

    Args:
        store: where they are.
        book: says which counters they are.
        soft: of each limit, from where on it is crossed.

    Attributes:
        crossed: periods whose soft limit was seen crossed, and not told by this process yet.
    """

    def __init__(self, store: Store, book: Book, soft: Limits) -> None:
        self.crossed = deque[str]()
        self._store = store
        self._book = book
        self._limits = book.limits
        self._soft = soft
        self._told = set[str]()
        self._waiting = deque[list[Change]]()
        self._lock = allocate_lock()
        # A stream that ends last has nobody after it who would write down what it used.
        atexit.register(_tidy_at_exit, ref(self))

    def reserve(self, claim: Claim, label: str, bound: Amount, now: float) -> Short | None:
        """Set an upper bound aside, and tell the claim; `None` if there was room.

        Raises:
            StoreError: the store cannot be used now.
        """
        self.tidy()
        changes = self._book.reserve(label, bound, now)
        count = self._store.count(changes)
        if not count.done:
            unit, taken = self._book.short(label, changes, count.values)
            spent = self._store.count(self._book.spent(label, unit)).values[0]
            return Short(unit, taken, spent + bound[unit] > (self._limits[unit] or 0))
        claim.made(partial(self.settle, label, bound, Amount(), True, now))
        if label not in self._told and self._book.crossed(self._soft, changes, count.values):
            self._told.add(label)
            self.crossed.append(label)
        return None

    def settle(self, label: str, bound: Amount, spent: Amount, certain: bool, reserved_at: float) -> None:
        """Put down what is to be written by the next `tidy`. Never blocks, and may be called from anywhere."""
        self._waiting.append(self._book.settle(label, bound, spent, certain, reserved_at))

    def tidy(self) -> None:
        """Write down what is settled, unless somebody is at it. May wait for another thread that has just begun, as for the store.

        What a signal handler breaks off is not written a second time: perhaps the store has it already, and what the store does not
        hear of counts as spent there in the end, which is the safe side.

        Raises:
            StoreError: the store cannot be used now; what is not written down yet stays for the next time.
        """
        while self._waiting and not self._lock.locked():
            with self._lock:  # and not `acquire`, after which a signal handler may raise
                while self._waiting:
                    changes = self._waiting.popleft()
                    try:
                        self._store.count(changes)
                    except StoreError:
                        self._waiting.appendleft(changes)
                        raise

    def first_to_tell(self, label: str) -> bool:
        """Whether nobody told yet that the soft limit was crossed; whoever asks first is to do so."""
        return self._store.count(self._book.told(label)).done

    def look(self, label: str) -> dict[str, Amount]:
        """A period's sums, by name.

        Raises:
            StoreError: the store cannot be used now.
        """
        self.tidy()
        return self._book.seen(self._store.count(self._book.look(label, self._store.now())).values)


def _tidy_at_exit(ledger: ref[SharedLedger]) -> None:
    known = ledger()
    if known is not None:
        with suppress(StoreError):  # what was set aside stays taken, which is the safe side
            known.tidy()
