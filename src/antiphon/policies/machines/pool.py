"""Quota that a worker holds of a shared limit: leased for about a second, and used locally.

While the store cannot be used the worker keeps to its own share: the limit divided by how many shared it lately. Arithmetic over
leases and timestamps; asking the store is the flow's.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...shared.store import Lease, Portion, Quota
from .gcra import Gcra
from .limit import Limit
from .queue import Units
from .rest import Rest

SPAN = 1.0
"""Seconds for which quota is leased ahead."""
_NEVER = float("inf")
_MORE = 1.5
_SOON = 0.1


class _Row:
    """What is held of one dimension. Units are used in order; one that is used too late is let go, since others reckon with it.

    Attributes:
        left: units that may still be used.
        spent: units used or let go since the lease; below 0 so many are left of the lease before, which keep their own times.
        used: units used since the lease.
        late: seconds a unit may be used later than the limit's arithmetic has it.
    """

    __slots__ = (
        *("at", "gap", "late", "left", "quota", "ready", "spent", "start", "used"),
        *("old_ends", "old_ready", "old_start"),
    )

    def __init__(self) -> None:
        self.left = self.spent = self.used = self.start = self.ready = self.late = self.gap = 0.0
        self.at = self.old_ends = self.old_ready = self.old_start = float("-inf")

    def fill(self, quota: Quota, portion: Portion, late: float, wait: float, now: float) -> None:
        """A lease came."""
        if portion.units:  # else what is left keeps its times
            if self.spent >= 0:  # else the oldest are those before
                self.old_ends = self._end(self.spent)
            self.old_ready, self.old_start = self.ready, self.start + self.spent * self.gap
            self.spent = -self.left
            self.left += portion.units
            self.start, self.ready = now + portion.start, now + wait
        self.quota, self.late, self.gap = quota, late, 1.0 / quota.rate
        self.at, self.used = now, 0.0

    def wait(self, units: float, now: float) -> float:
        """Seconds until so many may be used; infinite where there are not so many."""
        self._let_go(now)
        if self.left + 1e-9 < units:
            return _NEVER
        at_once = min(units, self.quota.burst) * self.gap
        if self.spent + units <= 0:
            return max(0.0, max(self.old_ready, self.old_start + at_once) - now)
        return max(self.ready, self.start + self.spent * self.gap + at_once) - now

    def take(self, units: float) -> None:
        """Use them; below 0 give them back."""
        self.left -= units
        self.used += units
        self._move(units)

    def _move(self, units: float) -> None:
        """Go on by so many; what is left of the lease before ends later by those that are gone."""
        gone = (min(0.0, self.spent + units) - min(0.0, self.spent)) * self.gap
        self.old_start, self.old_ends, self.spent = self.old_start + gone, self.old_ends + gone, self.spent + units

    def _let_go(self, now: float) -> None:
        if self.spent < 0 and now > self.old_ends:
            self.left += self.spent
            self._move(-self.spent)
        if self.left > 0 and self.spent >= 0 and now > self._end(self.spent):
            gone = min(self.left, (now - self._end(self.spent)) * self.quota.rate)
            self.left, self.spent = self.left - gone, self.spent + gone

    def _end(self, spent: float) -> float:
        """Until when the next unit may be used, once so many were."""
        return self.start + self.late + (self.quota.burst + spent + 1) * self.gap if self.gap else float("-inf")


class Pool:
    """What one worker holds of the limits it shares.

    Attributes:
        limits: the dimensions that are shared.
        asking: whether somebody asks the store this moment.
        workers: how many shared them when it was last asked.
    """

    def __init__(self) -> None:
        self.limits: list[Limit] = []
        self.asking = False
        self.workers = 2
        self._rows: dict[str, _Row] = {}
        self._alone: list[Gcra] = []
        self._rest = Rest()

    def wait(self, units: Units, now: float) -> float:
        """Seconds until so many units may be used; infinite where the store must be asked first."""
        longest = 0.0
        if self._alone and (self.asking or not self._rest.over(now)):
            for gate in self._alone:
                if needed := units[gate.kind]:
                    longest = max(longest, gate.wait(needed, now))
            return longest
        for limit in self.limits:
            if needed := units[limit.kind]:
                row = self._rows.get(limit.name)
                wait = _NEVER if row is None or self._alone else row.wait(needed, now)
                if wait > longest:
                    longest = wait
        return longest

    def take(self, units: Units, now: float) -> None:
        """Use them."""
        for gate in self._alone:
            if needed := units[gate.kind]:
                gate.take(needed, now)
        if not self._alone:
            for limit in self.limits:
                row = self._rows.get(limit.name)
                if row is not None and (needed := units[limit.kind]):
                    row.take(needed)

    def give(self, kind: int, units: float) -> None:
        """What was used was not needed; below 0 more was."""
        for gate in self._alone:
            if gate.kind == kind:
                gate.give(units)
        if not self._alone:
            for limit in self.limits:
                row = self._rows.get(limit.name)
                if row is not None and limit.kind == kind:
                    row.take(-units)

    def wish(self, units: Units, waiting: Iterable[float], now: float) -> list[Quota]:
        """What to ask of the store: for one request that must go on, and for as many as came lately or wait.

        Args:
            units: of the first in line.
            waiting: of all in line, by kind.
            now: seconds on the worker's clock.
        """
        line = list(waiting)
        quotas: list[Quota] = []
        for limit in self.limits:
            if needed := units[limit.kind]:
                row = self._rows.setdefault(limit.name, _Row())
                lately = row.used / max(_SOON, now - row.at) * SPAN * _MORE
                # What is left may be gone before the rest comes, so it counts only where it is enough.
                need = 0.0 if row.left >= needed else needed
                want = max(need, max(lately, line[limit.kind]) - row.left)
                quotas.append(Quota(limit.name, limit.rate, limit.burst - _late(limit) * limit.rate, need, want))
        self.asking = True
        return quotas

    def leased(self, quotas: list[Quota], lease: Lease, now: float) -> None:
        """The store answered."""
        self.asking = False
        self._rest.worked()
        self._alone = []
        self.workers = lease.workers
        late = {limit.name: _late(limit) for limit in self.limits}
        for quota, portion in zip(quotas, lease.portions, strict=False):
            self._rows[quota.name].fill(quota, portion, late[quota.name], lease.wait, now)

    def failed(self, now: float) -> None:
        """The store cannot be used: go on alone, with an own share, beginning with nothing in hand."""
        self.asking = False
        self._rest.failed(now)
        known = {gate.name: gate for gate in self._alone}
        self._rows.clear()
        self._alone = []
        for limit in self.limits:
            rate, burst = limit.rate / self.workers, max(1.0, limit.burst / self.workers)
            gate = known.get(limit.name)
            if gate is None:
                gate = Gcra(limit.name, limit.kind, rate, burst)
                gate.take(burst, now)
            gate.pace(rate, burst)
            self._alone.append(gate)

    def shift(self, seconds: float) -> None:
        """The clock was set forward by so many seconds (below 0: back)."""
        for row in self._rows.values():
            row.at += seconds
            row.old_ends += seconds
            row.old_ready += seconds
            row.old_start += seconds
            row.start += seconds
            row.ready += seconds
        for gate in self._alone:
            gate.shift(seconds)


def _late(limit: Limit) -> float:
    """Seconds a unit may be used late; so much less is taken at once, so that all together stay within the limit."""
    whole = limit.burst / limit.rate
    return min(whole / 2, max(SPAN, whole / 100))
