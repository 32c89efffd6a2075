"""How fast to send where the server says "too much" and never how much: CUBIC, as TCP does it.

After a refusal the rate falls to 0.7 of what was measured; then it grows back along a cubic curve, slowly near the rate that was
too much, and faster past it. Before the first refusal there is no bound. Arithmetic over timestamps.
"""

from __future__ import annotations

_BETA = 0.7
_SCALE = 0.4
_SMOOTH = 0.8
_BUCKET = 0.5
_LEAST = 0.1


class Cubic:
    """A rate that learns from refusals.

    >>> cubic = Cubic()
    >>> cubic.rate is None
    True

    Attributes:
        rate: requests per second that may be sent; `None` before the first refusal.
        measured: requests per second that were sent, smoothed.
        due: when it should be told of what was sent.
    """

    __slots__ = ("_base", "_lost", "_most", "_since", "_until_most", "due", "measured", "rate")

    def __init__(self) -> None:
        self.rate: float | None = None
        self.measured = 0.0
        self.due = float("-inf")
        self._since = 0.0
        self._base = 0
        self._most = 0.0
        self._until_most = 0.0
        self._lost = 0.0

    def sent(self, number: int, now: float) -> None:
        """So many requests went out up to now; to be told from time to time, from when it is `due`."""
        if self._base and now > self._since:
            self.measured += _SMOOTH * ((number - self._base) / (now - self._since) - self.measured)
        self._base, self._since, self.due = number, now, now + _BUCKET

    def refused(self, number: int, now: float) -> None:
        """The server said that it was too much; refusals that come together count once."""
        if self.rate is not None and now - self._lost < _BUCKET:
            return
        sent = self.measured or (number - self._base) / max(_BUCKET, now - self._since)
        self._most = max(_LEAST, sent if self.rate is None else min(sent, self.rate))
        self._until_most = (self._most * (1 - _BETA) / _SCALE) ** (1 / 3)
        self._lost = now
        self.rate = max(_LEAST, self._most * _BETA)

    def took(self, now: float) -> None:
        """The server took one: grow along the curve, to at most twice of what is really sent."""
        if self.rate is not None:
            grown = self._most + _SCALE * (now - self._lost - self._until_most) ** 3
            self.rate = max(_LEAST, min(grown, max(2 * self.measured, self._most * _BETA)))
