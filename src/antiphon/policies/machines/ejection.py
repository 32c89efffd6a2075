"""Ejection: a target that fails again and again is left alone for a while, and tried by one request before all come back.

Outlier detection as Envoy does it, with three things more. Five failures among the last ten requests eject, and not only five in
a row, so that one that is up and down by turns is found out too. Who was ejected lately has less credit: two failures are enough
the second time, and one the third, so that each new turn costs one request. And after its time a target is *on trial*: it admits
one request at a time until one succeeds, so that a target that is still dead costs one request and not one of everybody's.

Arithmetic over timestamps; who holds it guards it.
"""

from __future__ import annotations

from typing import NamedTuple

from .number import is_number, seconds, whole

TRIAL = 60.0
"""Seconds after which a trial that nobody ended no longer stands in another's way."""
_SLOW = 1.0
"""Seconds. A failure that takes longer costs more than another attempt."""


class Ejection(NamedTuple):
    """When a target is ejected, and for how long.

    Attributes:
        failures: how many among the last ten requests eject it; from 1 to 10. Half as many the next time, unless it was well
            for a while.
        base: seconds of the first ejection; the n-th takes n times as long.
        longest: seconds no ejection exceeds.
        most: the share of all targets that may be ejected at once, from 0 to 1.
        panic: where less than this share of targets is well, ejections are ignored.
    """

    failures: int = 5
    base: float = 30.0
    longest: float = 300.0
    most: float = 0.5
    panic: float = 0.5

    def check(self) -> None:
        """Refuse numbers that cannot be right.

        Raises:
            ValueError, TypeError: one of them is not.
        """
        if whole("failures", self.failures, 1) > 10:
            raise ValueError(f"failures are counted among the last ten requests; got {self.failures}")
        seconds("base", self.base)
        if seconds("longest", self.longest) < self.base:
            raise ValueError(f"longest must be base ({self.base:g} s) or more; got {self.longest:g} s")
        for name, share in (("most", self.most), ("panic", self.panic)):
            if not is_number(share) or not 0 <= share <= 1:
                raise ValueError(f"{name} must be a share of the targets, from 0 to 1; got {share!r}")

    def room(self, targets: int) -> int:
        """How many of so many targets may be out at once; never all, for then nobody would serve.

        >>> [Ejection().room(n) for n in (1, 2, 3, 4, 10)]
        [0, 1, 1, 2, 5]
        """
        return min(int(targets * self.most), targets - 1)

    def panics(self, well: int, targets: int) -> bool:
        """Whether so few are well that ejections do more harm than good."""
        return well < targets * self.panic


class Health:
    """How one target fares.

    Attributes:
        times: how often it was ejected, less what good times have made up for.
        until: when its ejection ends; `None` where it is in its place.
        since: when its ejection began.
        slow: whether it kept its last failing request waiting.
        generation: changes with each ejection; what a request tells that began before the last change is no news.
    """

    __slots__ = ("_healed", "_recent", "_trial", "generation", "since", "slow", "times", "until")

    def __init__(self) -> None:
        self.times = 0
        self.until: float | None = None
        self.since = 0.0
        self.slow = False
        self.generation = 0
        self._recent = 0
        self._healed = 0.0
        self._trial: float | None = None

    @property
    def spotless(self) -> bool:
        """Whether a success would be no news."""
        return not self._recent and self.until is None

    def is_out(self, now: float) -> bool:
        """Whether a request should go elsewhere: its time is not over, or its trial is under way."""
        if self.until is None:
            return False
        return now < self.until or (self._trial is not None and now < self._trial + TRIAL)

    def begin(self, now: float) -> bool:
        """A request goes there; whether that is the trial."""
        if self.until is None or self.is_out(now):
            return False
        self._trial = now
        return True

    def leave(self) -> None:
        """The trial's request is over, and told nothing about the target."""
        self._trial = None

    def succeed(self, now: float) -> bool:
        """It served; whether that brings it back. A request may have been sent there in need, before its time was over."""
        if self.until is None:
            self._recent = self._recent << 1 & 0x3FF
            return False
        self.come_back(now)
        return True

    def come_back(self, now: float) -> None:
        """Take it back; what it was ejected for is not forgotten."""
        self.until, self._trial, self._healed, self._recent = None, None, now, 0
        self.generation += 1

    def fail(self, now: float, rules: Ejection, *, room: bool, began: float | None = None) -> float | None:
        """It failed; the seconds for which that ejects it, or `None`.

        Args:
            now: monotonic seconds.
            rules: when it is ejected.
            room: whether one more target may be ejected.
            began: when the request that failed was sent there, where that is known.
        """
        self.slow = began is not None and now - began >= _SLOW
        if self.until is None:
            self._recent = (self._recent << 1 | 1) & 0x3FF
            # Each stretch of the base length that it was well for makes up for one ejection.
            well = int((now - self._healed) / rules.base) if rules.base else self.times
            times = max(0, self.times - well)
            if self._recent.bit_count() < max(1, rules.failures >> times) or not room:
                return None
            self.times = times
        elif now < self.until:
            return None
        # More would only take longer to make up for.
        most = int(rules.longest / rules.base) if rules.base else 1
        self.times = min(self.times + 1, max(1, most))
        self.generation += 1
        self._trial = None
        self.since = now
        seconds = min(rules.base * self.times, rules.longest)
        self.until = now + seconds
        return seconds

    def restore(self) -> None:
        """Take it back at once, as new."""
        self.times, self.until, self._recent, self._trial = 0, None, 0, None
        self.generation += 1
