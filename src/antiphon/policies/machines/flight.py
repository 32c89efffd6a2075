"""Flights: calls that wait for one answer together, and who of them asks for it.

Theory of operation. A call boards the flight of its key, or begins one. The first aboard *leads*: it asks, and *lands* the flight
with an outcome that all aboard get. Each may leave before that. Where the leader leaves before it took off, or what flies comes
to its end without landing, the next one aboard leads: it is woken, and finds that it does. Where the last one leaves, what
flies is abandoned. So nobody waits for what nobody is about to bring, and nothing flies for nobody.

A signal handler may raise after any call. So a seat is made before it is taken, and may be left whatever its state; leaving it once
more does what the first leaving was kept from.

Bookkeeping under a lock that is held for a moment; signals are set after it. Knows neither requests nor answers.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from ...core.forked import inherit
from ...core.signal import Signal

L = TypeVar("L")
O = TypeVar("O")  # noqa: E741


class Seat(Generic[L, O]):
    """One call's place in a flight.

    Attributes:
        flight: which; one that is over, before it boards.
        load: what the call brought.
        signal: set when it has an outcome, or is to lead.
        leads: whether it is the one to ask.
        outcome: what the flight landed with; `None` until then.
    """

    __slots__ = ("flight", "leads", "load", "outcome", "signal")

    def __init__(self, load: L) -> None:
        self.flight: Flight[L, O] = _NONE
        self.load = load
        self.leads = False
        self.outcome: O | None = None
        self.signal = Signal()


class Flight(Generic[L, O]):
    """Calls that wait together.

    Attributes:
        key: of what they wait for.
        seats: who is aboard, in the order in which they came.
        flying: whether somebody is asking.
        landed: whether the outcome is there.
        closed: set when nobody else may board.
        abandoned: set when nobody aboard is left while it flies.
        lost: whether what flies can never land any more.
        tally: whatever `fits` counts in it.
    """

    __slots__ = ("abandoned", "closed", "flying", "key", "landed", "lost", "seats", "tally")

    def __init__(self, key: Hashable) -> None:
        self.key = key
        self.seats: dict[Seat[L, O], None] = {}
        self.flying = self.landed = False
        self.lost: Callable[[], bool] = bool
        self.tally: Any = None
        self.closed = Signal()
        self.abandoned = Signal()


_NONE: Flight[Any, Any] = Flight(None)
_NONE.landed = True


class Flights(Generic[L, O]):
    """All flights of a policy.

    >>> flights = Flights[None, str]()
    >>> first, second = Seat(None), Seat(None)
    >>> flights.board(first, "key"), flights.board(second, "key")
    (None, None)
    >>> first.leads, second.leads
    (True, False)
    >>> flights.land(first.flight, "there")
    >>> second.outcome, second.signal.is_set
    ('there', True)
    """

    __slots__ = ("__weakref__", "_lock", "_open")

    def __init__(self) -> None:
        self.forget()
        inherit(self)  # where whoever asked stayed in the parent

    def forget(self) -> None:
        """Begin anew."""
        self._open: dict[Hashable, Flight[L, O]] = {}
        self._lock = allocate_lock()

    def __len__(self) -> int:
        """How many flights may still be boarded."""
        return len(self._open)

    def board(self, seat: Seat[L, O], key: Hashable, fits: Callable[[Flight[L, O], L], bool] | None = None) -> None:
        """Take a place in the flight of a key. It is to be given up with `leave`.

        Args:
            seat: the place.
            key: of what is waited for.
            fits: whether a flight has room for it, which an empty one must have; one that has not is closed, and another begun.
        """
        full, load = None, seat.load
        with self._lock:
            flight = self._open.get(key)
            if flight is not None and flight.flying and flight.lost():
                flight = None
            if flight is not None and fits is not None and not fits(flight, load):
                full, flight = flight, None
            if flight is None:
                begun: Flight[L, O] = Flight(key)
                flight = begun
                if fits is not None:
                    fits(flight, load)
            # Nothing is called from here on, so all of it is done or nothing.
            seat.flight, seat.leads = flight, not flight.seats
            flight.seats[seat] = None
            self._open[key] = flight
        if full is not None:
            full.closed.set()

    def close(self, flight: Flight[L, O]) -> None:
        """Let nobody else board."""
        with self._lock:
            self._shut(flight)
        flight.closed.set()

    def take_off(self, flight: Flight[L, O]) -> list[Seat[L, O]]:
        """Its leader is about to ask; for whom, is answered."""
        with self._lock:
            flight.flying, flight.lost = True, bool
            return [*flight.seats]

    def land(self, flight: Flight[L, O], outcome: O) -> None:
        """Everybody aboard gets the outcome."""
        with self._lock:
            self._shut(flight)
            aboard = list(flight.seats)
            for seat in aboard:
                seat.outcome = outcome
            flight.landed, flight.seats = True, {}
        for seat in aboard:
            seat.signal.set()

    def over(self, flight: Flight[L, O]) -> None:
        """Nothing flies any more. If it has not landed, and its leader is gone, the next one leads."""
        self._hand_on(flight, lost=False)

    def look(self, flight: Flight[L, O]) -> None:
        """As `over`, if what flies is lost, and its leader with it."""
        if flight.flying and flight.lost():
            self._hand_on(flight, lost=True)

    def _hand_on(self, flight: Flight[L, O], *, lost: bool) -> None:
        heir = None
        with self._lock:
            if lost and not (flight.flying and flight.lost()):
                return  # somebody else saw it first
            flight.flying = False
            for seat in [seat for seat in flight.seats if lost and seat.leads]:
                del flight.seats[seat]
            if not flight.seats:
                self._shut(flight)
            elif not any(seat.leads for seat in flight.seats):
                heir = self._heir(flight)
        if heir is not None:
            heir.signal.set()

    def leave(self, seat: Seat[L, O], *, ends: bool = False) -> None:
        """A call waits no longer; as often as you like, and after the landing too.

        Args:
            seat: its place.
            ends: whether what it flies, if it leads, ends with it.
        """
        flight, heir, deserted = seat.flight, None, False
        with self._lock:
            if flight.landed:
                return
            if seat in flight.seats:
                if ends and seat.leads:
                    flight.flying = False
                del flight.seats[seat]
            if not flight.seats:
                self._shut(flight)
                deserted = flight.flying
            elif seat.leads and not flight.flying:
                heir = self._heir(flight)
        if heir is not None:
            heir.signal.set()
        if deserted:
            flight.abandoned.set()

    def _heir(self, flight: Flight[L, O]) -> Seat[L, O] | None:
        """Who leads by now, or is to."""
        for seat in flight.seats:
            if seat.leads:
                return seat
        heir: Seat[Any, Any] | None = next(iter(flight.seats), None)
        if heir is not None:
            heir.leads = True
        return heir

    def _shut(self, flight: Flight[L, O]) -> None:
        if self._open.get(flight.key) is flight:
            del self._open[flight.key]
