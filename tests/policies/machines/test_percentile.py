from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
