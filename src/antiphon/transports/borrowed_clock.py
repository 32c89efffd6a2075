"""The clock of a client over a borrowed async transport: it waits on whichever loop its caller runs on.

Knows asyncio's sleep and trio's. Time and chance are another clock's.
"""

from __future__ import annotations

import sys
from typing import Any


def borrowed_clock(clock: Any) -> Any:
    """The same clock, whose pauses serve asyncio and trio alike."""
    return _BorrowedClock(clock)


class _BorrowedClock:
    """Waits on the loop of the moment.

    Args:
        clock: tells time, draws chance, and sleeps on asyncio.
    """

    def __init__(self, clock: Any) -> None:
        self._clock = clock
        self.monotonic = clock.monotonic
        self.wall = clock.wall
        self.random = clock.random
        self.sleep = clock.sleep

    async def asleep(self, seconds: float) -> None:
        """Wait, on asyncio or trio."""
        trio = running_trio()
        await (self._clock.asleep(seconds) if trio is None else trio.sleep(seconds))


def running_trio() -> Any:
    """The module `trio` where its loop runs this moment, else `None`."""
    trio = sys.modules.get("trio")
    return trio if trio is not None and trio.lowlevel.in_trio_run() else None
