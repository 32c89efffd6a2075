"""Time and chance of a drill: each request has dice of its own, so that runs can be compared whatever their concurrency."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from threading import Lock
from typing import Any, Final

NOWHERE: Final[dict[str, Any]] = {"api_key": "sk-drill", "base_url": "http://virtual.invalid/v1"}
"""For a client that sends nothing itself."""
_dice: ContextVar[random.Random] = ContextVar("dice")


def dice_of(seed: int, number: int) -> random.Random:
    """The dice of a request."""
    return random.Random(f"{seed}:{number}")  # noqa: S311


def take_dice(seed: int, number: int) -> None:
    """Let this task or thread draw for a request from now on."""
    _dice.set(dice_of(seed, number))


class SharedClock:
    """A clock that reads somebody else's time, such as a virtual driver's; chance is that of the request at hand.

    Args:
        now: the seconds there.
        sleep, asleep: how one waits there; left out where whoever drives does the waiting.
    """

    def __init__(
        self,
        now: Callable[[], float],
        *,
        sleep: Callable[[float], None] | None = None,
        asleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.monotonic = now
        self._sleep = sleep
        self._asleep = asleep

    def wall(self) -> float:
        """Seconds since the epoch; the virtual driver's days begin at the same."""
        return 1_800_000_000.0 + self.monotonic()

    def random(self) -> float:
        """From the dice of the request at hand."""
        return _dice.get().random()

    def sleep(self, seconds: float) -> None:
        """Wait there."""
        assert self._sleep is not None
        self._sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Wait there."""
        assert self._asleep is not None
        await self._asleep(seconds)


class CountedClock:
    """A clock whose pauses take no time and are only counted."""

    wall = staticmethod(time.time)

    def __init__(self) -> None:
        self._slept = 0.0
        self._lock = Lock()

    def monotonic(self) -> float:
        """Seconds on the machine's clock, and those that were slept."""
        return time.monotonic() + self._slept

    def random(self) -> float:
        """From the dice of the request at hand."""
        return _dice.get().random()

    def sleep(self, seconds: float) -> None:
        """Count."""
        with self._lock:
            self._slept += seconds

    async def asleep(self, seconds: float) -> None:
        """Count, and let others go on."""
        self.sleep(seconds)
        await asyncio.sleep(0)


class QuickClock:
    """A clock that runs faster than the world's, so that a minute of outage takes seconds.

    Args:
        speed: how many of its seconds pass in one.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began = time.monotonic()

    def monotonic(self) -> float:
        """Its seconds since it was made."""
        return (time.monotonic() - self._began) * self._speed

    def wall(self) -> float:
        """Seconds since the epoch, at its own speed since it was made."""
        return time.time() + self.monotonic() * (1 - 1 / self._speed)

    def random(self) -> float:
        """From the dice of the request at hand."""
        return _dice.get().random()

    def sleep(self, seconds: float) -> None:
        """Wait for so many of its seconds."""
        time.sleep(seconds / self._speed)

    async def asleep(self, seconds: float) -> None:
        """Wait for so many of its seconds."""
        await asyncio.sleep(seconds / self._speed)
