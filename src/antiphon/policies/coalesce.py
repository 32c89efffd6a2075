"""Coalesce: requests for embeddings or moderations that come within a moment go to the server as one.

Knows how long a request waits for company, and what becomes of all when the one request fails. Refuses to know what may go
together and whose part of an answer is whose (machines/coalescing), and who asks for all (machines/flight).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar, TypeAlias

from ..core.effects import Discard, Wait
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import BudgetExceeded, DeadlineExceeded, RequestTooLarge
from .chain import PLACES, Forward
from .machines.cache_key import checked_scope
from .machines.coalescing import INPUTS, TOKENS, Load, copies_of, is_apart, joined, load_of, most_inputs, parts_of
from .machines.flight import Flight, Flights, Seat
from .machines.number import seconds, whole
from .single_flight import Outcome, flown, fresh, left, patience

Seats: TypeAlias = "Sequence[Seat[Load, Any]]"
_TOO_MUCH = (RequestTooLarge, BudgetExceeded)


class Coalesce:
    """Joins small requests into one.

    >>> Coalesce(window=0.005)
    Coalesce(window=0.005 s, at most 2048 inputs and 300000 tokens)

    The first call waits for company, at most for the window; those that come meanwhile and ask for the same in all but the input
    (tenant, model, dimensions, encoding, user, header fields, timeout, retries) go along. Each gets the answers to its own inputs, in
    its own order, and its part of the usage: shared out by the length of the texts, or exactly where inputs are tokens, so that
    the parts add up to what was billed. Where the server refuses what was sent together, it is sent in halves, until
    only the call that is to blame gets the refusal.

    Args:
        window: seconds that a call may wait for others; more than 0.
        inputs: how many inputs one request may have, 1 or more. For moderations never more than 32.
        tokens: how many tokens they may have together, 1 or more; a text counts as many as it has bytes, which is never too few.
        scope: whose calls these are, instead of the credential's owner; needed where the key comes from a function.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    place: ClassVar[int] = PLACES["Coalesce"]

    @spelled
    def __init__(
        self, *, window: float = 0.003, inputs: int = INPUTS, tokens: int = TOKENS, scope: str | None = None
    ) -> None:
        if not seconds("window", window) > 0:
            raise ValueError("window must be more than 0 seconds; leave the policy out to wait for nobody")
        self.window = window
        self.inputs = whole("inputs", inputs, 1)
        self.tokens = whole("tokens", tokens, 1)
        self.scope = checked_scope(scope)
        self._flights = Flights[Load, dict[Any, Outcome]]()

    def __reduce__(self) -> tuple[Any, ...]:
        said = {name: getattr(self, name) for name in ("window", "inputs", "tokens", "scope")}
        return (partial(type(self), **said), ())

    def __repr__(self) -> str:
        return f"Coalesce(window={self.window:g} s, at most {self.inputs} inputs and {self.tokens} tokens)"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        load = load_of(request, self.scope)
        trace = request.trace
        if isinstance(load, str):
            if trace is not None:
                trace.note("Coalesce", "bypass", reason=load)
            return await forward(request)
        # How long and how often may be tried is part of what is asked for.
        seat, effect = Seat[Load, dict[Any, Outcome]](load), None
        try:
            self._flights.board(seat, (load.key, request.timeout, request.max_retries), self._fits)
            flight = seat.flight
            if seat.leads:
                await Wait(flight.closed, self.window)
            else:
                if trace is not None:
                    trace.note("Coalesce", "join")
                await patience(self._flights, seat, request)
            if seat.outcome is None:
                self._flights.close(flight)
                seats = self._flights.take_off(flight)
                if trace is not None:
                    trace.note(
                        "Coalesce", "send", calls=len(seats), inputs=sum(len(each.load.inputs) for each in seats)
                    )
                if len(seats) == 1:
                    return await forward(request)
                effect = flown(self._flights, flight, self._fly(seats, forward))
                await effect
        finally:
            try:
                left(self._flights, seat, effect)
            except BaseException:  # a signal handler's, perhaps before it began
                left(self._flights, seat, effect)
                raise
        assert seat.outcome is not None
        outcome = seat.outcome[seat]
        if isinstance(outcome, Exception):
            raise fresh(outcome, request)
        return outcome

    def _fits(self, flight: Flight[Load, Any], load: Load) -> bool:
        """Whether a flight has room for one more, and if so, that much less from now on."""
        inputs, tokens = flight.tally or (0, 0)
        inputs, tokens = inputs + len(load.inputs), tokens + load.weight
        if flight.seats and (inputs > most_inputs(load, self.inputs) or tokens > self.tokens):
            return False
        flight.tally = (inputs, tokens)
        return True

    async def _fly(self, seats: Seats, forward: Forward) -> None:
        outcomes = dict[Any, Outcome]()
        await _ask(seats, forward, outcomes)
        self._flights.land(seats[0].flight, outcomes)


async def _ask(seats: Seats, forward: Forward, outcomes: dict[Any, Outcome]) -> None:
    """Ask for all at once; where that cannot be answered, for each half."""
    loads = [seat.load for seat in seats]
    try:
        reply = await forward(joined(loads) if len(loads) > 1 else loads[0].request)
    except DeadlineExceeded:
        raise  # it was this call's own, and others may have longer
    except Exception as failure:
        parts: Sequence[Outcome] | None = [fresh(failure, load.request) for load in loads]
        if len(loads) > 1 and isinstance(failure, _TOO_MUCH):
            parts = None
    else:
        parts = [reply] if len(loads) == 1 else _parts(reply, loads)
        if parts is None:
            await Discard(reply)
    if parts is not None:
        outcomes.update(zip(seats, parts, strict=True))
        return
    middle = len(seats) // 2
    await _ask(seats[:middle], forward, outcomes)
    await _ask(seats[middle:], forward, outcomes)


def _parts(reply: Reply, loads: Sequence[Load]) -> Sequence[Reply] | None:
    """What each gets of an answer; `None` where each must be asked for apart."""
    if not reply.is_read or is_apart(reply):
        return None
    return parts_of(reply, loads) if reply.status_code == 200 else copies_of(reply, loads)
