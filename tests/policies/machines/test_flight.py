"""Flights against every order in which calls may board, ask, land, fail and leave: nobody is forgotten, nothing flies for nobody."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.drivers.waiting import wait
from antiphon.policies.machines.flight import Flight, Flights, Seat

ANY = st.integers(0, 1000)


def board(flights: Flights[Any, Any], key: Any, load: Any, fits: Any = None) -> Seat[Any, Any]:
    seat = Seat[Any, Any](load)
    flights.board(seat, key, fits)
    return seat


class EveryOrder(RuleBasedStateMachine):
    """Calls as a model knows them: aboard, asking, or gone."""

    def __init__(self) -> None:
        super().__init__()
        self.flights = Flights[int, str]()
        self.aboard: list[Seat[int, str]] = []
        self.flying: list[Flight[int, str]] = []
        self.began: list[Seat[int, str]] = []
        self.number = 0

    @rule(key=st.sampled_from("ab"), most=st.integers(1, 3))
    def board(self, key: str, most: int) -> None:
        self.number += 1
        seat = Seat[int, str](self.number)
        self.flights.board(seat, key, lambda flight, load: len(flight.seats) < most)
        assert seat.load == self.number
        assert len(seat.flight.seats) <= max(most, 3)
        assert not seat.flight.closed.is_set
        self.aboard.append(seat)
        self.began += [seat] if seat.leads else []

    def leaders(self) -> list[Seat[int, str]]:
        return [seat for seat in self.aboard if seat.leads and not seat.flight.flying]

    @precondition(lambda self: self.leaders())
    @rule(which=ANY, close=st.booleans())
    def take_off(self, which: int, close: bool) -> None:
        flight = self.leaders()[which % len(self.leaders())].flight
        if close:
            self.flights.close(flight)
        passengers = self.flights.take_off(flight)
        assert passengers == [seat for seat in self.aboard if seat.flight is flight]
        self.flying.append(flight)

    @precondition(lambda self: self.flying)
    @rule(which=ANY)
    def land(self, which: int) -> None:
        flight = self.flying.pop(which % len(self.flying))
        self.flights.land(flight, "there")
        self.flights.over(flight)
        for seat in [seat for seat in self.aboard if seat.flight is flight]:
            assert seat.outcome == "there"
            assert seat.signal.is_set
            self.flights.leave(seat)
            self.aboard.remove(seat)

    @precondition(lambda self: self.flying)
    @rule(which=ANY, stays=st.booleans(), lost=st.booleans())
    def fail(self, which: int, stays: bool, lost: bool) -> None:
        flight = self.flying.pop(which % len(self.flying))
        if lost:  # the loop of who asked was closed, and nobody there says anything any more
            self.flights.look(flight)
            flight.lost = lambda: True
            self.aboard = [seat for seat in self.aboard if seat.flight is not flight or not seat.leads]
            self.flights.look(flight)
            self.flights.look(flight)
            return
        self.flights.over(flight)
        if stays:
            return
        for seat in [seat for seat in self.aboard if seat.flight is flight and seat.leads]:
            self.leave_seat(seat)

    @precondition(lambda self: self.aboard)
    @rule(which=ANY)
    def leave(self, which: int) -> None:
        self.leave_seat(self.aboard[which % len(self.aboard)])

    def leave_seat(self, seat: Seat[int, str]) -> None:
        self.aboard.remove(seat)
        self.flights.leave(seat)
        self.flights.leave(seat)

    @invariant()
    def nobody_is_forgotten(self) -> None:
        for flight in {seat.flight for seat in self.aboard}:
            seats = [seat for seat in self.aboard if seat.flight is flight]
            leading = [seat for seat in seats if seat.leads]
            assert list(flight.seats) == seats
            assert len(leading) <= 1
            assert flight.flying or leading
            assert all(seat.signal.is_set or seat in self.began for seat in leading)
            assert not flight.landed

    @invariant()
    def nothing_flies_for_nobody(self) -> None:
        waited_for = {seat.flight for seat in self.aboard}
        assert all(flight.abandoned.is_set == (flight not in waited_for) for flight in self.flying)
        assert len(self.flights) <= len(waited_for)

    def teardown(self) -> None:
        for seat in [*self.aboard]:
            self.leave_seat(seat)
        assert len(self.flights) == 0


TestEveryOrder = EveryOrder.TestCase
TestEveryOrder.settings = settings(derandomize=True, deadline=None, max_examples=60, stateful_step_count=25)


def test_the_next_one_leads_in_the_order_in_which_they_came() -> None:
    flights = Flights[None, str]()
    seats = [board(flights, "k", None) for _ in range(4)]
    flights.leave(seats[1])
    flights.leave(seats[0])
    assert [seat.leads for seat in seats] == [True, False, True, False]
    assert [seat.signal.is_set for seat in seats] == [False, False, True, False]


def test_who_was_woken_to_lead_and_leaves_wakes_the_next() -> None:
    flights = Flights[None, str]()
    seats = [board(flights, "k", None) for _ in range(3)]
    flights.leave(seats[0])
    flights.leave(seats[1])
    assert seats[2].leads
    assert seats[2].signal.is_set


def test_after_an_abandoned_flight_another_is_begun() -> None:
    flights = Flights[None, str]()
    seat = board(flights, "k", None)
    flights.take_off(seat.flight)
    flights.leave(seat)
    assert seat.flight.abandoned.is_set
    other = board(flights, "k", None)
    assert other.leads
    flights.land(seat.flight, "late")
    flights.over(seat.flight)
    assert other.outcome is None
    assert len(flights) == 1


def test_a_full_flight_is_closed_and_its_leader_told() -> None:
    flights = Flights[int, str]()
    first = board(flights, "k", 1)
    second = board(flights, "k", 2, lambda flight, load: False)
    assert first.flight.closed.is_set
    assert second.leads
    flights.close(second.flight)
    assert len(flights) == 0
    assert second.flight.closed.is_set


def test_threads_may_come_and_go_as_they_like() -> None:
    flights, start = Flights[None, int](), Barrier(8)

    def call(seed: int) -> list[Any]:
        chance, got = random.Random(seed), []
        start.wait()
        for _ in range(400):
            seat = board(flights, chance.randrange(3), None)
            if chance.random() < 0.3:
                flights.leave(seat)
                continue
            if not seat.leads:
                assert wait(seat.signal, 20), "somebody waits for what nobody brings"
            if seat.outcome is None:
                flights.take_off(seat.flight)
                if chance.random() < 0.8:
                    flights.land(seat.flight, seed)
                flights.over(seat.flight)
            got.append(seat.outcome)
            flights.leave(seat)
        return got

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(call, range(1, 9)))
    assert len(flights) == 0
    assert sum(map(len, answers)) > 1000
