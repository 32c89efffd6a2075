"""A lane: all limits of one credential and model family, and the line of those who wait for them.

All dimensions are taken at once or none is, and first come is first served. The first in line watches the clock; whoever is let in
wakes the next. A lock guards arithmetic only. Knows no request and no store; time is an argument.
"""

from __future__ import annotations

from _thread import RLock
from collections.abc import Iterable
from math import ceil
from typing import Any

from ...core.forked import inherit
from ...core.signal import Signal
from ...errors import RateLimited, RequestTooLarge
from ...shared.store import Lease, Quota
from .cubic import Cubic
from .gcra import Gcra
from .limit import MINUTE, Limit, Terms
from .pool import Pool
from .queue import GONE, GRANTED, WAITING, Queue, Ticket, Units
from .ramp import Ramp
from .told import Told

REQUESTS, TOKENS, IMAGES, INPUT = range(4)
_SOON = 1e-6
"""Seconds that count as none, so that nobody waits for a rounding error."""
_BACK = 1.0
_OVERTAKERS = 32
_NEVER = float("inf")
_USUAL = 512.0
"""Tokens of an answer, until some have been seen."""


class Lane:
    """Admits requests as the limits allow.

    Args:
        limits: what the user says of them.
        terms: how limits that the server tells are used.
        fair: whether a small request waits behind a large one.
        room: how many may wait.
        ramp: input tokens per minute past which traffic grows slowly; `None` for no such caution.
        pool: where leases of shared quota go; `None` where nothing is shared.

    Attributes:
        gates: every dimension in force.
        held: until when the server asked for nothing at all.
        usual: about how many tokens an answer has.
        counts_more: whether it matters what a request takes, besides being one.
        learns: whether a rate is being found that grows with what the server takes.
        look: when replies are looked at next for what they tell.
    """

    def __init__(
        self,
        limits: Iterable[Limit],
        terms: Terms,
        *,
        fair: bool = True,
        room: int = 10_000,
        ramp: float | None = None,
        pool: Pool | None = None,
    ) -> None:
        self.gates: list[Gcra] = list(limits)
        self.room = room
        self.pool = pool
        self.terms = terms
        self.fair = fair
        self.queue = Queue()
        # Reentrant: a stream may be collected, and settle, in the midst of any of these methods.
        self.lock: Any = RLock()
        self.held = float("-inf")
        self.usual = _USUAL
        self.look = float("-inf")
        self.learns = False
        self._at = float("-inf")
        self._tokens = 0.0
        self._number = 0
        self._synced = 0
        self._asker: Ticket | None = None
        self._cubic = Cubic()
        self._pace: Gcra | None = None
        self._ramp = Ramp(ramp) if ramp is not None else None
        self._slope: Gcra | None = None
        self._guard()
        inherit(self)  # whose first in line stayed in the parent

    def forget(self) -> None:
        """Nobody waits or asks any more, and nothing is leased; what was learned of the limits stays."""
        self.lock, self.queue, self.pool = RLock(), Queue(), self.pool and Pool()

    def enter(self, ticket: Ticket, now: float) -> None:
        """Grant a ticket where there is room and nobody waits, else put it in line. It is to be given back with `leave`.

        Raises:
            RequestTooLarge: a limit is smaller than the request, so that no waiting helps.
            RateLimited: the wait would be too long, or too many wait.
        """
        units, until = ticket.units, ticket.until
        with self.lock:
            if now < self._at:
                now = self._time(now)
            self._at = now
            if not self.queue.length or not self.fair:
                for gate in self.gates:  # as `_wait`, but no further than to the first that is shut
                    if (needed := units[gate.kind]) and gate.wait(needed, now) > _SOON:
                        break
                else:
                    if self.held <= now + _SOON and (self.pool is None or self.pool.wait(units, now) <= _SOON):
                        self._grant(ticket, now)
                        return
            self._refuse_too_large(units)
            wait, name = self._longest(units, now, self.queue.units)
            if now + wait > until:
                raise RateLimited(wait, name, why=f"this call waits at most {max(0.0, until - now):.1f} s")
            if self.queue.length >= self.room:
                raise RateLimited(wait, name, why=f"{self.queue.length} requests wait already")
            self.queue.add(ticket)

    def wait(self, units: Units, now: float) -> tuple[float, str]:
        """Seconds a request would wait that came now, behind all who wait; and for what."""
        with self.lock:
            return self._longest(units, now, self.queue.units)

    def left(self, now: float) -> float:
        """Which part of the burst is free, from 0 to 1; of the scarcest dimension."""
        with self.lock:
            return 0.0 if self.queue.length else min((gate.left(now) for gate in self.gates), default=1.0)

    def turn(self, ticket: Ticket, now: float) -> float:
        """Let in who may go; seconds this ticket has to wait before it looks again, 0 once it was granted.

        Raises:
            RequestTooLarge: a limit has become smaller than the request.
        """
        with self.lock:
            now = self._time(now)
            self._pump(now)
            if ticket.state is GRANTED:
                return 0.0
            if ticket.signal is None or ticket.signal.is_set:
                ticket.signal = Signal()
            left = max(ticket.until - now, 0.0)
            if ticket is not self.queue.head:
                ticket.due = float("inf")
                return left
            wait = self._wait(ticket.units, now)
            if wait > left:
                self._refuse_too_large(ticket.units)  # a limit may have shrunk meanwhile
            ticket.due = now + wait
            return min(left, wait)

    def leave(self, ticket: Ticket) -> None:
        """A ticket is given back: it waits no more, or was granted and nothing was sent."""
        with self.lock:
            if ticket is self._asker and self.pool is not None:
                self.pool.asking, self._asker = False, None
            if ticket.state is WAITING:
                self.queue.leave(ticket, GONE)
            elif ticket.state is GRANTED:
                ticket.state = GONE
                for gate in self.gates:
                    if units := ticket.units[gate.kind]:
                        gate.give(units)
                if self.pool is not None:
                    for kind, units in enumerate(ticket.units):
                        self.pool.give(kind, units)
                self._tokens -= ticket.units[TOKENS]
            head = self.queue.head
            if head is not None:
                head.wake()  # it may have less to wait, or has just become the first: it looks itself

    def wish(self, ticket: Ticket, now: float) -> list[Quota] | None:
        """What to ask of the store for the first in line; `None` for another, or where somebody asks already.

        Who is given something calls `leased`, `alone` or `unasked`, whatever happens.
        """
        with self.lock:
            pool = self.pool
            if pool is None or pool.asking or ticket is not self.queue.head or pool.wait(ticket.units, now) < _NEVER:
                return None
            self._asker = ticket
            return pool.wish(ticket.units, self.queue.units, now)

    def leased(self, quotas: list[Quota], lease: Lease, now: float) -> None:
        """The store answered."""
        with self.lock:
            if self.pool is not None:
                self.pool.leased(quotas, lease, now)

    def alone(self, now: float) -> None:
        """The store could not be used."""
        with self.lock:
            if self.pool is not None:
                self.pool.failed(now)

    def unasked(self) -> None:
        """Nobody waits for the store's answer any more."""
        with self.lock:
            if self.pool is not None:
                self.pool.asking = False

    def settle(self, ticket: Ticket, kind: int, actual: float) -> None:
        """What a request really took of a kind: the difference is given back, or taken besides."""
        with self.lock:
            spare = ticket.units[kind] - actual
            for gate in self.gates:
                if gate.kind == kind:
                    gate.settle(spare)
            if self.pool is not None:
                self.pool.give(kind, spare)
            head = self.queue.head
            if head is not None and spare > 0:
                head.wake()

    def answered(self, tokens: float) -> None:
        """An answer had so many tokens."""
        self.usual += 0.1 * (tokens - self.usual)

    def learn(self, ticket: Ticket, heads: list[Told], sent: float, now: float) -> bool:
        """Take in what a reply's head told; whether it was news, not older than what is known.

        Args:
            ticket: of its request.
            heads: the dimensions.
            sent: when the request went out.
            now: when the reply came.
        """
        if not heads:
            return False
        with self.lock:
            if ticket.number <= self._synced:
                return False
            self._synced = ticket.number
            for told in heads:
                if told.period is None:
                    if told.spent:
                        self.held = max(self.held, now + told.reset)
                    continue
                limit = self._limit(told.kind, told.period)
                limit.tell(told.limit)
                after = self._tokens - ticket.mark if told.kind else self._number - ticket.number
                limit.sync(sent + told.reset + max(0.0, after) * told.period / told.limit)
            self._guard()
            self._nudge(now)
            return True

    def hold(self, until: float) -> None:
        """The server asked for quiet until then."""
        with self.lock:
            self.held = max(self.held, until)

    def refused(self, now: float) -> float | None:
        """It was too much, and the server did not say how much there is; the new rate, in requests a second."""
        with self.lock:
            self._cubic.refused(self._number, now)
            self.learns = True
            self._repace()
            return self._cubic.rate

    def took(self, now: float) -> None:
        """The server took a request."""
        if self.learns:
            with self.lock:
                self._cubic.took(now)
                self._repace()
                self._nudge(now)

    def _repace(self) -> None:
        rate = self._cubic.rate
        if rate is not None:
            burst = max(1.0, rate)
            if self._pace is None:
                self._pace = Gcra("requests", REQUESTS, rate, burst)
                self.gates.append(self._pace)
            else:
                self._pace.pace(rate, burst)

    def _limit(self, kind: int, period: float) -> Limit:
        for gate in self.gates:
            if isinstance(gate, Limit) and gate.kind == kind and gate.period == period:
                return gate
        name = ("requests", "tokens")[kind] + ("" if period == MINUTE else " per day")
        limit = Limit(name, kind, period, self.terms)
        self.gates.append(limit)
        return limit

    def _guard(self) -> None:
        """Look at the limits there are now; be careful with growth once there is one to grow into."""
        self.counts_more = any(gate.kind != REQUESTS for gate in self.gates)
        if self.pool is not None:
            self.pool.limits = [gate for gate in self.gates if isinstance(gate, Limit)]
        if self._ramp is not None and self._slope is None:
            known = (gate.most for gate in self.gates if isinstance(gate, Limit) and gate.kind == TOKENS)
            if max(known, default=0.0) > self._ramp.free:
                rate = self._ramp.free / 60
                self._slope = Gcra("input tokens", INPUT, rate, rate * self.terms.burst)
                self.gates.append(self._slope)

    def _climb(self, tokens: float, now: float) -> None:
        """So many input tokens go out, for which later more may."""
        ramp, slope = self._ramp, self._slope
        assert ramp is not None
        assert slope is not None
        ramp.used(tokens, now)
        rate = ramp.ceiling(now) / 60
        if rate != slope.rate:
            slope.pace(rate, rate * self.terms.burst)

    def _refuse_too_large(self, units: Units) -> None:
        for gate in self.gates:
            if isinstance(gate, Limit) and units[gate.kind] > gate.most:
                raise RequestTooLarge(ceil(units[gate.kind]), int(gate.most), gate.name)

    def _wait(self, units: Units, now: float) -> float:
        longest = self.held - now
        for gate in self.gates:
            if needed := units[gate.kind]:
                wait = gate.wait(needed, now)
                if wait > longest:
                    longest = wait
        if self.pool is not None:
            wait = self.pool.wait(units, now)
            if wait > longest:
                return wait
        return longest

    def _longest(self, units: Units, now: float, before: list[float]) -> tuple[float, str]:
        longest, name = self.held - now, "pause"
        for gate in self.gates:
            if needed := units[gate.kind]:
                wait = gate.wait(needed, now, before[gate.kind])
                if wait > longest:
                    longest, name = wait, gate.name
        return (longest, name) if longest > _SOON else (0.0, name)

    def _grant(self, ticket: Ticket, now: float) -> None:
        units = ticket.units
        for gate in self.gates:
            if needed := units[gate.kind]:
                gate.take(needed, now)
        if self.pool is not None:
            self.pool.take(units, now)
        ticket.state = GRANTED
        ticket.number = self._number = self._number + 1
        ticket.mark = self._tokens = self._tokens + units[TOKENS]
        if now >= self._cubic.due:
            self._cubic.sent(ticket.number, now)
        if self._slope is not None:
            self._climb(units[INPUT], now)

    def _pump(self, now: float) -> None:
        queue = self.queue
        while (head := queue.head) is not None and head.until < now - _BACK:
            queue.leave(head, GONE)  # whoever waited for it is no more, interrupted where nothing could be caught
        while (head := queue.head) is not None and self._wait(head.units, now) <= _SOON:
            self._let_in(head, now)
        if head is not None and not self.fair:
            for ticket in queue.first(_OVERTAKERS):
                if self._wait(ticket.units, now) <= _SOON:
                    self._let_in(ticket, now)
        self._nudge(now)

    def _let_in(self, ticket: Ticket, now: float) -> None:
        ticket.wake()  # first: where a signal handler breaks this off, it looks itself
        self.queue.leave(ticket, GRANTED)
        self._grant(ticket, now)

    def _nudge(self, now: float) -> None:
        """Have the first in line look again, if it means to look too late."""
        head = self.queue.head
        if head is not None:
            wait = self._wait(head.units, now)
            if wait >= _NEVER or head.due > now + max(0.0, wait) + _SOON:
                head.wake()

    def _time(self, now: float) -> float:
        """The latest time seen; a clock that jumps back takes all that was reckoned by it along."""
        if now >= self._at:
            self._at = now
        elif now < self._at - _BACK:
            for gate in self.gates:
                gate.shift(now - self._at)
            if self.pool is not None:
                self.pool.shift(now - self._at)
            self.held += now - self._at
            self._at = now
        return self._at
