"""The clock and the dice that drivers use; tests bring their own."""

from __future__ import annotations

import time
from typing import Protocol

from ..steady import monotonic


class Clock(Protocol):
    """Time and chance, in both colours."""

    def monotonic(self) -> float:
        """Seconds, never going back."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch."""
        ...

    def random(self) -> float:
        """A number in [0, 1)."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, blocking."""
        ...

    async def asleep(self, seconds: float) -> None:
        """Wait, on asyncio."""
        ...


class SystemClock:
    """The machine's own."""

    monotonic = staticmethod(monotonic)
    wall = staticmethod(time.time)

    def random(self) -> float:
        """A number in [0, 1). The module is loaded when the first pause is drawn: most processes never need it."""
        import random

        return random.random()  # noqa: S311

    def sleep(self, seconds: float) -> None:
        """Wait, blocking. `time.sleep` is looked up when called, so that gevent's patch is honoured."""
        time.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Wait, on asyncio."""
        import asyncio

        await asyncio.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
