"""Streams that are dropped in cycles: the collector finds them in the middle of the very methods their end needs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest

from antiphon.core.follower import Follower
from antiphon.drivers.followed import FollowedBody
from antiphon.policies.bulkhead import _Stay
from antiphon.policies.circuit_breaker import _Ending
from antiphon.policies.machines.board import Board
from antiphon.policies.machines.bulkhead import Compartment, Permit
from antiphon.policies.machines.circuit import Rule
from antiphon.policies.machines.ejection import Ejection
from antiphon.policies.machines.fleet import Fleet, Member
from antiphon.policies.round import Occupant

from .piecewise import Piecewise


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector as it was, afterwards."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def dropped(follower: Follower) -> None:
    """A body that is followed, in a cycle that nobody holds."""
    cycle: list[object] = [FollowedBody(Piecewise(), follower)]
    cycle.append(cycle)


def interfered(busy: Callable[[], Follower]) -> None:
    """Do something again and again that a follower comes out of, with a collector that may come in anywhere."""
    for turn in range(4000):
        gc.set_threshold(turn % 40 + 1)
        dropped(busy())
    gc.collect()


def test_row_54_a_permit_comes_back_whenever_the_collector_finds_its_stream() -> None:
    compartment = Compartment(10**6, 10)

    def busy() -> Follower:
        permit, waiter = Permit(), Permit()
        assert compartment.enter(permit)
        assert compartment.line_up(waiter, 0.0, 1.0)
        compartment.leave(waiter)
        return _Stay(compartment, permit)

    interfered(busy)
    compartment.enter(Permit())
    assert (compartment.inflight, compartment.queued) == (1, 0)


def test_row_54_a_circuit_hears_of_it_whenever_the_collector_finds_its_stream() -> None:
    pair = Board(Rule(consecutive=1), per_model=True, panic=None).pair("a", "a", "m")
    pair.transport.fail(0, 0.0, 0.5)

    def busy() -> Follower:
        leases = pair.admit(10.0, 30.0)
        assert leases is not None
        pair.release(leases)
        follower = _Ending(pair, (pair.transport.generation, pair.service.generation), 0.5, counted=False)
        follower.feed(b"a")
        return follower

    interfered(busy)
    assert pair.admit(10.0, 30.0) is not None
    assert not pair.transport._late
    assert not pair.service._late


def test_row_54_a_seat_is_given_back_whenever_the_collector_finds_its_stream() -> None:
    fleet = Fleet([Member("a", 0, 1.0, "key", "limit"), Member("b", 0, 1.0, "other key", "other limit")], Ejection())
    interfered(lambda: Occupant(fleet, fleet.choose([0, 1], 1.0, 0.3, key=None, subject="m")))  # type: ignore[arg-type]
    assert fleet.loads == [0, 0]
