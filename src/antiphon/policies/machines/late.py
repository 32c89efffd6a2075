"""Work that comes at a moment when nobody may wait for a lock.

A stream that was dropped is collected whenever the interpreter likes: in the middle of a method that holds the very lock its
end needs. So what a finalizer brings is put down in a queue, and whoever holds the lock sees to it when giving it back.

A signal handler may raise after any call. `with` lets none in between taking a lock and its block, `acquire` before a `try` does;
so who may not wait looks whether the lock is taken. Another thread may be faster then: its section is a moment's arithmetic.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections import deque
from collections.abc import Callable

from ...core.forked import inherit


class Late:
    """A lock, and the work left for whoever holds it.

    A method takes `_lock` for its arithmetic, and afterwards calls `_settle()` if there is something in `_late`.
    """

    __slots__ = ("__weakref__", "_late", "_lock")

    def __init__(self) -> None:
        self._late: deque[Callable[[], object]] = deque()
        self._lock = allocate_lock()
        inherit(self)

    def forget(self) -> None:
        """Nobody holds the lock any more."""
        self._lock = allocate_lock()

    def _leave(self, work: Callable[[], object]) -> None:
        """Have work done under the lock: now if it is free, else by its holder. What a signal breaks off is done again."""
        self._late.append(work)
        self._settle()

    def _settle(self) -> None:
        """Do what was left. Nothing is forgotten: who finds the lock taken came before its holder looks here."""
        late, lock = self._late, self._lock
        while late and not lock.locked():
            with lock:
                while late:
                    work = late[0]
                    try:
                        work()
                    except BaseException:  # perhaps a signal handler's, in the midst of it
                        work()
                        raise
                    finally:
                        late.popleft()
