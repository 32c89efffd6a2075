"""The retry budget: its balance, and the bound it keeps whatever happens."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.policies.machines.budget import RetryBudget


def test_it_is_spent_and_earned() -> None:
    budget = RetryBudget(capacity=2, per_success=0.5, per_second=0)
    assert [budget.spend(0.0) for _ in range(3)] == [True, True, False]
    assert budget.denied == 1
    budget.earn()
    assert not budget.spend(0.0)
    budget.earn()
    assert budget.spend(0.0)


def test_time_fills_it_and_a_clock_that_goes_back_does_not_empty_it() -> None:
    budget = RetryBudget(capacity=1, per_success=0, per_second=0.5)
    assert budget.spend(10.0)
    assert not budget.spend(11.0)
    assert not budget.spend(5.0)
    assert budget.spend(12.0)
    assert budget.left == pytest.approx(0.0)


@given(
    st.lists(st.one_of(st.none(), st.floats(0, 5)), max_size=200),
    st.integers(1, 20),
    st.floats(0, 1),
    st.floats(0, 2),
)
def test_its_bound_holds_at_every_moment(
    steps: list[float | None], capacity: int, per_success: float, per_second: float
) -> None:
    budget = RetryBudget(capacity=capacity, per_success=per_success, per_second=per_second)
    now = retries = successes = 0.0
    for step in steps:
        if step is None:
            budget.earn()
            successes += 1
        else:
            now += step
            retries += budget.spend(now)
        assert 0 <= budget.left <= capacity
        assert retries <= capacity + per_second * now + per_success * successes + 1e-6


def test_of_a_dead_server_it_asks_little_more_than_once() -> None:
    budget, sent = RetryBudget(), 0
    for call in range(6000):  # a hundred a second, for a minute, three attempts each
        sent += 1
        for _ in range(2):
            sent += budget.spend(call / 100)
    assert sent <= 6000 * 1.03


def test_threads_share_it() -> None:
    budget = RetryBudget(capacity=1000, per_success=0, per_second=0)
    with ThreadPoolExecutor(8) as threads:
        granted = sum(threads.map(lambda _: sum(budget.spend(0.0) for _ in range(500)), range(8)))
    assert (granted, budget.denied) == (1000, 3000)


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"per_success": -1}, {"per_second": float("inf")}])
def test_numbers_that_cannot_be_right(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryBudget(**wrong)


def test_another_process_gets_one_of_its_own() -> None:
    budget = RetryBudget(capacity=3, per_success=0.1, per_second=2)
    assert budget.spend(0.0)
    other = pickle.loads(pickle.dumps(budget))
    assert repr(other) == repr(budget) == "RetryBudget(capacity=3, per_success=0.1, per_second=2)"
    assert other.left == 3


@pytest.mark.parametrize("value", ["1", True, None])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(TypeError, match="capacity must be a number"):
        RetryBudget(capacity=value)
