"""Leases of one worker, figure by figure: what it wishes for, when what it holds may be used, and until when."""

from __future__ import annotations

import pytest

from antiphon.policies.machines.limit import DAY, Limit, Terms
from antiphon.policies.machines.pool import Pool
from antiphon.policies.machines.queue import Units
from antiphon.shared import Lease, Portion, Quota

from .test_pool import NEVER, ONE, pool


def many(units: float) -> Units:
    return (units, 0.0, 0.0, 0.0)


def lease(mine: Pool, units: float, start: float, wait: float, now: float) -> None:
    """So many units come, whatever was wished for."""
    wishes = mine.wish(ONE, many(units), now)
    mine.leased(wishes, Lease((Portion(units, start),), wait, 1), now)


@pytest.fixture
def mine() -> Pool:
    """Ten requests a second, twenty at once, half of which are kept for those that come late."""
    return pool()


def test_a_pool_without_limits_holds_nobody_up() -> None:
    assert Pool().wait(ONE, 0.0) == 0.0


def test_the_first_wish_is_for_those_who_wait(mine: Pool) -> None:
    assert mine.wish(ONE, many(3), 0.0) == [Quota("requests", 10.0, 10.0, 1.0, 3.0)]
    assert mine.wish(many(4), many(0), 0.0)[0][3:] == (4.0, 4.0)


@pytest.mark.parametrize(
    ("needed", "line", "now", "need", "want"),
    [
        (1, 1, 0.5, 0.0, 8.0),  # of nine in a second and a half one is there
        (2, 2, 0.5, 2.0, 8.0),
        (2, 20, 0.5, 2.0, 19.0),
        (2, 2, 0.05, 2.0, 44.0),  # no pace is measured in less than a tenth of a second
        (2, 2, 1.0, 2.0, 3.5),
    ],
)
def test_later_wishes_are_for_as_many_as_came_lately(
    mine: Pool, needed: int, line: int, now: float, need: float, want: float
) -> None:
    lease(mine, 4.0, 0.0, 0.0, 0.0)
    mine.take(many(4), 0.0)
    mine.give(0, 1.0)
    (quota,) = mine.wish(many(needed), many(line), now)
    assert (quota.need, quota.want) == (need, pytest.approx(want))


def test_a_lease_begins_a_new_count(mine: Pool) -> None:
    lease(mine, 4.0, 0.0, 0.0, 0.0)
    mine.take(many(4), 0.0)
    lease(mine, 1.0, 0.0, 0.0, 0.5)
    assert mine.wish(many(2), many(0), 1.0)[0].want == 2.0


def test_where_nothing_was_granted_nothing_is_held(mine: Pool) -> None:
    wishes = mine.wish(ONE, ONE, 0.0)
    mine.leased(wishes, Lease((), 5.0, 3), 0.0)
    assert (mine.asking, mine.workers, mine.wait(ONE, 0.0)) == (False, 3, NEVER)


@pytest.mark.parametrize("shift", [0.0, -100.0])
def test_units_of_the_lease_before_keep_their_own_times(mine: Pool, shift: float) -> None:
    lease(mine, 4.0, -1.0, 0.0, 0.0)
    mine.take(ONE, 0.0)
    lease(mine, 2.0, 0.3, 0.4, 0.5)  # from 0.9 on, one a tenth of a second, the first of them from 0.8
    mine.shift(shift)

    def wait(units: float, now: float) -> float:
        return mine.wait(many(units), now + shift)

    assert [wait(units, 0.5) for units in (1, 3, 4, 5)] == pytest.approx([0.0, 0.0, 0.4, 0.5])
    assert wait(5.1, 0.5) == NEVER
    mine.take(many(2), 0.5 + shift)
    assert [wait(units, 0.5) for units in (1, 2, 3)] == pytest.approx([0.0, 0.4, 0.5])
    assert wait(3, 1.39) == 0.0, "the third of three that began to end at 1.2"
    assert (wait(2, 1.41), wait(3, 1.41)) == (0.0, NEVER)
    assert wait(2, 2.85) == 0.0, "a second late, and as many at once as may be"
    assert (wait(1, 2.95), wait(2, 2.95)) == (0.0, NEVER)


