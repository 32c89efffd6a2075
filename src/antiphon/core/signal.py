"""A signal: something that happens once, and that threads and event loops may wait for.

Knows who is to be woken; refuses to know how anybody waits, which is the drivers' part. It needs no lock: adding to a deque and
taking from it are single steps of the interpreter, so that a signal may be set from a finalizer or a signal handler too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress

Wake = Callable[[], None]


class Signal:
    """Set once, from anywhere; await `Wait(signal, seconds)` for it.

    >>> signal = Signal()
    >>> signal.set()
    >>> signal.is_set
    True
    """

    __slots__ = ("_wakes", "is_set")

    def __init__(self) -> None:
        self._wakes: deque[Wake] = deque()
        self.is_set = False

    def set(self) -> None:
        """It happened: wake everybody who waits."""
        self.is_set = True
        with suppress(IndexError):
            while True:
                self._wakes.popleft()()

    def listen(self, wake: Wake) -> None:
        """Have `wake` called once when it happens; at once if it did. It must neither block nor raise."""
        self._wakes.append(wake)
        if self.is_set:
            self.set()

    def forget(self, wake: Wake) -> None:
        """Have it called no more."""
        with suppress(ValueError):
            self._wakes.remove(wake)

    def __repr__(self) -> str:
        return f"<Signal {'set' if self.is_set else 'not set'}>"
