"""Leased quota in a worker's hands: however it is used, all workers together keep the limit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.limit import MINUTE, Limit, Terms
from antiphon.policies.machines.pool import Pool
from antiphon.shared import Lease, Portion
from antiphon.shared.quota import fresh, lease

ONE = (1.0, 0.0, 0.0, 0.0)
NEVER = float("inf")


def pool(rpm: float = 600, seconds: float = 2.0) -> Pool:
    made = Pool()
    made.limits = [Limit("requests", 0, MINUTE, Terms(safety=1.0, request_burst=seconds), rpm)]
    return made


@settings(derandomize=True, deadline=None, max_examples=80)
@given(
    st.integers(1, 4),
    st.floats(0.2, 5),
    st.lists(st.tuples(st.floats(0, 0.4), st.integers(0, 3), st.integers(1, 12)), max_size=60),
)
def test_no_window_has_more_than_burst_and_rate_whoever_uses_what_when(
    workers: int, seconds: float, steps: list[tuple[float, int, int]]
) -> None:
    pools = [pool(seconds=seconds) for _ in range(workers)]
    state, now, used = fresh(0.0), 0.0, list[float]()
    burst = max(1.0, 10.0 * seconds)
    for pause, number, many in steps:
        now += pause
        mine = pools[number % workers]
        for _ in range(many):
            if mine.wait(ONE, now) == NEVER:
                wishes = mine.wish(ONE, (float(many), 0, 0, 0), now)
                mine.leased(wishes, lease(state, str(number % workers), wishes, 60.0, 1.0, now), now)
            if mine.wait(ONE, now) <= 1e-9:
                mine.take(ONE, now)
                used.append(now)
    for first in range(len(used)):
        for last in range(first, len(used)):
            assert last - first + 1 <= burst + 10.0 * (used[last] - used[first]) + 1 + 1e-6


def test_what_is_not_used_in_time_is_let_go() -> None:
    mine = pool()
    wishes = mine.wish(ONE, (10.0, 0, 0, 0), 0.0)
    assert wishes[0].burst == pytest.approx(10.0), "half of the burst is kept for those that come late"
    mine.leased(wishes, Lease((Portion(10.0, -1.0),), 0.0, 1), 0.0)
    assert mine.wait(ONE, 1.0) == 0.0 or mine.wait(ONE, 1.0) < 0
    assert mine.wait((9.0, 0, 0, 0), 1.5) == NEVER
    assert mine.wait(ONE, 1.5) <= 0
    assert mine.wait(ONE, 2.2) == NEVER


def test_what_is_leased_for_later_is_waited_for() -> None:
    mine = pool()
    wishes = mine.wish(ONE, (4.0, 0, 0, 0), 0.0)
    mine.leased(wishes, Lease((Portion(4.0, 0.5),), 0.6, 3), 0.0)
    assert mine.workers == 3
    assert mine.wait(ONE, 0.0) == pytest.approx(0.6)
    assert mine.wait((4.0, 0, 0, 0), 0.0) == pytest.approx(0.9)
    mine.take(ONE, 0.6)
    assert mine.wait(ONE, 0.65) == pytest.approx(0.05)


def test_what_is_given_back_can_be_used_again() -> None:
    mine = pool()
    wishes = mine.wish(ONE, (1.0, 0, 0, 0), 0.0)
    mine.leased(wishes, Lease((Portion(1.0, -1.0),), 0.0, 1), 0.0)
    mine.take(ONE, 0.0)
    assert mine.wait(ONE, 0.0) == NEVER
    mine.give(0, 1.0)
    assert mine.wait(ONE, 0.0) <= 0


def test_alone_it_keeps_its_share_and_asks_again_after_a_rest() -> None:
    mine = pool()
    mine.workers = 4
    mine.wish(ONE, (1.0, 0, 0, 0), 0.0)
    mine.failed(0.0)
    assert mine.wait(ONE, 0.0) == pytest.approx(0.4), "a quarter of ten a second, and nothing in hand"
    mine.take(ONE, 0.4)
    assert mine.wait(ONE, 0.4) == pytest.approx(0.4)
    assert mine.wait(ONE, 1.0) == NEVER, "after a second the store is asked again"
    mine.wish(ONE, (1.0, 0, 0, 0), 1.0)
    assert mine.wait(ONE, 1.0) < NEVER, "and the others go on meanwhile"
    mine.failed(1.0)
    assert mine.wait(ONE, 2.9) < NEVER
    assert mine.wait(ONE, 3.0) == NEVER


def test_row_18_a_clock_that_is_set_back_holds_nobody_up() -> None:
    mine = pool()
    wishes = mine.wish(ONE, (2.0, 0, 0, 0), 5000.0)
    mine.leased(wishes, Lease((Portion(2.0, 0.1),), 0.2, 1), 5000.0)
    mine.shift(-3600.0)
    assert mine.wait(ONE, 1400.0) == pytest.approx(0.2)
    mine.failed(1400.0)
    mine.shift(-100.0)
    assert mine.wait(ONE, 1300.0) <= 0.2


def test_a_store_that_came_back_is_a_store_like_any_other() -> None:
    mine = pool()
    for now in (0.0, 1.0, 3.0):
        mine.wish(ONE, (1.0, 0, 0, 0), now)
        mine.failed(now)
    wishes = mine.wish(ONE, (1.0, 0, 0, 0), 7.0)
    mine.leased(wishes, Lease((Portion(1.0, -1.0),), 0.0, 1), 7.0)
    assert mine.wait(ONE, 7.0) <= 0
    mine.wish(ONE, (1.0, 0, 0, 0), 8.0)
    mine.failed(8.0)
    assert mine.wait(ONE, 8.9) < NEVER
    assert mine.wait(ONE, 9.0) == NEVER, "the first failure after a success costs a second again"
