"""One limit of a provider: what the user says of it, what the server says of it, and how much of it is left.

Two buckets in one. Its own, with a small burst, paces what this client sends. The server's, as its replies tell of it, holds what
everybody sends under the same key; this client keeps it half full, so that those who cannot see each other share the limit
without being refused. Where others take all they can get, this one keeps a twentieth of the rate for as long as the server
would not refuse. Pure arithmetic.
"""

from __future__ import annotations

from typing import NamedTuple

from .gcra import Gcra

MINUTE = 60.0
DAY = 86_400.0
_NEAR = 1 / 2
"""The part of the server's bucket that this client helps to empty."""
_SURE = 0.9
"""The part up to which the server refuses nothing, give or take what is under way."""
_NEVER = float("inf")
_LEAST = 20.0
"""One of so many units of the rate is this client's whatever others do."""


class Terms(NamedTuple):
    """How a limit is used.

    Attributes:
        safety: which part of a limit that is only believed is used.
        request_burst: seconds' worth of requests that may be sent at once.
        burst: seconds' worth of anything else.
        strict: whether the safety holds for what the server told as well.
    """

    safety: float = 0.95
    request_burst: float = 5.0
    burst: float = 10.0
    strict: bool = False


class Limit(Gcra):
    """So many units a minute or a day.

    >>> limit = Limit("requests", 0, 60.0, Terms(), said=60)
    >>> limit.take(4, now=0.0), round(limit.wait(1, now=0.0), 2)
    (None, 0.26)

    Args:
        name: of the dimension.
        kind: which of a request's numbers it counts.
        period: seconds.
        terms: how it is used.
        said: units per period as the user says; `None` for as the server tells.

    Attributes:
        told: units per period as the server told; `None` where it did not.
        most: units per period that are never exceeded, as said and as told; a request for more waits for ever.
        server_full: when the server's bucket will be full, as it told and by what was sent since.
    """

    __slots__ = ("_each", "_floor", "most", "period", "said", "server_full", "synced", "terms", "told")

    def __init__(self, name: str, kind: int, period: float, terms: Terms, said: float | None = None) -> None:
        self.period = period
        self.terms = terms
        self.said = said
        self.told: float | None = None
        self.most = _NEVER
        self.synced = False
        self.server_full = self._floor = float("-inf")
        super().__init__(name, kind, 1.0, 1.0)
        if said is not None:
            self._repace()

    def tell(self, limit: float) -> None:
        """The server told its limit."""
        if limit != self.told:
            self.told = limit
            self._repace()

    def _repace(self) -> None:
        safety, told = self.terms.safety, self.told
        self.most = min(self.said or _NEVER, told or _NEVER)
        self._each = self.period / told if told else 0.0
        if told is None or (self.said is not None and self.said < told):
            assert self.said is not None
            usable = self.said * safety
        else:
            usable = told if self.synced and not self.terms.strict else told * safety
        rate = usable / self.period
        # What is meant for a day may be used at any hour of it.
        seconds = self.terms.burst if self.kind else self.terms.request_burst
        self.pace(rate, max(1.0, usable if self.period >= DAY else rate * seconds))

    def sync(self, full: float) -> None:
        """The server told when its bucket will be full, all counted that was sent before the reply's request and since."""
        self.server_full = full
        if not self.synced:
            self.synced = True
            self._repace()

    def wait(self, units: float, now: float, before: float = 0.0) -> float:
        """As `Gcra.wait`, in both buckets."""
        # Not by way of `super()`: this is what every call waits for.
        wait = before * self.gap
        if self.full > now:
            wait += self.full - now
        if units < self.burst:
            wait -= (self.burst - units) * self.gap
        elif units > self.most:
            return _NEVER
        if self.server_full > now:
            return max(wait, self._server_wait(units, before, now))
        return wait

    def _server_wait(self, units: float, before: float, now: float) -> float:
        told, each = self.told or 1.0, self._each
        filled = self.server_full - now + before * each
        if self.period >= DAY:
            return filled + units * each - self.period
        near = filled + (min(units, told * _NEAR) - told * _NEAR) * each
        if near <= 0:
            return near
        sure = filled + (units - told * _SURE) * each
        return min(near, max(self._floor - now + before * self.gap * _LEAST, sure))

    def take(self, units: float, now: float) -> None:
        """As `Gcra.take`, from both buckets."""
        if self.full < now:
            self.full = now
        self.full += units * self.gap
        if self.told is not None:
            if self.server_full < now:
                self.server_full = now
            self.server_full += units * self._each
            self._floor = now + units * self.gap * _LEAST

    def give(self, units: float) -> None:
        """As `Gcra.give`."""
        self.full -= units * self.gap
        if self.told is not None:
            self.server_full -= units * self._each

    def settle(self, spare: float) -> None:
        """As `Gcra.settle`. Whether the server gives back what was spare is for the server to tell."""
        self.full -= spare * self.gap
        if spare < 0 and self.told is not None:
            self.server_full -= spare * self._each

    def shift(self, seconds: float) -> None:
        """As `Gcra.shift`."""
        self.full += seconds
        self.server_full += seconds
        self._floor += seconds
