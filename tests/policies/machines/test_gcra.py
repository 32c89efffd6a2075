"""A bucket kept as one number behaves as the list of all that was ever granted would."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

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
    gate = Gcra("requests", 2, 1.0, 4.0)
    assert gate.kind == 2
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


RATES = st.sampled_from([0.25, 0.5, 1.0, 2.0])
UNITS = st.integers(0, 12)


class Hourglass(RuleBasedStateMachine):
    """Beside it a debt in seconds that runs down by the quarter; what is given back before it is due is not forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.rate, self.burst, self.now, self.debt = 1.0, 4.0, 100.0, -math.inf
        self.gate = bucket(self.rate, self.burst)

    @rule(quarters=st.sampled_from([1, 2, 3, 7, 30, 1000]))
    def wait(self, quarters: int) -> None:
        for _ in range(quarters):
            self.debt -= 0.25
        self.now += quarters / 4

    @rule(units=UNITS)
    def take(self, units: int) -> None:
        self.gate.take(units, self.now)
        self.debt = max(0.0, self.debt) + units / self.rate

    @rule(units=UNITS)
    def give(self, units: int) -> None:
        self.gate.give(units)
        self.debt -= units / self.rate

    @rule(spare=st.integers(-12, 12))
    def settle(self, spare: int) -> None:
        self.gate.settle(spare)
        self.debt -= spare / self.rate

    @rule(rate=RATES, burst=st.sampled_from([1.0, 4.0, 8.0]))
    def pace(self, rate: float, burst: float) -> None:
        self.gate.pace(rate, burst)
        self.rate, self.burst = rate, burst

    @rule(seconds=st.sampled_from([-5000.0, -2.0, 3.0]))
    def the_clock_is_set(self, seconds: float) -> None:
        self.gate.shift(seconds)
        self.now += seconds

    def goes(self, units: float, before: float, after: float) -> bool:
        """Whether so many may be taken after so many seconds, behind others."""
        missing = (max(0.0, self.debt) - after) * self.rate + before
        return min(units, self.burst) <= self.burst - missing

    @invariant()
    def nobody_waits_longer_or_shorter(self) -> None:
        for units in (0.0, 1.0, 3.0, 4.0, 9.0):
            for before in (0.0, 5.0):
                wait = self.gate.wait(units, self.now, before)
                assert self.goes(units, before, wait)
                assert not self.goes(units, before, wait - 0.01)
        missing = max(0.0, self.debt) * self.rate
        assert self.gate.left(self.now) == max(0.0, 1 - missing / self.burst)
        assert self.gate.full == self.now + self.debt
        assert repr(self.gate) == f"<requests: {self.rate:g}/s, burst {self.burst:g}>"


TestHourglass = Hourglass.TestCase
TestHourglass.settings = settings(derandomize=True, deadline=None, max_examples=25, stateful_step_count=30)
