"""SingleFlight: who asks what is being asked already waits for that answer, instead of asking a second time.

Knows which calls may share an answer, and what each gets of it. Refuses to know who of them asks (machines/flight).
"""

from __future__ import annotations

from collections.abc import Coroutine
from copy import copy
from functools import partial
from typing import Any, ClassVar, TypeAlias, TypeVar

from ..core.effects import Now, Outlive, Wait
from ..core.reply import Reply
from ..core.request import Request
from ..core.resource import spelled
from ..errors import APIError, DeadlineExceeded
from .chain import PLACES, Forward
from .machines.cache_key import checked_scope, question_of
from .machines.flight import Flight, Flights, Seat

R = TypeVar("R")
Outcome: TypeAlias = "Reply | Exception"
_LOOK = 5.0
"""Seconds after which who waits looks whether the event loop of who asks is still there."""


class SingleFlight:
    """Makes one request of all that ask the same at the same time.

    >>> SingleFlight()
    SingleFlight(the same question at the same time is one request, sampled ones are not)

    What is the same is told as the cache tells it: the same tenant, place and body. Calls join whose answer is read whole; streams
    go by, because each is read at its reader's own pace. Where the answer is a failure, everybody gets it, as an exception of
    their own. A call that is cancelled leaves; the request goes on while anybody waits for it, and the last to leave ends it. A
    blocking call that is interrupted takes its request along, and one of those who wait asks anew.

    Args:
        join_sampled: whether calls join that a model might answer differently each time. Do not where you ask several times on
            purpose.
        scope: whose calls these are, instead of the credential's owner; needed where the key comes from a function.

    Raises:
        ValueError, TypeError: an argument that cannot be right.
    """

    place: ClassVar[int] = PLACES["SingleFlight"]

    @spelled
    def __init__(self, *, join_sampled: bool = False, scope: str | None = None) -> None:
        self.join_sampled = join_sampled
        self.scope = checked_scope(scope)
        self._flights = Flights[Request, Outcome]()

    def __reduce__(self) -> tuple[Any, ...]:
        return (partial(type(self), join_sampled=self.join_sampled, scope=self.scope), ())

    def __repr__(self) -> str:
        told = "sampled ones too" if self.join_sampled else "sampled ones are not"
        return f"SingleFlight(the same question at the same time is one request, {told})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        if request.stream:
            return await forward(request)
        question = question_of(request, self.scope, sampled=self.join_sampled)
        trace = request.trace
        if isinstance(question, str):
            if trace is not None:
                trace.note("SingleFlight", "bypass", reason=question)
            return await forward(request)
        # How long and how often may be tried is part of what is asked for.
        seat, effect = Seat[Request, Outcome](request), None
        try:
            self._flights.board(seat, (question.key, request.timeout, request.max_retries))
            if not seat.leads:
                if trace is not None:
                    trace.note("SingleFlight", "join")
                await patience(self._flights, seat, request)
                if seat.outcome is not None:
                    return _own(seat.outcome, request)
                if trace is not None:
                    trace.note("SingleFlight", "take over")
            flight = seat.flight
            self._flights.take_off(flight)
            effect = flown(self._flights, flight, self._fly(flight, request, forward))
            return await effect
        finally:
            try:
                left(self._flights, seat, effect)
            except BaseException:  # a signal handler's, perhaps before it began
                left(self._flights, seat, effect)
                raise

    async def _fly(self, flight: Flight[Request, Outcome], request: Request, forward: Forward) -> Reply:
        try:
            reply = await forward(request)
        except DeadlineExceeded:
            raise  # it was this call's own, and others may have longer
        except Exception as failure:
            self._flights.land(flight, fresh(failure, request))
            raise
        if reply.is_read:
            self._flights.land(flight, reply)
        return reply


def flown(flights: Flights[Any, Any], flight: Flight[Any, Any], flow: Coroutine[Any, Any, R]) -> Outlive[R]:
    """The effect that runs what lands a flight, for as long as anybody waits for it."""
    effect = Outlive(flow, flight.abandoned, lambda: flights.over(flight))
    flight.lost = lambda: effect.lost()
    return effect


def left(flights: Flights[Any, Any], seat: Seat[Any, Any], effect: Outlive[Any] | None) -> None:
    """Leave; what this one was asking ends with it, unless somebody carries it on. As often as you like."""
    flights.leave(seat, ends=effect is None or not effect.carried)


async def patience(flights: Flights[Any, Any], seat: Seat[Any, Any], request: Request) -> None:
    """Wait until there is an outcome, or the seat is to lead.

    Raises:
        DeadlineExceeded: the call's deadline passed before.
    """
    while True:
        left = _LOOK if request.deadline is None else min(_LOOK, request.deadline - await Now())
        # A signal handler may have raised in who was about to set it: so look, too.
        if await Wait(seat.signal, left) or seat.leads or seat.outcome is not None:
            return
        if left < _LOOK:
            raise DeadlineExceeded(request, message="The deadline passed while another call was asking for both.")
        flights.look(seat.flight)


def _own(outcome: Outcome, request: Request) -> Reply:
    """What another call got, as this one's own.

    Raises:
        Exception: that is what the other one got.
    """
    if isinstance(outcome, Exception):
        raise fresh(outcome, request)
    reply = Reply(
        outcome.status_code,
        outcome.headers.copy(),
        request,
        outcome.content,
        http_version=outcome.http_version,
        elapsed=outcome.elapsed,
        retries_taken=outcome.retries_taken,
    )
    reply.cached = True
    return reply


def fresh(failure: Exception, request: Request) -> Exception:
    """The same failure as an exception of this call's own: nobody else's frames hang on it, and no one else's notes."""
    try:
        own = copy(failure)
    except Exception:  # one that cannot be copied is told as it is
        return failure
    own.__cause__, own.__suppress_context__ = failure.__cause__, True
    if isinstance(own, APIError):
        own.request = request
    return own
