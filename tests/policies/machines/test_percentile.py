from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from antiphon.policies.machines.percentile import Percentile


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.floats(0, 1e6), min_size=1, max_size=60),
    st.integers(1, 20),
    st.sampled_from([0.01, 0.5, 0.9, 0.95, 0.99, 1.0]),
)
def test_it_is_the_percentile_of_the_last_numbers(numbers: list[float], size: int, share: float) -> None:
    window = Percentile(size)
    for number in numbers:
        window.add(number)
    kept = sorted(numbers[-size:])
    assert len(window) == len(kept)
    assert window.at(share) == kept[max(math.ceil(round(share * len(kept), 9)), 1) - 1]


def test_of_nothing_there_is_none() -> None:
    with pytest.raises(IndexError):
        Percentile().at(0.5)


def test_of_twenty_the_ninety_fifth_is_the_nineteenth() -> None:
    window = Percentile()
    for number in range(1, 21):
        window.add(number)
    assert window.at(0.95) == 19


class Kept(RuleBasedStateMachine):
    """Beside it the list of all numbers there ever were."""

    @initialize(size=st.sampled_from([1, 2, 7, 10]))
    def begin(self, size: int) -> None:
        self.window, self.size, self.numbers = Percentile(size), size, list[float]()

    @rule(number=st.integers(0, 5), many=st.integers(1, 3))
    def add(self, number: int, many: int) -> None:
        for each in range(number, number + many):
            self.window.add(each)
            self.numbers.append(each)

    @invariant()
    def a_share_of_them_is_not_above_it(self) -> None:
        kept = self.numbers[-self.size :] if hasattr(self, "numbers") else []
        for tenths in range(1, 11) if kept else ():
            at = self.window.at(tenths / 10)
            assert at in kept
            assert 10 * sum(each <= at for each in kept) >= tenths * len(kept)
            assert 10 * sum(each < at for each in kept) < tenths * len(kept), "and it is the smallest such number"
        if kept:
            assert (len(self.window), self.window.at(0.0)) == (len(kept), min(kept))


TestKept = Kept.TestCase
TestKept.settings = settings(derandomize=True, deadline=None, max_examples=20, stateful_step_count=25)
