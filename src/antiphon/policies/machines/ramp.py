"""How fast traffic may grow past a million input tokens a minute: half as much again every quarter of an hour.

Providers slow down who grows faster, whatever the limit. Arithmetic over timestamps.
"""

from __future__ import annotations

_GROWTH = 1.5 ** (1 / 15)
"""Per minute."""
_BUSY = 0.6
_MINUTES = 15


class Ramp:
    """A ceiling that rises while it is used, and sinks when it has not been for a quarter of an hour.

    >>> ramp = Ramp(1_000_000)
    >>> ramp.ceiling(0.0)
    1000000.0

    Args:
        free: input tokens per minute that need no caution.
    """

    __slots__ = ("_ceiling", "_minute", "_past", "_used", "free")

    def __init__(self, free: float) -> None:
        self.free = float(free)
        self._ceiling = self.free
        self._minute: int | None = None
        self._used = 0.0
        self._past: list[float] = []

    def used(self, tokens: float, now: float) -> None:
        """So many input tokens go out."""
        self.ceiling(now)
        self._used += tokens

    def ceiling(self, now: float) -> float:
        """Input tokens per minute that may be sent."""
        minute = int(now // 60)
        if self._minute is None:
            self._minute = minute
        if minute > self._minute:
            self._turn(minute - self._minute)
            self._minute = minute
        return self._ceiling

    def _turn(self, minutes: int) -> None:
        if self._used >= _BUSY * self._ceiling:
            self._ceiling *= _GROWTH
        self._past = [*self._past, self._used, *[0.0] * min(minutes - 1, _MINUTES)][-_MINUTES:]
        self._used = 0.0
        if len(self._past) == _MINUTES:
            self._ceiling = max(self.free, min(self._ceiling, 1.5 * max(self._past)))
