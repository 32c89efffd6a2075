"""Time that is only counted, for threads and for an event loop, so that the blocking and the asyncio driver can share virtual time.

Knows how to let time pass while everybody waits; refuses to know what they wait for.
"""

from __future__ import annotations

import asyncio
import selectors
from _thread import allocate_lock
from collections.abc import Callable
from threading import Thread
from typing import Any

from ..core.signal import Signal
from ..drivers.virtual import VirtualDriver

Do = Callable[[], None]


class Turns:
    """Threads that take turns: one runs at a time, and time passes once all of them wait.

    Their timetable is a virtual driver's, so that what is due at one moment happens in the order it happens there.
    """

    def __init__(self) -> None:
        self._table = VirtualDriver(_nobody)
        self._over = _taken()

    def monotonic(self) -> float:
        """Seconds since it was made."""
        return self._table.now

    def start(self, at: float, do: Do) -> None:
        """Have a thread begin at a time."""
        self._table.at(at, lambda: self._turn(Thread(target=self._work, args=(do,), daemon=True).start))

    def run(self) -> None:
        """Let time pass, until nothing is left to happen."""
        self._table.run()

    def sleep(self, seconds: float) -> None:
        """Wait, in the thread whose turn it is."""
        self._rest(lambda go: self._table.at(self._table.now + max(seconds, 0.0), go))

    def wait(self, signal: Signal, seconds: float | None) -> bool:
        """Wait for a signal, as the drivers do; whether it was set."""
        waiting: list[Do] = []

        def wake() -> None:
            if waiting:
                waiting.pop()()

        def woken() -> None:
            self._table.at(self._table.now, wake)

        def begin(go: Do) -> None:
            waiting.append(go)
            if seconds is not None:
                self._table.at(self._table.now + max(seconds, 0.0), wake)
            signal.listen(woken)

        self._rest(begin)
        signal.forget(woken)
        return signal.is_set

    def _rest(self, until: Callable[[Do], Any]) -> None:
        """End this thread's turn, until it is given another one."""
        gate = _taken()
        until(lambda: self._turn(gate.release))
        self._over.release()
        gate.acquire()

    def _turn(self, begin: Do) -> None:
        begin()
        self._over.acquire()

    def _work(self, do: Do) -> None:
        try:
            do()
        finally:
            self._over.release()


class CountedLoop(asyncio.SelectorEventLoop):
    """An event loop in which nobody waits for the world: what is due next is due now. All else is asyncio's own."""

    def __init__(self) -> None:
        self._hourglass = _Hourglass()
        super().__init__(self._hourglass)

    def time(self) -> float:
        """Seconds since it was made."""
        return self._hourglass.now


class _Hourglass(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for something that will never happen")
        self.now += max(timeout, 0.0)
        return super().select(0)


def _taken() -> Any:
    lock = allocate_lock()
    lock.acquire()
    return lock


def _nobody(*_: object) -> Any:
    raise AssertionError("a timetable sends nothing")
