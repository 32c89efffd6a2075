"""A purse: where a budget's calls get what they set aside, at once or after waiting, alone or together with other processes.

Knows periods, waiting, and what to do while a store cannot be used; refuses to know what anything costs.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ..core.effects import Now, Outside, Wait, Wall
from ..core.price import dollars
from ..core.request import Request
from ..core.signal import Signal
from ..errors import BudgetExceeded, PolicyError
from ..shared.store import StoreError
from .machines.ledger import UNITS, Amount, Hold, Ledger, Short
from .machines.period import RUN, Per, Period, period
from .machines.reservation import Reservation
from .machines.rest import Rest

if TYPE_CHECKING:
    from .shared_ledger import SharedLedger

_FOLD = 60.0
"""Seconds after which a call that waits looks at the time of day again, which may have been set."""
_GLANCE = 1.0
"""Seconds after which a call that waits looks again at what others share."""


class _Seat:
    """A place in the line of those who wait."""

    __slots__ = ("call", "told")

    def __init__(self) -> None:
        self.call = Signal()
        self.told = False


class Purse:
    """The sums of one budget, and the calls that wait for them: first come, first served, so that large ones get their turn too.

    Args:
        ledger: this process's own sums.
        per: the kind of period.
        waits: whether calls wait for room.
        shared: sums shared with others, if any.
        alone: whether calls go on by the process's own sums while the shared ones cannot be had.
    """

    def __init__(self, ledger: Ledger, per: Per, waits: bool, shared: SharedLedger | None, alone: bool) -> None:
        self.ledger = ledger
        self.per: Per = per
        self.shared = shared
        self.period = RUN if per == "run" else Period("no call yet", float("inf"), float("-inf"))
        self._waits = waits
        self._alone = alone
        self._line = deque[_Seat]()
        self._rest = Rest()

    @property
    def crossed(self) -> deque[str]:
        """Periods whose soft limit was crossed, and not told yet."""
        return self.ledger.crossed if self.shared is None else self.shared.crossed

    async def take(self, request: Request, held: Reservation) -> None:
        """Set an upper bound aside. Whatever comes of this, the reservation is to be released, or what it came to told.

        Raises:
            BudgetExceeded: there is no room, and none to be waited for.
            PolicyError: the store cannot be used, and nobody said to go on alone.
        """
        bound = held.bound
        if not self._line:
            at, short = await self._try(request, held)
            if short is None:
                return
            if not self._waits:
                raise self._exceeded(request, short, bound)
        self._refuse_what_never_fits(request, bound)
        seat = _Seat()
        try:
            self._line.append(seat)
            while True:
                seat.call = Signal()
                if self._line[0] is not seat and not await self._is_late(request):
                    await Wait(seat.call, await self._seconds_left(request, _FOLD))
                    continue
                # Somebody listens now, so room that is made from here on is heard of.
                at, short = await self._try(request, held)
                if short is None:
                    return
                patience = await self._patience(request, at, short, bound)
                if request.trace is not None and not seat.told:
                    seat.told = True
                    until = "next period" if short.for_good else "room"
                    request.trace.note("Budget", "wait", short=UNITS[short.unit], until=until)
                await Wait(seat.call, patience)
        finally:
            try:
                self._leave(seat)
            except BaseException:  # a signal handler's, perhaps before it began
                self._leave(seat)
                raise

    def enter(self, held: Hold, spent: Amount, certain: bool, flag: str) -> None:
        """Write down what became of a reservation, and call whoever waits first. Never blocks."""
        self.ledger.settle(held.label, held.bound, spent, certain, flag, held)
        if self._line:
            self._call_first()

    def _leave(self, seat: _Seat) -> None:
        if seat in self._line:
            self._line.remove(seat)
        self._call_first()

    def _call_first(self) -> None:
        with suppress(IndexError):  # another thread was faster
            self._line[0].call.set()

    async def tidy(self) -> None:
        """Have written down in the store what is settled; where it cannot be, it stays for the next time."""
        if self.shared is not None and self._rest.over(now := await Now()):
            try:
                await Outside(self.shared.tidy)
            except StoreError:
                self._rest.failed(now)

    async def _try(self, request: Request, held: Reservation) -> tuple[Period, Short | None]:
        wall = await Wall()
        at = self.period
        if not at.begin <= wall < at.end:
            at = self.period = period(self.per, wall)
        bound = held.bound
        short = self.ledger.reserve(at.label, bound, held)
        if short is not None:
            for_good = self.ledger.hopeless(at.label, bound) is not None
            return at, Short(short, self.ledger.taken(at.label, short), for_good)
        if self.shared is None:
            return at, None
        try:
            return at, await self._try_shared(request, self.shared, held, wall)
        except BaseException:
            self._give_back(held)
            raise

    def _give_back(self, held: Reservation) -> None:
        self.ledger.settle(held.label, held.bound, Amount(), hold=held)

    async def _try_shared(self, request: Request, shared: SharedLedger, held: Reservation, wall: float) -> Short | None:
        bound, now = held.bound, await Now()
        if self._rest.over(now):
            from .shared_ledger import Claim

            claim = Claim()
            try:
                short: Short | None = await Outside(shared.reserve, claim, held.label, bound, wall)
                self._rest.worked()
                if short is None:
                    held.enter = partial(self._enter_shared, shared, bound, wall)
                else:
                    self._give_back(held)
                return short
            except StoreError as failure:
                self._rest.failed(now)
                cause: StoreError | None = failure
            except BaseException:
                claim.drop()
                raise
        else:
            cause = None
        if request.trace is not None:
            request.trace.note("Budget", "alone" if self._alone else "refused", reason="StoreError")
        if not self._alone:
            raise PolicyError(
                "the store that holds the budget cannot be used now, so nobody knows what is left; nothing was sent "
                "(store_fails='alone' goes on by this process's own sums)",
                request=request,
            ) from cause
        held.enter = partial(self._enter_shared, shared, Amount(), wall)
        return None

    def _enter_shared(
        self,
        shared: SharedLedger,
        taken: Amount,
        wall: float,
        held: Hold,
        spent: Amount,
        certain: bool,
        flag: str,
    ) -> None:
        # The store is told at most once, even where a signal handler breaks this off: what it is not told counts as spent there
        # in the end, which is the safe side.
        assert isinstance(held, Reservation)
        held.enter = self.enter
        shared.settle(held.label, taken, spent, certain, wall)
        self.enter(held, spent, certain, flag)

    def _refuse_what_never_fits(self, request: Request, bound: Amount) -> None:
        for unit, limit in enumerate(self.ledger.limits):
            if limit is not None and bound[unit] > limit:
                raise self._exceeded(request, Short(unit, self.ledger.taken(self.period.label, unit), True), bound)

    async def _patience(self, request: Request, at: Period, short: Short, bound: Amount) -> float:
        """Seconds to wait for room before looking again.

        Raises:
            BudgetExceeded: none can come, or not before the call's deadline.
        """
        if short.for_good and self.per == "run":
            raise self._exceeded(request, short, bound)
        ends = max(0.0, at.end - await Wall())
        left = await self._seconds_left(request, ends)
        if left <= 0 or (short.for_good and ends > left):
            raise self._exceeded(request, short, bound)
        return min(left, _FOLD if self.shared is None else _GLANCE)

    async def _seconds_left(self, request: Request, most: float) -> float:
        """Seconds until the call's deadline; `most` where that comes sooner, or there is none."""
        return most if request.deadline is None else min(most, request.deadline - await Now())

    async def _is_late(self, request: Request) -> bool:
        """Whether the call's deadline is over, so that it looks once more and leaves."""
        return request.deadline is not None and await Now() >= request.deadline

    def _exceeded(self, request: Request, short: Short, bound: Amount) -> BudgetExceeded:
        if request.trace is not None:
            request.trace.note("Budget", "refused", short=UNITS[short.unit], reason="no room")
        limit = self.ledger.limits[short.unit] or 0
        numbers = (limit, short.taken, bound[short.unit])
        most, taken, needed = (dollars(n) if short.unit == 0 else n for n in numbers)
        return BudgetExceeded(most, taken, UNITS[short.unit], self.per, needed=needed, request=request)
