"""A bucket kept as one number behaves as the list of all that was ever granted would."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.gcra import Gcra


def bucket(rate: float = 1.0, burst: float = 4.0) -> Gcra:
    return Gcra("requests", 0, rate, burst)


def test_a_burst_goes_at_once_and_then_the_rate_holds() -> None:
    gate = bucket()
    for _ in range(4):
        assert gate.wait(1, 100.0) <= 0
        gate.take(1, 100.0)
    assert gate.wait(1, 100.0) == pytest.approx(1.0)
    assert gate.wait(3, 100.0) == pytest.approx(3.0)
    assert gate.wait(3, 102.5) == pytest.approx(0.5)


def test_more_than_the_burst_waits_for_a_full_bucket_and_goes_into_debt() -> None:
    gate = bucket()
    gate.take(1, 0.0)
    assert gate.wait(10, 0.0) == pytest.approx(1.0)
    gate.take(10, 1.0)
    assert gate.wait(1, 1.0) == pytest.approx(7.0)


def test_those_before_are_counted() -> None:
    gate = bucket()
    assert gate.wait(1, 0.0, before=3) <= 0
    assert gate.wait(1, 0.0, before=4) == pytest.approx(1.0)
    assert gate.wait(10, 0.0, before=2) == pytest.approx(2.0)


def test_what_is_given_back_is_there_again() -> None:
    gate = bucket()
    gate.take(4, 0.0)
    gate.give(2)
    assert gate.wait(2, 0.0) <= 0
    gate.settle(-1)
    assert gate.wait(1, 0.0) <= 0
    assert gate.wait(2, 0.0) == pytest.approx(1.0)


def test_a_rest_fills_it_and_no_more() -> None:
    gate = bucket()
    gate.take(4, 0.0)
    assert gate.wait(4, 1e9) <= 0
    gate.take(4, 1e9)
    assert gate.wait(1, 1e9) == pytest.approx(1.0)


def test_a_debt_stays_as_long_as_it_was_under_another_rate() -> None:
    gate = bucket()
    gate.take(4, 0.0)
    gate.pace(0.5, 2.0)
    assert gate.wait(2, 0.0) == pytest.approx(4.0)


def test_how_much_is_left() -> None:
    gate = bucket()
    assert gate.left(0.0) == 1.0
    gate.take(3, 0.0)
    assert gate.left(0.0) == pytest.approx(0.25)
    gate.take(9, 0.0)
    assert gate.left(0.0) == 0.0


class TokenBucket:
    """The textbook's: a level that rises with time."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.level, self.at = rate, burst, burst, 0.0

    def take(self, units: float, now: float) -> bool:
        self.level = min(self.burst, self.level + (now - self.at) * self.rate)
        self.at = now
        if min(units, self.burst) > self.level + 1e-6:
            return False
        self.level -= units
        return True


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.floats(0.1, 50),
    st.floats(1, 30),
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 40)), max_size=60),
)
def test_it_is_a_token_bucket(rate: float, burst: float, steps: list[tuple[float, int]]) -> None:
    gate, model, now = bucket(rate, burst), TokenBucket(rate, burst), 0.0
    for pause, units in steps:
        now += pause
        wait = gate.wait(units, now)
        if abs(wait) > 1e-6:  # on the edge rounding decides
            assert model.take(units, now) == (wait <= 0)
            if wait <= 0:
                gate.take(units, now)
        elif model.take(units, now):
            gate.take(units, now)
