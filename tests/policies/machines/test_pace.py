"""Rates that learn: CUBIC after refusals, and the ramp past a million tokens a minute."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.policies.machines.cubic import Cubic
from antiphon.policies.machines.ramp import Ramp
from antiphon.policies.machines.rest import Rest


def steady(cubic: Cubic, rate: float, seconds: float = 10.0) -> float:
    now = 0.0
    for number in range(1, int(rate * seconds) + 1):
        now = number / rate
        if now >= cubic.due:
            cubic.sent(number, now)
    return now


def test_the_rate_is_measured() -> None:
    cubic = Cubic()
    steady(cubic, 20.0)
    assert cubic.measured == pytest.approx(20, rel=0.05)
    assert cubic.rate is None


def test_a_refusal_takes_a_part_of_what_was_measured_and_it_grows_back_along_the_curve() -> None:
    cubic = Cubic()
    now = steady(cubic, 20.0)
    cubic.refused(200, now)
    assert cubic.rate == pytest.approx(14, rel=0.05)
    back = (20 * 0.3 / 0.4) ** (1 / 3)
    rates = []
    for step in range(1, 9):
        cubic.took(now + step * back / 4)
        rates.append(cubic.rate or 0.0)
    assert rates == sorted(rates)
    assert rates[3] == pytest.approx(20, rel=0.05), "after K seconds it is where it was"
    assert rates[1] - 14 > 20 - rates[1], "it grows fast at first and slowly near where it was too much"
    cubic.took(now + 1000)
    assert cubic.rate == pytest.approx(40, rel=0.05), "never more than twice of what is sent"


@pytest.mark.parametrize(
    ("number", "now", "rate"),
    [(20, 102.0, 3.5), (20, 101.0, 7.0), (20, 100.1, 14.0), (10, 102.0, 0.1)],
)
def test_before_anything_was_measured_the_rate_is_that_of_the_few_that_were_sent(
    number: int, now: float, rate: float
) -> None:
    cubic = Cubic()
    cubic.sent(10, 100.0)
    cubic.refused(number, now)
    assert cubic.rate == pytest.approx(rate)


def test_one_that_was_told_of_none_counts_from_the_beginning_of_time() -> None:
    cubic = Cubic()
    cubic.refused(10, 5.0)
    assert cubic.rate == pytest.approx(1.4)


def test_refusals_that_come_together_count_once() -> None:
    cubic = Cubic()
    now = steady(cubic, 20.0)
    for n in range(10):
        cubic.refused(200, now + n / 100)
    assert cubic.rate == pytest.approx(14, rel=0.05)
    cubic.refused(200, now + 1)
    assert cubic.rate == pytest.approx(14 * 0.7, rel=0.05)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["sent", "refused", "took"]), st.floats(0, 1000)), max_size=60))
def test_a_rate_stays_finite_and_above_nought(steps: list[tuple[str, float]]) -> None:
    cubic, now, number = Cubic(), 0.0, 0
    for what, pause in steps:
        now += pause
        if what == "sent":
            number += 1
            cubic.sent(number, now)
        elif what == "refused":
            cubic.refused(number, now)
        else:
            cubic.took(now)
        assert cubic.rate is None or 0.1 <= cubic.rate < float("inf")
        assert 0 <= cubic.measured < float("inf")


def used(ramp: Ramp, minutes: int, part: float, start: int = 0) -> float:
    for minute in range(start, start + minutes):
        ramp.used(ramp.ceiling(minute * 60.0) * part, minute * 60.0)
    return ramp.ceiling((start + minutes) * 60.0)


def test_traffic_at_the_ceiling_grows_by_half_in_a_quarter_of_an_hour() -> None:
    ramp = Ramp(1_000_000)
    assert used(ramp, 15, 1.0) == pytest.approx(1_500_000, rel=0.001)
    assert used(ramp, 15, 1.0, start=15) == pytest.approx(2_250_000, rel=0.001)


def test_light_traffic_raises_nothing_and_a_rest_ends_in_what_needs_no_caution() -> None:
    ramp = Ramp(1_000_000)
    assert used(ramp, 10, 0.3) == 1_000_000
    assert used(ramp, 50, 0.3, start=10) == 1_000_000
    used(ramp, 30, 1.0, start=60)
    assert ramp.ceiling(3600 * 10) == 1_000_000


def test_what_failed_is_left_alone_longer_and_longer() -> None:
    rest = Rest()
    assert rest.over(0.0)
    for seconds in (1, 2, 4, 8, 16, 30, 30):
        rest.failed(100.0)
        assert not rest.over(100.0 + seconds - 0.01)
        assert rest.over(100.0 + seconds)
    rest.worked()
    assert rest.over(0.0)
    rest.failed(0.0)
    assert rest.over(1.0)
