"""How a flight ends: landed for all, handed on, abandoned, or forgotten in a forked child."""

from __future__ import annotations

from antiphon.policies.machines.flight import Flights, Seat


def boarded(flights: Flights[None, str], calls: int) -> list[Seat[None, str]]:
    seats = [Seat[None, str](None) for _ in range(calls)]
    for seat in seats:
        flights.board(seat, "key")
    return seats


def test_after_it_landed_another_flight_is_begun() -> None:
    flights = Flights[None, str]()
    (first,) = boarded(flights, 1)
    flights.take_off(first.flight)
    flights.land(first.flight, "there")
    assert first.flight.landed
    assert len(flights) == 0
    (late,) = boarded(flights, 1)
    assert late.flight is not first.flight
    assert late.leads


def test_who_leaves_after_the_landing_abandons_nothing() -> None:
    flights = Flights[None, str]()
    seats = boarded(flights, 2)
    flights.take_off(seats[0].flight)
    flights.land(seats[0].flight, "there")
    for seat in seats:
        flights.leave(seat)
    assert not seats[0].flight.abandoned.is_set
    assert [seat.outcome for seat in seats] == ["there", "there"]


def test_one_who_still_leads_is_not_told_so_again() -> None:
    flights = Flights[None, str]()
    first, second = boarded(flights, 2)
    flights.take_off(first.flight)
    flights.over(first.flight)
    assert (first.leads, second.leads) == (True, False)
    assert not first.signal.is_set
    assert not second.signal.is_set


def test_what_flies_and_is_not_lost_is_left_alone() -> None:
    flights = Flights[None, str]()
    first, second = boarded(flights, 2)
    flights.look(first.flight)
    assert not first.flight.flying
    flights.take_off(first.flight)
    flights.look(first.flight)
    assert first.flight.flying
    first.flight.lost = lambda: True
    flights.look(first.flight)
    assert not first.flight.flying
    assert second.leads
    assert second.signal.is_set
    flights.look(first.flight)
    assert list(first.flight.seats) == [second], "nothing flies that could be lost"


def test_a_forked_child_waits_for_nobody_of_its_parents() -> None:
    flights = Flights[None, str]()
    (theirs,) = boarded(flights, 1)
    flights._lock.acquire()  # by a thread that is not there any more
    flights.forget()
    assert len(flights) == 0
    (mine,) = boarded(flights, 1)
    assert mine.leads
    assert mine.flight is not theirs.flight
