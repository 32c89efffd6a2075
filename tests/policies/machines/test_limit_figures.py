"""A limit figure by figure: its own bucket, the server's beside it, and the part that is kept whatever others do."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.limit import MINUTE, Limit, Terms

TERMS = Terms(safety=1.0, request_burst=5.0, burst=10.0)


def told(full: float, limit: float = 600) -> Limit:
    """Ten requests a second, as the server told, whose own bucket is full again at a time."""
    made = Limit("requests", 0, MINUTE, TERMS)
    made.tell(limit)
    made.sync(full)
    return made


def test_one_unit_may_always_be_taken_at_once() -> None:
    limit = Limit("requests", 0, MINUTE, TERMS, 6)
    assert (limit.burst, limit.most) == (1.0, 6)
    assert limit.wait(1, 0.0) <= 0


def test_of_what_nobody_told_there_is_no_most() -> None:
    assert Limit("requests", 0, MINUTE, TERMS).most == float("inf")


@pytest.mark.parametrize(
    ("full", "wait"),
    [
        (29.0, -0.9),  # the server's bucket is more than half full
        (30.4, -4.9),  # less, but nobody would be refused: as its own bucket has it
        (59.0, 5.1),
    ],
)
def test_the_servers_bucket_is_kept_half_full_where_it_would_refuse(full: float, wait: float) -> None:
    assert told(full).wait(1, 0.0) == pytest.approx(wait)


def test_a_twentieth_of_the_rate_is_kept_whatever_others_do() -> None:
    limit = told(50.0)
    limit.take(1, 0.0)
    assert limit.wait(1, 0.0) == pytest.approx(2.0)
    assert limit.wait(1, 0.0, before=3) == pytest.approx(8.0)


def test_what_is_kept_goes_with_the_clock() -> None:
    limit = told(50.0)
    limit.take(1, 0.0)
    limit.shift(-100.0)
    assert limit.wait(1, -100.0) == pytest.approx(2.0)


def test_what_is_taken_is_taken_from_the_servers_bucket_as_well() -> None:
    limit = told(0.0)
    limit.take(1, 100.0)
    assert limit.server_full == pytest.approx(100.1)
    limit.take(2, 100.0)
    assert limit.server_full == pytest.approx(100.3)
    limit.give(2)
    assert (limit.server_full, limit.full) == (pytest.approx(100.1), pytest.approx(100.1))


@pytest.mark.parametrize(("spare", "own", "servers"), [(0.5, -0.05, 0.0), (3.0, -0.3, 0.0), (-2.0, 0.2, 0.2)])
def test_what_was_spare_comes_back_here_and_what_was_missing_there_too(
    spare: float, own: float, servers: float
) -> None:
    limit = told(0.0)
    limit.take(5, 100.0)
    full, server = limit.full, limit.server_full
    limit.settle(spare)
    assert (limit.full - full, limit.server_full - server) == (pytest.approx(own), pytest.approx(servers))