@pytest.mark.parametrize("shift", [0.0, -100.0])
def test_units_of_the_lease_before_that_are_for_later_are_waited_for(mine: Pool, shift: float) -> None:
    lease(mine, 5.0, 1.9, 2.0, 0.0)
    mine.take(ONE, 0.0)
    lease(mine, 1.0, 9.0, 9.0, 0.5)
    mine.shift(shift)
    assert mine.wait(many(1), 0.5 + shift) == pytest.approx(1.6)
    mine.take(many(2), 0.5 + shift)
    assert mine.wait(many(1), 0.5 + shift) == pytest.approx(1.8)
    assert mine.wait(many(3), 0.5 + shift) == pytest.approx(9.1)
    mine.take(many(2), 0.5 + shift)
    assert mine.wait(many(1), 0.5 + shift) == pytest.approx(9.1), "of the lease before none is left"


def test_what_comes_back_of_a_lease_that_was_used_up_has_its_times(mine: Pool) -> None:
    lease(mine, 2.0, -1.0, 0.0, 0.0)  # the first may be used until 1.1, the second until 1.2
    lease(mine, 2.0, 5.0, 5.0, 0.1)
    mine.take(many(2), 0.1)
    mine.take(ONE, 5.1)
    mine.give(0, 2.0)
    assert mine.wait(ONE, 1.15) == 0.0
    assert mine.wait(ONE, 1.25) == pytest.approx(3.95)


def test_a_lease_is_not_used_before_its_time(mine: Pool) -> None:
    lease(mine, 1.0, -1.0, 0.6, 0.0)
    assert mine.wait(ONE, 0.0) == pytest.approx(0.6)


def test_parts_of_units_are_counted_too(mine: Pool) -> None:
    lease(mine, 2.0, 0.0, 0.0, 0.0)
    mine.take(many(0.5), 0.0)
    assert (mine.wait(many(1.5), 0.2), mine.wait(many(1.6), 0.2)) == (0.0, NEVER)


def test_the_last_one_is_let_go_as_well(mine: Pool) -> None:
    lease(mine, 1.0, -1.0, 0.0, 0.0)
    assert (mine.wait(ONE, 1.1), mine.wait(ONE, 1.21)) == (0.0, NEVER)


def test_what_is_given_back_is_of_its_own_kind() -> None:
    mine = pool()
    mine.limits.append(Limit("tokens", 1, 60.0, Terms(safety=1.0), 6000))
    lease(mine, 1.0, 0.0, 0.0, 0.0)
    mine.take(ONE, 0.0)
    mine.give(1, 5.0)
    assert mine.wait(ONE, 0.0) == NEVER


def test_alone_what_is_given_back_can_be_used_again(mine: Pool) -> None:
    mine.failed(0.0)
    before = mine.wait(ONE, 0.0)
    mine.take(ONE, 0.0)
    assert mine.wait(ONE, 0.0) == pytest.approx(before + 0.2)
    mine.give(1, 9.0)
    mine.give(0, 1.0)
    assert mine.wait(ONE, 0.0) == pytest.approx(before)


@pytest.mark.parametrize(("workers", "wait"), [(2, 0.2), (3, 0.3), (100, 10.0)])
def test_without_a_store_a_worker_has_its_share_and_nothing_in_hand(mine: Pool, workers: int, wait: float) -> None:
    assert mine.workers == 2, "as long as nobody has been heard of"
    mine.workers = workers
    mine.failed(0.0)
    assert mine.wait(ONE, 0.0) == pytest.approx(wait)


def test_what_was_held_before_the_store_failed_is_gone(mine: Pool) -> None:
    lease(mine, 4.0, -1.0, 0.0, 0.0)
    mine.failed(0.1)
    lease(mine, 1.0, -1.0, 0.0, 0.2)
    assert (mine.wait(many(1), 0.2) <= 0, mine.wait(many(2), 0.2)) == (True, NEVER)


def test_of_a_long_limit_a_hundredth_may_come_late() -> None:
    mine = Pool()
    mine.limits = [Limit("requests per day", 0, DAY, Terms(safety=1.0), 86_400)]
    assert mine.wish(ONE, ONE, 0.0)[0].burst == pytest.approx(86_400 - 864)
