"""When a second request is sent after a first that is late: after how long, how often, and when not at all.

A second request costs as much as the first, so it must pay: it is sent only where most requests of the kind would have been
answered by now, and only as often as a small share of all requests. Where many are late at once the cause is not one slow server,
and where servers fail or ask to be left alone more requests are no help: then none is sent.

Arithmetic over seconds and counts; a lock guards it, and is never held while anything waits.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Hashable

from ...core.forked import inherit
from .percentile import Percentile

WINDOW = 256
ENOUGH = 50
"""How many requests of a kind must have been seen before a percentile means anything."""
_KINDS = 512
_OUTCOMES = 64
_FEW = 20
_MOST_ERRORS = 0.1
_LAST = 20
_MANY = 5
"""How many of the last twenty may be late, where one is the rule."""
_SLOW = "many are late"


class _Kind:
    """What is known of requests of one kind."""

    __slots__ = ("bad", "late", "seen", "times")

    def __init__(self) -> None:
        self.times = Percentile(WINDOW)
        self.bad = 0
        self.late = 0
        self.seen = 0

    def count(self, bad: bool) -> None:
        if bad or self.bad:
            self.bad = (self.bad << 1 | bad) & ((1 << _OUTCOMES) - 1)
        self.seen += 1

    def time(self, late: bool) -> None:
        if late or self.late:
            self.late = (self.late << 1 | late) & ((1 << _LAST) - 1)

    @property
    def fails(self) -> bool:
        """Whether more than a tenth of the last requests failed."""
        seen = min(self.seen, _OUTCOMES)
        return seen >= _FEW and self.bad.bit_count() > seen * _MOST_ERRORS


class Hedging:
    """Decides about second requests.

    Args:
        delay: seconds, or the share of requests that must have been answered by then, as `Share`.
        floor: seconds; nothing is late before.
        ratio: how many second requests each request earns.
        most: how many may be saved up.

    Attributes:
        tokens: how many second requests may be sent now.
    """

    def __init__(self, delay: float | None, share: float, floor: float, ratio: float, most: float = 10.0) -> None:
        self._delay = delay
        self._share = share
        self._floor = floor
        self._ratio = ratio
        self._most = most
        self.tokens = 0.0
        self._held = 0.0
        self._kinds: dict[Hashable, _Kind] = {}
        self._lock = allocate_lock()
        inherit(self)

    def forget(self) -> None:
        """Nobody holds the lock any more."""
        self._lock = allocate_lock()

    def delay(self, kind: Hashable, now: float) -> tuple[float | None, str]:
        """Seconds after which a second request may be sent; or `None`, and why not, where requests of the kind are known.

        Args:
            kind: what it is like: requests of one kind take about as long.
            now: monotonic seconds.
        """
        known = self._kinds.get(kind)
        if known is None or (self._delay is None and len(known.times) < ENOUGH):
            return None, ""
        objection = self._objection(known, now)
        return (None, objection) if objection else (self._late(known), "")

    def late(self, kind: Hashable, seconds: float) -> float | None:
        """Seconds after which a request of the kind is late, if one that took so long was."""
        if seconds < self._floor or (self._delay is not None and seconds < self._delay):
            return None
        known = self._kinds.get(kind)
        late = None if known is None else self._late(known)
        return late if late is not None and seconds >= late else None

    def _late(self, known: _Kind) -> float:
        return max(known.times.at(self._share) if self._delay is None else self._delay, self._floor)

    def spend(self, kind: Hashable, now: float) -> str:
        """A request of the kind is late: send a second one, unless there is a reason not to, which this gives."""
        with self._lock:
            known = self._known(kind)
            known.time(True)
            objection = self._objection(known, now) or (_SLOW if known.late.bit_count() > _MANY else "")
            if not objection:
                self.tokens -= 1
            return objection

    def unspent(self) -> None:
        """The second request was not sent after all."""
        with self._lock:
            self.tokens = min(self._most, self.tokens + 1)

    def _objection(self, known: _Kind, now: float) -> str:
        if now < self._held:
            return "the server asked for less"
        if known.fails:
            return "many fail"
        return "the share is used up" if self.tokens < 1 else ""

    def answered(self, kind: Hashable, seconds: float, delay: float | None = None) -> None:
        """A request of the kind was answered.

        Args:
            kind: which.
            seconds: after how long.
            delay: after how long it would have been late, where a second one could have been sent.
        """
        with self._lock:
            known = self._known(kind)
            known.times.add(seconds)
            known.count(False)
            if delay is not None and seconds < delay:
                known.time(False)
            self.tokens = min(self._most, self.tokens + self._ratio)

    def given_up(self, kind: Hashable, seconds: float) -> None:
        """A request was given up after so long: its time is at least this."""
        with self._lock:
            self._known(kind).times.add(seconds)

    def failed(self, kind: Hashable) -> None:
        """A request of the kind failed."""
        with self._lock:
            self._known(kind).count(True)

    def hold(self, until: float) -> None:
        """Send none until then: a server wants less."""
        with self._lock:
            self._held = max(self._held, until)

    def _known(self, kind: Hashable) -> _Kind:
        known = self._kinds.get(kind)
        if known is None:
            if len(self._kinds) >= _KINDS:
                del self._kinds[next(iter(self._kinds))]
            known = self._kinds[kind] = _Kind()
        return known
